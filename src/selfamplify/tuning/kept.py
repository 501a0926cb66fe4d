"""tuning.json, the file of a race, as plain data: it is read without torch."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import DataError
from ..text.lines import first_line
from ..text.sealing import unsealed

FILE_NAME = "tuning.json"


@contextmanager
def opened(file: Path) -> Iterator[dict[str, Any]]:
    """The data of a tuning.json that is there, to be read while open. Raises DataError if they are damaged or edited."""
    try:
        yield unsealed(json.loads(file.read_text(encoding="utf-8")), file, "`selfamplify tune`")
    except DataError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{file} is damaged ({first_line(error)}); run `selfamplify tune` again.") from error
