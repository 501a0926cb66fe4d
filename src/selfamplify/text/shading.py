"""How a score is coloured: green (blue in HTML) speaks for the answer, red (orange) against it; the deeper, the more."""

from collections.abc import Sequence

_VISIBLE = 0.1
"""The least share of the largest score that is shown on a terminal."""


def shares(scores: Sequence[float]) -> list[float]:
    """Each score as a share of the largest one, from -1 to 1."""
    largest = max(map(abs, scores), default=0.0) or 1.0
    return [score / largest for score in scores]


def shade(share: float) -> str | None:
    """The style on a terminal of a word whose score is this share of the largest; None where it is too small to show."""
    depth = int(140 * abs(share))
    if depth < 140 * _VISIBLE:
        return None
    return f"black on rgb({235 - depth},245,{235 - depth})" if share > 0 else f"black on rgb(250,{235 - depth},{235 - depth})"


def tint(share: float) -> str:
    """The style in HTML: a wash of colour, through which the notebook's own ground shows, be it light or dark.

    Blue and orange differ for the colour-blind, too; what speaks against the answer is also underlined with dashes.
    """
    opacity = f"{0.6 * abs(share):.3f}"
    if share >= 0:
        return f"background:rgba(30,120,220,{opacity})"
    line = ";border-bottom:2px dashed rgb(200,100,0)" if -share >= _VISIBLE else ""
    return f"background:rgba(230,120,0,{opacity}){line}"
