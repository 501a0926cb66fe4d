"""The coalition game: which words are present, in; the model's value for the answer, out. No estimator knows of tokens.

A prompt is tokenised once. The tokens before the first perturbable one are run once, and their keys and values shared by all
coalitions; distinct coalitions are evaluated once, in batches over the coalitions of all games behind the same prefix.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..errors import SettingsError
from ..models.model import AbstractDifferentiableModel, Reading
from ..rationale import keyword

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


VALUES: dict[str, Value] = {"logit": logit, "logprob": logprob, "margin": margin}
ABSENT = ("mask", "delete")
_PLACES = 2048
_WHOLE_PLACES = 256
"""Places whose logits are asked of a model at once, the fewer where all of the vocabulary's are: however many coalitions there
are, their rows and logits take a bounded amount of memory."""


def check_rules(value: str, absent: str) -> None:
    """Raise SettingsError for an unknown value or treatment of absent words."""
    if value not in VALUES:
        raise SettingsError(f"There is no value '{value}' to attribute; choose one of: {', '.join(VALUES)}.")
    if absent not in ABSENT:
        raise SettingsError(f"Absent words can't be treated as '{absent}'; choose one of: {', '.join(ABSENT)}.")


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
class TokenGame:
    """The game of one prompt on one model; ``passes`` counts the rows that the model was run on.

    ``ids`` are the tokens of the prompt, ``positions`` the places in it of each player, and ``words`` what the players are
    called, where they may become keywords.
    """

    model: AbstractDifferentiableModel
    ids: tuple[int, ...]
    target: Target
    positions: tuple[tuple[int, ...], ...]
    value: str = "logit"
    absent: str = "mask"
    words: tuple[str, ...] = ()
    passes: int = 0
    _known: dict[bytes, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_rules(self.value, self.absent)
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
    def keywords(self) -> tuple[str | None, ...]:
        """The keyword that each player would become, None for a function word; without ``words``, each is one of its own."""
        return tuple(map(keyword, self.words)) if self.words else tuple(map(str, range(self.players)))

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

    def values(self, coalitions: Bool[np.ndarray, "coalition word"]) -> Float[np.ndarray, " coalition"]:
        """The value of each coalition (True: the word is present), in float64; each distinct one is evaluated once."""
        return values_of([self], [coalitions])[0]

    def ends(self) -> tuple[float, float]:
        """f(all words) and f(no word)."""
        full, empty = self.values(ends(self.players))
        return float(full), float(empty)

    def score(self, logits: Float[Tensor, "row place column"], columns: Sequence[int] | None = None) -> Float[Tensor, " row"]:
        """The attributed value of rows of logits, with gradients; ``columns`` are the tokens of the last axis (None: all)."""
        ids, rivals = list(self.target.ids), list(self.target.rivals)
        if columns is not None:
            ids, rivals = [columns.index(token) for token in ids], [columns.index(token) for token in rivals]
        return VALUES[self.value](logits, ids, rivals)

    @property
    def columns(self) -> frozenset[int] | None:
        """The tokens whose logits the value needs; None if it needs them all."""
        return None if self.value == "logprob" else frozenset((*self.target.ids, *self.target.rivals))

    def new(self, coalitions: Bool[np.ndarray, "coalition word"]) -> Bool[np.ndarray, "new word"]:
        """The distinct coalitions that were not evaluated before."""
        first: dict[bytes, int] = {}
        for place, key in enumerate(_keys(coalitions)):
            if key not in self._known:
                first.setdefault(key, place)
        return coalitions[list(first.values())]

    def remember(self, coalitions: Bool[np.ndarray, "coalition word"], values: Sequence[float]) -> None:
        self._known.update(zip(_keys(coalitions), values, strict=True))
        self.passes += len(values)

    def recall(self, coalitions: Bool[np.ndarray, "coalition word"]) -> Float[np.ndarray, " coalition"]:
        return np.array([self._known[key] for key in _keys(coalitions)])

    def row(self, present: Bool[np.ndarray, " word"]) -> list[int]:
        """The tokens of the prompt with only these words, and behind it those of the answer but the last."""
        gone = {position for word, stays in zip(self.positions, present, strict=True) if not stays for position in word}
        if self.absent == "delete":
            prompt = [token for position, token in enumerate(self.ids) if position not in gone]
        else:
            prompt = [self.model.blank if position in gone else token for position, token in enumerate(self.ids)]
        return [*prompt, *self.target.ids[:-1]]


def ends(players: int) -> Bool[np.ndarray, "2 word"]:
    """The coalition of all words, and that of none."""
    return np.array([[True] * players, [False] * players])


def values_of(
    games: Sequence[TokenGame], asked: Sequence[Bool[np.ndarray, "_coalition _word"]]
) -> list[Float[np.ndarray, " _coalition"]]:
    """The values of each game's coalitions; games that share model, prefix and kind of value share batches."""
    for members in grouped(zip(games, asked, strict=True), lambda pair: alike(pair[0])):
        _evaluate([(game, game.new(coalitions)) for game, coalitions in members])
    return [game.recall(coalitions) for game, coalitions in zip(games, asked, strict=True)]


def alike(game: TokenGame) -> tuple[object, ...]:
    """What games have in common whose rows can share a batch."""
    return id(game.model), game.prefix, len(game.target.ids), game.columns is None


def columns_of(games: Iterable[TokenGame]) -> list[int] | None:
    """The tokens whose logits games that are ``alike`` need; None for all."""
    needed = [game.columns for game in games]
    return None if None in needed else sorted(frozenset[int]().union(*(own for own in needed if own is not None)))


def _evaluate(asked: Sequence[tuple[TokenGame, Bool[np.ndarray, "_coalition _word"]]]) -> None:
    """Run the model over coalitions of games that are ``alike``."""
    first = asked[0][0]
    columns, count = columns_of(game for game, _ in asked), len(first.target.ids)
    plays = ((game, present) for game, coalitions in asked for present in coalitions)
    while part := list(islice(plays, max(1, (_WHOLE_PLACES if columns is None else _PLACES) // count))):
        logits = first.model.last_logits([game.row(present) for game, present in part], len(first.prefix), count, columns)
        for members in grouped(enumerate(part), lambda item: id(item[1][0])):
            places, game = [place for place, _ in members], members[0][1][0]
            values = game.score(logits[places], columns).double().cpu().tolist()
            game.remember(np.stack([present for _, (_, present) in members]), values)


Entry = TypeVar("Entry")


def grouped(items: Iterable[Entry], key: Callable[[Entry], object]) -> list[list[Entry]]:
    """The items in groups of equal key, in the order of first appearance."""
    groups: dict[object, list[Entry]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.values())


def _keys(coalitions: Bool[np.ndarray, "coalition word"]) -> list[bytes]:
    return [row.tobytes() for row in np.packbits(coalitions, axis=1)]
