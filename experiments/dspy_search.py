"""The prompts that DSPy finds: ``python experiments/dspy_search.py DATA --server URL --model NAME``.

DATA is a folder of ``plain_data.py``. A part of the training questions is for choosing. Each optimizer starts from the same
program, one predictor with the task's instruction, and is then tested once. Every request is counted, and none is answered from
a cache. This file runs in an environment with dspy (3.4) and optuna, and needs nothing of this project.
"""

import argparse
import csv
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import dspy
from dspy.teleprompt import BootstrapFewShotWithRandomSearch, LabeledFewShot, MIPROv2
from dspy.utils.callback import BaseCallback


class Requests(BaseCallback):
    """Counts what is asked of the model."""

    count = 0

    def on_lm_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        self.count += 1


def read(file: Path) -> list[dspy.Example]:
    """The questions of a CSV file."""
    with file.open(encoding="utf-8", newline="") as lines:
        return [dspy.Example(text=row["text"], label=row["label"]).with_inputs("text") for row in csv.DictReader(lines)]


def right(example: dspy.Example, prediction: Any, trace: Any = None) -> bool:
    """Whether the label is the true one."""
    return example.label == prediction.label


def program(instruction: str, labels: tuple[str, ...]) -> dspy.Module:
    """One predictor from a text to a label."""
    fields = {
        "text": (str, dspy.InputField()),
        "label": (Literal[labels], dspy.OutputField()),
    }
    return dspy.Predict(dspy.Signature(fields, instruction))


def optimizers(programs: int, demos: int, threads: int) -> dict[str, Callable[[Any, list[Any], list[Any]], Any]]:
    """Each optimizer, as a function of a program, training and validation questions."""
    settings: dict[str, Any] = {"metric": right, "num_threads": threads, "max_errors": 100_000}
    search = BootstrapFewShotWithRandomSearch(
        max_bootstrapped_demos=demos // 2, max_labeled_demos=demos, num_candidate_programs=programs, **settings
    )
    mipro = MIPROv2(auto=None, num_candidates=programs, max_bootstrapped_demos=demos // 2, max_labeled_demos=demos, **settings)
    return {
        "no optimizer": lambda start, train, validation: start,
        "LabeledFewShot": lambda start, train, validation: LabeledFewShot(k=demos).compile(start, trainset=train),
        "BootstrapFewShotWithRandomSearch": lambda start, train, validation: search.compile(
            start, trainset=train, valset=validation
        ),
        "MIPROv2": lambda start, train, validation: mipro.compile(
            start, trainset=train, valset=validation, num_trials=programs + 2, minibatch=False
        ),
    }


def main() -> None:
    """Run each optimizer, and print its requests and its accuracy."""
    parser = argparse.ArgumentParser(description="The prompts that DSPy finds.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--server", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--instruction", default="Is the sentiment of the review negative or positive?")
    parser.add_argument("--programs", type=int, default=8)
    parser.add_argument("--demos", type=int, default=8)
    parser.add_argument("--validation", type=int, default=60)
    parser.add_argument("--test", type=int, default=200)
    parser.add_argument("--max-tokens", type=int, default=40)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--only", action="append")
    chosen = parser.parse_args()
    logging.disable(logging.ERROR)  # a line for each reply without a label
    model = dspy.LM(
        f"openai/{chosen.model}",
        api_base=chosen.server,
        api_key="none",
        temperature=0.0,
        max_tokens=chosen.max_tokens,
        cache=False,
    )
    requests = Requests()
    dspy.configure(lm=model, callbacks=[requests])
    questions, test = read(chosen.data / "train.csv"), read(chosen.data / "test.csv")[: chosen.test]
    validation, train = questions[: chosen.validation], questions[chosen.validation :]
    start = program(chosen.instruction, tuple(sorted({each.label for each in questions})))
    judge = dspy.Evaluate(devset=test, metric=right, num_threads=chosen.threads, max_errors=100_000)
    for name, optimize in optimizers(chosen.programs, chosen.demos, chosen.threads).items():
        if chosen.only and name not in chosen.only:
            continue
        before = requests.count
        found = optimize(start.deepcopy(), train, validation)
        searched = requests.count
        score = judge(found)
        print(
            f"{name}: {score.score:.1f} % of {len(test)}; {searched - before} requests to choose, "
            f"{requests.count - searched} to test",
            flush=True,
        )
        found.save(chosen.data / f"{name.replace(' ', '_')}.json")


if __name__ == "__main__":
    main()
