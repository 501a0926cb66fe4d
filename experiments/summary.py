"""The means over seeds as a Markdown table, each tested against IO on the same shots, and what may be concluded."""

from selfamplify import Table


def print_table(table: Table) -> None:
    """Print one line per method and selection: accuracy, spread over seeds, difference from IO, interval and corrected p."""
    tested = {(each.selection, each.first): each.difference for each in table.against("io")}
    print("| shots | method | accuracy | per seed | minus IO | 95 % | p (Holm) |\n|---|---|---|---|---|---|---|")
    for mean in table.means:
        rows = [row for row in table.rows if (row.explainer or row.method, row.selection) == (mean.method, mean.selection)]
        seeds = ", ".join(f"{100 * row.accuracy:.0f}" for row in rows)
        gain = tested.get((mean.selection, mean.method))
        cells = ["", "", ""]
        if gain is not None:
            between = f"{100 * gain.low:+.1f} to {100 * gain.high:+.1f}"
            cells = [f"{100 * gain.estimate:+.1f}", between, f"{gain.p_holm:.2g}"]
        print(f"| {' | '.join([mean.selection, mean.method, f'{100 * mean.mean:.1f}', seeds, *cells])} |")
    print("", *table.conclusions(), sep="\n")
    for cell, reason in table.failed.items():
        print(f"failed: {cell}: {reason}")
