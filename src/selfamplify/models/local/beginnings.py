"""Rows that begin alike: a token that several rows share, with all tokens before it, is computed once.

Sorted rows are the paths of a tree. Its nodes are run as the tokens of a single row, so that every product with a weight matrix
is as large as the tree; only attention between a row's own tokens is computed row by row, on keys and values that are gathered
along the paths (compare the tree attention of SpecInfer, Miao et al. 2024, https://arxiv.org/abs/2305.09781, for drafts).
Coalitions of one text share many beginnings: 350 of 37 words have 73 % as many nodes as words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import PreTrainedModel

from .after_prefix import run_after_prefix
from .attention import KeysValues, Rule, SharedPrefix


@dataclass(frozen=True)
class Tree:
    """Rows as paths through nodes.

    ``ids`` holds the token of each node and ``depths`` its position in its rows; ``paths`` the nodes of each row, and any node
    behind its end; ``first`` a place in the flattened ``paths`` where each node stands.
    """

    ids: Int[Tensor, " node"]
    depths: Int[Tensor, " node"]
    paths: Int[Tensor, "row slot"]
    first: Int[Tensor, " node"]

    @property
    def share(self) -> float:
        """The number of nodes as a share of the rows' tokens, padding included."""
        return len(self.ids) / self.paths.numel()


def tree_of(rows: Sequence[Sequence[int]], device: torch.device) -> Tree:
    """Return the tree of rows of tokens, in which only what a row shares with the one before it is found: sort them first."""
    width = max(map(len, rows))
    tokens = np.full((len(rows), width), -1)
    for row, ids in zip(tokens, rows, strict=True):
        row[: len(ids)] = ids
    new = np.ones(tokens.shape, dtype=bool)
    new[1:] = ~np.logical_and.accumulate(tokens[1:] == tokens[:-1], axis=1)
    new &= tokens >= 0
    (first,) = np.nonzero(new.ravel())
    numbered = np.zeros(tokens.shape, dtype=np.int64)
    numbered.ravel()[first] = np.arange(len(first))
    paths = np.maximum.accumulate(numbered, axis=0)  # numbers grow from row to row
    parts = tokens.ravel()[first], first % width, paths, first
    return Tree(*(torch.from_numpy(part).to(device) for part in parts))


def run_tree(
    module: PreTrainedModel, layers: KeysValues, tree: Tree, start: int, read: Int[Tensor, "row place"]
) -> Float[Tensor, "row place column"]:
    """The model's logits after these slots of the tree's rows, which follow a prefix of ``start`` tokens.

    Raises UnmergeableAttention if some layer did not attend to the prefix.
    """
    shared = SharedBeginnings(layers, tree, read)
    places = tree.paths.gather(1, read).reshape(1, -1)
    inputs = {"input_ids": tree.ids[None], "position_ids": start + tree.depths[None]}
    return run_after_prefix(module, shared, places, **inputs)[0].unflatten(0, read.shape)


class SharedBeginnings(SharedPrefix):
    """A prefix that the paths of a tree attend to, in addition to their own tokens; the nodes are the tokens of a single row.

    ``read`` holds the slots of each row whose logits are read.
    """

    def __init__(self, layers: KeysValues, tree: Tree, read: Int[Tensor, "row place"]):
        super().__init__(layers)
        self._tree = tree
        self._read = read
        self._rows = SharedPrefix([])

    def positions(self, width: int, device: torch.device) -> Int[Tensor, "1 query"]:
        return self._tree.depths[None] if self.places is None else self._tree.depths[self.places]

    def last_position(self, width: int) -> int:
        return self._tree.paths.shape[1] - 1

    def attend_to_suffix(
        self,
        layer: int,
        query: Float[Tensor, "1 head query dim"],
        key: Float[Tensor, "1 kv_head node dim"],
        value: Float[Tensor, "1 kv_head node value_dim"],
        rule: Rule,
    ) -> tuple[Float[Tensor, "1 head query value_dim"], Float[Tensor, "1 head query"]]:
        whole = self.places is None
        self._rows.places = None if whole else self._read
        queries = self._by_row(query) if whole else query[0].unflatten(1, self._read.shape).transpose(0, 1)
        found = self._rows.attend_to_suffix(layer, queries, self._by_row(key), self._by_row(value), rule)
        out, lse = (each.transpose(0, 1).flatten(1, 2) for each in found)
        if whole:
            out, lse = out[:, self._tree.first], lse[:, self._tree.first]
        return out[None], lse[None]

    def _by_row(self, values: Float[Tensor, "1 head node dim"]) -> Float[Tensor, "row head slot dim"]:
        """What the nodes have, for each row along its path."""
        return values[0].transpose(0, 1)[self._tree.paths].transpose(1, 2)
