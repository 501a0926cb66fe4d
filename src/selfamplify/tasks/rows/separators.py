"""Recognising the character that separates the cells of delimited text."""

import csv
import re
from collections.abc import Sequence

NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_SAMPLE = 200


def announced(line: str) -> str | None:
    """The separator in a first line such as ``sep=;``, as Excel writes and reads it."""
    found = re.fullmatch(r'"?sep=(.)"?[\r\n]*', line, flags=re.IGNORECASE)
    return found[1] if found else None


def recognised(lines: Sequence[str], usual: str | None) -> str:
    """The separator that gives the most consistent number of cells over the first lines; ``usual`` if none is better."""
    sample = lines[:_SAMPLE]
    scores = {separator: _score(sample, separator, separator == usual) for separator in NAMES}
    best = max(scores, key=scores.__getitem__)
    return best if scores[best][1] > 1 else usual or ","


def _score(sample: Sequence[str], separator: str, usual: bool) -> tuple[float, int]:
    """How well a separator fits, and the number of cells in the first record.

    Most records have as many cells as the first, which often has the column names. Prose that contains the separator, as it
    does commas, rarely has that. A separator that spaces always follow is one of prose, too.
    """
    # Few records are cut off by a stray quote, or by the end of the sample.
    counts = [len(cells) for cells in csv.reader(sample, delimiter=separator) if any(map(str.strip, cells))]
    if not counts or counts[0] < 2:
        return 0.0, 0
    text = "".join(sample)
    prose = text.count(f"{separator} ") == text.count(separator)
    return counts.count(counts[0]) / len(counts) + 0.1 * usual - 0.5 * prose, counts[0]
