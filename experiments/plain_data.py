"""A task as two plain CSV files: ``python -m experiments.plain_data TASK FOLDER --out DATA`` (TASK: see ``data.py``).

train.csv and test.csv have the columns text and label, so that other tools choose prompts from the same questions, and test
them on the same ones. Of a classification only.
"""

import argparse
import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from selfamplify import Question

from .data import TASKS


def main() -> None:
    """Write the two files."""
    parser = argparse.ArgumentParser(description="A task as two plain CSV files.")
    parser.add_argument("task", choices=[name for name, (_, instruction, _) in TASKS.items() if instruction])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--train", type=int, default=200)
    parser.add_argument("--test", type=int, default=200)
    chosen = parser.parse_args()
    task = TASKS[chosen.task][0](chosen.folder)
    chosen.out.mkdir(parents=True, exist_ok=True)
    write(chosen.out / "train.csv", task.train[: chosen.train])
    write(chosen.out / "test.csv", task.test[: chosen.test])


def write(file: Path, questions: Sequence[Question]) -> None:
    """A line per question: its text and the name of its label."""
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(("text", "label"))
        writer.writerows((each.text, replace(each, answer_style="label").written(each.answer)) for each in questions)


if __name__ == "__main__":
    main()
