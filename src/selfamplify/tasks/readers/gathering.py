"""Gathering the rows of a task from one file, two files, a folder or the Hugging Face hub."""

from pathlib import Path

from ...errors import DataError, SettingsError
from ...text.lines import argument
from .hub import HubData, hub_rows, parquet_rows
from .rows import SUFFIXES, Row, read_rows


def gather(hub: HubData, data: Path | None, test_data: Path | None) -> list[Row]:
    """The rows of the given files, of a local folder in the layout of ``hub``, or of the hub itself."""
    if data is None:
        if test_data is not None:
            raise SettingsError(
                f"{test_data} has only the test questions; name the train questions too: "
                f"{argument('data', 'train.csv')} with {argument('test_data', str(test_data))}."
            )
        return hub_rows(hub)
    if data.is_dir():
        if test_data is not None:
            raise SettingsError(f"The folder {data} has its own test questions; leave {test_data} out, or use two files.")
        return _folder_rows(hub, data)
    return both_files(data, test_data)


def both_files(data: Path, test_data: Path | None) -> list[Row]:
    """The rows of a file and, if there is one, of the file with the test questions."""
    return file_rows(data) if test_data is None else file_rows(data) + file_rows(test_data, held_out=True)


def file_rows(path: Path, held_out: bool = False) -> list[Row]:
    """The rows of one file, of any kind."""
    if path.is_dir():
        raise DataError(f"{path} is a folder; use a file in it.")
    if path.suffix.lower() == ".parquet" and path.exists():
        return parquet_rows(path, held_out)
    return read_rows(path, held_out)


def _folder_rows(hub: HubData, folder: Path) -> list[Row]:
    """The rows of a copy of the hub's repository, or of any folder whose files are named after their split.

    Examples of such names are train.csv and test-00000.parquet.
    """
    homes = [*([folder / hub.config] if hub.config else []), folder / "data", folder]
    home = next(home for home in homes if home.is_dir())
    splits: dict[str, list[Path]] = {}
    for file in sorted(home.iterdir()):
        if file.suffix.lower() in SUFFIXES:
            splits.setdefault(file.name.split(".")[0].split("-")[0], []).append(file)
    return [
        row for name, held_out in hub.sides(splits, str(home)) for file in splits[name] for row in file_rows(file, held_out)
    ]
