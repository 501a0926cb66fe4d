"""Data sets of the Hugging Face hub, and local folders and parquet files in their layout, by the `datasets` library."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DataError, SettingsError
from .rows import Row, read_rows


@dataclass(frozen=True)
class HubData:
    """A data set of the hub. ``train`` is None where its only split, ``test``, is still to be split."""

    path: str
    config: str | None = None
    train: str | None = "train"
    test: str = "test"


def gather(hub: HubData, data: Path | None, test_data: Path | None) -> list[Row]:
    """The rows of the files given, of a local folder in the layout of ``hub``, or else of the hub itself."""
    if data is None:
        if test_data is not None:
            raise SettingsError("--test-data names the test questions only; give the train pool too: --data FILE.")
        return _hub_rows(hub, hub.path, hub.config)
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
    table = _load("parquet", data_files={"train": str(path)})["train"]
    return _rows(table, f"{path}: row ", path.stem, held_out)


def _folder_rows(hub: HubData, folder: Path) -> list[Row]:
    """A copy of the hub's repository, which has named configurations, or just a folder of train and test files."""
    if not any(folder.iterdir()):
        raise DataError(f"The folder {folder} is empty; pass a file, or a folder with train and test files.")
    configs = _called("get_dataset_config_names", str(folder))
    config = hub.config if hub.config in configs else None
    return _hub_rows(hub, str(folder), config)


def _hub_rows(hub: HubData, path: str, config: str | None) -> list[Row]:
    splits = _load(path, config)
    place = f"{path}/{config}" if config else path
    only = hub.train is None or len(splits) == 1
    wanted = [(next(iter(splits)) if len(splits) == 1 else hub.test, False)] if only else [(hub.train, False), (hub.test, True)]
    rows = []
    for name, held_out in wanted:
        if name not in splits:
            raise DataError(f"{place} has no split '{name}', but {', '.join(splits)}; pass the files: --data, --test-data.")
        rows += _rows(splits[name], f"{place}/{name}: row ", f"{Path(path).name}-{name}", held_out)
    return rows


def _rows(table: Any, place: str, name: str, held_out: bool) -> list[Row]:
    rows = [Row(f"{place}{number}", f"{name}-{number}", dict(values), held_out) for number, values in enumerate(table, 1)]
    if not rows:
        raise DataError(f"{place.removesuffix(': row ')} holds no rows; pass a file with one question per row.")
    return rows


def _load(path: str, config: str | None = None, **options: Any) -> dict[str, Any]:
    return _called("load_dataset", path, config, **options)


def _called(function: str, path: str, *arguments: Any, **options: Any) -> Any:
    """Call into `datasets`; it raises errors of many kinds, of other libraries too, for data that it can't reach or read."""
    try:
        import datasets
    except ImportError as error:
        raise DataError(
            f"Reading {path} needs the datasets library: pip install 'selfamplify[hub]', or pass --data FILE."
        ) from error
    try:
        return getattr(datasets, function)(path, *arguments, **options)
    except Exception as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise DataError(f"{path} can't be read ({reason[0]}); pass --data FILE for a file of yours.") from error
