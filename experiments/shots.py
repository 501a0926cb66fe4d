"""How many shots are enough: ``python -m experiments.shots TASK MODEL FOLDER --out RUNS`` (TASK: see ``data.py``).

IO with 2, 4, 8, 16 and 32 shots, decided by batch-calibrated likelihood, beside zero-shot. Each number is a run folder of its
own; the same command continues. The line of a number whose prompt is too long for the model says so.
"""

from selfamplify import ContextError, Plan, compare, load_model

from .data import TASKS
from .grid import arguments, profile_for
from .summary import gained, per_seed

COUNTS = (2, 4, 8, 16, 32)


def main() -> None:
    """Run all numbers of shots, or the rest of them, and print a line for each."""
    parser = arguments("How many shots are enough.")
    parser.add_argument("--selection", choices=("success", "error", "random"), default="success")
    chosen = parser.parse_args()
    task, model = TASKS[chosen.task][0](chosen.folder), load_model(chosen.model)
    print("| shots | accuracy | 95 % | per seed | minus zero-shot | 95 % |\n|---|---|---|---|---|---|", flush=True)
    for count in COUNTS:
        plan = Plan(
            ("io", "zero_shot"),
            (chosen.selection,),
            seeds=tuple(range(chosen.seeds)),
            shots=count,
            limit=min(chosen.limit, len(task.test)),
        )
        try:
            table = compare(
                model,
                task,
                plan,
                chosen.out / f"{count:02}",
                profile=profile_for(chosen.task),
                decide="likelihood",
                calibrate="batch",
            )
        except ContextError as error:
            print(f"| {count} | {error} |", flush=True)
            continue
        io, rows = next(each for each in zip(table.means, table.rows_of_lines, strict=True) if each[0].method == "io")
        gain = next(each.difference for each in table.against("zero_shot") if each.first == "io")
        between = f"{100 * io.low:.1f} to {100 * io.high:.1f}"
        cells = [f"{count}", f"{100 * io.mean:.1f}", between, per_seed(rows), *gained(gain)]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
