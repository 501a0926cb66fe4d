"""What this package does with a model of 7 billion weights on a GPU, in one call of at most nine minutes: ``make bench-gpu``.

Random weights of Mistral-7B's shape in bfloat16: explanations compared with Captum, answers compared with transformers'
``generate``, and the CUDA branch of ``models/local/attention.py`` compared with its plain branch. Each row is written to a
JSON file once it is measured; a second call measures the rows that are missing. ``--device cpu --shape tiny`` is a dry run.
"""

import argparse
import re
import time
from collections.abc import Sequence
from pathlib import Path

from .gpu_table import tables
from .recorded import measure, read

_BUDGET = 520
_FILE = Path(__file__).with_name("gpu.json")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is missing, and print the tables."""
    start = time.monotonic()  # before torch is imported, which may take half a minute on a fresh machine
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=("7b", "tiny"), default="7b")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument(
        "--runs", type=int, default=3, help="how often each row is timed, the first time as a warm-up; the table has medians"
    )
    parser.add_argument("--budget", type=_duration, default=_BUDGET, help=f"such as 520, 520s or 9m; {_BUDGET} s by default")
    parser.add_argument("--again", action="store_true", help="also measure the rows that the file has")
    parser.add_argument("--out", type=Path, default=_FILE, help=f"the JSON file; {_FILE.name} beside this one by default")
    parser.add_argument("--table", action="store_true", help="only print the tables of the file")
    given = parser.parse_args(arguments)
    if not given.table:
        _measure(parser, given, start + given.budget)
    print(f"\n{tables(read(given.out)) or f'{given.out} has no rows.'}", flush=True)


def _measure(parser: argparse.ArgumentParser, given: argparse.Namespace, deadline: float) -> None:
    import torch

    if given.device == "cuda" and not torch.cuda.is_available():
        parser.error("torch finds no CUDA device here; install a torch with CUDA, or use: --device cpu --shape tiny")
    from .gpu_rows import Rows

    made = Rows(given.shape, given.device, given.runs)
    left = measure(given.out, made.setting, made.rows, deadline, given.again, made.free)
    if left:
        print(f"No time was left for {len(left)} rows; the same command measures them:")
    for row in left:
        print(f"- {row.title}; {row.peer} ({row.expected:.0f} s)", flush=True)


def _duration(text: str) -> float:
    """Seconds from a number with s, m or nothing after it."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|)", text.strip())
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration; write 520, 520s or 9m, for example")
    return float(found[1]) * (60 if found[2] == "m" else 1)


if __name__ == "__main__":
    main()
