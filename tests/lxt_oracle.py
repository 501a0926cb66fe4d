"""Relevances of lxt 2.1, the implementation by AttnLRP's authors; tests that need it are skipped where it is not installed.

lxt patches classes of transformers 4 for the whole process. Here its functions are attached to the modules of one model, and
its wrapper of attention is registered as transformers 5 wants it. Of the package, only these functions are imported: the rest
needs torchvision, zennit and modules that transformers no longer has.
"""

import importlib
import sys
from types import MethodType, ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask


def lxt_relevances(module: PreTrainedModel, ids: Tensor, target: int) -> Tensor:
    """The relevance of each token for the last position's logit of ``target``; the model is changed for good."""
    patches = _patches()
    for each in module.modules():
        kind = type(each).__name__
        forward: dict[str, Any] = {}
        if kind == "Gemma3RMSNorm":
            forward["_norm"] = _gemma3_norm
        elif kind.endswith("RMSNorm"):
            forward["forward"] = patches.rms_norm_forward
        elif isinstance(each, nn.LayerNorm):
            forward["forward"] = patches.layer_norm_forward
        elif hasattr(each, "gate_proj"):
            forward["forward"] = patches.gated_mlp_forward
        elif kind == "GPT2MLP":
            each.act = _Identity(each.act, patches)  # pyright: ignore[reportArgumentType]
        for name, function in forward.items():
            setattr(each, name, MethodType(function, each))
    AttentionInterface.register("lxt", patches.wrap_attention_forward(sdpa_attention_forward))
    AttentionMaskInterface.register("lxt", sdpa_mask)
    module.config._attn_implementation = "lxt"
    x = module.get_input_embeddings()(ids).detach().requires_grad_()
    module(inputs_embeds=x, use_cache=False).logits[0, -1, target].backward()
    assert x.grad is not None
    return (x * x.grad).sum(-1)[0].detach()


def _gemma3_norm(self: Any, x: Tensor) -> Tensor:
    """lxt's, whose file imports more than can be imported."""
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps).detach()


class _Identity(nn.Module):
    """An activation with lxt's identity rule."""

    def __init__(self, function: nn.Module, patches: ModuleType) -> None:
        super().__init__()
        self.function, self.rule = function, patches.identity_rule_implicit

    def forward(self, x: Tensor) -> Tensor:
        return self.rule(self.function, x)


def _patches() -> ModuleType:
    pytest.importorskip("lxt", reason="lxt is not installed: `pip install --no-deps lxt==2.1`")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("lxt.efficient.models", "lxt.efficient.zennit_patches"):
            stub = ModuleType(name)
            stub.get_default_map = stub.monkey_patch_zennit = None  # pyright: ignore[reportAttributeAccessIssue]
            patch.setitem(sys.modules, name, stub)
        return importlib.import_module("lxt.efficient.patches")
