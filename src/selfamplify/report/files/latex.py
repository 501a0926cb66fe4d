"""A table in LaTeX, with the rules of the package booktabs."""

from itertools import groupby

from ...text.lines import one_line
from ...text.printable import printable
from ..printed import PrintedLine, PrintedTable

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    "-": "{-}",
    "[": "{[}",
    "]": "{]}",
    "±": r"$\pm$",
    "–": "--",
    "−": "$-$",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "\ufffd": "?",
}
"""Characters that LaTeX would read as something else, or lacks; "-" so that no two of them become a dash."""
_LONG = 10
"""How many notes are written as comments, at most."""


def latex(table: PrintedTable) -> str:
    r"""A ``table`` environment to ``\input``; its document needs ``\usepackage[T1]{fontenc}``, booktabs and textcomp.

    The best accuracy of each selection is bold. What may be concluded stands in comments below the table. Characters beyond
    Latin script are written as they are, and need XeLaTeX or LuaLaTeX with a font that has them.
    """
    heads = " & ".join(escaped(head) for head in table.heads)
    selections = [list(lines) for _, lines in groupby(table.lines, key=lambda line: line.selection)]
    groups = ("".join(_line(line, table.accuracy, not place) for place, line in enumerate(own)) for own in selections)
    body = "\\midrule\n".join(groups)
    notes = "".join(f"% {one_line(printable(note))}\n" for note in table.notes[:_LONG])
    return (
        "% Needs \\usepackage[T1]{fontenc}, \\usepackage{textcomp} and \\usepackage{booktabs}.\n"
        f"\\begin{{table}}\n\\centering\n\\caption{{{escaped(table.title)}}}\n"
        f"\\begin{{tabular}}{{ll{'r' * (len(table.heads) - 2)}}}\n\\toprule\n{heads} \\\\\n\\midrule\n{body}"
        f"\\bottomrule\n\\end{{tabular}}\n\\end{{table}}\n{notes}"
    )


def escaped(text: str) -> str:
    """A text on one line, in which no character means anything to LaTeX."""
    return "".join(_SPECIAL.get(character, character) for character in one_line(printable(text)))


def _line(line: PrintedLine, accuracy: int, first: bool) -> str:
    """A line of the table, which names its selection if it is the first with it."""
    cells = [escaped(cell) for cell in line.cells]
    if line.best:
        mean, sign, deviation = line.cells[accuracy].partition(" ± ")
        cells[accuracy] = f"\\textbf{{{escaped(mean)}}}" + (f" {escaped(sign)} {escaped(deviation)}" if sign else "")
    return f"{' & '.join([cells[0] if first else '', *cells[1:]])} \\\\\n"
