"""The coalition game on a model whose tokens are at hand.

A prompt is tokenised once. The tokens before the first perturbable one are run once, and their keys and values shared by all
coalitions, which are evaluated in batches over the coalitions of all games behind the same prefix.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..errors import SettingsError
from ..models.model import AbstractDifferentiableModel, Reading
from .coalitions import AbstractGame, grouped

Value = Callable[[Float[Tensor, "row place column"], list[int], list[int]], Float[Tensor, " row"]]


def logit(logits: Float[Tensor, "row place column"], target: list[int], rivals: list[int]) -> Float[Tensor, " row"]:
    """The output neuron of y (section 3.3)."""
    return logits[:, 0, target[0]]


def logprob(logits: Float[Tensor, "row place column"], target: list[int], rivals: list[int]) -> Float[Tensor, " row"]:
    """The log-probability of the answer in nats: the sum over its tokens, each behind those before it (teacher forcing)."""
    places = torch.arange(len(target), device=logits.device)
    return logits.log_softmax(-1)[:, places, target].sum(-1)


def margin(logits: Float[Tensor, "row place column"], target: list[int], rivals: list[int]) -> Float[Tensor, " row"]:
    """The logit of y's token minus the log-sum-exp of the other labels' logits."""
    return logits[:, 0, target[0]] - logits[:, 0, rivals].logsumexp(-1)


SCORES: dict[str, Value] = {"logit": logit, "logprob": logprob, "margin": margin}
_PLACES = 2048
_WHOLE_PLACES = 256
"""Places whose logits are asked of a model at once, the fewer where all of the vocabulary's are: however many coalitions there
are, their rows and logits take a bounded amount of memory."""


@dataclass(frozen=True)
class Target:
    """The answer whose value is attributed: its token ids behind the prompt, and the ids of the answers it is up against."""

    ids: tuple[int, ...]
    rivals: tuple[int, ...] = ()

    @staticmethod
    def label(reading: Reading, label: str) -> "Target":
        """A label of a question, against the other labels."""
        others = tuple(token for other, token in reading.label_ids.items() if other != label)
        return Target((reading.label_ids[label],), others)


@dataclass
class TokenGame(AbstractGame):
    """The game of one prompt's tokens: those of an absent word are replaced by the model's blank token, or removed.

    ``ids`` are the tokens of the prompt, ``positions`` the places in it of each player.
    """

    model: AbstractDifferentiableModel
    ids: tuple[int, ...]
    target: Target
    positions: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.target.ids) > 1 and self.value != "logprob":
            raise SettingsError(f"The {self.value} of an answer of several tokens is not defined; use the value 'logprob'.")
        if self.value == "margin" and not self.target.rivals:
            raise SettingsError("A margin needs other answers to be held against; use the value 'logprob' or 'logit'.")
        if self.absent == "delete" and len(self._perturbable) == len(self.ids):
            raise SettingsError("If all words are deleted, nothing is left of this prompt; use absent='mask' (--absent mask).")

    @property
    def players(self) -> int:
        return len(self.positions)

    @property
    def alike(self) -> tuple[object, ...]:
        """Model, prefix and kind of value: then rows can share a batch."""
        return id(self.model), self.prefix, len(self.target.ids), self.columns is None

    @property
    def prefix(self) -> tuple[int, ...]:
        """The tokens before the first perturbable one; the last of them is left out where nothing else might stay behind it."""
        perturbable = self._perturbable
        start = min(perturbable)
        all_may_go = self.absent == "delete" and len(perturbable) == len(self.ids) - start
        return self.ids[: start - 1 if all_may_go else start]

    @property
    def _perturbable(self) -> frozenset[int]:
        return frozenset(position for word in self.positions for position in word)

    def score(self, logits: Float[Tensor, "row place column"], columns: Sequence[int] | None = None) -> Float[Tensor, " row"]:
        """The attributed value of rows of logits, with gradients; ``columns`` are the tokens of the last axis (None: all)."""
        ids, rivals = list(self.target.ids), list(self.target.rivals)
        if columns is not None:
            ids, rivals = [columns.index(token) for token in ids], [columns.index(token) for token in rivals]
        return SCORES[self.value](logits, ids, rivals)

    @property
    def columns(self) -> frozenset[int] | None:
        """The tokens whose logits the value needs; None if it needs them all."""
        return None if self.value == "logprob" else frozenset((*self.target.ids, *self.target.rivals))

    def row(self, present: Bool[np.ndarray, " word"]) -> list[int]:
        """The tokens of the prompt with only these words, and behind it those of the answer but the last."""
        gone = {position for word, stays in zip(self.positions, present, strict=True) if not stays for position in word}
        if self.absent == "delete":
            prompt = [token for position, token in enumerate(self.ids) if position not in gone]
        else:
            prompt = [self.model.blank if position in gone else token for position, token in enumerate(self.ids)]
        return [*prompt, *self.target.ids[:-1]]

    def evaluate(self, plays: Iterable[tuple["TokenGame", Bool[np.ndarray, " _word"]]]) -> Iterator[float]:
        remaining, count = iter(plays), len(self.target.ids)
        while part := list(islice(remaining, max(1, (_WHOLE_PLACES if self.columns is None else _PLACES) // count))):
            members = grouped(enumerate(part), lambda item: id(item[1][0]))
            columns = columns_of(each[0][1][0] for each in members)
            logits = self.model.last_logits([game.row(present) for game, present in part], len(self.prefix), count, columns)
            found = np.empty(len(part))
            for each in members:
                places, game = [place for place, _ in each], each[0][1][0]
                found[places] = game.score(logits[places], columns).double().cpu().numpy()
            yield from found.tolist()


def columns_of(games: Iterable[TokenGame]) -> list[int] | None:
    """The tokens whose logits games that are ``alike`` need; None for all."""
    needed = [game.columns for game in games]
    return None if None in needed else sorted(frozenset[int]().union(*(own for own in needed if own is not None)))
