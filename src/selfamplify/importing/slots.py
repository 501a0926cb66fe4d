"""The place of a new question in the last turn of a prompt, such as ``{question}`` or ``{{input}}``."""

import re

from ..errors import DataError
from ..text.lines import shortened

NAMES = ("question", "input", "text", "query")
"""Names that are always a place, whatever follows the turn."""
_SLOT = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}|\{([A-Za-z_]\w*)\}")


def slots(text: str) -> list[str]:
    """The names of all places in a text, each once."""
    return list(dict.fromkeys(found[1] or found[2] for found in _SLOT.finditer(text)))


def around_slot(text: str) -> tuple[tuple[str, ...], str]:
    """What stands around the place of a question in a turn, and the place as it is written.

    Raises DataError if the turn has none, or places of several names.
    """
    names = slots(text)
    if not names:
        raise DataError(
            f"ends with a turn of the user that has no reply and no place for a question ({shortened(text)!r}); write "
            f"{{question}} where the question goes, or leave the turn out."
        )
    if len(names) > 1:
        raise DataError(
            f"has several places in its last turn ({', '.join(f'{{{name}}}' for name in names)}), and a question with its "
            f"choices fills one; leave one of them, as {{question}}."
        )
    parts: list[str] = []
    end = 0
    places = list(_SLOT.finditer(text))
    for place in places:
        parts.append(text[end : place.start()])
        end = place.end()
    return (*parts, text[end:]), places[0][0]
