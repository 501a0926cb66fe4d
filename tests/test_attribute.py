"""Any answer to any prompt: read once, scored as a whole by every attribution, shown, saved; and invalid calls."""

import inspect
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import zoo
from games import shapley_by_subsets, types_unchecked
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from observed import ObservedModel
from rich.console import Console
from test_explainers import ATTRIBUTIONS, COMPLETE, SMALL
from zoo import model_of, tiny_model, trained_folder

from selfamplify import (
    AnswerAttribution,
    DeepLift,
    GradientXActivation,
    KernelShap,
    LocalModel,
    ScriptedModel,
    SelfExp,
    ShapleyValues,
    attribute,
    attribution_table,
    load_model,
    make_explainer,
)
from selfamplify.attribution.players import Units
from selfamplify.attribution.unit import Unit
from selfamplify.errors import ContextError, DataError, ExplanationError, ModelError, RunError, SettingsError
from selfamplify.explain.attribution import AbstractAttribution
from selfamplify.explain.scores import Attribution
from selfamplify.explain.shapley_values import every_coalition
from selfamplify.games.coalitions import AbstractGame
from selfamplify.games.tokens import Target, TokenGame
from selfamplify.records import Cost, Message
from selfamplify.text.printable import printable
from selfamplify.text.shading import html_style
from selfamplify.text.words import candidate_words, overlapping

pytestmark = pytest.mark.typed

PROMPT = "Which animal gives milk?"
SEVERAL = "The brown cow."
CHAT = (
    Message("system", "Answer in one word."),
    Message("user", "Which animal gives milk? (A) cow (B) snake"),
    Message("assistant", "The answer is ("),
)
TRIMMING = zoo.CHAT_TEMPLATE.replace("message['content']", "message['content'] | trim")

ablation = make_explainer("feature_ablation", {"value": "logprob"})


def with_template(template: str) -> LocalModel:
    model = tiny_model()
    model.tokenizer.chat_template = template
    return model


def plain_logprob(model: LocalModel, ids: list[int], answer: tuple[int, ...]) -> float:
    """The log-probability of an answer after a prompt, from one plain forward pass over both."""
    with torch.no_grad():
        logits = model.module(input_ids=torch.tensor([[*ids, *answer]]), use_cache=False).logits[0].double()
    places = range(len(ids) - 1, len(ids) - 1 + len(answer))
    return sum(float(logits[place].log_softmax(-1)[token]) for place, token in zip(places, answer, strict=True))


def plain_value(game: TokenGame, present: np.ndarray) -> float:
    """The log-probability of a game's answer after a coalition."""
    gone = {place for own, stays in zip(game.positions, present, strict=True) if not stays for place in own}
    blank = game.model.baseline("auto").token
    assert blank is not None
    ids = [
        blank if place in gone else token for place, token in enumerate(game.ids) if game.absent == "mask" or place not in gone
    ]
    assert isinstance(game.model, LocalModel)
    return plain_logprob(game.model, ids, game.target.ids)


def game_of(model: LocalModel, prompt: str = PROMPT, answer: str = SEVERAL, **chosen: Any) -> TokenGame:
    reading = model.read_answer([Message("user", prompt)], answer)
    start = reading.contents[0][0]
    words = [(start + word.start, start + word.end) for word in candidate_words(prompt)]
    positions = tuple(overlapping(reading.spans, words))
    return TokenGame(model, reading.ids, Target(reading.answer_ids), positions, **{"value": "logprob", **chosen})


# The reading.


@pytest.mark.parametrize("name", zoo.ZOO)
def test_answer_is_the_end_of_the_rendered_chat(name: str) -> None:
    model = model_of(name)
    for messages in ([Message("user", PROMPT)], CHAT[1:], [CHAT[1], Message("assistant", "A cow."), CHAT[1]]):
        reading = model.read_answer(messages, SEVERAL)
        assert reading.text.endswith(SEVERAL) and reading.text[reading.answer :] == SEVERAL
        whole = model.tokenizer(reading.text, add_special_tokens=False)["input_ids"]
        assert [*reading.ids, *reading.answer_ids] == whole
        assert reading.spans[-1][1] <= reading.answer and len(reading.answer_ids) > 1
        assert [reading.text[start:end] for start, end in reading.contents] == [message.content for message in messages]


@pytest.mark.parametrize("name", ["llama", "gpt2", "cardputer-chat-3M"])
def test_first_token_is_that_of_the_context(name: str) -> None:
    model = model_of(name)
    behind, alone = (model.read_answer(messages, "A)") for messages in (CHAT[1:], CHAT[1:2]))
    assert model.tokenizer.decode([behind.answer_ids[0]]) == "A"
    assert behind.text[slice(*behind.contents[-1])] == "The answer is ("
    spaced = model.read_answer([CHAT[1], Message("assistant", "The answer is")], " cow")
    assert model.tokenizer.decode(list(spaced.answer_ids)) == " cow"
    glued = model.read_answer([CHAT[1], Message("assistant", "The answer is ")], "cow")
    assert glued.text == spaced.text and glued.answer == spaced.answer + 1
    assert (glued.ids, glued.answer_ids) == (spaced.ids, spaced.answer_ids), "tokenised in place, whoever wrote the space"
    assert alone.text[alone.answer :] == "A)"


def test_token_over_the_border_belongs_to_the_answer() -> None:
    model = LocalModel(zoo.tiny_module("llama"), zoo.tiny_tokenizer(backend=zoo.merged_markers()), "merged")
    reading = model.read_answer([CHAT[1], Message("assistant", "Say (")], "A")
    assert model.tokenizer.decode(list(reading.answer_ids)) == "(A"
    assert reading.text[reading.answer :] == "A"


@pytest.mark.parametrize("start", ["The answer is ", "  The answer is ", ""])
def test_template_that_trims_turns_leaves_the_answer_whole(start: str) -> None:
    model = with_template(TRIMMING)
    messages = [Message("user", f"\n {PROMPT}\n"), Message("assistant", start)]
    reading = model.read_answer(messages, "a cow")
    assert reading.text[reading.answer :] == "a cow" and reading.text.endswith(f"{start.lstrip()}a cow")
    assert [reading.text[slice(*span)] for span in reading.contents] == [PROMPT, start.lstrip()]
    found = attribute(model, messages, "a cow \n", ablation)
    assert found.answer == "a cow" and found.messages == tuple(messages)
    assert [found.messages[unit.message].content[unit.start : unit.end] for unit in found.units] == list(found.words)
    with pytest.raises(ModelError, match="drops the answer ' '"):
        model.read_answer(messages[:1], " ")


def test_contents_are_not_looked_for_in_the_template() -> None:
    messages = [Message("user", "user"), Message("assistant", "a"), Message("user", "assistant"), Message("assistant", "<|")]
    reading = model_of("llama").read_answer(messages, "user")
    first, second, third, last = reading.contents
    assert reading.text[: first[0]] == "<s><|user|>\n" and reading.text[first[1] : second[0]] == "<|assistant|>\n"
    assert reading.text[second[1] : third[0]] == "</s><|user|>\n" and reading.text[slice(*third)] == "assistant"
    assert reading.text[last[0] :] == "<|user"


def test_system_turn_may_be_moved_by_the_template() -> None:
    moving = (
        "{% for message in messages %}{% if message['role'] != 'system' %}<|{{ message['role'] }}|>{{ message['content'] }}"
        "{% if loop.index0 == 1 %} ({{ messages[0]['content'] }}){% endif %}{% endif %}{% endfor %}"
    )
    found = attribute(with_template(moving), CHAT, "A", ablation)
    assert [unit.message for unit in found.units] == sorted(unit.message for unit in found.units)
    assert found.words[:5] == ("Answer", "in", "one", "word", "Which")


@pytest.mark.parametrize(
    ("template", "remedy"),
    [
        (zoo.CHAT_TEMPLATE.replace("message['content']", "message['content'] | replace('milk', 'm')"), "rewrites the message"),
        (zoo.CHAT_TEMPLATE.replace("message['content']", "message['content'] | upper"), "rewrites|does not appear"),
        ("{{ messages[-1]['content'] }}", "rewrites or repeats"),
        ("{{ messages[0]['content'] }}" + zoo.CHAT_TEMPLATE, "rewrites or repeats"),
        (
            "{{ raise_exception('No system') }}{{ messages[0]['content'] }}",
            r"No system\).* user's turn",
        ),
    ],
)
def test_template_that_hides_the_messages_is_refused(template: str, remedy: str) -> None:
    with pytest.raises(ModelError, match=remedy):
        with_template(template).read_answer([Message("system", "x"), *CHAT[1:2]], "A cow")


# The value.


@pytest.mark.long
@pytest.mark.parametrize("absent", ["mask", "delete"])
@pytest.mark.parametrize("name", zoo.ZOO)
def test_value_is_the_sum_of_log_probabilities(name: str, absent: str) -> None:
    model = model_of(name)
    game = game_of(model, absent=absent)
    assert len(game.target.ids) > 1
    coalitions = np.random.default_rng(0).random((6, game.players)) < 0.5
    for present, value in zip(coalitions, game.values(coalitions), strict=True):
        assert value == pytest.approx(plain_value(game, present), abs=1e-3)


@pytest.mark.long
@pytest.mark.parametrize("name", ATTRIBUTIONS)
@pytest.mark.parametrize("where", ["llama", "stories260K"])
def test_every_attribution_explains_an_answer_of_several_tokens(name: str, where: str) -> None:
    explainer = make_explainer(name, SMALL.get(name, {}) | {"value": "logprob"})
    found = attribute(model_of(where), PROMPT, SEVERAL, explainer)
    assert found.words == ("Which", "animal", "gives", "milk") and found.answer == SEVERAL
    assert (found.explainer, found.value) == (name, "logprob") and found.cost.forward_passes > 0
    full, empty = game_of(model_of(where)).ends()
    assert (found.full, found.empty) == (pytest.approx(full, abs=1e-4), pytest.approx(empty, abs=1e-4))
    assert (found.completeness_gap is not None) == (name in COMPLETE)
    if name in ("kernel_shap", "shapley_value_sampling", "shapley_values", "shapley_interactions", "deep_lift"):
        assert sum(found.scores) == pytest.approx(found.full - found.empty, abs=1e-3)
    if name == "integrated_gradients":
        assert found.completeness_gap is not None
        assert abs(sum(found.scores) - (found.full - found.empty)) == pytest.approx(
            found.completeness_gap * abs(found.full - found.empty), abs=1e-3
        )


@pytest.mark.long
@pytest.mark.parametrize("name", ATTRIBUTIONS)
def test_every_attribution_may_be_named(name: str) -> None:
    found = attribute(model_of("llama"), "cow milk", "A cow", name)
    assert (found.explainer, found.value, len(found.scores)) == (name, "logprob", 2)


def test_gradient_of_several_tokens_equals_finite_differences() -> None:
    model = tiny_model("gpt2")
    model.module.double()
    game = game_of(model)
    x = model.embedding(torch.tensor([game.row(np.ones(game.players, bool))])).detach()
    count = len(game.target.ids)

    def value(point: torch.Tensor) -> float:
        logits = model.module(inputs_embeds=point).logits[0, -count:].log_softmax(-1)
        return sum(float(row[token]) for row, token in zip(logits, game.target.ids, strict=True))

    step, expected = 1e-3, []
    for own in game.positions:
        change = torch.zeros_like(x)
        change[0, list(own)] = x[0, list(own)] * step
        expected.append((value(x + change) - value(x - change)) / (2 * step))
    assert GradientXActivation(value="logprob").attribute(game, 0).scores == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_answers_of_one_token_may_be_scored_by_their_logit() -> None:
    found = attribute(model_of("llama"), CHAT, "A", make_explainer("feature_ablation", {"value": "logit"}))
    assert found.value == "logit"
    with pytest.raises(SettingsError, match="logit.* answer of several tokens"):
        attribute(model_of("llama"), CHAT, "A cow", KernelShap(value="logit"))
    with pytest.raises(SettingsError, match="margin needs other answers"):
        attribute(model_of("llama"), CHAT, "A", KernelShap(value="margin"))


def test_value_that_is_left_open_is_the_log_probability() -> None:
    named, made = (attribute(model_of("llama"), PROMPT, SEVERAL, explainer) for explainer in ("deep_lift", DeepLift()))
    assert (made.value, made.scores, made.settings) == ("logprob", named.scores, named.settings)


@pytest.mark.long
@pytest.mark.parametrize("cows", [0, 20, 60, 100])
def test_long_answers_are_run_in_parts_that_keep_the_scores(cows: int) -> None:
    model, answer = ObservedModel(), SEVERAL + " cow" * cows
    found = attribute(model, PROMPT, answer, ShapleyValues(value="logprob"))
    game = game_of(model, answer=answer)
    values = np.array([plain_value(game, present) for present in every_coalition(game.players)])
    assert found.scores == pytest.approx(shapley_by_subsets(game.players, values), abs=1e-3)
    assert sum(map(len, model.rows)) == 16
    assert all(len(part) == 1 or len(part) * len(game.target.ids) <= 256 for part in model.rows), "as docs/architecture.md says"


@pytest.mark.long
def test_default_takes_more_evaluations_for_a_long_prompt() -> None:
    prompt = " ".join(["cow", "milk"] * 50)
    found = attribute(model_of("llama"), prompt, "A")
    assert (found.explainer, len(found.units)) == ("kernel_shap", 100)
    assert all(unit.standard_error is not None for unit in found.units)
    assert found.cost.forward_passes > 350


def test_same_seed_gives_the_same_scores() -> None:
    explainer = KernelShap(value="logprob", baseline="pad", samples=60)
    one, again, other = (attribute(model_of("llama"), CHAT, "A cow", explainer, seed=seed) for seed in (1, 1, 2))
    assert one.scores == again.scores != other.scores


# What is perturbed.


def test_words_and_tokens_agree_where_words_are_tokens() -> None:
    model, prompt = model_of("llama"), "A a B b"
    kinds: tuple[Units, ...] = ("word", "token")
    words, tokens = (attribute(model, prompt, SEVERAL, ShapleyValues(value="logprob"), units=units) for units in kinds)
    assert words.words == tokens.words == ("A", "a", "B", "b") and words.scores == tokens.scores
    assert [(unit.start, unit.end) for unit in words.units] == [(unit.start, unit.end) for unit in tokens.units]


@pytest.mark.long
@pytest.mark.parametrize("name", ["llama", "gpt2", *zoo.TRAINED])
@settings(max_examples=25, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
def test_token_units_hold_every_visible_character_once(name: str, text: str) -> None:
    model, prompt = model_of(name), f"x {text} y"
    if any(token in prompt for token in model.tokenizer.all_special_tokens):
        return
    found = attribute(model, prompt, "a cow", make_explainer("gradient_x_activation", {"value": "logprob"}), units="token")
    covered = [place for unit in found.units for place in range(unit.start, unit.end)]
    assert len(covered) == len(set(covered))
    assert found.words[0] == "x" or found.words[0].startswith("x")
    assert all(unit.text.strip() == unit.text != "" for unit in found.units)
    assert {place for place, character in enumerate(prompt) if character.isalnum() and character.isascii()} <= set(covered)


@pytest.mark.parametrize("units", ["word", "token"])
@pytest.mark.parametrize("absent", ["mask", "delete"])
def test_nothing_outside_the_span_is_perturbed(units: Units, absent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_model()
    reading = model.read_answer(CHAT, SEVERAL)
    rows: list[list[int]] = []
    whole = model.last_logits
    monkeypatch.setattr(model, "last_logits", lambda asked, *rest: rows.extend(asked) or whole(asked, *rest))
    explainer = make_explainer("feature_ablation", {"value": "logprob", "absent": absent})
    found = attribute(model, CHAT, SEVERAL, explainer, units=units, span="gives milk?")
    assert set("".join(found.words)) <= set("gives milk?") and {unit.message for unit in found.units} == {1}
    assert "".join(found.words).startswith("givesmilk")
    start = reading.text.index("gives milk?")
    fixed = [
        token
        for token, (left, right) in zip(reading.ids, reading.spans, strict=True)
        if right <= start or left >= start + len("gives milk?")
    ]
    for row in rows:
        assert row[-len(reading.answer_ids) + 1 :] == list(reading.answer_ids[:-1])
        remaining = iter(row)
        assert all(any(token == other for other in remaining) for token in fixed), "what is fixed is left, in order"
        assert absent == "delete" or len(row) == len(reading.ids) + len(reading.answer_ids) - 1


def test_the_end_of_the_prompt_may_be_deleted() -> None:
    model, explainer = model_of("llama"), ShapleyValues(value="logprob", absent="delete")
    found = attribute(
        model, [Message("user", PROMPT), Message("assistant", "cow milk")], " and a cow", explainer, span="cow milk"
    )
    reading = model.read_answer([Message("user", PROMPT), Message("assistant", "cow milk")], " and a cow")
    kept = [token for token, (_, end) in zip(reading.ids, reading.spans, strict=True) if end <= reading.contents[-1][0]]
    assert len(kept) < len(reading.ids)
    assert found.empty == pytest.approx(plain_logprob(model, kept, reading.answer_ids), abs=1e-4)
    bare = with_template("{% for message in messages %}{{ message['content'] }}{% endfor %}")
    with pytest.raises(SettingsError, match="mask"):
        attribute(bare, "cow", " milk", explainer)


@pytest.mark.parametrize(
    ("span", "reason"),
    [
        ("snakes", "occurs 0 times"),
        ("w", "occurs [2-9] times"),
        ("", "span is empty"),
        ("? (", "has no word"),
        ("word.\nWhich", "0 times"),
    ],
)
def test_span_that_does_not_occur_once_is_refused(span: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        attribute(model_of("llama"), CHAT, "A", ablation, span=span)


# What may be passed.


def test_text_dictionaries_and_records_are_the_same_prompt() -> None:
    model = model_of("llama")
    given = [PROMPT, [{"role": "user", "content": PROMPT}], [Message("user", PROMPT)], (Message("user", PROMPT),)]
    found = [replace(attribute(model, messages, SEVERAL, ablation), cost=Cost(0, 0.0)) for messages in given]
    assert all(each == found[0] for each in found)
    assert found[0].messages == (Message("user", PROMPT),)


def test_every_message_is_explained() -> None:
    found = attribute(model_of("llama"), CHAT, "A", ablation)
    assert [(unit.message, unit.text) for unit in found.units][:5] == [
        (0, "Answer"), (0, "in"), (0, "one"), (0, "word"), (1, "Which"),
    ]  # fmt: skip
    assert [unit.text for unit in found.units if unit.message == 2] == ["The", "answer", "is"]


def test_model_may_be_a_folder() -> None:
    folder = trained_folder("stories260K")
    named, loaded = (attribute(model, PROMPT, "A cow", ablation) for model in (folder, load_model(folder, device="cpu")))
    assert named.scores == pytest.approx(loaded.scores, abs=1e-5) and named.model == "stories260K"


untyped: Any = inspect.unwrap(attribute)
"""``attribute`` without the tests' type checks, as a user calls it."""

MISUSES: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "no answer": (lambda: attribute(model_of("llama"), PROMPT, ""), SettingsError, "answer is empty"),
    "no prompt": (lambda: attribute(model_of("llama"), " \n", "A"), SettingsError, "prompt is empty"),
    "no messages": (lambda: attribute(model_of("llama"), [], "A"), SettingsError, "prompt is empty"),
    "keys": (lambda: attribute(model_of("llama"), [{"role": "user", "text": "x"}], "A"), SettingsError, "Message 1 .*`{"),
    "role": (lambda: attribute(model_of("llama"), [{"role": "bot", "content": "x"}], "A"), SettingsError, "'bot'.*user"),
    "content": (lambda: attribute(model_of("llama"), [{"role": "user", "content": []}], "A"), SettingsError, "not a text"),
    "half": (lambda: attribute(model_of("llama"), "a \udcff", "A"), SettingsError, "half of a character"),
    "marks": (lambda: attribute(model_of("llama"), "?!", "A"), SettingsError, "has no word"),
    "units": (lambda: untyped(model_of("llama"), PROMPT, "A", units="line"), SettingsError, "'line'.*`units=\"word\"`"),
    "units list": (lambda: untyped(model_of("llama"), PROMPT, "A", units=["word"]), SettingsError, "`units=\"word\"`"),
    "text explainer": (lambda: attribute(model_of("llama"), PROMPT, "A", SelfExp()), SettingsError, "self_exp .*kernel_shap"),
    "its name": (lambda: attribute(model_of("llama"), PROMPT, "A", "random"), SettingsError, "random is not .*kernel_shap"),
    "class": (lambda: untyped(model_of("llama"), PROMPT, "A", DeepLift), SettingsError, r"class; write `DeepLift\(\)`"),
    "no explainer": (lambda: untyped(model_of("llama"), PROMPT, "A", 7), SettingsError, "7 is not an explainer"),
    "unknown": (lambda: attribute(model_of("llama"), PROMPT, "A", "deeplift"), SettingsError, "deep_lift"),
    "scripted": (lambda: attribute(ScriptedModel(lambda chat: "A"), PROMPT, "A"), ModelError, "not a local .*`load_model`"),
    "no model": (lambda: untyped(LocalModel, PROMPT, "A"), SettingsError, "class LocalModel.*not a model"),
    "control": (lambda: attribute(model_of("llama"), PROMPT, "A</s>"), ModelError, "control token '</s>'"),
    "system": (lambda: attribute(model_of("gpt2"), CHAT, "A"), ModelError, "system turn"),
    "long": (lambda: attribute(model_of("llama"), "cow " * 600, "A"), ContextError, "tiny-llama is 512 tokens; shorten"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISUSES)
def test_invalid_calls_are_refused_in_one_line(case: str) -> None:
    call, kind, remedy = MISUSES[case]
    with types_unchecked(), pytest.raises(kind, match=remedy) as error:
        call()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["kernel_shap", "lime", "kernel_shap_captum"])
def test_too_few_evaluations_are_refused_without_a_question(name: str) -> None:
    with pytest.raises(ExplanationError, match="for 4 words.*6") as error:
        attribute(model_of("llama"), PROMPT, "A", make_explainer(name, {"value": "logprob", "samples": 5}))
    assert "question" not in str(error.value)


def test_prompt_without_influence_is_reported_without_a_question() -> None:
    model = tiny_model()
    for weight in model.module.parameters():
        weight.data.zero_()
    with pytest.raises(ExplanationError, match="the prompt .*logprob") as error:
        attribute(model, PROMPT, "A", ablation)
    assert "question" not in str(error.value)


# The record.

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
HOSTILE = st.sampled_from(
    ["<script>alert(1)</script>", '"><img src=x onerror=y>', "</div>&amp;", "\x1b[31m\u202e", "[red]x[/]", "a\u2028b"]
)
FINITE = st.floats(-1e6, 1e6)
SETTINGS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | FINITE | ANY_TEXT | HOSTILE


@st.composite
def attributions(draw: st.DrawFn) -> AnswerAttribution:
    roles = st.sampled_from(["user", "assistant", "system"]) | HOSTILE
    messages = draw(st.lists(st.builds(Message, roles, ANY_TEXT | HOSTILE), max_size=3))
    units: list[Unit] = []
    for number, message in enumerate(messages):
        cuts = sorted(draw(st.sets(st.integers(0, len(message.content)), max_size=6)))
        for start, end in zip(cuts[::2], cuts[1::2], strict=False):
            units.append(Unit(message.content[start:end], start, end, draw(FINITE), draw(st.none() | FINITE), number))
    name = draw(ANY_TEXT | HOSTILE)
    gap, cost = draw(st.none() | FINITE), Cost(draw(st.integers(0, 99)), draw(FINITE))
    answer = draw(ANY_TEXT | HOSTILE)
    return AnswerAttribution(
        tuple(messages),
        answer,
        tuple(units),
        name,
        name,
        "logprob",
        draw(FINITE),
        draw(FINITE),
        gap,
        cost,
        draw(st.dictionaries(ANY_TEXT, SETTINGS, max_size=3)),
        draw(st.none() | st.integers()),
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(found=attributions())
def test_saved_attribution_is_read_back(tmp_path: Path, found: AnswerAttribution) -> None:
    assert AnswerAttribution.load(found.save(tmp_path / "a.json")) == found


def test_settings_and_seed_are_those_that_were_used(tmp_path: Path) -> None:
    explainer = KernelShap(value="logprob", baseline="pad", samples=60, estimator="least_squares")
    found = attribute(model_of("llama"), PROMPT, SEVERAL, explainer, seed=7)
    again = AnswerAttribution.load(found.save(tmp_path / "a.json"))
    assert (again.explainer, again.seed) == ("kernel_shap", 7)
    assert make_explainer(again.explainer, again.settings) == explainer
    assert attribute(model_of("llama"), again.messages, again.answer, explainer, seed=again.seed or 0).scores == found.scores
    assert "baseline=pad, absent=mask, samples=60, estimator=least_squares, seed=7" in Shown(found._repr_html_()).text
    assert attribute(model_of("llama"), PROMPT, SEVERAL).settings["samples"] == 350, "those of the default, too"
    hash(found)


def test_files_of_the_first_version_are_read_without_settings(tmp_path: Path) -> None:
    found = attribute(model_of("llama"), PROMPT, SEVERAL, ablation, seed=3)
    file = found.save(tmp_path / "a.json")
    data = json.loads(file.read_text())
    assert data.pop("settings") == {"value": "logprob", "baseline": "auto", "absent": "mask"}
    assert data.pop("baseline") == {"text": "<pad>", "token": 3, "role": ""} and data.pop("seed") == 3
    file.write_text(json.dumps(data | {"version": 1}))
    assert AnswerAttribution.load(file) == replace(found, settings={}, seed=None, baseline=None)


def test_damaged_files_are_refused_in_one_line(tmp_path: Path) -> None:
    file = attribute(model_of("llama"), PROMPT, SEVERAL, ablation).save(tmp_path / "deep" / "a.json")
    good = file.read_text()
    for bad in ("", "{", "[]", "{}", good.replace('"version": 3', '"version": 0'), good.replace("milk", "silk", 1),
                good.replace('"start": 6', '"start": "x"'), good.replace('"message": 0', '"message": 7')):  # fmt: skip
        file.write_text(bad)
        with pytest.raises(DataError, match="attribute the answer again") as error:
            AnswerAttribution.load(file)
        assert "\n" not in str(error.value)
    with pytest.raises(DataError, match="version 4, but .* update selfamplify"):
        file.write_text(good.replace('"version": 3', '"version": 4'))
        AnswerAttribution.load(file)
    with pytest.raises(DataError, match="Can't read"):
        AnswerAttribution.load(tmp_path / "nowhere.json")
    with pytest.raises(SettingsError, match="a.png"):
        SIGNED.save("a.png")
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="Can't write"):
        SIGNED.save(tmp_path / "file" / "a.json")


@pytest.mark.parametrize(
    "changed",
    [{"start": 4}, {"message": 1}, {"message": -1}, {"score": float("nan")}, {"start": 0, "end": 0}, {"text": "bulls"}],
)
def test_record_that_contradicts_itself_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(DataError):
        replace(SIGNED, units=(replace(SIGNED.units[0], **changed), *SIGNED.units[1:]))
    with pytest.raises(DataError, match="sort the units"):
        replace(SIGNED, units=SIGNED.units[::-1])


@settings(max_examples=60, deadline=None)
@given(attributions())
def test_repr_names_the_strongest_units_on_one_short_line(found: AnswerAttribution) -> None:
    shown = repr(found)
    assert shown.startswith("AnswerAttribution(") and f"{len(found.units)} units" in shown
    assert "\n" not in shown.replace(found.model, "") and len(shown) < 300
    ranked = sorted(found.units, key=lambda unit: -abs(unit.score))
    assert all(f"{unit.score:+.3g}" in shown for unit in ranked[:3])


class Shown(HTMLParser):
    """The tags and the text of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@settings(max_examples=60, deadline=None)
@given(attributions())
def test_hostile_text_stays_text(found: AnswerAttribution) -> None:
    html = found._repr_html_()
    shown = Shown(html)
    assert {tag for tag, _ in shown.tags} <= {"div", "span", "b", "small"}
    assert {name for _, attributes in shown.tags for name in attributes} <= {"style", "title"}
    for message in found.messages:
        assert f"{printable(message.role)}: {printable(message.content)}" in shown.text
    assert printable(found.answer) in shown.text
    assert [attributes["title"] for _, attributes in shown.tags if "title" in attributes] == [
        f"{unit.score:+.4f}" + ("" if unit.standard_error is None else f" ± {unit.standard_error:.4f}") for unit in found.units
    ]
    text = found.__rich__()
    for message in found.messages:
        assert f"{printable(message.role)}: {printable(message.content)}" in text.plain
    assert not set(str(found)) & set("\x1b\u202e\u2028")


SIGNED = AnswerAttribution(
    (Message("user", "cows give grey milk"),),
    "yes",
    (Unit("cows", 0, 4, 2.0, 0.25), Unit("give", 5, 9, -1.0, 0.25), Unit("milk", 15, 19, 0.01, 0.25)),
    "m", "kernel_shap", "logprob", -1.0, -2.01, 1e-9, Cost(9, 0.5),
)  # fmt: skip


def test_sign_does_not_depend_on_colour_alone() -> None:
    shown = Shown(SIGNED._repr_html_())
    styles = {attributes["title"]: str(attributes["style"]) for _, attributes in shown.tags if "title" in attributes}
    assert list(styles) == ["+2.0000 ± 0.2500", "-1.0000 ± 0.2500", "+0.0100 ± 0.2500"]
    assert ["dashed" in style for style in styles.values()] == [False, True, False]
    legend = [str(attributes["style"]) for _, attributes in shown.tags if "style" in attributes][-3:-1]
    assert legend == [html_style(1.0), html_style(-1.0)], "in the colours of the strongest words, and not dimmed"
    drawn = SIGNED.__rich__()
    spans = {drawn.plain[span.start : span.end]: str(span.style) for span in drawn.spans if "rgb" in str(span.style)}
    assert set(spans) == {"cows", "give"} and "underline" in spans["give"] and "underline" not in spans["cows"]


def test_text_and_page_show_the_prompt_the_strongest_units_the_values_and_the_cost() -> None:
    text, html = str(SIGNED), Shown(SIGNED._repr_html_()).text
    assert text.splitlines()[:2] == ["user: cows give grey milk", "assistant: yes"]
    strongest = text.splitlines()[3]
    assert strongest.index("cows +2") < strongest.index("milk +0.01") < strongest.index("give -1")
    for each in (text, html):
        assert "kernel_shap" in each and "logprob -1 with" in each and "-2.01 with" in each
        assert "completeness gap 1e-09" in each and "9 forward passes" in each and "0.50 s" in each


def test_answer_follows_the_start_of_a_reply_on_its_line(tmp_path: Path) -> None:
    found = attribute(model_of("llama"), CHAT, "A", ablation)
    assert "\nassistant: The answer is (A\n" in str(found)
    page = found.save(tmp_path / "a.html").read_text()
    assert page.startswith("<!doctype html>") and found._repr_html_() in page and "<script" not in page


def test_terminal_shows_colours_and_a_table() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", width=100)
    console.print(SIGNED)
    console.print(attribution_table(SIGNED))
    assert isinstance(console.file, io.StringIO)
    said = console.file.getvalue()
    assert "\x1b[" in said and "standard error" in said and "-1.0000" in said
    plain = attribution_table(replace(SIGNED, units=(replace(SIGNED.units[0], standard_error=None),)))
    assert len(plain.columns) == 2


@dataclass(frozen=True, kw_only=True)
class SoloGain(AbstractAttribution):
    """What each word alone adds to the empty prompt."""

    name = "solo_gain"

    def attribute(self, game: AbstractGame, seed: int) -> Attribution:
        _, empty = game.ends()
        return Attribution((game.values(np.eye(game.players, dtype=bool)) - empty).tolist(), game.passes)


def test_third_party_attribution_works() -> None:
    found = attribute(model_of("llama"), PROMPT, SEVERAL, SoloGain(value="logprob"))
    assert found.explainer == "solo_gain" and found.completeness_gap is None
    assert found.cost.forward_passes == 6, "the whole prompt, the empty one, and four words alone"
