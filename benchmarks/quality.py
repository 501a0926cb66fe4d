"""How well each explainer finds the words that decide an answer, and how much its result varies by chance: ``make quality``.

Explains the true answers of the planted tasks' test questions, whose deciding words are known, on the embedded model, and of
ARC Challenge, whose deciding words are not known, on small trained models (``--arc FILE --model FOLDER …``). Prints a dated
table in Markdown; docs/choosing-an-explainer.md shows the output of one run.
"""

import argparse
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, median
from typing import Any, cast

import torch
from rich.console import Console
from scipy.stats import spearmanr, wilcoxon

from selfamplify import (
    Session,
    ShapleyValueSampling,
    Task,
    explain_all,
    load_model,
    load_task,
    make_explainer,
    terminal_progress,
)
from selfamplify.evaluation.precision import precision_at_k
from selfamplify.records import Explanation, ScoredWords, WrittenText

TASKS = ("planted_arc", "planted_snarks")
EXPLAINERS = (
    "deep_lift",
    "attn_lrp",
    "deep_lift_captum",
    "gradient_x_activation",
    "integrated_gradients",
    "feature_ablation",
    "lime",
    "shapley_value_sampling",
    "kernel_shap",
    "kernel_shap_captum",
    "self_topk",
)
CONTROL = "random"
QUESTIONS = 200
COMPARED = 20
"""Questions on which explainers are compared with reference Shapley values, and with themselves under another seed."""
REFERENCE = ShapleyValueSampling(permutations=200)
_TOP = 6


@dataclass(frozen=True)
class Quality:
    """The quality of one explainer on one task: means over its questions, and the median of the gap.

    ``precision`` is precision@k, where k is the number of planted words, ``control`` is that of random words, and ``p`` is from
    Wilcoxon's signed-rank test between both on the same questions; they are None if nothing is planted. ``correlation`` is
    Spearman's with reference Shapley values, ``overlap`` the share of the six highest words that two seeds have in common.
    """

    task: str
    explainer: str
    passes: float
    seconds: float
    gap: float | None
    precision: float | None
    control: float | None
    p: float | None
    correlation: float | None
    overlap: float | None


def qualities(
    session: Session, task: Task, explainers: Sequence[str] = EXPLAINERS, compared: int = COMPARED
) -> Iterator[Quality]:
    """The quality of every explainer on the test questions of a task; costly figures use the first ``compared`` of them."""
    few = replace(task, test=task.test[:compared])
    reference = explain_all(session, REFERENCE, few.test, 0) if compared else []
    control = _precisions(explain_all(session, make_explainer(CONTROL), task.test, 0), task)
    for name in explainers:
        explainer = make_explainer(name)
        found = explain_all(session, explainer, task.test, 0)
        precisions = _precisions(found, task)
        scores = [each for each in found if isinstance(each, ScoredWords)]
        gaps = [each.completeness_gap for each in scores if each.completeness_gap is not None]
        again = explain_all(session, explainer, few.test, 1) if compared else []
        yield Quality(
            task.name,
            name,
            mean(each.cost.forward_passes for each in found),
            mean(each.cost.seconds for each in found),
            median(gaps) if gaps else None,
            mean(precisions) if precisions else None,
            mean(control) if control else None,
            float(cast(Any, wilcoxon(precisions, control)).pvalue) if precisions else None,
            mean(_correlation(*pair) for pair in zip(scores, reference, strict=False)) if scores and compared else None,
            mean(_overlap(*pair) for pair in zip(found, again, strict=False)) if again else None,
        )


def _precisions(explanations: Sequence[Explanation], task: Task) -> list[float]:
    if not all(question.planted for question in task.test):
        return []
    return [
        precision_at_k(explanation, question)
        for explanation, question in zip(explanations, task.test, strict=True)
        if not isinstance(explanation, WrittenText)
    ]


def _correlation(explanation: ScoredWords, reference: Explanation) -> float:
    assert isinstance(reference, ScoredWords)
    return float(cast(Any, spearmanr(explanation.scores, reference.scores)).statistic)


def _overlap(first: Explanation, second: Explanation) -> float:
    tops = [set(_top(each)) for each in (first, second)]
    return len(tops[0] & tops[1]) / max(1, min(map(len, tops)))


def _top(explanation: Explanation) -> Sequence[Any]:
    """The positions in the text of the six highest words, or the first six words that the model named."""
    if isinstance(explanation, ScoredWords):
        scores = explanation.scores
        return sorted(range(len(scores)), key=lambda place: -scores[place])[:_TOP]
    return () if isinstance(explanation, WrittenText) else explanation.words[:_TOP]


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _line(row: Quality, model: str) -> str:
    ratio = None if row.precision is None or not row.control else row.precision / row.control
    p = "" if row.p is None else "<0.001" if row.p < 0.001 else f"{row.p:.3f}"
    cells = (
        f"{row.task}, {model}",
        row.explainer,
        f"{row.passes:.0f}",
        f"{1000 * row.seconds:.0f}",
        _number(row.gap, ".1g"),
        _number(row.precision, ".2f"),
        _number(ratio, ".1f"),
        p,
        _number(row.correlation, ".2f"),
        _number(row.overlap, ".2f"),
    )
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=QUESTIONS, help="questions of each planted task")
    parser.add_argument(
        "--compared", type=int, default=COMPARED, help="questions that are compared with Shapley values and another seed"
    )
    parser.add_argument("--arc", type=Path, help="a file of ARC Challenge")
    parser.add_argument("--model", type=Path, action="append", default=[], help="a trained model for it; may be repeated")
    parser.add_argument("--explainers", default=",".join(EXPLAINERS))
    arguments = parser.parse_args()
    explainers = arguments.explainers.split(",")
    print(f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}\n")
    print("| task, model | explainer | passes | ms | gap | precision@k | to random | p | Spearman | overlap |")
    print("|" + " --- |" * 10)
    jobs: list[tuple[str, Task]] = [("embedded", load_task(name).limited(arguments.questions)) for name in TASKS]
    if arguments.arc:
        arc = load_task("arc_challenge", arguments.arc)
        jobs += [(str(folder), replace(arc, test=arc.test[: arguments.compared])) for folder in arguments.model]
    with terminal_progress(Console(stderr=True)) as progress:
        for name, task in jobs:
            session = Session(load_model(name), progress=progress)
            own = [each for each in explainers if task.test[0].planted or each != "self_topk"]
            for row in qualities(session, task, own, arguments.compared):
                print(_line(row, Path(name).name), flush=True)


if __name__ == "__main__":
    main()
