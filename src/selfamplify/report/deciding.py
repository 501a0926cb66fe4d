"""How many of the words that decide an answer explainers find, as a table, on questions for which these are known."""

from collections.abc import Mapping, Sequence
from statistics import mean

from rich.box import SIMPLE_HEAD
from rich.text import Text

from ..evaluation.precision import chance_of_precision, precision_at_k
from ..evaluation.statistics import Interval, paired
from ..records import Explanation, Question, WrittenText
from ..text.lines import counted
from ..text.printable import printable
from .tables import p_value
from .trimmed import TrimmedTable


def deciding_words_table(
    found: Mapping[str, Sequence[Explanation]], questions: Sequence[Question], most: int = 6
) -> TrimmedTable:
    """How many of the deciding words explainers find, and how many random words would.

    Parameters
    ----------
    found
        For each explainer its explanations of the questions, in their order; written texts have no words, and are left out.
    questions
        Questions whose deciding words are known, at least two.
    most
        Of an explainer's words, the first k count: k is the number of deciding words of the question, and at most so many.

    Returns
    -------
    rich.table.Table
        For each explainer the share of its words that are deciding ones, and its difference from that of random words, with
        the 95 % interval and p of a paired t-test over questions (left out if all differences are equal).

    Raises
    ------
    ValueError
        If the deciding words of a question are not known.
    """
    title = f"Deciding words found · {counted(len(questions), 'question')}"
    shown = TrimmedTable(title=Text(title), title_justify="left", box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0)
    shown.add_column("explainer", overflow="fold")
    for name in ("share\n%", "random\nwords %", "gain,\npoints", "95 % CI", "p"):
        shown.add_column(name, justify="right", no_wrap=True)
    chance = [chance_of_precision(question) for question in questions]
    for name, explanations in found.items():
        shares = [
            precision_at_k(explanation, question, min(most, len({word.lower() for word in question.planted})))
            for explanation, question in zip(explanations, questions, strict=True)
            if not isinstance(explanation, WrittenText)
        ]
        if len(shares) < len(questions):
            continue
        tested = paired(shares, chance)
        shown.add_row(
            Text(printable(name)),
            f"{100 * mean(shares):.0f}",
            f"{100 * mean(chance):.0f}",
            f"{100 * (mean(shares) - mean(chance)):+.0f}",
            *(("", "") if tested is None else _shown(*tested)),
        )
    return shown


def _shown(interval: Interval, p: float) -> tuple[str, str]:
    return f"{100 * interval.low:+.0f} to {100 * interval.high:+.0f}", p_value(p)
