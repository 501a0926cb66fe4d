"""The rules of DeepLIFT: each operation on its own, whole decoders, and the ranking of words compared with Shapley values."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
import torch
import zoo
from observed import ObservedModel
from scipy.stats import spearmanr
from torch import Tensor
from torch.nn import functional
from zoo import HANDS, PLANT, model_of

from selfamplify import DeepLift, ShapleyValueSampling, load_model
from selfamplify.explain.deep_lift_captum import DeepLiftCaptum
from selfamplify.explain.multipliers import Multipliers
from selfamplify.explain.uncovered import uncovered
from selfamplify.games.embeddings import embedded
from selfamplify.games.question import question_game
from selfamplify.prompting.wordings import OURS
from selfamplify.records import Value

pytestmark = pytest.mark.typed

MASK = torch.tensor([[0.0, float("-inf")], [0.0, 0.0]])
OPERATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "silu": functional.silu,
    "gelu": functional.gelu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": functional.relu,
    "clamp": lambda x: x.clamp(-0.5, 0.5),
    "square": lambda x: x**2,
    "cube": lambda x: torch.pow(x, 3.0),
    "root": lambda x: torch.rsqrt(x.square() + 0.1),
    "product": lambda x: x[..., :3] * x[..., 1:],
    "quotient": lambda x: x[..., :3] / (2 + torch.cos(x[..., 1:])),
    "reciprocal": lambda x: 1.0 / (3 + torch.sin(x)),
    "matmul": lambda x: x @ x.transpose(-2, -1),
    "einsum": lambda x: torch.einsum("bik,bjk->bij", x, x),
    "softmax": lambda x: x.softmax(-1),
    "masked softmax": lambda x: (x[..., :2, :2] + MASK).softmax(-1),
    "log-softmax": lambda x: torch.log_softmax(x, dim=-1),
    "log-sum-exp": lambda x: x.logsumexp(-1),
    "layer norm": lambda x: functional.layer_norm(x, (4,), torch.arange(4.0), torch.ones(4)),
    "rms norm": lambda x: functional.rms_norm(x, (4,), torch.arange(4.0)),
    "attention": lambda x: functional.scaled_dot_product_attention(x[:, None], x[:, None], x[:, None], is_causal=True),
    "grouped attention": lambda x: functional.scaled_dot_product_attention(
        torch.stack([x, -x], 1), x[:, None], x[:, None].tanh(), enable_gqa=True
    ),
}


def multiplied(operation: Callable[[Tensor], Tensor], x: Tensor, baseline: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The values of an operation, the multipliers of the sum of its outputs, and the difference of that sum."""
    rows = torch.cat([x, baseline]).requires_grad_()
    with Multipliers():
        values = operation(rows)
    (multipliers,) = torch.autograd.grad(values.sum(), rows)
    assert not uncovered(values)
    return values.detach(), multipliers, (values[:1] - values[1:]).sum().detach()


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("size", [1e-3, 1.0, 30.0])
def test_multipliers_of_an_operation_share_out_its_difference(name: str, size: float) -> None:
    generator = torch.Generator().manual_seed(3)
    x, baseline = size * torch.randn(2, 1, 5, 4, generator=generator, dtype=torch.float32)
    baseline[:, 0] = x[:, 0]  # an entry that does not move, as the words of the instruction do
    values, multipliers, difference = multiplied(OPERATIONS[name], x, baseline)
    torch.testing.assert_close(values, OPERATIONS[name](torch.cat([x, baseline])), rtol=1e-5, atol=1e-5 * size)
    torch.testing.assert_close(multipliers[0], multipliers[1])
    moved = multipliers[:1] * (x - baseline)
    assert float(moved.sum() - difference) == pytest.approx(0.0, abs=1e-4 * float(moved.abs().sum()) + 1e-6)


@pytest.mark.parametrize("name", OPERATIONS)
def test_multipliers_of_one_point_are_its_gradient(name: str) -> None:
    x = torch.randn(1, 5, 4, generator=torch.Generator().manual_seed(4))
    _, multipliers, _ = multiplied(OPERATIONS[name], x, x.clone())
    point = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(OPERATIONS[name](point).sum(), point)
    torch.testing.assert_close(multipliers[:1], gradient, rtol=1e-3, atol=1e-4)


def test_softmax_that_jumps_from_one_option_to_the_other() -> None:
    x, baseline = torch.tensor([[300.0, 0.0]]), torch.tensor([[0.0, 300.0]])
    _, multipliers, difference = multiplied(lambda rows: rows.softmax(-1)[:, :1], x, baseline)
    assert float((multipliers[:1] * (x - baseline)).sum()) == pytest.approx(float(difference), rel=1e-4)
    assert multipliers.abs().max() < 0.01


@pytest.mark.long
@pytest.mark.parametrize("where", [*zoo.DECODERS, *zoo.TRAINED])
@pytest.mark.parametrize("value", ["logit", "logprob", "margin"])
def test_scores_are_complete_and_bounded(where: str, value: Value) -> None:
    game = question_game(model_of(where), PLANT, OURS, value)
    result = DeepLift(value=value).attribute(game, 0)
    full, empty = game.ends()
    size = sum(map(abs, result.scores))
    assert sum(result.scores) == pytest.approx(full - empty, abs=1e-4 * size + 1e-5)
    assert size < 100 * max(abs(full - empty), 0.01)


@pytest.mark.long
@pytest.mark.parametrize("where", zoo.TRAINED)
def test_trained_models_are_complete_to_one_in_ten_thousand(where: str) -> None:
    for question in (PLANT, HANDS):
        gap = DeepLift().attribute(question_game(model_of(where), question, OURS), 0).completeness_gap
        assert gap is not None and gap < 1e-4


@pytest.mark.long
@pytest.mark.parametrize("where", zoo.TRAINED)
def test_half_precision_is_complete_too(where: str) -> None:
    model = load_model(str(zoo.trained_folder(where)), dtype="bfloat16", device="cpu")
    for question in zoo.QUESTIONS:
        game = question_game(model, question, OURS)
        result = DeepLift().attribute(game, 0)
        assert result.completeness_gap is not None and result.completeness_gap < 1e-3
        full, empty = game.ends()
        # The model itself runs in bfloat16, whose 8 bits round the values that the sum is compared with here.
        assert abs(sum(result.scores) - (full - empty)) < 2**-5 * max(abs(full), abs(empty))


@pytest.mark.long
@pytest.mark.parametrize("where", zoo.TRAINED)
def test_scores_rank_words_as_shapley_values_do_and_better_than_captums(where: str) -> None:
    found: dict[type[DeepLift | DeepLiftCaptum], list[float]] = {DeepLift: [], DeepLiftCaptum: []}
    for question in (PLANT, HANDS):
        game = question_game(model_of(where), question, OURS)
        reference = ShapleyValueSampling(permutations=40).attribute(game, 0).scores
        for kind, correlations in found.items():
            correlations.append(cast(float, spearmanr(kind().attribute(game, 0).scores, reference)[0]))
    assert np.mean(found[DeepLift]) > 0.5
    assert np.mean(found[DeepLift]) > np.mean(found[DeepLiftCaptum])


def test_an_operation_without_a_rule_is_named() -> None:
    rows = torch.randn(2, 5, requires_grad=True)
    with Multipliers():
        assert uncovered(torch.cumprod(rows, 1) + rows.softmax(-1)) == {"Cumprod"}
        assert not uncovered((rows * 2).view(-1).sum())
    assert uncovered(rows.exp() * rows) == {"Exp", "Mul"}


class Unruly(ObservedModel):
    """A model with an operation that no rule covers."""

    def logits_from_embeddings(self, embeddings: Tensor, *rest: Any, **more: Any) -> Tensor:
        return super().logits_from_embeddings(embeddings.cumprod(-1), *rest, **more)


def test_a_model_that_no_rule_covers_warns_with_the_gap() -> None:
    with pytest.warns(UserWarning, match=r"no rule for Cumprod .* misses f\(x\) - f\(x'\) by .*kernel_shap"):
        DeepLift().attribute(question_game(Unruly(), PLANT, OURS), 0)


class Failing(ObservedModel):
    """A model that fails after its forward pass while it is ``broken``."""

    broken = False

    def logits_from_embeddings(self, embeddings: Tensor, *rest: Any, **more: Any) -> Tensor:
        logits = super().logits_from_embeddings(embeddings, *rest, **more)
        if self.broken:
            raise RuntimeError("in the middle")
        return logits


def test_rules_end_with_their_context_even_if_the_model_fails() -> None:
    model = Failing()
    game = question_game(model, PLANT, OURS)
    point = embedded([game])
    rows = point.x.clone().requires_grad_()
    before = torch.autograd.grad(point.values(rows, [0]).sum(), rows)[0]
    model.broken = True
    with pytest.raises(RuntimeError, match="in the middle"):
        DeepLift().attribute(game, 0)
    model.broken = False
    after = torch.autograd.grad(point.values(rows, [0]).sum(), rows)[0]
    torch.testing.assert_close(before, after)
