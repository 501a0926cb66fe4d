"""Faithfulness: measures against brute force on known games, and studies on models that use words, or don't."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, permutations
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from games import Game, table
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, softmax
from scipy.stats import ttest_rel
from small import Run, scripted, shared, task
from zoo import model_of

import selfamplify
from selfamplify import (
    AbstractExplainer,
    Choice,
    DataError,
    Faithfulness,
    KernelShap,
    NamedWords,
    Question,
    RunError,
    ScoredWords,
    Session,
    SettingsError,
    ShapleyInteractions,
    Wording,
    WrittenText,
    asking,
    faithfulness,
    faithfulness_tables,
    load_model,
    load_task,
    with_marks,
)
from selfamplify.evaluation.figures import corrected, figure
from selfamplify.evaluation.own_answers import Simulation, gives_away, own_answers
from selfamplify.evaluation.pair import Pair
from selfamplify.evaluation.plausibility import f1, overlap
from selfamplify.evaluation.pointing import keywords_of, order_of, pointed, rationale_of
from selfamplify.evaluation.removal import Curves, bins, by_score, counts, curves
from selfamplify.games.probabilities import AnswerGame
from selfamplify.games.question import question_game
from selfamplify.prompting.chats import reading_chat
from selfamplify.prompting.profiles import DEFAULT
from selfamplify.records import AnswerStyle, Chat, DecisiveWords
from selfamplify.runs.faithfulness import default_explainers

WEIGHTS = st.lists(st.integers(-20, 20).map(float), min_size=1, max_size=5)


def along(values: np.ndarray, order: Sequence[int], points: int | None = None) -> Curves:
    """The curves of a game with a value for every coalition."""
    players = len(order)
    return curves(Game(players, table(players, values)).values, [order], counts(players, points))[0]


def additive(weights: Sequence[float]) -> np.ndarray:
    """The values of all coalitions of a game whose words add up."""
    return np.array([sum(w for i, w in enumerate(weights) if c >> i & 1) for c in range(2 ** len(weights))]) + 3.0


@settings(max_examples=30)
@given(WEIGHTS)
def test_the_true_order_of_an_additive_game_is_best_by_every_measure(weights: list[float]):
    values = additive(weights)
    best = along(values, by_score(weights))
    for order in permutations(range(len(weights))):
        other = along(values, order)
        assert best.comprehensiveness >= other.comprehensiveness - 1e-9 and best.sufficiency <= other.sufficiency + 1e-9
        assert best.deletion <= other.deletion + 1e-9 and best.insertion >= other.insertion - 1e-9


@settings(max_examples=30)
@given(WEIGHTS)
def test_random_orders_of_an_additive_game_have_the_expected_areas(weights: list[float]):
    values, total = additive(weights), sum(weights)
    found = [along(values, order) for order in permutations(range(len(weights)))]
    for name in ("deletion", "insertion"):
        assert np.mean([getattr(each, name) for each in found]) == pytest.approx(3 + total / 2)
    removed = np.mean([count / len(weights) for count in bins(len(weights))])
    assert np.mean([each.comprehensiveness for each in found]) == pytest.approx(total * removed)
    assert np.mean([each.sufficiency for each in found]) == pytest.approx(total * (1 - removed))


@settings(max_examples=30)
@given(st.integers(1, 9), st.integers(0, 1000), st.sampled_from([None, 1, 3, 20]))
def test_measures_are_those_of_the_definition(players: int, seed: int, points: int | None):
    draw = np.random.default_rng(seed)
    values, order = draw.normal(size=2**players), draw.permutation(players).tolist()

    def worth(words: Sequence[int]) -> float:
        return float(values[sum(1 << word for word in words)])

    found, at = along(values, order, points), counts(players, points)
    assert at[0] == 0 and at[-1] == players and list(at) == sorted(set(at))
    share = [max(1, int(np.ceil(round(each * players, 9)))) for each in (0.01, 0.05, 0.1, 0.2, 0.5)]
    full = worth(order)
    assert found.comprehensiveness == pytest.approx(full - np.mean([worth(order[n:]) for n in share]))
    assert found.sufficiency == pytest.approx(full - np.mean([worth(order[:n]) for n in share]))
    for area, of in ((found.deletion, lambda n: worth(order[n:])), (found.insertion, lambda n: worth(order[:n]))):
        steps = zip(at, at[1:], strict=False)
        assert area == pytest.approx(sum((b - a) * (of(a) + of(b)) / 2 / players for a, b in steps))


@pytest.mark.parametrize(("size", "other", "words"), [(1, 1, 4), (2, 3, 5), (3, 3, 6), (4, 2, 4)])
def test_chance_is_the_mean_over_all_draws(size: int, other: int, words: int):
    marked = [str(word) for word in range(other)]
    for measured in (f1, overlap):
        drawn = [measured([str(word) for word in each], marked, words) for each in combinations(range(words), size)]
        assert np.mean([each.value for each in drawn]) == pytest.approx(drawn[0].chance)
    assert f1(marked, marked, words).value == overlap(marked, marked[:1], words).value == 1.0


def test_figures_are_those_of_the_paired_test_and_know_which_values_are_better():
    draw = np.random.default_rng(0)
    own, random = draw.normal(0.6, 0.1, 40), draw.normal(0.4, 0.1, 40)
    pairs = [Pair(*each) for each in np.stack([own, random], 1).tolist()]
    found = corrected([figure("insertion", "x", pairs), figure("deletion", "x", pairs), figure("insertion", "y", pairs[:2])])
    assert found[0].p == pytest.approx(ttest_rel(own, random).pvalue) and found[0].tests == 3
    assert found[0].p_holm == pytest.approx(3 * float(found[0].p or 0)) and found[0].gain == pytest.approx(
        np.mean(own - random)
    )
    assert [each.verdict for each in found] == ["better", "worse", "not shown"]
    same = figure("flips", "x", [Pair(1.0, 1.0)] * 5)
    assert (
        same.p is None
        and same.verdict == "not shown"
        and same.high == pytest.approx(1.0)
        and same.low == pytest.approx(0.566, abs=0.001)
    )


ASKED = Question("q", "The dog bit the angry dog", (Choice("A", "fear"), Choice("B", "the joy")), "B")


def test_each_kind_of_explanation_points_at_its_words():
    words = ("The", "dog", "bit", "the", "angry", "dog", "fear", "the", "joy")
    scored = ScoredWords("q", "x", words, (9.0, 0.1, 0.5, 8.0, 0.7, 0.6, 0.0, 7.0, -1.0))
    assert list(keywords_of(ASKED)) == ["dog", "bit", "angry", "fear", "joy"]
    assert pointed(scored, ASKED).top(3) == ("angry", "dog", "bit")
    assert order_of(words, scored) == [0, 3, 7, 4, 5, 2, 1, 6, 8]
    assert order_of(("dog", "new", "dog"), scored) == [2, 0, 1]
    assert rationale_of(scored, 2) == "angry, dog"
    named = NamedWords("q", "x", ("angry dog", "cat", "the joy"))
    assert pointed(named, ASKED).top(2) == ("angry", "dog") and order_of(words, named) is None
    text = WrittenText("q", "x", "A bit of Joy, then.")
    assert pointed(text, ASKED).top(1) == ("bit", "joy") and rationale_of(text, 1) == text.text


@pytest.mark.long
@pytest.mark.parametrize("removal", ["delete", "space", "mean"])
@pytest.mark.parametrize("style", ["letter", "text"])
def test_probabilities_of_answers_are_those_of_the_model(removal: str, style: AnswerStyle):
    model, asked = load_model("embedded"), load_task("planted_arc").limited(1).styled(style).test[0]
    wording = DEFAULT.asking(asked.answer_style, ()).wording
    game = AnswerGame(model, asked, wording, removal)
    rows = np.random.default_rng(0).random((4, len(game.words))) < 0.6
    rows = np.concatenate([rows, rows[:1], np.ones_like(rows[:1])])
    found = game.probabilities(rows)
    assert np.allclose(found.sum(1), 1) and np.allclose(found[0], found[4])
    (told,) = model.next_token([reading_chat(asked, wording)], [asked.answers])
    assert np.allclose(found[-1], softmax(told.log_probabilities), atol=1e-4)
    place = asked.labels.index(asked.answer)
    assert np.allclose(game.own(rows), found[:, place]) and (game.changed(rows) == (found.argmax(1) != place)).all()
    if style == "letter":
        deleted = removal == "delete"
        margin = question_game(model, asked, wording, "margin", "delete" if deleted else "mask", "auto" if deleted else removal)
        assert np.allclose(expit(margin.values(rows)), found[:, place], atol=1e-5)
    level = (0.0, 1.0, -0.5, 0.25)
    shifted = AnswerGame(model, asked, wording, removal, level).probabilities(rows)
    assert np.allclose(shifted, found * np.exp(-np.array(level)) / (found * np.exp(-np.array(level))).sum(1, keepdims=True))


def test_an_answer_that_begins_a_longer_one_competes_with_it_for_any_words():
    model, names = model_of("cardputer-chat-3M"), ("Once", "Once upon a time", "home")
    asked = Question("r", "love New York", tuple(map(Choice, "ABC", names)), "A", (), "text", "label")
    wording = DEFAULT.asking("label", ()).wording
    game = AnswerGame(model, asked, wording)
    (told,) = model.next_token([reading_chat(asked, wording)], [names])
    assert np.allclose(game.probabilities(np.ones((1, 3), bool))[0], softmax(told.log_probabilities), atol=1e-4)
    labelled = [question_game(model, replace(asked, answer=label), wording, "logprob", "delete") for label in "ABC"]
    short, long, other = (each.values(np.eye(3, dtype=bool)) for each in labelled)
    expected = softmax(np.stack([np.log(np.exp(short) - np.exp(long)), long, other], 1), axis=1)
    assert np.allclose(game.probabilities(np.eye(3, dtype=bool)), expected, atol=1e-4)


@pytest.mark.long
@pytest.mark.parametrize("name", ["planted_arc", "reviews"])
def test_own_answers_are_the_most_probable_ones_with_all_words(name: str):
    profile, made = asking(DEFAULT, load_task(name).limited(6))
    session = Session(load_model("embedded"), profile)
    found = own_answers(session, made)
    assert len(found.questions) + found.without_label == 6 and bool(found.level) == (name == "reviews")
    true = {question.id: question.answer for question in made.test}
    assert found.right == sum(true[each.id] == each.answer for each in found.questions)
    for each in found.questions:
        game = AnswerGame(session.model, each, profile.wording, level=found.level)
        assert not game.changed(np.ones((1, len(game.words)), dtype=bool))[0]


def deaf(chat: Chat) -> str:
    """Answers B and gives the same reasons, whatever it is asked."""
    if "keywords" in chat.prefill:
        return '"thing", "warm", and "skin"'
    return "Palms are warm skin, and so dry." if "explanation" in chat.prefill else "B"


@pytest.fixture(scope="module")
def planted() -> Faithfulness:
    """A study of the embedded model."""
    explainers = ["deep_lift", KernelShap(samples=200), "self_topk"]
    return faithfulness("embedded", "planted_arc", explainers, limit=16)


@pytest.mark.long
def test_attributions_of_the_embedded_model_are_better_than_random_words(planted: Faithfulness):
    for name in ("deep_lift", "kernel_shap"):
        for measure in ("comprehensiveness", "deletion"):
            found = planted.figure(measure, name)
            assert found is not None and found.verdict == "better" and found.questions == 16
    named = planted.figure("plausibility", "self_topk")
    assert named is not None and named.verdict == "better" and planted.figure("deletion", "self_topk") is None
    assert [each.makes for each in planted.measures] == ["scores", "scores", "words"]
    assert {(each.first, each.second) for each in planted.agreements} == set(
        combinations(["deep_lift", "kernel_shap", "self_topk"], 2)
    )
    ranked = planted.ranking("deletion")
    assert ranked[0].mean <= ranked[1].mean and not any("No explainer" in line for line in planted.conclusions())
    tested = [figure for each in planted.measures for figure in each.figures if figure.p is not None]
    assert {figure.tests for figure in tested} == {len(tested)}


def test_a_rationale_gives_the_answer_away_only_by_whole_words():
    asked = Question("q", "x", (Choice("A", "no"), Choice("B", "art")), "A")
    for style in get_args(AnswerStyle):
        own = replace(asked, answer_style=style)
        assert not gives_away(own, "nothing, note") and gives_away(own, "note, No")
    assert gives_away(asked, "So it is (A)") and not gives_away(asked, "A note")


def test_the_control_of_a_rationale_has_as_many_words():
    """A named keyword may contain a comma."""
    shown: list[str] = []
    session, (asked, *_) = Session(scripted(lambda chat: shown.append(chat.question) or "A")), task().test
    simulation = Simulation(session, (), 6, 2, 0)
    simulation.pairs([(asked, NamedWords(asked.id, "x", ("thing, warm", "skin")))])
    own, *drawn = (each.partition(" (A)")[0] for each in shown)
    assert own == "thing, warm, skin" and [each.count(", ") for each in drawn] == [1, 1]


def test_decisive_words_that_are_no_keywords_lead_to_nothing():
    """They are left out of simulatability, where the model would read nothing, and said not to be measured by flips."""

    class StopWord(AbstractExplainer):
        name = "stop_word"
        makes = "decisive"

        def explain(self, model: Any, question: Question, wording: Wording, seed: int) -> DecisiveWords:
            return DecisiveWords(question.id, self.name, ("the",), "A", "B", True)

    found = faithfulness(scripted(deaf), task(), [StopWord()])
    assert found.figure("simulatability", "stop_word") is None and found.figure("flips", "stop_word") is None
    assert any("stop_word: 6 questions not measured" in note for note in found.notes)


@pytest.mark.long
def test_sets_of_words_and_pairs_are_measured_as_far_as_they_go():
    found = faithfulness("embedded", "planted_arc", ["counterfactual", ShapleyInteractions(samples=1024)], limit=3)
    decisive, pairs = found.measures
    assert (decisive.makes, pairs.makes) == ("set", "scores")
    assert {"flips", "simulatability", "plausibility"} == {each.measure for each in decisive.figures}
    assert {"comprehensiveness", "deletion", "flips"} < {each.measure for each in pairs.figures}


def test_a_study_is_read_back_as_it_was_saved(planted: Faithfulness, tmp_path: Path):
    planted.save(tmp_path)
    assert Faithfulness.load(tmp_path) == planted and Faithfulness.load(tmp_path).digest() == planted.digest()
    assert [table.row_count for table in faithfulness_tables(planted)] == [7 + 2 * 7 + 3, 3]


@pytest.mark.long
def test_no_explainer_of_a_model_that_ignores_words_is_better_than_random_words():
    found = faithfulness(scripted(deaf), task())
    assert [each.explainer for each in found.measures] == ["kernel_shap", "self_topk", "self_exp"]
    figures = [figure for each in found.measures for figure in each.figures]
    assert figures and all(each.verdict == "not shown" and each.gain == 0 for each in figures)
    shap = found.measures[0]
    assert shap.missing == found.questions == 6 and "No word of question" in shap.reason and shap.figures == ()
    assert any("No explainer was shown to be better than random words on 6 questions" in line for line in found.conclusions())


def test_the_word_that_decides_changes_the_answer_when_it_goes_and_leads_to_it_alone():
    def script(chat: Chat) -> str:
        return '"skin"' if "keywords" in chat.prefill else "AC"["skin" in chat.question]

    found = faithfulness(scripted(script), task(test=12), ["self_topk"])
    words = len(keywords_of(task().test[0]))
    for measure in ("flips", "simulatability"):
        figure = found.figure(measure, "self_topk")
        assert figure is not None and figure.mean == 1.0 and figure.verdict == "better"
        assert figure.random == pytest.approx(1 / words, abs=0.2)


def test_questions_without_a_label_or_with_too_many_words_are_left_out_and_said():
    def script(chat: Chat) -> str:
        return "Z" if "#13#" in chat.question else deaf(chat)

    made = task()
    longer = replace(made.test[0], text="word " * 900)
    found = faithfulness(scripted(script, context=800), replace(made, test=(longer, *made.test[1:])), ["self_topk"])
    assert found.questions == 4 and "1 question left out: the model's answer is not a label." in found.notes
    assert "1 question left out: longer than the model's context." in found.notes
    with pytest.raises(DataError, match="answered none of 6 questions"):
        faithfulness(scripted(lambda chat: "Z"), task())
    with pytest.raises(
        DataError, match=r"6 questions of small do not fit the context of scripted \(5 tokens\).*longer context"
    ):
        faithfulness(scripted(deaf, context=5), task())


def test_an_interrupted_study_continues_with_the_same_results(tmp_path: Path):
    def stop(what: str, done: int, total: int) -> None:
        if what == "removing words" and done == 2:
            raise KeyboardInterrupt

    model, explainers = scripted(deaf), ["self_topk", "self_exp"]
    with pytest.raises(KeyboardInterrupt):
        faithfulness(model, task(), explainers, out=tmp_path / "a", progress=stop)
    continued = faithfulness(model, task(), explainers, out=tmp_path / "a")
    assert continued == faithfulness(model, task(), explainers, out=tmp_path / "b") == faithfulness(model, task(), explainers)
    asked = model.answered
    assert faithfulness(model, task(), explainers, out=tmp_path / "a") == continued and model.answered == asked
    assert Faithfulness.load(tmp_path / "a") == continued
    with pytest.raises(RunError, match='removal="delete"` then, `removal="space"` now'):
        faithfulness(model, task(), explainers, removal="space", out=tmp_path / "a")
    with pytest.raises(RunError, match=r"\(`explainers=\('self_topk', 'self_exp'\)` then, `explainers=\('self_topk',\)` now\)"):
        faithfulness(model, task(), ["self_topk"], out=tmp_path / "a")
    with pytest.raises(DataError, match="Faithfulness.load"):
        selfamplify.Table.load(tmp_path / "a")


@pytest.mark.long
def test_words_can_be_replaced_by_what_the_model_has():
    model, made = load_model("embedded"), load_task("planted_arc")
    found = faithfulness(model, made, ["deep_lift"], limit=2, removal="space")
    assert any("which favours explainers" in note for note in found.notes)
    with pytest.raises(SettingsError, match=r"`removal='no such token'`.*or use `removal=.delete.`"):
        faithfulness(model, made, ["deep_lift"], limit=2, removal="no such token")


@pytest.mark.long
def test_other_seeds_draw_other_random_words_and_explanations_stay_apart():
    model, made = load_model("embedded"), load_task("planted_arc")
    first, again, other = (faithfulness(model, made, ["deep_lift"], limit=2, seed=seed) for seed in (0, 0, 1))
    assert first == again and first.settings["removal"] == "delete"
    one, two = first.figure("deletion", "deep_lift"), other.figure("deletion", "deep_lift")
    assert one is not None and two is not None and one.mean == pytest.approx(two.mean) and one.random != two.random


def test_words_that_a_file_marks_become_the_words_to_find(tmp_path: Path):
    made, rows = task(), []
    for number, (asked, marked) in enumerate(
        zip(made.test, ["rubs thing", "Which skin SURFACE?", made.test[2].text, "nothing of it", "warm"], strict=False)
    ):
        field = {"explanation": {"selected": marked, "open-ended": "skin"}} if number % 2 else {"words": marked.split()}
        rows.append({"id": asked.id, **field})
    file = tmp_path / "marks.jsonl"
    file.write_text("\n".join(map(json.dumps, [*rows, {"id": "elsewhere", "words": "thing"}])))
    found = with_marks(made, file)
    assert [each.planted for each in found.test] == [("rubs", "thing"), ("skin", "surface"), (), (), ("warm",), ()]
    assert found.notes[-1].startswith(
        "marks.jsonl marks words of 3 of 6 test questions (1 not in the file, 1 marked as a whole, 1 "
    )
    marked = faithfulness(scripted(deaf), found, ["self_topk"]).figure("plausibility", "self_topk")
    assert marked is not None and marked.questions == 3
    file.write_text('{"id": "other", "words": "thing"}')
    with pytest.raises(DataError, match="its ids are such as 'other', those of the task 'q12'"):
        with_marks(made, file)
    file.write_text('{"id": "q12", "text": "thing"}')
    with pytest.raises(DataError, match="marks.jsonl:1 marks no words of a question"):
        with_marks(made, file)


@pytest.mark.long
def test_highlights_of_cose_are_joined_with_commonsenseqa():
    folder = shared("data", "commonsenseqa")
    asked = load_task("commonsenseqa", folder / "train_rand_split.jsonl", test_data=folder / "dev_rand_split.jsonl")
    found = with_marks(asked, shared("data", "cose", "cose_dev_v1.11_processed.jsonl"))
    marked = [question for question in found.test if question.planted]
    assert len(found.test) == 1215 and 500 < len(marked) < 800  # six of the 1,221 are known to be bad
    assert all(set(question.planted) <= set(keywords_of(question).values()) for question in marked)


@pytest.mark.long
def test_the_command_line_studies_shows_and_says_what_is_missing(run: Run, tmp_path: Path):
    out, marks = tmp_path / "faithful", tmp_path / "marks.csv"
    asked = load_task("planted_arc").test[:3]
    marks.write_text("id,words\n" + "".join(f"{each.id},{each.planted[0]}\n" for each in asked))
    given = ["faithfulness", "--methods", "feature_ablation,self_topk", "--limit", "3", "--out", out, "--marks", marks]
    code, printed, err = run(*given)
    assert code == 0 and "comprehensiveness ↑" in printed and "  self_topk" in printed and "random words on" in printed
    assert "marks.csv marks words of 3 of 2000 test questions" in err and f"wrote the results to {out}" in printed
    assert Faithfulness.load(out).measures[1].explainer == "self_topk"
    assert run("show", out)[1].strip() in printed
    code, _, err = run("report", out, "--csv", tmp_path / "answers.csv")
    assert code == 2 and f"print it with selfamplify show {out}" in err and "Faithfulness.load" not in err
    assert run("report", out)[0] == 0
    code, _, err = run(*given, "--removal", "space")
    assert code == 2 and "started with other settings" in err and err.count("\n") < 12
    code, _, err = run(*given, "--limit", "2")
    assert code == 2 and "--limit 2 now" in err and "other --marks" not in err, "other questions have other marked words"
    for wrong, remedy in (
        (["--methods", "lime,io"], "io"),
        (["--methods", "self_topk", "--samples", "9"], "leave --samples 9 out"),
        (["--prefill"], "leave it out"),
    ):
        code, _, err = run("faithfulness", *wrong, "--out", tmp_path / "x")
        assert code == 2 and remedy in err and err.count("\n") == 1


def test_default_explainers_are_those_that_the_model_allows():
    assert default_explainers(load_model("embedded"))[0] == "deep_lift"
    assert default_explainers(scripted(deaf)) == ("kernel_shap", "self_topk", "self_exp")
