"""A prompt as a task of lm-evaluation-harness: https://github.com/EleutherAI/lm-evaluation-harness."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from shlex import quote
from string import Template
from typing import ClassVar, final

from .bundle import common, standalone, turns
from .exporter import CHAT_SERVER, AbstractExporter, Export, Messages
from .rendering import apart, copied_with

TASK, FUNCTIONS, NAME = "selfamplify.yaml", "task.py", "selfamplify"


@final
@dataclass(frozen=True)
class LmEval(AbstractExporter):
    """selfamplify.yaml, a task that evaluates on the exported questions; its functions are in task.py."""

    name: ClassVar[str] = "lm_eval"
    package: ClassVar[str | None] = "lm_eval"
    needs_questions: ClassVar[bool] = True

    def files(self, export: Export) -> dict[str, str]:
        decoding = export.prompt.decoding
        values = {"shots": len(export.prompt.shots), "do_sample": str(decoding.do_sample).lower()}
        task = Template(standalone("lm_eval.yaml")).substitute(values | export.settings)
        return {TASK: task, FUNCTIONS: standalone("lm_eval_task.py")} | turns(export) | common(export)

    def usage(self, folder: Path, export: Export) -> Sequence[str]:
        served = f"model={export.model},base_url=http://localhost:8000/v1/chat/completions,num_concurrent=8"
        how = f"--include_path {quote(str(folder))} --tasks {NAME} --apply_chat_template --fewshot_as_multiturn true"
        local = f"lm_eval run --model hf --model_args {quote(f'pretrained={export.model}')} {how}"
        return [
            CHAT_SERVER,
            f"lm_eval run --model local-chat-completions --model_args {quote(served)} {how}",
            *([local] if export.loads_by_name else []),
        ]

    def sent(self, folder: Path, export: Export, texts: Sequence[str]) -> list[Messages]:
        with apart(), copied_with(folder, texts) as copied:
            manager = import_module("lm_eval.tasks").TaskManager(include_path=str(copied), include_defaults=False)
            task = manager.load([NAME])["tasks"][NAME]
            return [
                task.fewshot_context(
                    doc,
                    task.config.num_fewshot,
                    apply_chat_template=True,
                    fewshot_as_multiturn=True,
                    chat_template=_untouched,
                    gen_prefix=task.doc_to_prefix(doc),
                )
                for doc in task.eval_docs
            ]


def _untouched(turns: Messages, add_generation_prompt: bool) -> Messages:
    """In place of a model's chat template: the turns that it would be given."""
    return turns
