"""A table in Markdown, as GitHub and most other readers take it."""

import re

from ...text.lines import one_line
from ...text.printable import printable
from ..printed import PrintedTable

_SPECIAL = re.compile(r"[\\`*_{}\[\]|~$@]|:(?=\S)|(?<=www)\.|^[#+=-](?=\s)|(?<=^\d)[.)](?=\s)", re.IGNORECASE)
"""What marks text anywhere, makes it a link or an emoji, or begins a heading or a list."""


def markdown(table: PrintedTable) -> str:
    """A title, the table with the best accuracy of each selection in bold, and what may be concluded."""
    lines = [table.heads, tuple(":--" if place < 2 else "--:" for place in range(len(table.heads)))]
    shown = [f"| {' | '.join(escaped(head) for head in lines[0])} |", f"| {' | '.join(lines[1])} |"]
    for line in table.lines:
        cells = [escaped(cell) for cell in line.cells]
        if line.best:
            cells[table.accuracy] = f"**{cells[table.accuracy]}**"
        shown.append(f"| {' | '.join(cells)} |")
    notes = "".join(f"- {escaped(note)}\n" for note in table.notes)
    body = "\n".join(shown)
    return f"**{escaped(table.title)}**\n\n{body}\n" + (f"\n{notes}" if notes else "")


def escaped(text: str) -> str:
    """A text on one line, in which no character means anything to Markdown or HTML."""
    plain = one_line(printable(text)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(lambda found: "\\" + found[0], plain)
