"""How often questions are rendered and tokenised in two rows of a comparison: ``python -m benchmarks.tokenising``.

The task is planted_arc, the model the embedded one, and the rows are IO and Self-AMPLIFY with kernel_shap, greedily, on the
same shots. Selection, explanations and conclusions are included.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from selfamplify import LocalModel, Plan, compare, load_model, load_task

from .machine import heading


class Calls:
    """How often a model's tokenizer has rendered a chat (``renderings``) and tokenised a text (``tokenisations``)."""

    def __init__(self) -> None:
        self.renderings = self.tokenisations = 0

    @property
    def both(self) -> tuple[int, int]:
        return self.renderings, self.tokenisations


def count_calls(model: LocalModel) -> Calls:
    """Count the calls of this model's tokenizer from now on."""
    calls, kind = Calls(), type(model.tokenizer)

    class Counting(kind):
        def __call__(self, *given: Any, **settings: Any) -> Any:
            calls.tokenisations += 1
            return super().__call__(*given, **settings)

        def apply_chat_template(self, *given: Any, **settings: Any) -> Any:
            calls.renderings += 1
            return super().apply_chat_template(*given, **settings)

    # The parts of the model share this tokenizer, so its class is changed in place.
    model.tokenizer.__class__ = Counting
    return calls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=600)
    arguments = parser.parse_args()
    model, task = load_model(), load_task("planted_arc")
    calls = count_calls(model)
    plan = Plan(("kernel_shap",), ("error",), limit=arguments.questions)
    with TemporaryDirectory() as folder:
        table = compare(model, task, plan, Path(folder))
    concluded = sum(round(row.unparsed * row.n) for row in table.rows)
    print(f"{heading(1)}\n\n| rows | questions | concluded by the model | renderings | tokenisations |\n|---|---|---|---|---|")
    print(f"| {len(table.rows)} | {arguments.questions} | {concluded} | {calls.renderings:,} | {calls.tokenisations:,} |")


if __name__ == "__main__":
    main()
