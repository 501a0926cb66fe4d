"""Rows of tokens are run after a shared prefix: in batches that fit in memory, and as a tree where they begin alike."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from ...errors import ModelError, NotFiniteError
from .after_prefix import run_after_prefix
from .attention import KeysValues, SharedPrefix, UnmergeableAttention, mergeable
from .batching import Batcher, padded
from .beginnings import Tree, run_tree, tree_of
from .head import float32_head
from .placing import offloaded, split
from .prefix import PrefixCache

_SHARED = 0.9
"""Rows are run as a tree if at most this share of their tokens is left: gathering keys and values has its price."""


class Running:
    """Runs a module's rows. What it learns on the way is remembered: batches that fit, prefixes, and how attention is computed.

    Parameters
    ----------
    module : transformers.PreTrainedModel
        The decoder.
    name : str
        What errors call it.
    blank : int
        The token that rows are padded with.
    batch_tokens : int
        Tokens that are run at once, at most.

    Attributes
    ----------
    batcher : Batcher
        How many rows fit.
    prefixes : PrefixCache
        The keys and values of prefixes.
    mergeable : bool
        Whether rows attend to a prefix that is stored once; else it is copied for each row.
    """

    def __init__(self, module: PreTrainedModel, name: str, blank: int, batch_tokens: int):
        self._module, self._name, self._blank = module, name, blank
        self.batcher = Batcher(batch_tokens)
        self.prefixes = PrefixCache(self._keys_values)
        self.mergeable = mergeable(module) and not split(module)

    @torch.inference_mode()
    def last_logits(
        self, rows: Sequence[Sequence[int]], prefix: int, keep: int, tokens: Sequence[int] | None
    ) -> Float[Tensor, "row place column"]:
        """See ``AbstractDifferentiableModel.last_logits``."""
        shared = tuple(rows[0][:prefix])
        suffixes = [tuple(row[prefix:]) for row in rows]
        order = sorted(range(len(rows)), key=lambda index: (len(suffixes[index]), suffixes[index]))
        suffixes = [suffixes[index] for index in order]
        run = self.batcher.run(
            suffixes, len(suffixes[-1]), lambda batch: self._batch_logits(shared, batch, keep, tokens), self.free_memory
        )
        places, logits = iter(order), torch.empty(0)
        for part in map(self.checked, run):
            if not len(logits):
                logits = part.new_empty(len(rows), *part.shape[1:])
            logits[list(islice(places, len(part)))] = part
        return logits

    def checked(self, logits: Float[Tensor, "*row column"]) -> Float[Tensor, "*row column"]:
        """The logits. Raises NotFiniteError if some are not numbers."""
        # The largest logit is NaN if any is; single tokens may be ruled out (-inf), but not all, and none may be certain (inf).
        if not logits.amax(-1).isfinite().all():
            raise NotFiniteError(
                f'{self._name} returns logits that are not numbers; load it in another precision: `dtype="float32"`.'
            )
        return logits

    def _batch_logits(
        self, prefix: tuple[int, ...], suffixes: Sequence[tuple[int, ...]], keep: int, tokens: Sequence[int] | None
    ) -> Float[Tensor, "row place column"]:
        """Logits after the last ``keep`` tokens of each suffix.

        Suffixes that begin alike are run as a tree; others are padded on the right, and no token attends to that.
        """
        lengths = torch.tensor([len(suffix) for suffix in suffixes], device=self._module.device)
        ids, tree = padded(suffixes, self._blank, self._module.device), tree_of(suffixes, self._module.device)
        with float32_head(self._module, tokens) as columns:
            logits = self._after_prefix(prefix, lengths, keep, tree if tree.share <= _SHARED else None, input_ids=ids)
        return logits[..., columns].float()

    def _after_prefix(
        self, prefix: tuple[int, ...], lengths: Int[Tensor, " row"], keep: int, tree: Tree | None = None, **inputs: Tensor
    ) -> Float[Tensor, "row place column"]:
        rows, width = next(iter(inputs.values())).shape[:2]
        given: dict[str, Any] = inputs | {
            "position_ids": len(prefix) + torch.arange(width, device=self._module.device).expand(rows, -1)
        }
        places = lengths[:, None] - keep + torch.arange(keep, device=self._module.device)
        if prefix and self.mergeable and not torch.is_grad_enabled():
            layers = self.prefixes.get(prefix)
            try:
                if tree is not None:
                    return run_tree(self._module, layers, tree, len(prefix), places)
                return run_after_prefix(self._module, SharedPrefix(layers), places, **given)
            except UnmergeableAttention:
                self.mergeable = False
        before = self.prefixes.replicate(prefix, rows) if prefix else None
        return self._module(**given, logits_to_keep=places, past_key_values=before, use_cache=before is not None).logits

    def logits_from_embeddings(
        self,
        embeddings: Float[Tensor, "row token embed"],
        prefix: tuple[int, ...],
        lengths: Sequence[int] | None,
        keep: int,
        tokens: Sequence[int] | None,
    ) -> Float[Tensor, "row place column"]:
        """See ``AbstractDifferentiableModel.logits_from_embeddings``."""
        if offloaded(self._module):
            raise ModelError(
                f"{self._name} is partly offloaded, and gradients need all weights on the device at once; use an explainer "
                f'without gradients such as `explainer="kernel_shap"`, `quantize="4bit"`, or a larger device.'
            )
        rows, width = embeddings.shape[:2]
        ends = torch.tensor([width] * rows if lengths is None else lengths, device=self._module.device)
        with float32_head(self._module, tokens) as columns:
            logits = self._after_prefix(prefix, ends, keep, inputs_embeds=embeddings)
        return logits[..., columns].float()

    def _keys_values(self, prefix: tuple[int, ...]) -> KeysValues:
        ids = torch.tensor([prefix], device=self._module.device)
        cache = DynamicCache()
        # Gradients may flow past these constants later, which inference mode would forbid.
        with torch.inference_mode(False), torch.no_grad(), float32_head(self._module, (self._blank,)):
            self._module(input_ids=ids.clone(), past_key_values=cache, use_cache=True, logits_to_keep=1)
        return [(layer.keys, layer.values) for layer in cache.layers]  # pyright: ignore

    def forget(self) -> None:
        """Release the keys and values of earlier prefixes."""
        self.prefixes.clear()

    def free_memory(self) -> None:
        """Release what can be released on the device."""
        self.forget()
        torch.cuda.empty_cache()
