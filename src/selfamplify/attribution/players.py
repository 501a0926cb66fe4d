"""Which stretches of a chat are perturbed, and where they stand: in the messages' contents, and among the prompt's tokens."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..errors import SettingsError
from ..models.model import AnswerReading
from ..records import Message
from ..text.words import candidate_words, overlapping

UNITS = ("word", "token")


@dataclass(frozen=True, slots=True)
class Player:
    """One unit: ``content[start:end]`` of message number ``message``, and the places of its tokens in the prompt."""

    message: int
    start: int
    end: int
    positions: tuple[int, ...]


def players(reading: AnswerReading, messages: Sequence[Message], units: str, span: str | None) -> list[Player]:
    """The words, or the tokens, of the messages' contents, in the order of the messages; with ``span``, those that it touches.

    A token's unit is what of it lies in a content, without white space at its ends; a token of nothing else is none, and tokens
    that share a character are one. Raises SettingsError where nothing can be perturbed, or the span is not there once.
    """
    if units not in UNITS:
        raise SettingsError(f"A prompt has no units '{units}'; choose one of: {', '.join(UNITS)}.")
    left, right = (0, len(reading.text)) if span is None else _place(reading, span)
    drawn = _words(reading) if units == "word" else _tokens(reading)
    stretches = sorted(stretch for stretch in drawn if stretch[0] < right and stretch[1] > left)
    found = overlapping(reading.spans, stretches)
    # Where the template trims a content, its span begins behind the white space that the message begins with.
    offsets = [
        start - message.content.index(reading.text[start:end])
        for message, (start, end) in zip(messages, reading.contents, strict=True)
    ]
    made: list[Player] = []
    for (start, end), own in zip(stretches, found, strict=True):
        number = next(place for place, (first, last) in enumerate(reading.contents) if first <= start and end <= last)
        if own:
            made.append(Player(number, start - offsets[number], end - offsets[number], own))
    if not made:
        where = "The prompt" if span is None else f"The span {span[:60]!r}"
        raise SettingsError(f"{where} has no {units} that could be perturbed; give one with letters or digits in it.")
    return sorted(made, key=lambda player: (player.message, player.start))


def _words(reading: AnswerReading) -> Iterator[tuple[int, int]]:
    for start, end in reading.contents:
        yield from ((start + word.start, start + word.end) for word in candidate_words(reading.text[start:end]))


def _tokens(reading: AnswerReading) -> Iterator[tuple[int, int]]:
    whole: list[tuple[int, int]] = []
    for start, end in reading.spans:
        if whole and start < whole[-1][1]:  # a character of several tokens
            start, end = whole[-1][0], max(end, whole.pop()[1])
        whole.append((start, end))
    for first, last in reading.contents:
        for start, end in ((max(start, first), min(end, last)) for start, end in whole if start < last and end > first):
            shown = reading.text[start:end]
            if shown.strip():
                start += len(shown) - len(shown.lstrip())
                yield start, start + len(shown.strip())


def _place(reading: AnswerReading, span: str) -> tuple[int, int]:
    """Where the span stands in the rendered text."""
    if not span:
        raise SettingsError("The span is empty; give a part of the prompt, or no span for the whole of it.")
    found = [
        start + match.start()
        for start, end in reading.contents
        for match in re.finditer(f"(?={re.escape(span)})", reading.text[start:end])
    ]
    if len(found) != 1:
        remedy = "give a longer part of it, which occurs once" if found else "give a part of one message, letter for letter"
        raise SettingsError(f"The span {span[:60]!r} occurs {len(found)} times in the prompt, not once; {remedy}.")
    return found[0], found[0] + len(span)
