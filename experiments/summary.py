"""The means over seeds as a Markdown table, each tested against IO on the same shots, and what may be concluded."""

from collections.abc import Iterable

from selfamplify import Difference, Table
from selfamplify.runs.table import Row


def print_table(table: Table) -> None:
    """Print one line per method and selection: accuracy, spread over seeds, difference from IO, interval and corrected p."""
    tested = {(each.selection, each.first): each.difference for each in table.against("io")}
    print("| shots | method | accuracy | per seed | minus IO | 95 % | p (Holm) |\n|---|---|---|---|---|---|---|")
    for mean, rows in zip(table.means, table.rows_of_lines, strict=True):
        gain = tested.get((mean.selection, mean.method))
        cells = (*gained(gain), f"{gain.p_holm:.2g}") if gain else ("", "", "")
        print(f"| {' | '.join([mean.selection, mean.method, f'{100 * mean.mean:.1f}', per_seed(rows), *cells])} |")
    print("", *table.conclusions(), sep="\n")
    for cell, reason in table.failed.items():
        print(f"failed: {cell}: {reason}")


def per_seed(rows: Iterable[Row]) -> str:
    """The accuracy of each row, in per cent."""
    return ", ".join(f"{100 * row.accuracy:.0f}" for row in rows)


def gained(gain: Difference) -> tuple[str, str]:
    """A difference and its 95 % interval, in points."""
    return f"{100 * gain.estimate:+.1f}", f"{100 * gain.low:+.1f} to {100 * gain.high:+.1f}"
