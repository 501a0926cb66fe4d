"""The engine of the explainers: one stored prefix, a reduced head, batches over questions; against plain forward passes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
import torch
import zoo
from observed import ObservedModel
from small import EXPLAINERS, word_scores
from test_explainers import SMALL
from transformers.pytorch_utils import Conv1D
from zoo import ANIMAL, HANDS, PLANT, QUESTIONS, model_of, tiny_model

from selfamplify import FeatureAblation, KernelShap, LocalModel, Session, explain_all, make_explainer
from selfamplify.explain.attribution import AbstractAttribution
from selfamplify.games.coalitions import values_of
from selfamplify.games.question import question_game
from selfamplify.games.values import Absent
from selfamplify.models.local.attention import SharedPrefix, mergeable
from selfamplify.models.local.head import best_head, float32_head
from selfamplify.prompting.chosen import keywords
from selfamplify.prompting.wordings import OURS
from selfamplify.records import ScoredWords, Value

pytestmark = pytest.mark.typed

ATTRIBUTIONS = [name for name, kind in EXPLAINERS.items() if issubclass(kind, AbstractAttribution)]
ALIKE = (ANIMAL, HANDS)
"""Questions with the same labels, and so with the same instruction before them."""
every_model = pytest.mark.parametrize("name", [*zoo.DECODERS, *zoo.TRAINED])


def plain(model: LocalModel, row: Sequence[int], keep: int) -> torch.Tensor:
    with torch.no_grad():
        return model.module(input_ids=torch.tensor([row])).logits[0, -keep:].float()


def test_players_of_a_question_are_named_by_its_words() -> None:
    game = question_game(model_of("llama"), PLANT, OURS)
    explanation = KernelShap(samples=60).explain(model_of("llama"), PLANT, OURS, 0)
    assert isinstance(explanation, ScoredWords) and explanation.words == game.words
    chosen = keywords(ScoredWords("plant", "x", game.words, tuple(map(float, range(game.players)))), 99)
    assert {word.lower() for word in chosen} == {name for name in game.keywords if name is not None}
    assert len(game.keywords) == game.players and None in game.keywords
    assert len(set(replace(game, words=()).keywords)) == game.players


@pytest.mark.long
@pytest.mark.parametrize(("value", "most"), [("logit", 2048), ("logprob", 256)])
def test_a_call_is_bounded_however_many_coalitions_there_are(value: Value, most: int) -> None:
    model = ObservedModel()
    game = question_game(model, PLANT, OURS, value)
    tokens: list[int] = []
    model.module.register_forward_pre_hook(lambda module, _, given: tokens.append(given["input_ids"].numel()), with_kwargs=True)
    coalitions = np.random.default_rng(0).random((most + 100, game.players)) < 0.5
    values = game.values(coalitions)
    asked = list(map(len, model.rows))
    assert max(asked) == most and sum(asked) == game.passes == len({row.tobytes() for row in coalitions})
    assert max(tokens) <= 8192 < sum(tokens)
    again = question_game(model, PLANT, OURS, value)
    assert values[-3:] == pytest.approx(again.values(coalitions[-3:]), abs=1e-4)


@pytest.mark.long
@every_model
@pytest.mark.parametrize("prefix", [0, 5, 60])
def test_rows_of_different_lengths_after_a_prefix_equal_plain_passes(name: str, prefix: int) -> None:
    model = model_of(name)
    draw = np.random.default_rng(prefix)
    start = draw.integers(4, 300, prefix).tolist()
    rows = [[*start, *draw.integers(4, 300, length).tolist()] for length in (7, 12, 7, 30, 4)]
    for tokens in (None, [9, 200, 11]):
        found = model.last_logits(rows, prefix, keep=3, tokens=tokens)
        expected = torch.stack([plain(model, row, 3) for row in rows])
        torch.testing.assert_close(found, expected if tokens is None else expected[..., tokens], atol=1e-4, rtol=1e-4)


@every_model
def test_the_prefix_is_stored_once_if_the_model_allows_it(name: str) -> None:
    model = model_of(name)
    seen: list[SharedPrefix] = []

    def look(module: torch.nn.Module, _: Any, given: dict[str, Any]) -> None:
        if "shared_prefix" in given:
            seen.append(given["shared_prefix"])

    handle = model.module.register_forward_pre_hook(look, with_kwargs=True)
    model.forget()
    question_game(model, PLANT, OURS).ends()
    handle.remove()
    assert bool(seen) == mergeable(model.module) == (model.module.config.model_type != "gpt_neo")
    for prefix in seen:
        assert prefix.seen == set(range(model.module.config.num_hidden_layers))
        assert all(keys.shape[0] == 1 for keys, _ in prefix.layers)


def test_attention_implementation_and_head_are_restored_also_after_an_error() -> None:
    model = tiny_model("gemma2")
    head, implementation = model.module.get_output_embeddings(), model.module.config._attn_implementation
    game = question_game(model, PLANT, OURS)
    game.ends()

    def fails(*given: Any) -> None:
        raise RuntimeError("in the middle")

    handle = model.embedding.register_forward_pre_hook(fails)
    with pytest.raises(RuntimeError, match="in the middle"):
        question_game(model, HANDS, OURS).ends()
    handle.remove()
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


@pytest.mark.parametrize("spread", [0.0, 0.02, 1.0])
def test_best_token_of_half_precision_is_that_of_float32_logits(spread: float) -> None:
    model = tiny_model("gpt-neox")
    model.module.bfloat16()
    head = cast(torch.nn.Linear, model.module.get_output_embeddings())
    torch.manual_seed(0)
    hidden = torch.randn(64, 1, head.in_features, dtype=torch.bfloat16)
    like_first = head.weight[:1] + spread * torch.randn_like(head.weight)
    head.weight.copy_(like_first)  # with no spread all tokens tie, with little their rounded logits do
    exact = hidden.double() @ head.weight.double().T + (0 if head.bias is None else head.bias.double())
    with best_head(model.module) as best:
        assert best is not None
        found = best(hidden)
        assert model.module.get_output_embeddings() is best
    columns = found.argmax(-1)
    tokens = columns if best.tokens is None else best.tokens.gather(-1, columns[..., None])[..., 0]
    chosen = exact.gather(-1, tokens[..., None])[..., 0]
    torch.testing.assert_close(chosen, exact.amax(-1), atol=1e-5, rtol=1e-6)
    assert (best.tokens is None) == (spread < 1)
    assert model.module.get_output_embeddings() is head


def test_float32_models_have_no_other_head_where_the_best_token_is_read() -> None:
    with best_head(tiny_model("llama").module) as best:
        assert best is None


@every_model
def test_last_layer_computes_only_the_places_that_are_read(name: str) -> None:
    model = model_of(name)
    if not mergeable(model.module):
        pytest.skip("its prefix is copied, and it is run as a whole")
    count = model.module.config.get_text_config().num_hidden_layers
    layers = next(each for each in model.module.modules() if isinstance(each, torch.nn.ModuleList) and len(each) == count)
    seen: list[int] = []
    last = [each for each in layers[-1].modules() if isinstance(each, torch.nn.Linear | Conv1D)][-1]
    rows = [list(range(4, 30)), list(range(4, 40))]
    model.last_logits(rows, 10)  # the prefix, all tokens of which are needed
    handle = last.register_forward_hook(lambda module, given, found: seen.append(found.shape[:-1].numel()))
    found = model.last_logits(rows, 10, keep=2)
    handle.remove()
    assert sum(seen) == 4, "two places of two rows"
    for row, logits in zip(rows, found, strict=True):
        torch.testing.assert_close(logits, plain(model, row, 2), atol=1e-4, rtol=1e-4)


@pytest.mark.long
@pytest.mark.parametrize("absent", ["mask", "delete"])
@pytest.mark.parametrize("value", ["logit", "logprob", "margin"])
def test_games_of_several_questions_together_equal_games_alone(absent: Absent, value: Value) -> None:
    model = model_of("llama")
    draw = np.random.default_rng(0)
    alone = [question_game(model, question, OURS, value, absent) for question in QUESTIONS]
    asked = [draw.random((20, game.players)) < 0.5 for game in alone]
    together = [question_game(model, question, OURS, value, absent) for question in QUESTIONS]
    for found, game, coalitions in zip(values_of(together, asked), alone, asked, strict=True):
        assert found == pytest.approx(game.values(coalitions), abs=1e-4)
    assert [game.passes for game in together] == [game.passes for game in alone]


def test_feature_ablation_of_several_questions_is_one_call_of_the_model() -> None:
    model = ObservedModel()
    FeatureAblation().explain_all(model, ALIKE, OURS, [0, 1])
    together = list(map(len, model.rows))
    alone = [FeatureAblation().explain(model, question, OURS, 0) for question in ALIKE]
    assert together == [sum(each.cost.forward_passes for each in alone)]


@pytest.mark.long
@pytest.mark.parametrize("name", ATTRIBUTIONS)
@pytest.mark.parametrize("where", ["llama", "stories260K"])
def test_explaining_together_equals_explaining_alone(name: str, where: str) -> None:
    model, explainer = model_of(where), make_explainer(name, SMALL.get(name, {}))
    questions = [ANIMAL, HANDS] if name == "shapley_values" else [ANIMAL, PLANT, HANDS]
    together = explainer.explain_all(model, questions, OURS, [1, 2, 3][: len(questions)])
    for seed, question, explanation in zip([1, 2, 3], questions, together, strict=False):
        alone = explainer.explain(model, question, OURS, seed)
        explanation, alone = word_scores(explanation), word_scores(alone)
        assert explanation.scores == pytest.approx(alone.scores, abs=2e-4)
        assert (explanation.words, explanation.question_id) == (alone.words, question.id)
        assert explanation.cost.forward_passes == alone.cost.forward_passes


class Narrow(ObservedModel):
    """A model on a device with room for the gradients of two rows."""

    def logits_from_embeddings(self, embeddings: torch.Tensor, *rest: Any, **more: Any) -> torch.Tensor:
        logits = super().logits_from_embeddings(embeddings, *rest, **more)
        if len(embeddings) > 2:
            raise torch.OutOfMemoryError("out of memory")
        return logits


def test_gradients_that_do_not_fit_together_are_taken_in_halves() -> None:
    model = Narrow()
    expected = make_explainer("deep_lift").explain_all(ObservedModel(), ALIKE, OURS, [0, 0])
    found = make_explainer("deep_lift").explain_all(model, ALIKE, OURS, [0, 0])
    assert list(map(len, model.embeddings)) == [4, 2, 2]
    for one, other in zip(found, expected, strict=True):
        assert isinstance(one, ScoredWords) and isinstance(other, ScoredWords)
        assert one.scores == pytest.approx(other.scores, abs=1e-4)


def test_progress_counts_the_questions_of_the_whole_set() -> None:
    reported: list[tuple[int, int]] = []
    session = Session(model_of("llama"), progress=lambda what, done, total: reported.append((done, total)))
    explain_all(session, KernelShap(samples=60), QUESTIONS, 0)
    assert reported == [(0, 3), (1, 3), (1, 3), (2, 3), (2, 3), (3, 3)]
