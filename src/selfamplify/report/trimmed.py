"""Tables whose lines do not end in spaces, so that they can be copied, compared and kept in files."""

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions
from rich.segment import Segment
from rich.table import Table


class TrimmedTable(Table):
    """A table without the spaces that rich adds to the lines of the title and of the last column."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        padded = (part for part in super().__rich_console__(console, options) if isinstance(part, Segment))
        for line in Segment.split_lines(padded):
            while line and not line[-1].text.rstrip(" "):
                line.pop()
            yield from line[:-1]
            for text, style, control in line[-1:]:
                yield Segment(text.rstrip(" "), style, control)
            yield Segment.line()
