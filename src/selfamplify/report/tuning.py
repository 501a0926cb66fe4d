"""A race of arms as a table."""

from rich.box import SIMPLE_HEAD
from rich.table import Table as RichTable
from rich.text import Text

from ..errors import SettingsError
from ..text.lines import counted, shortened
from ..text.printable import printable
from ..tuning.result import Tuning
from .trimmed import TrimmedTable


def tuning_table(tuning: Tuning) -> RichTable:
    """A race as a table for the terminal.

    Parameters
    ----------
    tuning
        The result of ``tune``.

    Returns
    -------
    rich.table.Table
        One line per arm: how many validation questions it was asked, the share that it answered correctly, and the share of
        replies from which no rule read a label; for those that stayed to the end also what an answer costs. The chosen arm is
        marked.

    Raises
    ------
    SettingsError
        If ``tuning`` is anything else.
    """
    if not isinstance(tuning, Tuning):
        raise SettingsError(f"{shortened(repr(tuning))} is not the result of a race; pass what `tune` returned.")
    last = [each for each in tuning.raced if each.tokens is not None]
    asked = counted(max((each.n for each in last), default=0), "validation question")
    title = f"{counted(len(tuning.raced), 'arm')}, of which {len(last)} stayed to the end of the race ({asked})"
    shown = TrimmedTable(title=Text(title), title_justify="left", box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0)
    shown.add_column("arm", overflow="fold")
    for name in ("questions", "accuracy\n%", "unparsed\n%", "tokens per\nanswer", ""):
        shown.add_column(name, justify="right", no_wrap=True)
    for each in tuning.raced:
        shown.add_row(
            Text(printable(str(each.arm))),
            str(each.n),
            f"{100 * each.accuracy:.1f}",
            "" if each.unparsed is None else f"{100 * each.unparsed:.1f}",
            "" if each.tokens is None else f"{each.tokens:.0f}",
            "chosen" if str(each.arm) == tuning.evidence.arm else "",
        )
    return shown
