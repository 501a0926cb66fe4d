"""An attribution drawn as coloured lines for a terminal, and as a heat map for a notebook or a web page."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from rich.text import Text

from ..records import Message
from ..text.printable import printable
from ..text.shading import html_style, shares, terminal_style
from .unit import Unit

Piece = tuple[str, Unit | None, float]
"""A part of a message, its unit if it is one, and the unit's score as a share of the largest."""

_NAMED = 3
"""How many units of each sign are listed with their scores below the coloured lines."""


@dataclass(frozen=True)
class Drawing:
    """What a drawing shows: the prompt with its scored units, the answer, and notes.

    ``summary`` gives the values and the cost on one line, ``settings`` the explainer's settings ("" if they are unknown).
    """

    messages: tuple[Message, ...]
    units: tuple[Unit, ...]
    answer: str
    explainer: str
    summary: str
    settings: str = ""


def coloured(drawing: Drawing) -> Text:
    """The turns with their units coloured, then the answer in bold, a legend, and the summary.

    A unit that speaks against the answer is also underlined, so that nothing depends on colour alone.
    """
    shown = Text()
    for number, (role, pieces) in enumerate(_turns(drawing)):
        shown.append("\n" if number else "").append(f"{printable(role)}: ", "dim")
        for text, _, share in pieces:
            style = terminal_style(share)
            shown.append(printable(text), f"{style} underline" if style and share < 0 else style)
    shown.append(printable(drawing.answer), "bold")
    shown.append(f"\n{printable(drawing.explainer)}: green is for the answer, red (underlined) is against it\n", "dim")
    shown.append(_strongest(drawing), "dim")
    shown.append(printable(drawing.summary), "dim")
    return shown


def heat_map(drawing: Drawing) -> str:
    """HTML without scripts or style sheets. All text is escaped, and a unit shows its score under the mouse pointer."""
    lines: list[str] = []
    for role, pieces in _turns(drawing):
        shown = "".join(_marked(text, unit, share) for text, unit, share in pieces)
        lines.append(f"{_dim(f'{_safe(role)}:')} {shown}")
    turns, answer = "\n".join(lines), f"<b>{_safe(drawing.answer)}</b>"
    notes = "\n".join(_safe(note) for note in (drawing.summary, drawing.settings) if note)
    explainer, (good, bad) = _safe(drawing.explainer), (html_style(1.0), html_style(-1.0))
    # The legend shows the colours of the words, so it must not be dimmed like the text around it.
    legend = f'{_dim(f"{explainer}: ")}<span style="{good}">for the answer</span> <span style="{bad}">against it</span>'
    return (
        '<div style="font-family:sans-serif;line-height:1.8;white-space:pre-wrap;overflow-wrap:anywhere">'
        f'{turns}{answer}\n<small style="display:block;line-height:1.5">{legend}\n{_dim(notes)}</small></div>'
    )


def page(drawing: Drawing) -> str:
    """The heat map as a complete web page, light or dark as the reader's system is set."""
    return (
        '<!doctype html>\n<html><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        f"<title>{_safe(' '.join(drawing.answer.split()))}</title></head>\n"
        f'<body style="max-width:60em;margin:2em auto;padding:0 1em">\n{heat_map(drawing)}\n</body></html>\n'
    )


def _turns(drawing: Drawing) -> Iterator[tuple[str, list[Piece]]]:
    """The role and the pieces of each turn; the last turn is the assistant's, and may be empty."""
    scored = list(zip(drawing.units, shares([unit.score for unit in drawing.units]), strict=True))
    for number, message in enumerate(drawing.messages):
        pieces: list[Piece] = []
        done = 0
        for unit, share in scored:
            if unit.message == number:
                pieces += [(message.content[done : unit.start], None, 0.0), (unit.text, unit, share)]
                done = unit.end
        pieces.append((message.content[done:], None, 0.0))
        yield message.role, pieces
    if not (drawing.messages and drawing.messages[-1].role == "assistant"):
        yield "assistant", []


def _strongest(drawing: Drawing) -> str:
    """A line with the units of the largest scores of each sign, for readers who see no colours."""
    ranked = sorted(drawing.units, key=lambda unit: -abs(unit.score))
    sides = {
        "for": [unit for unit in ranked if unit.score > 0][:_NAMED],
        "against": [unit for unit in ranked if unit.score < 0][:_NAMED],
    }
    listed = [
        f"strongest {side} it: {', '.join(f'{printable(unit.text)} {unit.score:+.3g}' for unit in units)}"
        for side, units in sides.items()
        if units
    ]
    return f"{'; '.join(listed)}\n" if listed else ""


def _dim(html: str) -> str:
    return f'<span style="opacity:0.7">{html}</span>'


def _marked(text: str, unit: Unit | None, share: float) -> str:
    if unit is None:
        return _safe(text)
    error = "" if unit.standard_error is None else f" ± {unit.standard_error:.4f}"
    return f'<span title="{unit.score:+.4f}{error}" style="{html_style(share)}">{_safe(text)}</span>'


def _safe(text: str) -> str:
    return escape(printable(text))
