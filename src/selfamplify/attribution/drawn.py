"""An attribution as coloured lines for a terminal, and as a heat map for a notebook or a page of its own."""

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from rich.text import Text

from ..text.printable import printable
from ..text.shading import shade, shares, tint

if TYPE_CHECKING:
    from .record import AnswerAttribution, Unit

Piece = tuple[str, "Unit | None", float]
"""A stretch of a message, the unit that it is, and the unit's score as a share of the largest."""

_NAMED = 3
"""Units of either sign that are named with their scores below the coloured lines."""


def coloured(attribution: "AnswerAttribution") -> Text:
    """The turns with their units coloured, the answer behind them in bold, and how to read it.

    A unit that speaks against the answer is underlined, too, so that nothing is told by the colour alone.
    """
    drawn = Text()
    for place, (role, pieces) in enumerate(_turns(attribution)):
        drawn.append("\n" if place else "").append(f"{printable(role)}: ", "dim")
        for text, _, share in pieces:
            style = shade(share)
            drawn.append(printable(text), f"{style} underline" if style and share < 0 else style)
    drawn.append(printable(attribution.answer), "bold")
    drawn.append(f"\n{printable(attribution.explainer)}: green speaks for the answer, red (underlined) against it\n", "dim")
    drawn.append(_strongest(attribution), "dim")
    drawn.append(_summary(attribution), "dim")
    return drawn


def heat_map(attribution: "AnswerAttribution") -> str:
    """A piece of HTML without script or style sheet; every text is escaped, and a unit tells its score when pointed at."""
    lines: list[str] = []
    for role, pieces in _turns(attribution):
        shown = "".join(_marked(text, unit, share) for text, unit, share in pieces)
        lines.append(f"{_dim(f'{_safe(role)}:')} {shown}")
    turns, answer = "\n".join(lines), f"<b>{_safe(attribution.answer)}</b>"
    notes = _safe(_summary(attribution)) + "".join(f"\n{_safe(line)}" for line in _settings(attribution))
    explainer, (good, bad) = _safe(attribution.explainer), (tint(1.0), tint(-1.0))
    # The legend's colours are those of the words, and so are not dimmed with what stands around them.
    legend = f'{_dim(f"{explainer}: ")}<span style="{good}">for the answer</span> <span style="{bad}">against it</span>'
    return (
        '<div style="font-family:sans-serif;line-height:1.8;white-space:pre-wrap;overflow-wrap:anywhere">'
        f'{turns}{answer}\n<small style="display:block;line-height:1.5">{legend}\n{_dim(notes)}</small></div>'
    )


def page(attribution: "AnswerAttribution") -> str:
    """The heat map as a page of its own, which follows the reader's choice of light or dark."""
    return (
        '<!doctype html>\n<html><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        f"<title>{_safe(' '.join(attribution.answer.split()))}</title></head>\n"
        f'<body style="max-width:60em;margin:2em auto;padding:0 1em">\n{heat_map(attribution)}\n</body></html>\n'
    )


def _turns(attribution: "AnswerAttribution") -> Iterator[tuple[str, list[Piece]]]:
    """The role and the pieces of each turn; the last one is the assistant's, and may be empty."""
    scored = list(zip(attribution.units, shares(attribution.scores), strict=True))
    for number, message in enumerate(attribution.messages):
        pieces: list[Piece] = []
        done = 0
        for unit, share in scored:
            if unit.message == number:
                pieces += [(message.content[done : unit.start], None, 0.0), (unit.text, unit, share)]
                done = unit.end
        pieces.append((message.content[done:], None, 0.0))
        yield message.role, pieces
    if not (attribution.messages and attribution.messages[-1].role == "assistant"):
        yield "assistant", []


def _strongest(attribution: "AnswerAttribution") -> str:
    """The units with the largest scores of either sign, which a reader without colours needs."""
    ranked = sorted(attribution.units, key=lambda unit: -abs(unit.score))
    sides = {
        "for": [unit for unit in ranked if unit.score > 0][:_NAMED],
        "against": [unit for unit in ranked if unit.score < 0][:_NAMED],
    }
    named = [
        f"most {side} it: {', '.join(f'{printable(unit.text)} {unit.score:+.3g}' for unit in units)}"
        for side, units in sides.items()
        if units
    ]
    return f"{'; '.join(named)}\n" if named else ""


def _summary(attribution: "AnswerAttribution") -> str:
    """The value at both ends, what the sum of the scores misses, and the cost."""
    gap = attribution.completeness_gap
    incomplete = "" if gap is None else f"completeness gap {gap:.2g}, "
    value = printable(attribution.value)
    return (
        f"{value} {attribution.full:.4g} with the whole prompt, {attribution.empty:.4g} without the units; "
        f"{incomplete}{attribution.cost.forward_passes} forward passes, {attribution.cost.seconds:.2f} s"
    )


def _settings(attribution: "AnswerAttribution") -> list[str]:
    """What it takes to compute the same again, on a line if there is any; ``value`` is told with the value itself."""
    told = [f"{name}={value}" for name, value in attribution.settings.items() if name != "value" and value is not None]
    if attribution.seed is not None:
        told.append(f"seed={attribution.seed}")
    return [", ".join(told)] if told else []


def _dim(html: str) -> str:
    return f'<span style="opacity:0.7">{html}</span>'


def _marked(text: str, unit: "Unit | None", share: float) -> str:
    if unit is None:
        return _safe(text)
    error = "" if unit.standard_error is None else f" ± {unit.standard_error:.4f}"
    return f'<span title="{unit.score:+.4f}{error}" style="{tint(share)}">{_safe(text)}</span>'


def _safe(text: str) -> str:
    return escape(printable(text))
