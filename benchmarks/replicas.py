"""Two replicas on Ray compared with one model in this process, one thread each: ``python -m benchmarks.replicas``.

The embedded model explains and answers planted questions. Results are the same, and nothing is reused between runs.
"""

import torch

from selfamplify import KernelShap, SelfAmplify, Session, evaluate, explain_all, load_model, load_replicas, load_task, select
from selfamplify.models.model import AbstractLanguageModel
from selfamplify.records import ScoredWords

from .machine import heading, ratio

_RUNS = 3
_EXPLAINED, _ANSWERED = 32, 768


def main() -> None:
    torch.set_num_threads(1)
    task = load_task("planted_arc")
    inline, replicas = load_model(), load_replicas(replicas=2)
    sample = select(Session(inline), task, "success", 8, 0)
    prompt = SelfAmplify(KernelShap()).prompt(Session(inline), task, sample)

    def explain(model: AbstractLanguageModel) -> object:
        found = explain_all(Session(model), KernelShap(), task.train[:_EXPLAINED], 0)
        return [each.scores for each in found if isinstance(each, ScoredWords)]

    def answer(model: AbstractLanguageModel) -> object:
        return [found.text for found in evaluate(model, task, prompt, limit=_ANSWERED).responses]

    print(f"{heading(_RUNS)}\n\n| work | inline | two replicas | ratio |\n|---|---|---|---|")
    for what, work in (
        (f"kernel_shap of {_EXPLAINED} questions, 350 evaluations each", explain),
        (f"{_ANSWERED} questions answered after 8 shots", answer),
    ):
        assert work(inline) == work(replicas)
        one, two = ratio(lambda work=work: work(inline), lambda work=work: work(replicas), _RUNS)
        print(f"| {what} | {one:.1f} s | {two:.1f} s | {one / two:.2f} |", flush=True)


if __name__ == "__main__":
    main()
