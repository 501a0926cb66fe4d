"""The pieces of HTML that all drawings are made of. Text is escaped when it is inserted, and no other way is offered.

Colours are translucent or the page's own, so that the drawings suit light and dark notebooks. The classes keep MathJax, which
notebooks run on their outputs, from reading dollar signs as formulas.
"""

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from ...text.lines import one_line, shortened
from ...text.printable import printable

_BLOCK = Markup(
    '<div class="tex2jax_ignore mathjax_ignore" style="font-family:sans-serif;line-height:1.5;overflow-wrap:anywhere;'
    'text-align:left"><div><b>{}</b>{}</div>{}</div>'
)
_TABLE = Markup('<table style="border-collapse:collapse;margin:0.3em 0"><thead>{}</thead><tbody>{}</tbody></table>')
_ROW = Markup('<tr style="background:transparent">{}</tr>')
_HEAD = Markup(
    '<th scope="col" style="padding:0.15em 1em 0.15em 0;border-bottom:1px solid rgba(128,128,128,0.4);text-align:{}">{}</th>'
)
_CELL = Markup('<td style="padding:0.15em 1em 0.15em 0;vertical-align:top;text-align:{}">{}</td>')


def text(value: object) -> Markup:
    """Any text, escaped, its controls and direction marks replaced."""
    return escape(printable(str(value)))


def brief(value: str, limit: int = 160) -> Markup:
    """The start of a text, on one line."""
    return text(shortened(one_line(value), limit))


def joined(parts: Iterable[Markup], between: str = "") -> Markup:
    return escape(between).join(parts)


def block(title: object, aside: str, *parts: Markup) -> Markup:
    """A drawing: a title in bold, what else belongs on its line, and the parts below."""
    return _BLOCK.format(text(title), dim(f" · {aside}") if aside else Markup(), joined(parts))


def dim(value: str) -> Markup:
    return Markup('<span style="opacity:0.7">{}</span>').format(text(value))


def bold(value: Markup) -> Markup:
    return Markup("<b>{}</b>").format(value)


def paragraph(content: Markup) -> Markup:
    """A paragraph that keeps the lines of its text."""
    return Markup('<div style="white-space:pre-wrap;margin:0.3em 0">{}</div>').format(content)


def folded(summary: str, content: Markup) -> Markup:
    """Content that is shown when the reader opens it."""
    return Markup('<details style="margin:0.3em 0"><summary>{}</summary>{}</details>').format(text(summary), content)


def items(lines: Sequence[str]) -> Markup:
    """A list of sentences; nothing if there are none."""
    listed = joined(Markup('<li style="margin:0">{}</li>').format(text(line)) for line in lines)
    return Markup('<ul style="margin:0.3em 0;padding-left:1.5em">{}</ul>').format(listed) if lines else Markup()


def grid(heads: Sequence[str], rows: Iterable[Sequence[Markup]], numbers: int) -> Markup:
    """A table, from the column ``numbers`` on aligned to the right."""
    sides = ["left" if place < numbers else "right" for place in range(len(heads))]
    head = joined(_HEAD.format(side, text(name)) for side, name in zip(sides, heads, strict=True))
    body = (joined(_CELL.format(side, each) for side, each in zip(sides, row, strict=True)) for row in rows)
    return _TABLE.format(_ROW.format(head), joined(map(_ROW.format, body)))
