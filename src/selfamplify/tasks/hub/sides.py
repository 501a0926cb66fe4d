"""The data sets of the Hugging Face hub that the public tasks read."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from ...errors import DataError
from ..rows.rows import Row
from .loading import load_named, split_rows


@dataclass(frozen=True)
class HubData:
    """A data set of the Hugging Face hub, and which of its splits are the two sides of a task.

    Parameters
    ----------
    path : str
        The repository, such as ``"allenai/ai2_arc"``.
    config : str or None, default None
        The configuration, if the repository has several.
    train : str, default "train"
        The split to take shots from.
    test : str, default "test"
        The split to test on. If the data set has a single split, of any name, both sides are split off it.
    """

    path: str
    config: str | None = None
    train: str = "train"
    test: str = "test"

    def sides(self, splits: Collection[str], place: str) -> list[tuple[str, bool]]:
        """The splits to read, and whether each is the test side. Raises DataError if one is missing from ``splits``."""
        if len(splits) == 1:
            return [(next(iter(splits)), False)]
        if self.train in splits and self.test in splits:
            return [(self.train, False), (self.test, True)]
        raise DataError(
            f"{place} needs the splits {self.train} and {self.test}, but has {', '.join(splits) or 'none'}; "
            'name the files: `data="train.csv"` and `test_data="test.csv"`.'
        )


def hub_rows(hub: HubData) -> list[Row]:
    """The rows of a data set of the hub."""
    splits = load_named(hub.path, hub.config)
    return [
        replace(row, held_out=held_out)
        for name, held_out in hub.sides(splits, f"{hub.path}/{hub.config}" if hub.config else hub.path)
        for row in split_rows(hub.path, hub.config, name, splits[name])
    ]
