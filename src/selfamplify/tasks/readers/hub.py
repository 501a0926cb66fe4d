"""Data sets of the Hugging Face hub, and local folders and parquet files in their layout, by the `datasets` library."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import DataError, SettingsError
from ...network import datasets_offline, hub_answers
from .rows import SUFFIXES, Row, read_rows


@dataclass(frozen=True)
class HubData:
    """A data set of the hub, and its splits for either side; a data set with a single split is still to be split."""

    path: str
    config: str | None = None
    train: str = "train"
    test: str = "test"


def gather(hub: HubData, data: Path | None, test_data: Path | None) -> list[Row]:
    """The rows of the files given, of a local folder in the layout of ``hub``, or else of the hub itself."""
    if data is None:
        if test_data is not None:
            raise SettingsError("--test-data names the test questions only; give the train pool too: --data FILE.")
        return _hub_rows(hub)
    if data.is_dir():
        if test_data is not None:
            raise SettingsError(f"The folder {data} has its own test questions; drop --test-data, or pass two files.")
        return _folder_rows(hub, data)
    return file_rows(data) if test_data is None else file_rows(data) + file_rows(test_data, held_out=True)


def file_rows(path: Path, held_out: bool = False) -> list[Row]:
    """The rows of one file, of whatever kind."""
    if path.is_dir():
        raise DataError(f"{path} is a folder; pass a file in it.")
    if path.suffix.lower() != ".parquet" or not path.exists():
        return read_rows(path, held_out)
    table = _load(str(path), "parquet", data_files={"train": str(path)})["train"]
    return _rows(table, f"{path}: row ", path.stem, held_out)


def _folder_rows(hub: HubData, folder: Path) -> list[Row]:
    """A copy of the hub's repository, or any folder of files that are named by their split: train.csv, test-00000.parquet."""
    homes = [*([folder / hub.config] if hub.config else []), folder / "data", folder]
    home = next(home for home in homes if home.is_dir())
    splits: dict[str, list[Path]] = {}
    for file in sorted(home.iterdir()):
        if file.suffix.lower() in SUFFIXES:
            splits.setdefault(file.name.split(".")[0].split("-")[0], []).append(file)
    return [
        row for name, held_out in _sides(hub, splits, str(home)) for file in splits[name] for row in file_rows(file, held_out)
    ]


def _hub_rows(hub: HubData) -> list[Row]:
    place = f"{hub.path}/{hub.config}" if hub.config else hub.path
    splits = _load(place, hub.path, hub.config)
    return [
        row
        for name, held_out in _sides(hub, splits, place)
        for row in _rows(splits[name], f"{place}/{name}: row ", f"{hub.config or Path(hub.path).name}-{name}", held_out)
    ]


def _sides(hub: HubData, splits: Collection[str], place: str) -> list[tuple[str, bool]]:
    """The splits to read, and whether each is the test side."""
    if len(splits) == 1:
        return [(next(iter(splits)), False)]
    if hub.train in splits and hub.test in splits:
        return [(hub.train, False), (hub.test, True)]
    raise DataError(
        f"{place} should have the splits {hub.train} and {hub.test} and has {', '.join(splits) or 'none'}; "
        "pass the files: --data TRAIN --test-data TEST."
    )


def _rows(table: Any, place: str, name: str, held_out: bool) -> list[Row]:
    return [Row(f"{place}{number}", f"{name}-{number}", dict(values), held_out) for number, values in enumerate(table, 1)]


def _load(place: str, path: str, config: str | None = None, **options: Any) -> dict[str, Any]:
    """Calls `datasets`, which raises errors of many kinds, of other libraries too, for what it can't reach or read."""
    try:
        import datasets
    except ImportError as error:
        raise DataError(
            f"Reading {place} needs the datasets library: pip install 'selfamplify[hub]', or pass --data FILE."
        ) from error
    try:
        with datasets_offline("data_files" not in options and not hub_answers()):
            return dict(datasets.load_dataset(path, config, **options))
    except Exception as error:
        reason = str(error.__cause__ or error).strip().splitlines() or [type(error).__name__]
        raise DataError(f"{place} can't be read ({reason[0]}); pass --data FILE for a file of yours.") from error
