"""The words of a shot's question with their scores, as pieces of text that a template writes."""

from collections.abc import Iterator
from dataclasses import dataclass

from ..records import Shot, WrittenText
from ..report.marks import marks, replacements, score_text

_STEPS = 5
_LEAST = 0.1
"""Words whose score is a smaller share of the largest one are not coloured."""


@dataclass(frozen=True)
class Piece:
    """A stretch of a question.

    ``shade`` is the class of its colour, such as ``"for3"`` or ``"against5"``; empty for none. ``said`` is its score in words,
    and ``chosen`` says whether it is a word of the rationale.
    """

    text: str
    shade: str = ""
    said: str = ""
    chosen: bool = False


def pieces(shot: Shot, k: int) -> list[Piece]:
    """A shot's question in pieces; a single one if no explanation marks its words."""
    text, explanation = shot.question.render(), shot.explanation
    if explanation is None or isinstance(explanation, WrittenText):
        return [Piece(text)]
    found, instead = marks(shot.question, explanation, k), replacements(explanation)
    marked = sorted({*found.shares, *found.chosen}, key=lambda word: word.start)

    def parts() -> Iterator[Piece]:
        end = 0
        for word in marked:
            yield Piece(text[end : word.start])
            end = word.end
            share, chosen = found.shares.get(word, 0.0), word in found.chosen
            score = score_text(explanation, found.places[word]) if word in found.places else ""
            other = instead.get(word.text.lower())
            named = "" if not chosen else "named" if other is None else f"replaced by {other}"
            said = f"score {score}" if score else named
            yield Piece(word.text, shade(share), f"{said}, keyword" if chosen and score else said, chosen)
        yield Piece(text[end:])

    return [piece for piece in parts() if piece.text]


def shade(share: float) -> str:
    """The class of a colour for a share of the largest score, from -1 to 1."""
    if abs(share) < _LEAST:
        return ""
    return f"{'for' if share > 0 else 'against'}{min(_STEPS, 1 + int(abs(share) * _STEPS))}"
