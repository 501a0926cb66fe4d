"""tuning.json, the file of a race, as plain data: it is read without torch."""

from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import DataError
from ..text.documents import read_json, reason
from ..text.sealing import unsealed

FILE_NAME = "tuning.json"


def left_out(settings: Mapping[str, Any], raced: Iterable[str], failed: Container[str]) -> tuple[str, ...]:
    """The arms among the settings of a race that were neither raced nor failed: the budget did not suffice for them."""
    there = set(raced)
    return tuple(name for name in settings.get("arms", ()) if name not in there and name not in failed)


@contextmanager
def opened(file: Path) -> Iterator[dict[str, Any]]:
    """The data of a tuning.json that is there, to be read while open. Raises DataError if they are damaged or edited."""
    try:
        yield unsealed(read_json(file), file, "`selfamplify tune`")
    except DataError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{file} is damaged ({reason(error)}); run `selfamplify tune` again.") from error
