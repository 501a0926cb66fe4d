"""Decisive words: compared with brute force over all sets of words, and by asking the model again without them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from games import types_unchecked
from hypothesis import given
from hypothesis import strategies as st
from small import Run
from zoo import ANIMAL, HANDS, PLANT, model_of

from selfamplify import (
    AbstractLanguageModel,
    Choice,
    Counterfactual,
    DecisiveWords,
    Prompt,
    Question,
    ScriptedModel,
    build,
    coloured_question,
    load_model,
    load_task,
    make_explainer,
    make_method,
)
from selfamplify.answering.recovery import recover
from selfamplify.errors import DataError, ExplanationError, ModelError, SettingsError
from selfamplify.explain.proposals import Proposals, replaceable, replaced
from selfamplify.explain.smallest import smallest_change
from selfamplify.games.question import question_game
from selfamplify.games.values import Absent
from selfamplify.models.local.model import LocalModel
from selfamplify.prompting.chats import reading_chat
from selfamplify.prompting.formats.decisive import DecisiveFormat
from selfamplify.prompting.wording import Wording
from selfamplify.prompting.wordings import LABELS, OURS
from selfamplify.records import AnswerStyle, Chat, NextToken
from selfamplify.text.keywords import keyword
from selfamplify.text.words import candidate_words

LEAF = Question("leaf", "Leaves are green by", (Choice("A", "some dye"), Choice("B", "light")), "A")
REVIEW = Question(
    "r", "A lovely but dull film", (Choice("A", "bad"), Choice("B", "good")), "A", attributed="text", answer_style="label"
)


def reversing(words: int, progress: Callable[[tuple[int, ...]], float], most: int) -> list[tuple[int, ...]]:
    """All sets of at most ``most`` words whose removal changes the outcome, the smallest first."""
    sizes = range(1, min(most, words) + 1)
    return [gone for size in sizes for gone in combinations(range(words), size) if progress(gone) > 0]


@given(st.integers(1, 7), st.integers(1, 8), st.integers(1, 130), st.integers(1, 5), st.integers(0, 999), st.floats(-3, 0))
def test_a_set_is_minimal_and_the_smallest_where_it_says_so(
    words: int, most: int, evaluations: int, beam: int, seed: int, shift: float
) -> None:
    draw = np.random.default_rng(seed)
    values = {gone: shift + draw.normal() for size in range(words + 1) for gone in combinations(range(words), size)}
    asked: list[tuple[int, ...]] = []

    def progress(sets: Sequence[tuple[int, ...]]) -> list[float]:
        asked.extend(sets)
        return [values[each] for each in sets]

    values[()] = -1.0
    found = smallest_change([1] * words, progress, most, evaluations, beam)
    all_of_them = reversing(words, values.__getitem__, most)
    assert len(asked) == len(set(asked)) <= evaluations + 1 + most * (most + 1) / 2
    if evaluations >= 2**words:
        assert found.turns == bool(all_of_them) and found.smallest == found.turns
    if found.turns:
        assert len(found.changes) <= most and values[found.changes] > 0
        assert all(values[fewer] <= 0 for fewer in combinations(found.changes, len(found.changes) - 1)), (
            "a word can be put back"
        )
        assert not found.smallest or len(found.changes) == len(all_of_them[0])
    else:
        assert values[found.changes] == max(values[each] for each in asked) <= 0


def test_a_beam_finds_what_one_path_misses() -> None:
    values = {(0,): -1.0, (0, 1): -0.9, (1, 2): -0.95}

    def progress(sets: Sequence[tuple[int, ...]]) -> list[float]:
        return [1.0 if {1, 2, 3} <= set(gone) else values.get(gone, -2.0 + 0.1 * len(gone)) for gone in sets]

    found = smallest_change([1] * 30, progress, 6, 600, 2)  # of the 4,060 sets of three words, 134 can be tried
    assert found.changes == (1, 2, 3) and found.smallest, "all sets of two were evaluated"
    assert not smallest_change([1] * 30, progress, 3, 600, 1).turns
    assert smallest_change([1] * 30, progress, 3, 10_000, 1).changes == (1, 2, 3)


def answered(model: AbstractLanguageModel, question: Question, sets: Sequence[set[str]], absent: Absent) -> list[str]:
    """What a local model answers without words, with each answer's log-probability from a game of its own."""
    scores: list[np.ndarray] = []
    for label in question.labels:
        game = question_game(model, replace(question, answer=label), OURS, "logprob", absent)  # pyright: ignore
        scores.append(game.values(np.array([[word.lower() not in gone for word in game.words] for gone in sets])))
    return [question.answers[place] for place in np.argmax(scores, 0)]


@pytest.mark.long
@pytest.mark.parametrize("absent", ["mask", "delete"])
@pytest.mark.parametrize("style", ["letter", "text"])
@pytest.mark.parametrize("question", [LEAF, ANIMAL, HANDS], ids=lambda question: question.id)
@pytest.mark.parametrize("where", ["llama", "stories260K"])
def test_the_answer_changes_when_the_words_go_and_no_smaller_set_does_it(
    where: str, question: Question, style: AnswerStyle, absent: Absent
) -> None:
    model = model_of(where)
    for answer in question.labels:  # the model answers one of them
        asked = replace(question, answer=answer, answer_style=style)
        own = asked.written(answer)
        try:
            found = Counterfactual(absent=absent, most=3).explain(model, asked, OURS, 0)
        except ExplanationError as error:
            assert "no words that were removed brought it" in str(error)
            continue
        assert isinstance(found, DecisiveWords) and (found.baseline is None) == (absent == "delete")
        gone = {word.lower() for word in found.words}
        words = sorted({word.lower() for word in question_game(model, asked, OURS, absent=absent).words})  # pyright: ignore
        sizes = range(1, len(gone) if found.changes else 4)
        smaller = [set(chosen) for size in sizes for chosen in combinations(words, size)]
        first, without, *others = answered(model, asked, [set(), gone, *smaller], absent)
        assert (first, without) == (found.answer, found.without)
        assert found.changes == ((first == own) != (without == own)) == found.smallest
        assert all((other == own) == (first == own) for other in others), "a smaller set changes the answer"


class Graded(ScriptedModel):
    """Answers with a score for each, which a function of the words that are present gives."""

    def __init__(self, scores: Callable[[list[str]], Sequence[float]]):
        super().__init__(lambda chat: "", "graded")
        self._scores = scores

    def next_token(self, chats: Sequence[Chat], answers: Sequence[Sequence[str]]) -> list[NextToken]:
        found = [tuple(self._scores(chat.question.replace(",", " ").replace(".", " ").split())) for chat in chats]
        self.answered += len(chats)
        return [NextToken("", None, scores) for scores in found]


def decisive(
    scores: Callable[[list[str]], Sequence[float]], question: Question, wording: Wording = OURS, **settings: object
) -> DecisiveWords:
    found = Counterfactual(**settings).explain(Graded(scores), question, wording, 0)  # pyright: ignore[reportArgumentType]
    assert isinstance(found, DecisiveWords)
    return found


@given(st.lists(st.integers(1, 3), min_size=1, max_size=4), st.integers(0, 999), st.integers(1, 300))
def test_a_word_is_replaced_once_and_no_fewer_replacements_do_where_it_says_so(
    ways: list[int], seed: int, evaluations: int
) -> None:
    draw = np.random.default_rng(seed)
    word_of = [word for word, count in enumerate(ways) for _ in range(count)]
    sizes = range(len(ways) + 1)
    valid = [each for size in sizes for each in combinations(range(len(word_of)), size)
             if len({word_of[change] for change in each}) == size]  # fmt: skip
    values = {each: float(draw.normal() - 1) for each in valid} | {(): -1.0}
    found = smallest_change(ways, lambda sets: [values[each] for each in sets], 4, evaluations, 3)
    turning = [each for each in valid if values[each] > 0]
    if evaluations >= len(valid):
        assert found.turns == bool(turning)
    assert not found.turns or values[found.changes] > 0
    assert not found.smallest or len(found.changes) == min(map(len, turning))


@pytest.mark.long
def test_the_replaced_text_has_another_answer_and_no_fewer_proposals_do_it() -> None:
    turned, embedded, chat = 0, load_model("embedded"), model_of("cardputer-chat-3M")
    planted = load_task("planted_arc").limited(2).train[:2]
    styled = [replace(ANIMAL, answer_style=style) for style in ("letter", "text")]
    for model, question in [*((embedded, each) for each in planted), *((chat, each) for each in styled)]:
        for asked in (replace(question, answer=label) for label in question.labels[:2]):
            turned += turns_as_it_says(model, asked)
    assert turned >= 2


def turns_as_it_says(model: LocalModel, asked: Question) -> bool:
    """Whether replacements turn the answer, after a check of all that the record says of them."""
    proposals = Proposals(model=model, question=asked, wording=OURS, count=4).words()
    explainer = Counterfactual(change="replace", candidates=4, most=2, evaluations=120)
    try:
        found = explainer.explain(model, asked, OURS, 0)
    except ExplanationError as error:
        assert "no words that were replaced brought it" in str(error)
        return False
    assert isinstance(found, DecisiveWords) and found.baseline is None and len(found.instead) == len(found.words)
    assert all(other in proposals[word] for word, other in zip(found.words, found.instead, strict=True))
    new = replaced(asked, dict(zip(map(str.lower, found.words), found.instead, strict=True)))
    assert new.answers == asked.answers and new.render() != asked.render()
    first, *others = answers_to(model, [asked, new])
    own = asked.written(asked.answer)
    assert (first, others[0]) == (found.answer, found.without if found.changes else others[0])
    assert found.changes <= ((first == own) != (others[0] == own))
    if found.smallest and len(found.words) == 2:
        single = [replaced(asked, {word.lower(): other}) for word, rest in proposals.items() for other in rest]
        assert all((each == own) == (first == own) for each in answers_to(model, single))
    return found.changes


def answers_to(model: AbstractLanguageModel, questions: Sequence[Question]) -> list[str]:
    """What a model answers to questions that are asked like any other."""
    found = model.next_token([reading_chat(each, OURS) for each in questions], [each.answers for each in questions])
    return [each.answers[int(np.argmax(token.log_probabilities))] for each, token in zip(questions, found, strict=True)]


def test_words_are_replaced_by_single_words_of_their_kind_that_are_not_in_the_instruction() -> None:
    model = model_of("cardputer-chat-3M")
    for question, wording in [(ANIMAL, OURS), (REVIEW, LABELS)]:
        found = Proposals(model=model, question=question, wording=wording, count=6).words()
        assert found, "the model knows other words"
        around = f"{wording.answer_instruction(question.named)} {wording.read} {' '.join(question.named)}".lower()
        for word, others in found.items():
            assert 0 < len(others) == len(set(others)) <= 6 and keyword(word) is not None
            for other in others:
                assert (
                    keyword(other) not in (None, word.lower()) and other.isalpha() and other[0].isupper() == word[0].isupper()
                )
                assert other.lower() not in [each.text for each in candidate_words(around)]


def test_a_word_is_replaced_wherever_it_occurs_but_never_in_an_answer() -> None:
    asked = replace(LEAF, text="Light, light and LIGHT make leaves (green).")
    new = replaced(asked, {"light": "wind", "leaves": "waves"})
    assert new.text == "Wind, wind and Wind make waves (green)." and new.choices[1].text == "wind"
    listed = replace(asked, answer_style="text")
    assert replaced(listed, {"leaves": "waves"}).answers == listed.answers
    assert {word.text for word in replaceable(listed)} == {"make", "leaves", "green"}, "light is an answer"
    assert replaced(replace(asked, attributed="choices"), {"light": "wind"}).text == asked.text
    assert [word.text for word in replaceable(replace(LEAF, text="by", attributed="text"))] == ["by"]


def test_a_model_that_shows_no_tokens_proposes_no_words() -> None:
    with pytest.raises(ModelError, match="shows no tokens.*remove"):
        decisive(lambda words: (1.0, 0.0), LEAF, change="replace")
    with pytest.raises(SettingsError, match="remove, replace"), types_unchecked():
        Counterfactual(change="swap")  # pyright: ignore[reportArgumentType]
    with pytest.raises(DataError, match="give one for each"):
        DecisiveWords("q", "x", ("a", "b"), "A", "B", True, instead=("c",))


@pytest.mark.parametrize("instead", [(), ("bright",), ("bright", "quick"), ("bright", "quick", "clear", "kind", "new", "odd")])
def test_the_answer_to_another_text_is_not_read_as_the_answer(instead: tuple[str, ...]) -> None:
    words = ("dull", "slow", "vague", "cruel", "old", "even")[: len(instead) or 2]
    for question, wording in [(LEAF, OURS), (REVIEW, LABELS)]:
        own, other = question.answers
        found = DecisiveWords("q", "x", words, own, other, True, instead=instead)
        for order in (wording, wording.rationale_last()):
            reply = DecisiveFormat(order, bool(instead)).reply(found, own)
            assert recover(reply, question) == (question.labels[0], "stated"), reply
            if instead:
                assert all(f'"{each}"' in reply for each in instead) and "not there" not in reply
            first = reply.split(", therefore")[0].split(". Therefore")[0].split("\n")[-1]
            assert (recover(first, question) or ("", ""))[1] != "stated", first


def test_words_that_can_replace_each_other_go_together() -> None:
    found = decisive(lambda words: (float("green" in words or "dye" in words), 0.5), LEAF)
    assert (found.words, found.answer, found.without, found.smallest) == (("green", "dye"), "A", "B", True)


def test_a_word_goes_wherever_it_occurs() -> None:
    asked = replace(LEAF, text="Green leaves are green by")
    assert decisive(lambda words: (float("green" in words or "Green" in words), 0.5), asked).words == ("Green",)


def test_a_wrong_answer_is_explained_by_the_words_that_mislead_to_it() -> None:
    # Without "green" the model answers C, which is as wrong as B; y is A.
    def scores(words: list[str]) -> tuple[float, float, float]:
        return 1.0, 3.0 * ("green" in words), 2.0 * ("plant" in words)

    found = decisive(scores, PLANT)
    assert (found.words, found.answer, found.without) == (("green", "plant"), "B", "A")
    right = decisive(scores, replace(PLANT, answer="B"))
    assert (right.words, right.answer, right.without) == (("green",), "B", "C")


def test_the_cost_is_what_the_model_was_asked() -> None:
    model = Graded(lambda words: (float("green" in words), 0.5))
    found = Counterfactual().explain(model, LEAF, OURS, 0)
    assert found.cost.forward_passes == model.answered > len("Leaves are green by some dye light".split())


def test_words_that_do_not_change_the_answer_are_those_that_come_closest() -> None:
    def biased(words: list[str]) -> tuple[float, float]:
        return 5.0 + ("green" in words) - ("dye" in words), 0.0

    found = decisive(biased, LEAF, calibrate=False)
    assert (found.words, found.answer, found.without, found.changes, found.smallest) == (("green",), "A", "A", False, False)
    misled = decisive(biased, replace(LEAF, answer="B"))
    assert (misled.words, misled.answer, misled.changes) == (("green",), "A", False)
    assert decisive(biased, LEAF, calibrate=True).words == ("green",) and decisive(biased, LEAF, calibrate=True).changes


def test_a_classification_is_calibrated_by_the_text_without_words() -> None:
    def biased(words: list[str]) -> tuple[float, float]:
        return 5.0 - 2 * ("lovely" in words) + ("dull" in words), 0.0

    asked = Question("r", "A lovely but dull film", (Choice("A", "bad"), Choice("B", "good")), "B", (), "text", "label")
    found = decisive(biased, asked, LABELS)
    assert (found.words, found.answer, found.without) == (("lovely",), "good", "bad")
    assert decisive(biased, asked, LABELS, calibrate=False).answer == "bad"


@pytest.mark.parametrize("names", [("the", "to", "of"), ("bad", "good", "fine"), ("milk", "heat", "so")])
@pytest.mark.parametrize("where", ["llama", "stories260K", "cardputer-chat-3M"])
def test_three_labels_are_calibrated_by_the_ratio_of_their_probabilities(where: str, names: tuple[str, ...]) -> None:
    model = model_of(where)
    asked = replace(REVIEW, choices=tuple(map(Choice, "ABC", names)))
    (token,) = model.next_token([reading_chat(asked, LABELS)], [names])
    games = [question_game(model, replace(asked, answer=label), LABELS, "logprob") for label in asked.labels]  # pyright: ignore
    full, none = np.array([game.ends() for game in games]).T
    assert full == pytest.approx(token.log_probabilities, abs=1e-3)
    changes, usual = Counterfactual()._changes(model, asked, LABELS)
    ratios = changes.scores([()])[0] - usual
    # Zhao et al. 2021, section 4.2: W p with W = diag(p_cf)^-1, up to a factor that all labels share
    assert ratios - ratios[0] == pytest.approx(full - none - (full - none)[0], abs=1e-3)


def test_no_set_of_changes_is_asked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    model, questions = model_of("cardputer-chat-3M"), list[str]()
    plain = model.next_token

    def next_token(chats: Sequence[Chat], answers: Sequence[Sequence[str]]) -> list[NextToken]:
        questions.extend(chat.question for chat in chats)
        return plain(chats, answers)

    monkeypatch.setattr(model, "next_token", next_token)
    Counterfactual(change="replace", candidates=3, most=2, evaluations=40).explain(model, REVIEW, LABELS, 0)
    assert REVIEW.render() in questions and len(questions) == len(set(questions))


def test_what_can_not_be_explained_is_refused() -> None:
    with pytest.raises(ExplanationError, match="has only one answer"):
        decisive(lambda words: (0.0,), replace(LEAF, choices=LEAF.choices[:1]))
    with pytest.raises(ExplanationError, match=r"no words that were removed brought it away from that.*kernel_shap"):
        decisive(lambda words: (1.0, 0.0), LEAF)
    with pytest.raises(ExplanationError, match="returned no log-probabilities"):
        decisive(lambda words: (), LEAF)
    with pytest.raises(ExplanationError, match="has no word"):
        decisive(lambda words: (1.0, 0.0), Question("q", "?!", (Choice("A", "."), Choice("B", "-")), "A"))
    with pytest.raises(SettingsError, match="leave `baseline='_'` out"):
        Counterfactual(absent="delete", baseline="_")
    for setting in ("most", "evaluations", "beam", "candidates"):
        with pytest.raises(SettingsError, match=rf"`Counterfactual\({setting}=1\)`"):
            make_explainer("counterfactual", {setting: 0})
    with pytest.raises(DataError, match="give the words"):
        DecisiveWords("q", "x", (), "A", "B", True)


def test_log_probabilities_below_those_returned_are_refused() -> None:
    class Short(Graded):
        def next_token(self, chats: Sequence[Chat], answers: Sequence[Sequence[str]]) -> list[NextToken]:
            return [NextToken("", None, (-math.inf, -9.0), least=-3.0) for _ in chats]

    with pytest.raises(ExplanationError, match="does not always return"):
        Counterfactual().explain(Short(lambda words: ()), LEAF, OURS, 0)


def test_a_hypothetical_answer_is_not_read_as_the_answer() -> None:
    first = 'If "dye" were not there, the answer would be (B)'
    assert recover(f"{first}, therefore the answer is (A)", LEAF) == ("A", "stated")
    assert recover(f"The answer is (A)\n{first}", LEAF) == ("A", "stated")
    assert (recover(first, LEAF) or ("", ""))[1] != "stated"
    assert recover("Given the facts, the answer would be (B)", LEAF) == ("B", "stated")


@pytest.mark.long
def test_decisive_words_make_a_prompt_that_is_kept_and_shown(tmp_path: Path, run: Run) -> None:
    method = make_method("counterfactual", settings={"most": 3, "evaluations": 200})
    model, task = load_model("embedded"), load_task("planted_arc").limited(3)
    prompt = build(model, task, tmp_path / "one", method=method, selection="random", shots=2, check=0)
    assert Prompt.load(tmp_path / "one") == prompt
    assert prompt.provenance and prompt.provenance.keywords is None and prompt.provenance.explainer == "counterfactual"
    for shot in prompt.shots:
        found = shot.explanation
        assert isinstance(found, DecisiveWords)
        assert all(f'"{word}"' in shot.reply for word in found.words) and shot.reply.startswith('If "')
        assert shot.reply.endswith(f"the answer is ({shot.label})")
        assert ("might suggest" in shot.reply) == (found.answer != shot.label)
        drawn = coloured_question(shot.question, found, 6)
        shown = {drawn.plain[span.start : span.end].lower() for span in drawn.spans}
        assert shown == {word.lower() for word in found.words}
    code, out, err = run(
        "explain", "--model", "embedded", "--task", "planted_arc", "--explainer", "counterfactual", "--set", "most=1"
    )
    assert code == 0 and "The model answers" in out and "forward passes" in out and 'If "' in out, err
    code, out, _ = run("show", tmp_path / "one")
    assert code == 0 and prompt.shots[0].reply.split('"')[1] in out
