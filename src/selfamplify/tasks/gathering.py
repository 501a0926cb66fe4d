"""Gathering the rows of a task from one file, two files, a folder or the Hugging Face hub."""

from collections.abc import Sequence
from pathlib import Path

from ..errors import DataError, SettingsError
from ..text.lines import argument
from .hub.own import HUB, own_hub_rows
from .hub.sides import HubData, hub_rows
from .questions.columns import Columns
from .rows.rows import RECOGNISED, FileFormat, Rows, is_file_name, read_rows


def gather(hub: HubData, data: Path | None, test_data: Path | None, format: FileFormat = RECOGNISED) -> Rows:
    """The rows of the given files, of a local folder in the layout of ``hub``, or of the hub itself."""
    if data is None:
        if test_data is not None:
            raise SettingsError(
                f"{test_data} has only the test questions; name the train questions too: "
                f"{argument('data', 'train.csv')} with {argument('test_data', str(test_data))}."
            )
        return Rows(tuple(hub_rows(hub)))
    if is_address(data):
        raise SettingsError(
            f'Any other data set of the hub is read by the task "file"; use `task="file"` with '
            f"{argument('data', data.as_posix())}."
        )
    if data.is_dir():
        if test_data is not None:
            raise SettingsError(f"The folder {data} has its own test questions; leave {test_data} out, or use two files.")
        return _folder_rows(hub, data, format)
    return both_files(data, test_data, format)


def own_data(data: Path, test_data: Path | None, format: FileFormat = RECOGNISED, columns: Columns | None = None) -> Rows:
    """The rows of a user's own file, of two files, or of a data set of the hub if ``data`` begins with ``hub:``."""
    if not is_address(data):
        return both_files(data, test_data, format)
    if test_data is not None:
        raise SettingsError(f"A data set of the hub has its own test questions; leave {test_data} out, or use two files.")
    if format != RECOGNISED:
        raise SettingsError(
            "Encoding, separator and header are those of a text file; leave them out for a data set of the hub."
        )
    return own_hub_rows(data.as_posix().removeprefix(HUB), columns)


def is_address(data: Path) -> bool:
    """Whether ``data`` is the address of a data set of the hub."""
    return data.as_posix().startswith(HUB)


def both_files(data: Path, test_data: Path | None, format: FileFormat = RECOGNISED) -> Rows:
    """The rows of a file and, if there is one, of the file with the test questions."""
    if test_data is not None and is_address(test_data):
        raise SettingsError(
            f"Test questions come from the hub only together with the others; use {argument('data', test_data.as_posix())}, "
            "or two files."
        )
    train = read_rows(data, format=format)
    return train if test_data is None else _joined([train, read_rows(test_data, held_out=True, format=format)])


def _folder_rows(hub: HubData, folder: Path, format: FileFormat) -> Rows:
    """The rows of a copy of the hub's repository, or of any folder whose files are named after their split.

    Examples of such names are train.csv and test-00000.parquet.
    """
    homes = [*([folder / hub.config] if hub.config else []), folder / "data", folder]
    home = next(home for home in homes if home.is_dir())
    splits: dict[str, list[Path]] = {}
    for file in sorted(home.iterdir()):
        if is_file_name(file.name) and file.suffix.lower() != ".txt":  # a licence, say
            splits.setdefault(file.name.split(".")[0].split("-")[0], []).append(file)
    return _joined(
        [read_rows(file, held_out, format) for name, held_out in hub.sides(splits, str(home)) for file in splits[name]]
    )


def _joined(parts: Sequence[Rows]) -> Rows:
    """The rows of several files, which all have names of columns, or all have none."""
    if len({part.named for part in parts}) > 1:
        names = {part.named: part.rows[0].place.rpartition(":")[0] for part in parts}
        raise DataError(
            f"{names[True]} was read with column names and {names[False]} without; if both have them, use `header=True`, "
            "and if neither has, `header=False`."
        )
    rows = tuple(row for part in parts for row in part.rows)
    return Rows(rows, tuple(dict.fromkeys(note for part in parts for note in part.notes)), all(part.named for part in parts))
