"""Answers as parquet, by pyarrow."""

import io
from collections.abc import Sequence

from ...errors import SettingsError
from ...runs.responses import Line
from .answers import COLUMNS, answer_rows


def parquet(lines: Sequence[Line]) -> bytes:
    """One row per method and question; texts as they are, lists as lists."""
    try:
        import pyarrow as pa
        from pyarrow import parquet as files
    except ImportError:
        raise SettingsError("A parquet file needs pyarrow: run `pip install 'selfamplify[files]'`.") from None
    types = {
        str: pa.string(),
        int: pa.int64(),
        bool: pa.bool_(),
        list[str]: pa.list_(pa.string()),
        list[float]: pa.list_(pa.float64()),
    }
    schema = pa.schema([(name, types[kind]) for name, kind in COLUMNS.items()])
    buffer = io.BytesIO()
    files.write_table(pa.Table.from_pylist(answer_rows(lines), schema), buffer)
    return buffer.getvalue()
