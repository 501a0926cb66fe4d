"""A DSPy module with an adapter of its own, and a plain program that sends other turns: https://dspy.ai."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from runpy import run_path
from shlex import quote
from typing import ClassVar, final

from .bundle import QUESTIONS, common, standalone, turns
from .exporter import CHAT_SERVER, AbstractExporter, Export, Messages
from .rendering import apart

ADAPTER, PLAIN = "adapter.py", "chain_of_thought.other_turns.json"


@final
@dataclass(frozen=True)
class DSPy(AbstractExporter):
    """adapter.py, a module that sends exactly the prompt's turns.

    chain_of_thought.other_turns.json holds the same shots for ``dspy.ChainOfThought("question -> answer")``. DSPy writes a
    system turn and marks for the fields of such a program, so that a model is asked something else, and may do worse.
    """

    name: ClassVar[str] = "dspy"
    package: ClassVar[str | None] = "dspy"

    def files(self, export: Export) -> dict[str, str]:
        return {ADAPTER: standalone("dspy_adapter.py"), PLAIN: _plain(export)} | turns(export) | common(export)

    def usage(self, folder: Path, export: Export) -> Sequence[str]:
        ask = f"python {quote(str(folder / ADAPTER))}"
        every = [f"{ask} --file {quote(str(folder / QUESTIONS))}"] if export.questions else []
        other = f"# {PLAIN}, for dspy.ChainOfThought, has the same shots, but DSPy sends other turns for it"
        return [CHAT_SERVER, "export OPENAI_BASE_URL=http://localhost:8000/v1", *every, f'{ask} "a question"', other]

    def sent(self, folder: Path, export: Export, texts: Sequence[str]) -> list[Messages]:
        dspy = import_module("dspy")
        with apart():
            answer = run_path(str(folder / ADAPTER))["Answer"](folder)
        asked: list[Messages] = []
        for text in texts:
            mock = import_module("dspy.utils").DummyLM([{"reply": "A"}])
            with dspy.context(lm=mock):
                answer(question=text)
            asked.append(mock.history[-1]["messages"])
        return asked


def _plain(export: Export) -> str:
    """The shots as a program state of DSPy 3, for ``dspy.ChainOfThought("question -> answer")``."""
    prompt = export.prompt
    demos = []
    for shot in prompt.shots:
        answers = replace(shot.question, answer_style=prompt.answer_style)
        answer = answers.written(shot.label) if shot.label else ""  # an imported prompt may have a shot without a label
        demos.append({"question": prompt.shown(shot.question), "reasoning": shot.reply, "answer": answer})
    fields = [{"prefix": f"{name.title()}:", "description": f"${{{name}}}"} for name in ("question", "reasoning", "answer")]
    signature = {"instructions": prompt.instruction, "fields": fields}
    state = {"traces": [], "train": [], "demos": demos, "signature": signature, "lm": None}
    return json.dumps({"predict": state, "metadata": {"dependency_versions": {}}}, indent=2, ensure_ascii=False) + "\n"
