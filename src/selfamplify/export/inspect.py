"""A prompt as a task of Inspect, by the UK AI Security Institute: https://inspect.aisi.org.uk."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from runpy import run_path
from shlex import quote
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, final

from .bundle import common, standalone, turns
from .exporter import CHAT_SERVER, AbstractExporter, Export, Messages
from .rendering import apart, copied_with

TASK = "task.py"


@final
@dataclass(frozen=True)
class Inspect(AbstractExporter):
    """task.py, a task with a scorer that reads labels as this package does."""

    name: ClassVar[str] = "inspect"
    package: ClassVar[str | None] = "inspect_ai"
    needs_questions: ClassVar[bool] = True

    def files(self, export: Export) -> dict[str, str]:
        return {TASK: standalone("inspect_task.py")} | turns(export) | common(export)

    def usage(self, folder: Path, export: Export) -> Sequence[str]:
        served, local = quote(f"openai-api/local/{export.model}"), quote(f"hf/{export.model}")
        return [
            CHAT_SERVER,
            "export LOCAL_BASE_URL=http://localhost:8000/v1 LOCAL_API_KEY=none",
            f"cd {quote(str(folder))}",  # it takes the paths of tasks from its own folder only
            f"inspect eval {TASK} --model {served}",
            *([f"inspect eval {TASK} --model {local}"] if export.loads_by_name else []),
        ]

    def sent(self, folder: Path, export: Export, texts: Sequence[str]) -> list[Messages]:
        ai, model = import_module("inspect_ai"), import_module("inspect_ai.model")
        asked: list[Messages] = []

        def answer(chat: Sequence[Any], *_: Any) -> Any:
            asked.append([{"role": turn.role, "content": turn.text} for turn in chat])
            reply = model.ModelOutput.from_content("mock", "A")
            reply.usage = model.ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)  # else it fetches a tokenizer
            return reply

        with apart(), copied_with(folder, texts) as copied, TemporaryDirectory() as logs:
            mock = model.get_model("mockllm/model", custom_outputs=answer, memoize=False)
            how = {"display": "none", "max_samples": 1, "max_connections": 1, "fail_on_error": True}
            task = run_path(str(copied / TASK))["selfamplify"]()
            ai.eval(task, model=mock, log_dir=logs, **how)  # one at a time, so that they come in their order
        return asked
