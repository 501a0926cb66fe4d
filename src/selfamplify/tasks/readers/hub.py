"""Reading data sets of the Hugging Face hub, and parquet files, with the `datasets` library."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import DataError
from ...network import hub_answers
from .rows import Row


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
    place = f"{hub.path}/{hub.config}" if hub.config else hub.path
    splits = _load(place, hub.path, hub.config)
    return [
        row
        for name, held_out in hub.sides(splits, place)
        for row in _rows(splits[name], f"{place}/{name}: row ", f"{hub.config or Path(hub.path).name}-{name}", held_out)
    ]


def parquet_rows(path: Path, held_out: bool) -> list[Row]:
    """The rows of a parquet file."""
    table = _load(str(path), "parquet", data_files={"train": str(path)})["train"]
    return _rows(table, f"{path}: row ", path.stem, held_out)


def _rows(table: Any, place: str, name: str, held_out: bool) -> list[Row]:
    return [Row(f"{place}{number}", f"{name}-{number}", dict(values), held_out) for number, values in enumerate(table, 1)]


def _load(place: str, path: str, config: str | None = None, **options: Any) -> dict[str, Any]:
    """Load with `datasets`, which raises many kinds of errors, some from other libraries, if data can't be reached or read."""
    try:
        import datasets
    except ImportError as error:
        raise DataError(
            f"Reading {place} needs the datasets library: run `pip install 'selfamplify[hub]'`, "
            'or use a file of your own: `data="questions.csv"`.'
        ) from error
    try:
        with _datasets_offline("data_files" not in options and not hub_answers()):
            return dict(datasets.load_dataset(path, config, **options))
    except Exception as error:
        reason = str(error.__cause__ or error).strip().splitlines() or [type(error).__name__]
        raise DataError(f'{place} can\'t be read ({reason[0]}); use another file: `data="questions.csv"`.') from error


@contextmanager
def _datasets_offline(offline: bool) -> Iterator[None]:
    """Keep `datasets` to its cache inside the context, if ``offline``. It reads the two switches at every call."""
    import datasets.config  # heavy
    import huggingface_hub.constants as hub

    before = hub.HF_HUB_OFFLINE, datasets.config.HF_HUB_OFFLINE
    if offline:
        hub.HF_HUB_OFFLINE = datasets.config.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        hub.HF_HUB_OFFLINE, datasets.config.HF_HUB_OFFLINE = before
