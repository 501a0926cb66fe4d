"""Lists of choices that are written in one cell: as JSON, as Python or NumPy prints them, or with a separator."""

import ast
import io
import json
import re
import tokenize
from collections.abc import Sequence
from typing import Any

from .faults import BadRow

SEPARATOR_NAMES = {"|": "bars", ";": "semicolons", "\n": "line ends", ",": "commas"}
_ARRAY = re.compile(r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|\barray(?=\()|,\s*dtype=[^)\s]+(?=\))""", re.DOTALL)
"""What NumPy prints around a list, and texts, in which the same characters may occur."""
_OPENING = ("[", "{", "(")


def decoded(text: str, separator: str | None) -> Any:
    """The list or the object that a cell holds as text. Raises BadRow if it can't be read."""
    stripped = text.strip()
    if not stripped.startswith(_OPENING) or separator and _is_marked(stripped):
        if separator is None:
            raise BadRow('the choices are a text, not a list; write ["x", "y"] or x|y')
        return [part.strip() for part in stripped.split(separator)]
    try:
        return json.loads(stripped)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(_with_commas(_ARRAY.sub(lambda found: found[1] or "", stripped)))
    except (ValueError, SyntaxError, RecursionError, tokenize.TokenError, MemoryError) as error:
        raise BadRow('the choices are malformed JSON; write ["x", "y"] or x|y') from error


def separator_of(cells: Sequence[str]) -> str | None:
    """What separates the choices in the cells of a column: the first of ``SEPARATOR_NAMES`` that all of them have.

    A comma also occurs inside of choices, so it is taken only if all cells have the same number of it.
    """
    texts = [cell.strip() for cell in cells if cell.strip() and not cell.strip().startswith("[")]
    for separator in SEPARATOR_NAMES if texts else ():
        counts = {text.count(separator) for text in texts}
        if 0 not in counts and (separator != "," or len(counts) == 1):
            return separator
    return None


def _is_marked(text: str) -> bool:
    """Whether a text begins with a mark such as (A) or (1), rather than with a Python tuple."""
    return re.match(r"\(\w{1,2}\)", text) is not None


def _with_commas(text: str) -> str:
    """Python code with a comma between neighbours: NumPy prints none, and Python would join two strings in silence."""
    values = (tokenize.STRING, tokenize.NUMBER)
    pieces: list[str] = []
    before = None
    for token in tokenize.generate_tokens(io.StringIO(text.replace("\n", " ")).readline):
        if token.type in values and before in values:
            pieces.append(",")
        pieces.append(token.string)
        before = token.type
    return " ".join(pieces)
