"""Occlusion: the drop in the value when several neighbouring words are hidden together."""

from dataclasses import dataclass

import numpy as np

from selfamplify import AbstractGame, AbstractPerturbation, Attribution, SettingsError


@dataclass(frozen=True, kw_only=True)
class Occlusion(AbstractPerturbation):
    """The mean drop in the value over all windows of neighbouring words that hide a word.

    Zeiler and Fergus (2014, https://arxiv.org/abs/1311.2901) hide squares of a picture; here, words of a question.

    Parameters
    ----------
    width : int, default 2
        How many neighbouring words are hidden together.
    """

    name = "occlusion"
    width: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width < 1:
            raise SettingsError(f"`width={self.width}` hides no word; use 1 or more.")

    def attribute(self, game: AbstractGame, seed: int) -> Attribution:
        width = min(self.width, game.players)
        starts = np.arange(game.players - width + 1)[:, None]
        words = np.arange(game.players)
        hidden = (words >= starts) & (words < starts + width)  # (window, word)
        full, _ = game.ends()
        drops = full - game.values(~hidden)
        return Attribution((drops @ hidden / hidden.sum(axis=0)).tolist(), game.passes)
