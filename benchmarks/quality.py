"""How well each explainer finds the words that decide an answer: ``make quality``.

Asks for the explanation of the right answer to 200 test questions of each planted task on the embedded model, and prints a
dated table in Markdown; docs/choosing-an-explainer.md holds the output of one run.
"""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import mean
from typing import Any, cast

import torch
from rich.console import Console
from scipy.stats import wilcoxon

from selfamplify import Session, Task, explain_all, load_model, load_task, make_explainer, terminal_progress
from selfamplify.evaluation import precision_at_k
from selfamplify.memory import NoMemory

TASKS = ("planted_arc", "planted_snarks")
EXPLAINERS = (
    "deep_lift",
    "integrated_gradients",
    "gradient_x_activation",
    "feature_ablation",
    "lime",
    "shapley_value_sampling",
    "kernel_shap",
    "kernel_shap_captum",
    "self_topk",
)
CONTROL = "random"
QUESTIONS = 200


@dataclass(frozen=True)
class Quality:
    """What one explainer does on one task: ``precision`` and ``seconds`` are means over its questions, ``p`` is that of
    Wilcoxon's signed-rank test of its precision against random words on the same questions."""

    task: str
    explainer: str
    precision: float
    control: float
    p: float
    passes: float
    seconds: float


def qualities(session: Session, task: Task, explainers: Sequence[str] = EXPLAINERS) -> list[Quality]:
    """Precision at k = the number of planted words of each question, for every explainer."""
    found, passes, seconds = {}, {}, {}
    for name in (CONTROL, *explainers):
        explanations = explain_all(session, make_explainer(name, {}), task.test, 0)
        pairs = zip(explanations, task.test, strict=True)
        found[name] = [precision_at_k(explanation, question) for explanation, question in pairs]
        passes[name] = mean(explanation.cost.forward_passes for explanation in explanations)
        seconds[name] = mean(explanation.cost.seconds for explanation in explanations)
    tests = {name: cast(Any, wilcoxon(found[name], found[CONTROL])) for name in explainers}
    return [
        Quality(
            task.name,
            name,
            mean(found[name]),
            mean(found[CONTROL]),
            float(tests[name].pvalue),
            passes[name],
            seconds[name],
        )
        for name in explainers
    ]


def main() -> None:
    print(f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}\n")
    print("| task | explainer | precision@k | random | ratio | p against random | passes | ms |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    with terminal_progress(Console(stderr=True)) as progress:
        session = Session(load_model(), memory=NoMemory(progress))
        for name in TASKS:
            for row in qualities(session, load_task(name).limited(QUESTIONS)):
                p = "<0.001" if row.p < 0.001 else f"{row.p:.3f}"
                print(
                    f"| {row.task} | {row.explainer} | {row.precision:.2f} | {row.control:.2f} "
                    f"| {row.precision / row.control:.1f} | {p} | {row.passes:.0f} | {1000 * row.seconds:.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
