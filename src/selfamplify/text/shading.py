"""Colours of scored words: green (in HTML, blue) for the answer, red (in HTML, orange) against it.

The larger the score, the stronger the colour. The sign never depends on colour alone: in HTML, a word against the answer has a
dashed line below it; on a terminal, the caller underlines it.
"""

from collections.abc import Sequence

_THRESHOLD = 0.1
"""Words whose score is a smaller share of the largest one have no colour on a terminal, and no dashed line in HTML."""
_TERMINAL_DEPTH = 140
"""How much darker than the palest shade the strongest one is, of 255 levels."""
_HTML_OPACITY = 0.6
"""The opacity of the strongest colour in HTML: the text stays readable on a light and on a dark background."""


def shares(scores: Sequence[float]) -> list[float]:
    """Each score as a share of the largest absolute score, from -1 to 1."""
    largest = max(map(abs, scores), default=0.0) or 1.0
    return [score / largest for score in scores]


def terminal_style(share: float) -> str | None:
    """The style of a word on a terminal, given its share of the largest score; None if the share is too small to show."""
    depth = int(_TERMINAL_DEPTH * abs(share))
    if depth < _TERMINAL_DEPTH * _THRESHOLD:
        return None
    return f"black on rgb({235 - depth},245,{235 - depth})" if share > 0 else f"black on rgb(250,{235 - depth},{235 - depth})"


def html_style(share: float) -> str:
    """The style of a word in HTML: a translucent colour, which suits light and dark pages.

    Blue and orange can be told apart with any form of colour blindness.
    """
    opacity = f"{_HTML_OPACITY * abs(share):.3f}"
    if share >= 0:
        return f"background:rgba(30,120,220,{opacity})"
    line = ";border-bottom:2px dashed rgb(200,100,0)" if -share >= _THRESHOLD else ""
    return f"background:rgba(230,120,0,{opacity}){line}"
