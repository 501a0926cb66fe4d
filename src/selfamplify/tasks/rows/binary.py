"""Reading parquet, Arrow and Feather files, and the values that they and the hub's data sets have in common."""

import datetime
import decimal
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...errors import DataError
from ...text.lines import first_line
from .found import Found

BEFORE_NUMBER = ": row "


def read_columnar(path: Path, kind: str) -> Found:
    """The rows of a parquet, Arrow or Feather file. ``kind`` is its suffix."""
    try:
        import pyarrow  # noqa: F401 - heavy
    except ImportError as error:
        raise DataError(
            f"Reading {path} needs the pyarrow library: run `pip install 'selfamplify[hub]'`, or save it as CSV or JSONL."
        ) from error
    try:
        table = _table(path, kind)
        names: list[str] = table.column_names
        metadata = (table.schema.metadata or {}).get(b"huggingface", b"{}")
        features = json.loads(metadata).get("info", {}).get("features", {})
        rows = [*numbered_rows((row for batch in table.to_batches() for row in batch.to_pylist()), features)]
    except Exception as error:  # a damaged file, or a damaged description of its columns, may raise anything
        raise DataError(f'{path} can\'t be read ({first_line(error)}); use another file: `data="questions.csv"`.') from error
    if len(set(names)) < len(names):  # a row, which is a dict, has kept the last of them
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{path}: two columns are named {twice!r}; rename one of them.")
    return Found(rows, BEFORE_NUMBER)


def _table(path: Path, kind: str) -> Any:
    """The table in a file. An Arrow file may be a stream, as the datasets library saves it."""
    import pyarrow
    import pyarrow.feather
    import pyarrow.parquet

    if kind == ".parquet":
        return pyarrow.parquet.ParquetFile(path).read()
    with pyarrow.OSFile(str(path)) as file:
        start = file.read(6)
    if start == b"ARROW1" or start[:4] == b"FEA1":
        return pyarrow.feather.read_table(path, memory_map=False)
    with pyarrow.OSFile(str(path)) as file:
        return pyarrow.ipc.open_stream(file).read_all()


def numbered_rows(rows: Any, features: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows of a table with their numbers and plain values, and with the names of classes in place of their numbers.

    Parameters
    ----------
    rows : iterable of mappings
        The rows.
    features : mapping
        The types of their columns as the datasets library describes them, ``{}`` if unknown.
    """
    named = {column: feature for column, feature in features.items() if '"ClassLabel"' in json.dumps(feature)}
    for number, row in enumerate(rows, 1):
        yield number, {column: plain(_named(value, named.get(column))) for column, value in row.items()}


def _named(value: Any, feature: Any) -> Any:
    """A value with the names of classes, if its feature has any. A class of -1 is unknown, as in test sides on the hub."""
    if isinstance(feature, list):
        feature = {"feature": feature[0]}
    if feature is None or value is None:
        return value
    if feature.get("_type") == "ClassLabel":
        names = feature.get("names") or ()
        known = isinstance(value, int) and value < len(names)
        return None if value == -1 else names[value] if known else value
    if isinstance(value, list):
        return [_named(item, feature.get("feature")) for item in value]
    if isinstance(value, dict):
        inside = feature.get("feature", feature)  # a sequence of objects is stored as an object of sequences
        return {name: _named(item, _of_item(inside, name, item, feature)) for name, item in value.items()}
    return value


def _of_item(inside: Mapping[str, Any], name: str, item: Any, feature: Mapping[str, Any]) -> Any:
    found = inside.get(name)
    return {"feature": found} if "feature" in feature and isinstance(item, list) else found


def plain(value: Any) -> Any:
    """A value as JSON would have it: lists for arrays, ISO text for dates, and None for NaN."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, decimal.Decimal | datetime.timedelta):
        return str(value)
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return plain(value.tolist()) if hasattr(value, "tolist") else value
