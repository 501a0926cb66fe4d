"""The engine below the explainers: one stored prefix, a reduced head, batches over questions; against plain forward passes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
import torch
import zoo
from test_explainers import SMALL
from zoo import ANIMAL, HANDS, PLANT, QUESTIONS, model_of, tiny_model

from selfamplify import Explanation, KernelShap, LocalModel, Session, explain_all, make_explainer
from selfamplify.explain.attribution import AbstractAttribution
from selfamplify.explain.making import EXPLAINERS
from selfamplify.games.coalitions import values_of
from selfamplify.games.question import question_game
from selfamplify.models.local.attention import SharedPrefix, mergeable
from selfamplify.models.local.head import float32_head
from selfamplify.prompting import formats as rationale
from selfamplify.prompting.wording import OURS
from selfamplify.work.memory import NoMemory

ATTRIBUTIONS = [name for name, kind in EXPLAINERS.items() if issubclass(kind, AbstractAttribution)]
ALIKE = (ANIMAL, HANDS)
"""Questions of the same labels, and so behind the same instruction."""
every_model = pytest.mark.parametrize("name", [*zoo.DECODERS, *zoo.TRAINED])


def plain(model: LocalModel, row: Sequence[int], keep: int) -> torch.Tensor:
    with torch.no_grad():
        return model.module(input_ids=torch.tensor([row])).logits[0, -keep:].float()


def test_players_of_a_question_are_named_by_its_words() -> None:
    game = question_game(model_of("llama"), PLANT, OURS)
    assert game.words == KernelShap(samples=60).explain(model_of("llama"), PLANT, OURS, 0).words
    chosen = rationale.keywords(Explanation("plant", "x", game.words, tuple(map(float, range(game.players)))), 99)
    assert {word.lower() for word in chosen} == {name for name in game.keywords if name is not None}
    assert len(game.keywords) == game.players and None in game.keywords
    assert len(set(replace(game, words=()).keywords)) == game.players


@pytest.mark.parametrize(("value", "most"), [("logit", 2048), ("logprob", 256)])
def test_a_call_is_bounded_however_many_coalitions_there_are(value: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_model()
    game = question_game(model, PLANT, OURS, value)
    asked: list[int] = []
    tokens: list[int] = []
    whole, forward = model.last_logits, model.module.forward
    monkeypatch.setattr(model, "last_logits", lambda rows, *rest: asked.append(len(rows)) or whole(rows, *rest))
    monkeypatch.setattr(model.module, "forward", lambda **given: tokens.append(given["input_ids"].numel()) or forward(**given))
    coalitions = np.random.default_rng(0).random((most + 100, game.players)) < 0.5
    values = game.values(coalitions)
    assert max(asked) == most and sum(asked) == game.passes == len({row.tobytes() for row in coalitions})
    assert max(tokens) <= 8192 < sum(tokens)
    again = question_game(model, PLANT, OURS, value)
    assert values[-3:] == pytest.approx(again.values(coalitions[-3:]), abs=1e-4)


@every_model
@pytest.mark.parametrize("prefix", [0, 5, 60])
def test_rows_of_different_lengths_behind_a_prefix_equal_plain_passes(name: str, prefix: int) -> None:
    model = model_of(name)
    draw = np.random.default_rng(prefix)
    start = draw.integers(4, 300, prefix).tolist()
    rows = [[*start, *draw.integers(4, 300, length).tolist()] for length in (7, 12, 7, 30, 4)]
    for tokens in (None, [9, 200, 11]):
        found = model.last_logits(rows, prefix, keep=3, tokens=tokens)
        expected = torch.stack([plain(model, row, 3) for row in rows])
        torch.testing.assert_close(found, expected if tokens is None else expected[..., tokens], atol=1e-4, rtol=1e-4)


@every_model
def test_the_prefix_is_stored_once_where_the_model_lets_us(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of(name)
    seen: list[SharedPrefix] = []
    plain_forward = model.module.forward

    def spied(**given: Any) -> Any:
        if "shared_prefix" in given:
            seen.append(given["shared_prefix"])
        return plain_forward(**given)

    monkeypatch.setattr(model.module, "forward", spied)
    model.forget()
    question_game(model, PLANT, OURS).ends()
    assert bool(seen) == mergeable(model.module) == (model.module.config.model_type != "gpt_neo")
    for prefix in seen:
        assert prefix.seen == set(range(model.module.config.num_hidden_layers))
        assert all(keys.shape[0] == 1 for keys, _ in prefix.layers)


def test_attention_implementation_and_head_are_restored_also_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_model("gemma2")
    head, implementation = model.module.get_output_embeddings(), model.module.config._attn_implementation
    game = question_game(model, PLANT, OURS)
    game.ends()

    def fails(*given: Any, **more: Any) -> None:
        raise RuntimeError("in the middle")

    with monkeypatch.context() as broken, pytest.raises(RuntimeError, match="in the middle"):
        broken.setattr(model.module.get_input_embeddings(), "forward", fails)
        question_game(model, HANDS, OURS).ends()
    assert model.module.get_output_embeddings() is head
    assert model.module.config._attn_implementation == implementation


@pytest.mark.parametrize("family", ["llama", "gemma2", "phi", "gpt-neox"])
def test_half_precision_models_give_logits_in_float32(family: str) -> None:
    model = tiny_model(family)
    model.module.bfloat16()
    ids = torch.arange(4, 40)[None]
    head = cast(torch.nn.Linear, model.module.get_output_embeddings())
    states: list[torch.Tensor] = []
    handle = head.register_forward_pre_hook(lambda module, given: states.append(given[0]))
    with torch.no_grad():
        coarse = model.module(input_ids=ids).logits
    handle.remove()
    exact = states[0].double() @ head.weight.double().T + (0 if head.bias is None else head.bias.double())
    cap = getattr(model.module.config, "final_logit_softcapping", None)
    exact = cap * torch.tanh(exact / cap) if cap else exact
    with torch.no_grad(), float32_head(model.module, [3, 17]) as columns:
        fine = model.module(input_ids=ids).logits[..., columns]
    assert fine.dtype == torch.float32 and fine.shape[-1] == 2
    torch.testing.assert_close(fine.double(), exact[..., [3, 17]], atol=1e-4, rtol=1e-4)
    assert (coarse[..., [3, 17]].double() - exact[..., [3, 17]]).abs().max() > 1e-3


@pytest.mark.parametrize("absent", ["mask", "delete"])
@pytest.mark.parametrize("value", ["logit", "logprob", "margin"])
def test_games_of_several_questions_together_equal_games_alone(absent: str, value: str) -> None:
    model = model_of("llama")
    draw = np.random.default_rng(0)
    alone = [question_game(model, question, OURS, value, absent) for question in QUESTIONS]
    asked = [draw.random((20, game.players)) < 0.5 for game in alone]
    together = [question_game(model, question, OURS, value, absent) for question in QUESTIONS]
    for found, game, coalitions in zip(values_of(together, asked), alone, asked, strict=True):
        assert found == pytest.approx(game.values(coalitions), abs=1e-4)
    assert [game.passes for game in together] == [game.passes for game in alone]


def test_questions_share_calls_of_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_model()
    calls: list[int] = []
    whole = model.last_logits
    monkeypatch.setattr(model, "last_logits", lambda rows, *rest: calls.append(len(rows)) or whole(rows, *rest))
    KernelShap(samples=60).explain_all(model, ALIKE, OURS, [0, 1])
    together = list(calls)
    alone = [KernelShap(samples=60).explain(model, question, OURS, seed) for seed, question in enumerate(ALIKE)]
    assert together[0] == 2 * len(ALIKE), "the ends of both questions go together"
    assert len(together) == 2 and sum(together) == sum(each.cost.forward_passes for each in alone)


@pytest.mark.parametrize("name", ATTRIBUTIONS)
@pytest.mark.parametrize("where", ["llama", "stories260K"])
def test_explaining_together_equals_explaining_alone(name: str, where: str) -> None:
    model, explainer = model_of(where), make_explainer(name, SMALL.get(name, {}))
    questions = [ANIMAL, HANDS] if name == "shapley_values" else [ANIMAL, PLANT, HANDS]
    together = explainer.explain_all(model, questions, OURS, [1, 2, 3][: len(questions)])
    for seed, question, explanation in zip([1, 2, 3], questions, together, strict=False):
        alone = explainer.explain(model, question, OURS, seed)
        assert explanation.scores == pytest.approx(alone.scores, abs=2e-4)
        assert (explanation.words, explanation.question_id) == (alone.words, question.id)
        assert explanation.cost.forward_passes == alone.cost.forward_passes


def test_gradients_that_do_not_fit_together_are_taken_in_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_model()
    whole = model.logits_from_embeddings
    widest: list[int] = []

    def narrow(embeddings: torch.Tensor, *rest: Any) -> torch.Tensor:
        widest.append(len(embeddings))
        if len(embeddings) > 2:
            raise torch.OutOfMemoryError("out of memory")
        return whole(embeddings, *rest)

    expected = make_explainer("deep_lift", {}).explain_all(model, ALIKE, OURS, [0, 0])
    monkeypatch.setattr(model, "logits_from_embeddings", narrow)
    found = make_explainer("deep_lift", {}).explain_all(model, ALIKE, OURS, [0, 0])
    assert widest == [4, 2, 2]
    for one, other in zip(found, expected, strict=True):
        assert one.scores == pytest.approx(other.scores, abs=1e-4)


def test_a_whole_set_is_one_job_of_the_memory() -> None:
    told: list[tuple[int, int]] = []
    session = Session(model_of("llama"), memory=NoMemory(lambda what, done, total: told.append((done, total))))
    explain_all(session, KernelShap(samples=60), QUESTIONS, 0)
    assert told == [(0, 3), (1, 3), (1, 3), (2, 3), (2, 3), (3, 3)]
