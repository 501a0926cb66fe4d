"""AttnLRP: the rules of single operations, a network passed through by hand, and lxt, its authors' implementation."""

import math
from collections.abc import Callable
from typing import Any, cast

import pytest
import torch
import zoo
from lxt_oracle import lxt_relevances
from observed import ObservedModel
from torch import Tensor
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM
from zoo import PLANT, model_of, tiny_model, tiny_tokenizer

from selfamplify import AttnLrp, LocalModel, load_model
from selfamplify.explain.relevances import GRADIENTS, Relevances
from selfamplify.explain.uncovered import uncovered
from selfamplify.games.question import question_game
from selfamplify.prompting.wordings import OURS

pytestmark = pytest.mark.typed

ELEMENTWISE: dict[str, Callable[[Tensor], Tensor]] = {
    "silu": functional.silu,
    "tanh": torch.tanh,
    "silu, written out": lambda x: x * torch.sigmoid(x),
    "gelu, written out": lambda x: 0.5 * x * (1.0 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * torch.pow(x, 3.0)))),
    "cap": lambda x: 2.0 * torch.tanh(x / 2.0),
    "square": lambda x: x * x,
    "layer norm": lambda x: functional.layer_norm(x, (4,)),
    "rms norm": lambda x: functional.rms_norm(x, (4,)),
    "rms norm, written out": lambda x: x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6),
    "quotient": lambda x: x / (1 + x.square().sum(-1, keepdim=True)).sqrt(),
}
PRODUCTS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "product": lambda a, b: a * b,
    "matmul": lambda a, b: a @ b.transpose(-2, -1),
    "einsum": lambda a, b: torch.einsum("bik,bjk->bij", a, b),
}


def relevances(operation: Callable[..., Tensor], *inputs: Tensor) -> tuple[Tensor, list[Tensor]]:
    """The value of an operation, and the relevances of its inputs if every output passes on what it is."""
    moving = [each.clone().requires_grad_() for each in inputs]
    with Relevances():
        value = operation(*moving)
    assert not uncovered(value, GRADIENTS)
    gradients = torch.autograd.grad(value.sum(), moving)
    return value.detach(), [each * gradient for each, gradient in zip(inputs, gradients, strict=True)]


def drawn(seed: int) -> Tensor:
    return torch.randn(1, 5, 4, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_an_elementwise_function_passes_all_relevance_to_its_own_input(name: str) -> None:
    x = drawn(0)
    x[0, 0] = 0.0
    value, (found,) = relevances(ELEMENTWISE[name], x)
    torch.testing.assert_close(value, ELEMENTWISE[name](x))
    if name == "layer norm":  # its subtraction of the mean is a linear map, which shares among all entries
        torch.testing.assert_close(found.sum(-1), value.sum(-1), atol=1e-5, rtol=1e-4)
    else:
        torch.testing.assert_close(found, value)


@pytest.mark.parametrize("name", PRODUCTS)
def test_both_factors_of_a_product_get_half(name: str) -> None:
    value, found = relevances(PRODUCTS[name], drawn(0), drawn(1))
    torch.testing.assert_close(value, PRODUCTS[name](drawn(0), drawn(1)))
    for each in found:
        torch.testing.assert_close(each.sum(), value.sum() / 2)


def test_a_square_of_matrices_is_no_elementwise_function() -> None:
    x = torch.randn(3, 3, generator=torch.Generator().manual_seed(0))
    _, (found,) = relevances(lambda x: x @ x, x)
    halves = [x * each for each in (torch.ones(3, 3) @ x.T, x.T @ torch.ones(3, 3))]
    torch.testing.assert_close(found, sum(halves, torch.zeros(3, 3)) / 2)


def one_layer_llama() -> LocalModel:
    config = LlamaConfig(
        vocab_size=400, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2, rms_norm_eps=1e-6
    )
    torch.manual_seed(7)
    module = LlamaForCausalLM(config)
    for weight in module.parameters():
        weight.data.normal_(1.0 if weight.dim() == 1 else 0.0, 0.3)
    return LocalModel(module, tiny_tokenizer(), "one-layer")


def by_hand(module: LlamaForCausalLM, ids: tuple[int, ...], target: int) -> Tensor:
    """The relevances of a one-layer Llama's tokens: each layer's relevances from those of the next, without a gradient."""
    weights = {name.removeprefix("model.layers.0."): each.detach().double() for name, each in module.named_parameters()}
    q_w, k_w, v_w, o_w = (weights[f"self_attn.{name}_proj.weight"] for name in "qkvo")
    gate_w, up_w, down_w = (weights[f"mlp.{name}_proj.weight"] for name in ("gate", "up", "down"))
    length, heads, dim = len(ids), 2, 8

    def normed(x: Tensor, weight: Tensor) -> Tensor:
        return x / (x.square().mean(-1, keepdim=True) + 1e-6).sqrt() * weight

    def through(x: Tensor, weight: Tensor, relevance: Tensor) -> Tensor:
        """Epsilon rule: input i has the share x_i W_ji / y_j of output j's relevance."""
        return torch.einsum("ti,ji,tj->ti", x, weight, relevance / (x @ weight.T))

    def split(x: Tensor) -> Tensor:
        return x.view(length, heads, dim).transpose(0, 1)

    def joined(x: Tensor) -> Tensor:
        return x.transpose(0, 1).reshape(length, heads * dim)

    angles = torch.arange(length)[:, None] / 10000 ** (torch.arange(0, dim, 2) / dim)
    cos, sin = angles.double().cos(), angles.double().sin()
    rotation = torch.cat(  # a matrix for each position
        [
            torch.cat([torch.diag_embed(cos), torch.diag_embed(-sin)], 2),
            torch.cat([torch.diag_embed(sin), torch.diag_embed(cos)], 2),
        ],
        1,
    )

    def rotated(x: Tensor) -> Tensor:
        return torch.einsum("tij,htj->hti", rotation, x)

    x = weights["model.embed_tokens.weight"][list(ids)]
    y = normed(x, weights["input_layernorm.weight"])
    q, k, v = (split(y @ weight.T) for weight in (q_w, k_w, v_w))
    turned_q, turned_k = rotated(q), rotated(k)
    raw = turned_q @ turned_k.transpose(1, 2) / math.sqrt(dim)
    visible = torch.ones(length, length, dtype=torch.bool).tril()
    shares = raw.masked_fill(~visible, -math.inf).softmax(-1)
    mixed = shares @ v
    attended = joined(mixed) @ o_w.T
    middle = x + attended
    z = normed(middle, weights["post_attention_layernorm.weight"])
    gate, up = z @ gate_w.T, z @ up_w.T
    gated = functional.silu(gate) * up
    last = middle + gated @ down_w.T
    final = normed(last, weights["model.norm.weight"])
    head = weights["lm_head.weight"][target]

    out = torch.zeros_like(last)
    out[-1] = final[-1] * head
    from_mlp, to_middle = out * (gated @ down_w.T) / last, out * middle / last
    half = through(gated, down_w, from_mlp) / 2
    to_middle = to_middle + through(z, gate_w, half) + through(z, up_w, half)
    from_attention, to_x = to_middle * attended / middle, to_middle * x / middle
    r_mixed = split(through(joined(mixed), o_w, from_attention)) / (2 * mixed)
    r_v = v * torch.einsum("hts,htd->hsd", shares, r_mixed)
    r_shares = shares * torch.einsum("htd,hsd->hts", r_mixed, v)
    r_raw = raw * (r_shares - shares * r_shares.sum(-1, keepdim=True))
    r_scores = r_raw / (2 * raw)
    r_q = turned_q * (r_scores @ turned_k) / math.sqrt(dim)
    r_k = turned_k * (r_scores.transpose(1, 2) @ turned_q) / math.sqrt(dim)
    r_q, r_k = (
        each * torch.einsum("tij,hti->htj", rotation, r / turned)
        for each, turned, r in ((q, turned_q, r_q), (k, turned_k, r_k))
    )
    return (to_x + sum(through(y, w, joined(r)) for w, r in ((q_w, r_q), (k_w, r_k), (v_w, r_v)))).sum(-1)


def test_scores_equal_relevances_passed_back_by_hand() -> None:
    model = one_layer_llama()
    game = question_game(model, PLANT, OURS)
    expected = by_hand(cast(LlamaForCausalLM, model.module), game.ids, game.target.ids[0])
    per_word = torch.stack([expected[list(own)].sum() for own in game.positions])
    scores = torch.tensor(AttnLrp().attribute(game, 0).scores, dtype=torch.float64)
    torch.testing.assert_close(scores, per_word, rtol=0, atol=1e-4 * float(per_word.abs().max()))


@pytest.mark.parametrize("family", ["llama", "mistral-window", "qwen2", "qwen3", "gemma3", "gpt2"])
def test_scores_equal_lxts(family: str) -> None:
    model = tiny_model(family, template=family != "gpt2")
    game = question_game(model, PLANT, OURS)
    scores = torch.tensor(AttnLrp().attribute(game, 0).scores)
    expected = lxt_relevances(model.module, torch.tensor([game.ids]), game.target.ids[0])
    per_word = torch.stack([expected[list(own)].sum() for own in game.positions])
    torch.testing.assert_close(scores, per_word, rtol=0, atol=1e-3 * float(per_word.abs().max()), check_dtype=False)


@pytest.mark.parametrize("where", zoo.DECODERS)
def test_every_decoder_is_covered(where: str, recwarn: pytest.WarningsRecorder) -> None:
    assert any(AttnLrp().attribute(question_game(model_of(where), PLANT, OURS), 0).scores)
    assert not recwarn.list


@pytest.mark.long
@pytest.mark.parametrize("where", zoo.TRAINED)
def test_half_precision_gives_nearly_the_same_scores(where: str) -> None:
    half, single = (
        AttnLrp().attribute(question_game(each, PLANT, OURS), 0).scores
        for each in (load_model(str(zoo.trained_folder(where)), dtype="bfloat16", device="cpu"), model_of(where))
    )
    assert half == pytest.approx(single, abs=0.1 * max(map(abs, single)))


class Unruly(ObservedModel):
    """A model with an operation that no rule covers."""

    def logits_from_embeddings(self, embeddings: Tensor, *rest: Any, **more: Any) -> Tensor:
        return super().logits_from_embeddings(embeddings.cumprod(-1), *rest, **more)


def test_a_model_that_no_rule_covers_warns() -> None:
    with pytest.warns(UserWarning, match="attn_lrp has no rule for Cumprod of this model and uses the gradient"):
        AttnLrp().attribute(question_game(Unruly(), PLANT, OURS), 0)
