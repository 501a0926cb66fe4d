"""Results as data frames of pandas, which is imported when one is made."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import SettingsError

if TYPE_CHECKING:
    import pandas


def data_frame(rows: Sequence[Mapping[str, Any]]) -> "pandas.DataFrame":
    """Rows as a data frame. Raises SettingsError if pandas is not installed."""
    try:
        from pandas import DataFrame
    except ImportError:
        raise SettingsError("A data frame needs pandas: run `pip install 'selfamplify[files]'`.") from None
    return DataFrame(rows)
