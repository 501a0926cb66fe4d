"""The coalition game: which words are present, in; the model's value for y, out. No estimator knows of tokens or models.

The chat is tokenised once. The tokens before the first perturbable one are run once and their keys and values shared by all
coalitions; coalitions are evaluated in batches, each distinct one once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..errors import SettingsError
from ..models.model import AbstractDifferentiableModel, Reading

Value = Callable[[Float[Tensor, "row vocab"], int, list[int]], Float[Tensor, " row"]]


def logit(logits: Float[Tensor, "row vocab"], target: int, others: list[int]) -> Float[Tensor, " row"]:
    """The output neuron of y (section 3.3)."""
    return logits[:, target]


def logprob(logits: Float[Tensor, "row vocab"], target: int, others: list[int]) -> Float[Tensor, " row"]:
    """The log-probability of y's token, in nats."""
    return logits.log_softmax(-1)[:, target]


def margin(logits: Float[Tensor, "row vocab"], target: int, others: list[int]) -> Float[Tensor, " row"]:
    """The logit of y's token minus the log-sum-exp of the other labels' logits."""
    return logits[:, target] - logits[:, others].logsumexp(-1)


VALUES: dict[str, Value] = {"logit": logit, "logprob": logprob, "margin": margin}
ABSENT = ("mask", "delete")


def check_rules(value: str, absent: str) -> None:
    """Raise SettingsError for an unknown value or treatment of absent words."""
    if value not in VALUES:
        raise SettingsError(f"There is no value '{value}' to attribute; choose one of: {', '.join(VALUES)}.")
    if absent not in ABSENT:
        raise SettingsError(f"Absent words can't be treated as '{absent}'; choose one of: {', '.join(ABSENT)}.")


@dataclass
class TokenGame:
    """The game of one question on one model; ``passes`` counts the rows that the model was run on.

    ``positions`` holds the token positions of each player (word) in ``reading.ids``.
    """

    model: AbstractDifferentiableModel
    reading: Reading
    answer: str
    positions: tuple[tuple[int, ...], ...]
    value: str = "logit"
    absent: str = "mask"
    passes: int = 0
    _known: dict[bytes, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_rules(self.value, self.absent)

    @property
    def players(self) -> int:
        return len(self.positions)

    def values(self, coalitions: Bool[np.ndarray, "coalition word"]) -> Float[np.ndarray, " coalition"]:
        """The value of each coalition (True: the word is present), in float64; each distinct one is evaluated once."""
        keys = [np.packbits(row).tobytes() for row in coalitions]
        new = {key: row for key, row in zip(keys, coalitions, strict=True) if key not in self._known}
        if new:
            # Rows of like length share a batch, so that little is padded.
            ordered = sorted(new.items(), key=lambda item: int(item[1].sum())) if self.absent == "delete" else list(new.items())
            logits = self.model.last_logits([self._row(row) for _, row in ordered], self._prefix())
            values = self.score(logits).double().cpu().numpy()
            self._known.update(zip([key for key, _ in ordered], values.tolist(), strict=True))
            self.passes += len(ordered)
        return np.array([self._known[key] for key in keys])

    def ends(self) -> tuple[float, float]:
        """f(all words) and f(no word)."""
        full, empty = self.values(np.array([[True] * self.players, [False] * self.players]))
        return float(full), float(empty)

    def score(self, logits: Float[Tensor, "row vocab"]) -> Float[Tensor, " row"]:
        """The attributed value of rows of logits, with gradients."""
        ids = self.reading.label_ids
        others = [token for label, token in ids.items() if label != self.answer]
        return VALUES[self.value](logits, ids[self.answer], others)

    def _prefix(self) -> int:
        return min(position for word in self.positions for position in word)

    def _row(self, present: Bool[np.ndarray, " word"]) -> list[int]:
        gone = {position for word, stays in zip(self.positions, present, strict=True) if not stays for position in word}
        if self.absent == "delete":
            return [token for position, token in enumerate(self.reading.ids) if position not in gone]
        return self._masked(gone)

    def _masked(self, gone: set[int]) -> list[int]:
        return [self.model.blank if position in gone else token for position, token in enumerate(self.reading.ids)]

    def rows(self) -> tuple[Tensor, Tensor]:
        """Token ids [1, token] of x and of the baseline x' in which every word is replaced by the padding token."""
        rows = self._masked(set()), self._masked({position for word in self.positions for position in word})
        x, baseline = torch.tensor(rows, device=self.model.device).split(1)
        return x, baseline
