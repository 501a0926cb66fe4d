"""A GPU computes what the CPU does: attention by torch's kernels, answers, texts and attributions."""

import copy
from typing import Any, cast

import pytest
import torch
from torch import Tensor
from zoo import DECODERS, HANDS, PLANT, asked, model_of, tiny_module, tiny_tokenizer

from selfamplify import AttnLrp, Decoding, DeepLift, KernelShap, LocalModel
from selfamplify.explain.operations import times_weights
from selfamplify.games.question import question_game
from selfamplify.models.local.attention import Rule, attend, attend_plainly, hiding
from selfamplify.prompting.wordings import OURS

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")


def on_gpu(model: LocalModel) -> LocalModel:
    """A copy of a model on the GPU."""
    return LocalModel(cast(Any, copy.deepcopy(model.module)).cuda(), model.tokenizer, model.name)


def close(found: Tensor, expected: Tensor, epsilons: float = 64) -> bool:
    """Whether values are equal up to so many roundings of the largest of them."""
    scale = expected.double().abs().max()
    return bool((found.double() - expected.double()).abs().max() <= epsilons * torch.finfo(found.dtype).eps * scale)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("dim", [8, 20, 64, 80, 256])
@pytest.mark.parametrize("hidden", ["nothing", "future", "some", "all of a row"])
@pytest.mark.parametrize("groups", [1, 3])
def test_attention_equals_plain_operations(dtype: torch.dtype, dim: int, hidden: str, groups: int) -> None:
    generator = torch.Generator("cuda").manual_seed(0)
    drawn = [torch.randn(3, 37, heads, dim, device="cuda", generator=generator) for heads in (2 * groups, 2, 2)]
    query, key, value = (each.transpose(1, 2).to(dtype) for each in drawn)
    visible = torch.rand(3, 1, 37, 37, device="cuda", generator=generator) < 0.5
    visible |= torch.eye(37, dtype=torch.bool, device="cuda")
    if hidden == "all of a row":
        visible[1, :, 5] = False
    bias = hiding(visible, dtype) if hidden in ("some", "all of a row") else None
    rule = Rule(dim**-0.5, None, None)
    out, lse = attend(query, key, value, rule, hidden == "future", bias)
    exact = [each.double() for each in (query, key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1))]
    shown = hiding(visible, torch.float64) if bias is not None else None
    expected, expected_lse = attend_plainly(exact[0], exact[1], exact[2], rule, hidden == "future", shown)
    assert out.isfinite().all()
    assert lse.shape == expected_lse.shape
    seen = visible.any(-1).expand(3, 2 * groups, 37) if bias is not None else torch.ones_like(lse, dtype=torch.bool)
    assert close(out[seen], expected[seen])
    assert (lse[seen] - expected_lse[seen]).abs().max() < 0.05
    assert (lse[~seen] < -1e4).all()  # so that this part has no weight


@pytest.mark.parametrize("family", DECODERS)
def test_answers_and_texts(family: str) -> None:
    here = model_of(family)
    there = on_gpu(here)
    chats, labels = asked()
    for one, other in zip(here.next_token(chats, labels), there.next_token(chats, labels), strict=True):
        assert one.text == other.text
        assert one.log_probabilities == pytest.approx(other.log_probabilities, abs=1e-3)
    encoded = [here.encode(chat) for chat in chats]
    for decoding in (Decoding(12), Decoding(12, num_beams=2, no_repeat_ngram_size=2)):
        assert dict(here.generated(encoded, decoding, [0, 0, 0])) == dict(there.generated(encoded, decoding, [0, 0, 0]))


@pytest.mark.parametrize("explainer", [DeepLift(), AttnLrp(), KernelShap()], ids=lambda explainer: explainer.name)
@pytest.mark.parametrize("family", DECODERS)
def test_attributions(family: str, explainer: DeepLift | AttnLrp | KernelShap) -> None:
    here = model_of(family)
    there = on_gpu(here)
    for question in (PLANT, HANDS):
        expected, found = (
            torch.tensor(explainer.attribute(question_game(model, question, OURS), 0).scores, dtype=torch.float64)
            for model in (here, there)
        )
        assert (found - expected).abs().max() <= 1e-3 * expected.abs().max()


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_weights_of_half_precision_give_the_attributions_of_the_cpu(family: str) -> None:
    module = cast(Any, tiny_module(family)).to(torch.bfloat16)
    here = LocalModel(module, tiny_tokenizer(), family)
    there = on_gpu(here)
    expected, found = (
        torch.tensor(DeepLift().attribute(question_game(model, PLANT, OURS), 0).scores) for model in (here, there)
    )
    assert (found - expected).abs().max() <= 1e-2 * expected.abs().max()


def test_products_with_weights_of_half_precision_lose_nothing() -> None:
    x, weight = torch.randn(7, 300, device="cuda") * 1e3, torch.randn(300, 50, device="cuda").bfloat16()
    exact = x.double() @ weight.double()
    assert close(times_weights(x, weight), exact, 300)
    assert close(times_weights(x[:, :50], weight.t()), x[:, :50].double() @ weight.t().double(), 300)
