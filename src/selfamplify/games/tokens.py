"""The coalition game on a model that shows its tokens.

A prompt is tokenised once. The tokens before the first perturbable one are run once, and all coalitions share their keys and
values. Coalitions are evaluated in batches, across all games with the same prefix.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from ..errors import SettingsError
from ..models.model import AbstractDifferentiableModel, Reading
from ..records import Baseline, Value
from .coalitions import AbstractGame, grouped

Score = Callable[[Float[Tensor, "row place column"], list[int], list[int]], Float[Tensor, " row"]]


def logit(logits: Float[Tensor, "row place column"], target: list[int], rivals: list[int]) -> Float[Tensor, " row"]:
    """Return the output neuron of y (section 3.3)."""
    return logits[:, 0, target[0]]


def logprob(logits: Float[Tensor, "row place column"], target: list[int], rivals: list[int]) -> Float[Tensor, " row"]:
    """Return the log-probability of the answer in nats: the sum over its tokens, each given those before it."""
    places = torch.arange(len(target), device=logits.device)
    return logits.log_softmax(-1)[:, places, target].sum(-1)


def margin(logits: Float[Tensor, "row place column"], target: list[int], rivals: list[int]) -> Float[Tensor, " row"]:
    """Return the logit of y's token minus the log-sum-exp of the other labels' logits."""
    return logits[:, 0, target[0]] - logits[:, 0, rivals].logsumexp(-1)


SCORES: dict[Value, Score] = {"logit": logit, "logprob": logprob, "margin": margin}
_PLACES = 2048
_WHOLE_PLACES = 256
"""The most places whose logits are requested from a model at once; fewer if logits of the whole vocabulary are needed. This
bounds the memory that rows and logits take, however many coalitions there are."""


@dataclass(frozen=True)
class Target:
    """The answer whose value is attributed.

    Parameters
    ----------
    ids : tuple of int
        Its token ids, which follow the prompt.
    rivals : tuple of int, default ()
        The token ids of the answers that it competes with.
    """

    ids: tuple[int, ...]
    rivals: tuple[int, ...] = ()

    @staticmethod
    def of(reading: Reading, answer: str) -> "Target":
        """Return one answer to a question as the target, with the others as rivals if all of them have one token."""
        others = [ids for other, ids in reading.answers.items() if other != answer]
        single = len(reading.answers[answer]) == 1 and all(len(ids) == 1 for ids in others)
        return Target(reading.answers[answer], tuple(token for token, *_ in others) if single else ())


@dataclass
class TokenGame(AbstractGame):
    """The game of one prompt's words: an absent word's tokens are replaced by a baseline, or removed.

    Parameters
    ----------
    model : AbstractDifferentiableModel
        The model that is explained.
    ids : tuple of int
        The token ids of the prompt.
    target : Target
        The answer whose value is attributed.
    positions : tuple of tuples of int
        The positions in ``ids`` of each player's tokens.
    value : {"logit", "logprob", "margin"}
        What is attributed; by default the logit.
    absent : {"mask", "delete"}
        What happens to the tokens of an absent word; by default they are replaced.
    baseline : str
        What they are replaced by; by default ``"auto"``.
    words : tuple of str
        What the players are called, if they may become keywords; by default empty.
    stop_words : {"none", "authors", "default"}
        Which words never become keywords; by default those of our list.
    passes : int
        How many coalitions were evaluated; it starts at 0.

    Raises
    ------
    SettingsError
        If the value is not defined for this target, or if deleting all words would leave no token.
    """

    model: AbstractDifferentiableModel
    ids: tuple[int, ...]
    target: Target
    positions: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.target.ids) > 1 and self.value != "logprob":
            raise SettingsError(
                f'`value="{self.value}"` is not defined for an answer of several tokens; use `value="logprob"`.'
            )
        if self.value == "margin" and not self.target.rivals:
            raise SettingsError('A margin needs other answers to compare with; use `value="logprob"` or `value="logit"`.')
        if self.absent == "delete" and len(self._perturbable) == len(self.ids):
            raise SettingsError('Deleting all words would leave nothing of this prompt; use `absent="mask"`.')

    @cached_property
    def blank(self) -> Baseline | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        return None if self.absent == "delete" else self.model.baseline(self.baseline)

    @property
    def players(self) -> int:
        return len(self.positions)

    @property
    def alike(self) -> tuple[object, ...]:
        """Model, prefix, kind of value, and kind of row: if they are equal, rows can share a batch."""
        return id(self.model), self.prefix, len(self.target.ids), self.columns is None, self.by_embeddings

    @property
    def by_embeddings(self) -> bool:
        """Whether an absent word's embeddings are replaced by one that no token has."""
        return self.blank is not None and self.blank.token is None

    @property
    def prefix(self) -> tuple[int, ...]:
        """The tokens before the first perturbable one, without the last of them if nothing else may remain after it."""
        perturbable = self._perturbable
        start = min(perturbable)
        all_may_go = self.absent == "delete" and len(perturbable) == len(self.ids) - start
        return self.ids[: start - 1 if all_may_go else start]

    @property
    def _perturbable(self) -> frozenset[int]:
        return frozenset(position for word in self.positions for position in word)

    def score(self, logits: Float[Tensor, "row place column"], columns: Sequence[int] | None = None) -> Float[Tensor, " row"]:
        """Return the attributed value of rows of logits, with gradients.

        Parameters
        ----------
        logits : tensor of shape (row, place, column)
            The logits after each of the last places of each row.
        columns : sequence of int, optional
            The token ids of the last axis; by default the whole vocabulary.
        """
        ids, rivals = list(self.target.ids), list(self.target.rivals)
        if columns is not None:
            ids, rivals = [columns.index(token) for token in ids], [columns.index(token) for token in rivals]
        return SCORES[self.value](logits, ids, rivals)

    @property
    def columns(self) -> frozenset[int] | None:
        """The token ids whose logits the value needs; None if it needs all of them."""
        return None if self.value == "logprob" else frozenset((*self.target.ids, *self.target.rivals))

    def row(self, present: Bool[np.ndarray, " word"]) -> list[int]:
        """Return the tokens of the prompt with only these words, followed by the answer's tokens except the last."""
        gone = self.gone(present)
        if self.blank is None:
            prompt = [token for position, token in enumerate(self.ids) if position not in gone]
        else:
            token_id = self.model.blank if self.blank.token is None else self.blank.token
            prompt = [token_id if position in gone else token for position, token in enumerate(self.ids)]
        return [*prompt, *self.target.ids[:-1]]

    def gone(self, present: Bool[np.ndarray, " word"]) -> set[int]:
        """Return the positions in ``ids`` of the tokens of all other words."""
        return {position for word, stays in zip(self.positions, present, strict=True) if not stays for position in word}

    def evaluate(self, asked: Iterable[tuple["TokenGame", Bool[np.ndarray, " _word"]]]) -> Iterator[float]:
        remaining, count = iter(asked), len(self.target.ids)
        places = _WHOLE_PLACES if self.columns is None or self.by_embeddings else _PLACES
        while part := list(islice(remaining, max(1, places // count))):
            members = grouped(enumerate(part), lambda item: id(item[1][0]))
            columns = columns_of(each[0][1][0] for each in members)
            logits = self.logits(part, columns)
            found = np.empty(len(part))
            for each in members:
                own, game = [place for place, _ in each], each[0][1][0]
                found[own] = game.score(logits[own], columns).double().cpu().numpy()
            yield from found.tolist()

    def logits(
        self, asked: Sequence[tuple["TokenGame", Bool[np.ndarray, " _word"]]], columns: Sequence[int] | None
    ) -> Float[Tensor, "row place column"]:
        """Return the logits after each of the last places of each coalition, whose games are ``alike``: see ``score``."""
        count = len(self.target.ids)
        if not self.by_embeddings:
            return self.model.last_logits([game.row(present) for game, present in asked], len(self.prefix), count, columns)
        with torch.no_grad():
            embeddings, lengths = embedded_rows(asked)
            return self.model.logits_from_embeddings(embeddings, self.prefix, lengths, count, columns)


def embedded_rows(
    asked: Sequence[tuple[TokenGame, Bool[np.ndarray, " _word"]]],
) -> tuple[Float[Tensor, "row token embed"], list[int]]:
    """Return the embeddings, after the prefix, of coalitions of games that are ``alike``, padded on the right; and lengths."""
    model, start = asked[0][0].model, len(asked[0][0].prefix)
    rows = [torch.tensor(game.row(present)[start:]) for game, present in asked]
    with torch.no_grad():
        made = model.embedding(pad_sequence(rows, batch_first=True, padding_value=model.blank).to(model.device))
        for row, (game, present) in enumerate(asked):
            if game.by_embeddings:
                made[row, [position - start for position in game.gone(present)]] = model.mean_embedding.to(made)
    return made, list(map(len, rows))


def columns_of(games: Iterable[TokenGame]) -> list[int] | None:
    """Return the token ids whose logits games that are ``alike`` need; None for all."""
    needed = [game.columns for game in games]
    return None if None in needed else sorted(frozenset[int]().union(*(own for own in needed if own is not None)))
