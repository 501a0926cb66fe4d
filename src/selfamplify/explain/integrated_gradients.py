"""Integrated gradients on the embedding layer (Sundararajan et al. 2017, https://arxiv.org/abs/1703.01365)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import SettingsError
from ..games.embeddings import EmbeddedGames
from .gradient import AbstractGradient
from .scores import Attribution, completeness_gap
from .settings import check_count, check_positive


@dataclass(frozen=True, kw_only=True)
class IntegratedGradients(AbstractGradient):
    """Integrated gradients, in Gauss-Legendre steps that double until the scores are complete.

    The gap that was reached is reported with every explanation, also if it is above ``tolerance``.

    Parameters
    ----------
    value : {"logit", "logprob", "margin"}, optional
        What is attributed; see ``AbstractAttribution``.
    baseline : str, optional
        What is put in the place of an absent word; see ``AbstractAttribution``.
    steps : int, default 32
        Steps from the baseline to x in the first round; each round doubles them.
    max_steps : int, default 256
        The most steps of a round.
    tolerance : float, default 0.01
        The completeness gap at which it stops.
    batch : int, default 32
        Steps, of one question or several, that go through the model at once.

    Raises
    ------
    SettingsError
        If a setting is invalid.
    """

    name = "integrated_gradients"
    together = 1
    steps: int = 32
    max_steps: int = 256
    tolerance: float = 0.01
    batch: int = 32

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count(self, "steps")
        check_count(self, "batch")
        check_positive(self, "tolerance")
        if self.max_steps < self.steps:
            raise SettingsError(
                f"`max_steps={self.max_steps}` is below the {self.steps} steps to begin with; use `max_steps={self.steps}`."
            )

    def attribute_games(self, games: EmbeddedGames) -> list[Attribution]:
        count = len(games.games)
        with torch.no_grad():
            values = games.values(torch.cat([games.x, games.baseline]), [*range(count), *range(count)]).tolist()
        full, empty = values[:count], values[count:]
        found: dict[int, Attribution] = {}
        steps, passes = self.steps, 2
        while len(found) < count:
            passes += steps
            last = 2 * steps > self.max_steps
            open_ones = [place for place in range(count) if place not in found]
            path = self._path(games, open_ones, steps)
            for place, scores in zip(range(count), games.scores(path), strict=True):
                gap = completeness_gap(scores, full[place], empty[place])
                if place in open_ones and (last or (gap is not None and gap <= self.tolerance)):
                    found[place] = Attribution(scores.tolist(), passes, gap)
            steps *= 2
        return [found[place] for place in range(count)]

    def _path(self, games: EmbeddedGames, places: Sequence[int], steps: int) -> Float[Tensor, "game token embed"]:
        """(x - x') times the mean gradient on the straight line between them, for the games at ``places``."""
        nodes, weights = np.polynomial.legendre.leggauss(steps)
        stops = [(place, (1 + node) / 2, weight / 2) for place in places for node, weight in zip(nodes, weights, strict=True)]
        difference = games.x.float() - games.baseline.float()
        mean = torch.zeros_like(games.x, dtype=torch.float32)
        for start in range(0, len(stops), self.batch):
            owners, shares, weighed = zip(*stops[start : start + self.batch], strict=True)
            own = list(owners)
            share, weight = (
                torch.tensor(each, dtype=torch.float32, device=games.x.device)[:, None, None] for each in (shares, weighed)
            )
            rows = (games.baseline[own] + share * difference[own]).to(games.x.dtype).requires_grad_()
            with torch.enable_grad():
                values = games.values(rows, own)
            (gradients,) = torch.autograd.grad(values.sum(), rows)
            mean.index_add_(0, torch.tensor(own, device=mean.device), weight * gradients.float())
        return difference * mean
