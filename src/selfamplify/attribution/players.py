"""Which parts of a chat are perturbed, and where they are: in the messages' contents, and among the prompt's tokens."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from ..errors import SettingsError
from ..models.model import AnswerReading
from ..records import Message
from ..text.lines import shortened
from ..text.words import candidate_words, overlapping

Units = Literal["word", "token"]
"""What is scored: the words of a prompt, or its tokens."""


@dataclass(frozen=True, slots=True)
class Player:
    """One unit: ``content[start:end]`` of message number ``message``, and the positions of its tokens in the prompt."""

    message: int
    start: int
    end: int
    positions: tuple[int, ...]


def check_units_name(units: object) -> None:
    """Raise SettingsError unless ``units`` is one of the kinds of units."""
    if units not in get_args(Units):
        raise SettingsError(f'There are no units {units!r}; use `units="word"` or `units="token"`.')


def players(reading: AnswerReading, messages: Sequence[Message], units: Units, span: str | None) -> list[Player]:
    """The words or tokens of the messages, in their order; with ``span``, only those that overlap it.

    A token counts without white space at its ends, and only as far as it belongs to a message; a token of white space alone is
    left out. Tokens that share a character form one unit. Raises SettingsError if there is nothing to perturb, or if the span
    does not occur exactly once.
    """
    left, right = (0, len(reading.text)) if span is None else _location(reading, span)
    candidates = _words(reading) if units == "word" else _tokens(reading)
    stretches = sorted(stretch for stretch in candidates if stretch[0] < right and stretch[1] > left)
    found = overlapping(reading.spans, stretches)
    # If the template trims a content, its span begins after the white space that the message begins with.
    offsets = [
        start - message.content.index(reading.text[start:end])
        for message, (start, end) in zip(messages, reading.contents, strict=True)
    ]
    made: list[Player] = []
    for (start, end), positions in zip(stretches, found, strict=True):
        number = next(index for index, (first, last) in enumerate(reading.contents) if first <= start and end <= last)
        if positions:
            made.append(Player(number, start - offsets[number], end - offsets[number], positions))
    if not made:
        where = "The prompt" if span is None else f"The span {shortened(repr(span), 60)}"
        raise SettingsError(f"{where} has no {units} to perturb; pass one that contains letters or digits.")
    return sorted(made, key=lambda player: (player.message, player.start))


def _words(reading: AnswerReading) -> Iterator[tuple[int, int]]:
    for start, end in reading.contents:
        yield from ((start + word.start, start + word.end) for word in candidate_words(reading.text[start:end]))


def _tokens(reading: AnswerReading) -> Iterator[tuple[int, int]]:
    whole: list[tuple[int, int]] = []
    for start, end in reading.spans:
        if whole and start < whole[-1][1]:  # several tokens make up one character
            start, end = whole[-1][0], max(end, whole.pop()[1])
        whole.append((start, end))
    for first, last in reading.contents:
        for start, end in ((max(start, first), min(end, last)) for start, end in whole if start < last and end > first):
            text = reading.text[start:end]
            if text.strip():
                start += len(text) - len(text.lstrip())
                yield start, start + len(text.strip())


def _location(reading: AnswerReading, span: str) -> tuple[int, int]:
    """Where the span is in the rendered text."""
    if not span:
        raise SettingsError("The span is empty; pass a part of the prompt, or `span=None` for all of it.")
    found = [
        start + match.start()
        for start, end in reading.contents
        for match in re.finditer(f"(?={re.escape(span)})", reading.text[start:end])
    ]
    if len(found) != 1:
        remedy = "pass a longer part, which occurs once" if found else "copy a part of one message exactly"
        raise SettingsError(
            f"The span {shortened(repr(span), 60)} occurs {len(found)} times in the prompt, not once; {remedy}."
        )
    return found[0], found[0] + len(span)
