"""Perturbations on models that show no tokens: texts of the question go out, the labels' log-probabilities come back."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from serving import Served, serving
from small import EXPLAINERS, Run, word_scores
from zoo import HANDS, PLANT, QUESTIONS, model_of

from selfamplify import (
    Counterfactual,
    DecisiveWords,
    FeatureAblation,
    KernelShap,
    Question,
    ServerModel,
    ShapleyValues,
    load_server,
    make_explainer,
)
from selfamplify.errors import ExplanationError, SettingsError
from selfamplify.explain.perturbation import AbstractPerturbation
from selfamplify.games.question import question_game, text_game
from selfamplify.games.values import ABSENT, Absent
from selfamplify.prompting.wordings import OURS
from selfamplify.records import Chat, ScoredWords, Value

pytestmark = pytest.mark.typed

WEIGHTS = {"green": 1.0, "most": -0.5, "sunlight": 2.0, "darkness": -1.5}


def odds(chat: Chat, word: str) -> list[tuple[str, float]]:
    """A is more likely the more of its words are present; B is unlikely, and C is not returned."""
    present = chat.messages[-1].content.replace("?", " ").replace(",", " ").split()
    return [("Z", -0.2), (" A", -4.0 + sum(weight for each, weight in WEIGHTS.items() if each in present)), ("B", -6.0)]


@pytest.fixture
def server() -> Iterator[tuple[Served, ServerModel]]:
    with serving(Served(lambda chat: "A", odds=odds)) as served:
        yield served, load_server(served.url)


def weight(word: str) -> float:
    return WEIGHTS.get(word, 0.0)


@pytest.mark.long
@pytest.mark.parametrize("absent", ["mask", "delete"])
def test_a_linear_game_on_a_server_is_found_exactly(server: tuple[Served, ServerModel], absent: Absent):
    served, model = server
    for explainer in (FeatureAblation(value="logprob", absent=absent), KernelShap(absent=absent, samples=60)):
        found = explainer.explain(model, PLANT, OURS, 0)
        assert isinstance(found, ScoredWords)
        assert found.scores == pytest.approx([weight(word) for word in found.words], abs=1e-9)
        assert found.value == "logprob" and found.cost.forward_passes == len(served.asked)
        served.asked.clear()


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name, kind in EXPLAINERS.items() if issubclass(kind, AbstractPerturbation)])
def test_every_perturbation_finds_the_words_on_a_server(server: tuple[Served, ServerModel], name: str):
    question = Question("few", "Does green matter most?", PLANT.choices[:2], "A")
    found = word_scores(make_explainer(name, {"value": "margin"}).explain(server[1], question, OURS, 0))
    scores = dict(zip(found.words, found.scores, strict=True))
    assert found.words == ("Does", "green", "matter", "most", "sunlight", "darkness")
    assert scores["sunlight"] == max(scores.values()) > scores["green"] > abs(scores["Does"])
    assert scores["darkness"] == min(scores.values())


@pytest.mark.long
def test_decisive_words_are_found_on_a_server(server: tuple[Served, ServerModel]):
    served, model = server
    found = Counterfactual(absent="delete").explain(model, PLANT, OURS, 0)
    assert isinstance(found, DecisiveWords) and found.cost.forward_passes == len(served.asked)
    # A has -4 + 0.5 + 0.5 in all (sunlight, green, most, darkness) and B -6: no removal changes that, and that of the words
    # for A comes closest.
    assert (found.words, found.answer, found.changes) == (("green", "sunlight"), "A", False)


def test_absent_words_leave_the_rest_of_the_text_alone(server: tuple[Served, ServerModel]):
    question = Question("marks", "Rub (both) hands,\nnow: 50% each", HANDS.choices, "A")
    present = np.array([False, True, False, True, False, True, True, False])
    shown = {absent: text_game(server[1], question, OURS, absent=absent).asked(present) for absent in ABSENT}
    assert shown["mask"].question == "_ (both) _,\nnow: _ each (A) friction (B) _"
    assert shown["delete"].question == " (both),\nnow: each (A) friction (B)"
    for chat in shown.values():
        assert chat.messages[-1].content.endswith("\n" + chat.question) and chat.prefill == "The answer is ("
    whole = text_game(server[1], question, OURS)
    assert whole.asked(np.ones(8, bool)) == whole.chat


@pytest.mark.long
@pytest.mark.parametrize("value", ["logprob", "margin"])
def test_values_equal_those_of_the_token_game_if_the_text_has_the_same_tokens(value: Value):
    model, draw, same = model_of("stories260K"), np.random.default_rng(0), 0
    for question in QUESTIONS:
        tokens = question_game(model, question, OURS, value, "delete")
        texts = text_game(model, question, OURS, value, "delete")
        assert texts.words == tokens.words
        coalitions = draw.random((40, tokens.players)) < 0.7
        agreeing = [model.read(texts.asked(row), question.labels).ids == tuple(tokens.row(row)) for row in coalitions]
        same += sum(agreeing)
        np.testing.assert_allclose(texts.values(coalitions)[agreeing], tokens.values(coalitions)[agreeing], atol=1e-4)
    assert same >= 60, "enough coalitions are compared"


def test_a_label_that_is_not_returned_is_less_likely_than_the_last_that_is(server: tuple[Served, ServerModel]):
    found = text_game(server[1], PLANT, OURS, "margin")
    full, empty = found.ends()
    rivals = np.logaddexp(-6.0, np.nextafter(-6.0, -np.inf))
    assert full == pytest.approx(-4.0 + sum(WEIGHTS.values()) - rivals) and empty == pytest.approx(-4.0 - rivals)


def test_a_margin_needs_another_label_that_is_returned():
    few = [(" A", -0.1), ("Z", -1.0), ("Q", -5.0)]
    with serving(Served(lambda chat: "A", odds=lambda chat, word: few)) as served:
        model = load_server(served.url)
        with pytest.raises(ExplanationError, match=r"always return the log-probability of \(A\) and of one other label"):
            FeatureAblation(value="margin").explain(model, PLANT, OURS, 0)


def test_what_a_server_does_not_return_is_refused(server: tuple[Served, ServerModel]):
    with pytest.raises(SettingsError, match='tiny returns log-probabilities but no logits; use `value="logprob"`'):
        ShapleyValues(value="logit").explain(server[1], HANDS, OURS, 0)
    with serving(Served(lambda chat: "A", kind="serve")) as served:
        model = load_server(served.url, model="tiny")
        with pytest.raises(
            ExplanationError, match=r"tiny returned no log-probabilities of labels for question hands.*use `explainer="
        ):
            FeatureAblation(value="logprob").explain(model, HANDS, OURS, 0)
    for labels in ([(" B", -1.0), ("Z", -3.0)], [("Y", -1.0), ("Z", -3.0)]):
        with serving(Served(lambda chat: "Z", odds=lambda chat, word: labels)) as served:  # noqa: B023
            with pytest.raises(
                ExplanationError, match=r"tiny (returned no|does not always return) .* for question plant.*use `explainer="
            ):
                FeatureAblation(value="margin").explain(load_server(served.url), PLANT, OURS, 0)


@pytest.mark.long
def test_command_line_explains_and_builds_by_perturbation_through_a_server(
    server: tuple[Served, ServerModel], tmp_path: Path, run: Run
):
    served, _ = server
    rows = tmp_path / "rows.csv"
    made = [f"Is green {n} most of all?,sunlight,{'darkness' if n % 2 else 'night'},a\n" for n in range(12)]
    rows.write_text("question,a,b,answer\n" + "".join(made))
    columns = [
        "--question-column",
        "question",
        "--answer-column",
        "answer",
        "--choice-columns",
        "a,b",
        "--shuffle-choices",
        "off",
    ]
    asked = ["--task", "file", "--data", rows, *columns, "--server", served.url]
    code, out, err = run("explain", *asked, "--explainer", "feature_ablation")
    assert code == 0 and "sunlight" in out, err
    few = ["--explainer", "kernel_shap", "--samples", 40, "--shots", 2, "--keywords", 2, "--select", "random"]
    code, _, err = run("build", *asked, *few, "--out", tmp_path / "run")
    assert code == 0, err
    prompt = next((tmp_path / "run").rglob("prompt.json")).read_text()
    assert "sunlight" in prompt and "logprob" in prompt
