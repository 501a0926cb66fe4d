"""What is exported, and the interface of all exporters."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any, ClassVar

from ..errors import SettingsError
from ..prompting.prompt import Prompt
from ..prompting.wording import APPENDED
from ..records import Question

CHAT_SERVER = "# this needs a server of the model at port 8000, such as: selfamplify serve --plain --model MODEL"
"""What to do before commands that ask a server."""
Messages = list[dict[str, str]]
"""Chat turns as OpenAI's interface has them: ``[{"role": …, "content": …}, …]``."""


def name_of(prompt: Prompt, task: str) -> str:
    """The name of a prompt for a task, which has none if it is empty."""
    method = (prompt.provenance and prompt.provenance.explainer) or prompt.method
    return f"{task}-{method}" if task else method


def absent(texts: Iterable[str]) -> str:
    """``{question}``, in as many braces as are needed for a text that occurs in none of these."""
    slot, known = "{question}", "\0".join(texts)
    while slot in known:
        slot = f"{{{slot}}}"
    return slot


@dataclass(frozen=True)
class Export:
    """What an exporter writes files from.

    Parameters
    ----------
    prompt : Prompt
        The finished prompt. One that orders its shots by their similarity to the question can't leave this package.
    questions : tuple of Question
        Test questions that go with it; by default none. Some tools need them.
    model : str
        What the other tool calls the model; by default what the prompt was built by.
    prefilled : bool
        How a prompt says that replies begin with its prefill: by an open turn of the assistant, which not every server
        continues, or (the default) by a sentence after the question. Most prompts have no prefill.
    name : str
        What the other tool calls the prompt; by default the task and the method, as in ``planted_arc-self_exp``.

    Raises
    ------
    SettingsError
        If the prompt orders its shots by their similarity to the question.
    """

    prompt: Prompt
    questions: tuple[Question, ...] = field(default=(), repr=False)
    model: str = ""
    prefilled: bool = False
    name: str = ""

    def __post_init__(self) -> None:
        if self.prompt.similar_last:
            raise SettingsError(
                "This prompt orders its shots anew for each question, which other tools can't do; build it again with "
                "`selfamplify build --shot-order drawn`."
            )
        if not self.model:
            made = self.prompt.provenance
            object.__setattr__(self, "model", made.model if made else "model")

    @property
    def title(self) -> str:
        """What the prompt is called where a tool keeps it by a name, in characters that names of tools may have."""
        task = self.prompt.provenance.task if self.prompt.provenance else ""
        return re.sub(r"[^A-Za-z0-9_]+", "-", self.name or name_of(self.prompt, task)).strip("-") or "prompt"

    @property
    def loads_by_name(self) -> bool:
        """Whether transformers loads the model by its name: a folder of weights, or a name on the Hugging Face hub."""
        return (Path(self.model) / "config.json").is_file() or bool(re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", self.model))

    @cached_property
    def context(self) -> Messages:
        """The turns before the question's."""
        return self.prompt.context

    @property
    def after(self) -> str:
        """What the question's turn ends with: the sentence about the prefill, if one is needed, else nothing."""
        return APPENDED.format(prefill=self.prompt.prefill) if self.prompt.prefill and not self.prefilled else ""

    @property
    def around(self) -> tuple[str, ...]:
        """The question's turn without the question: what stands before it and after it, both empty if it stands alone."""
        asked = self.messages(self.slot)[len(self.context)]
        return tuple(asked["content"].split(self.slot))

    @property
    def slot(self) -> str:
        """What stands for the question in a file: a text that occurs nowhere else in the turns."""
        return absent([turn["content"] for turn in self.messages("")])

    def messages(self, text: str) -> Messages:
        """All turns that ask a question, of which ``text`` is the question with its choices."""
        *context, asked = self.prompt.messages(text)
        asked["content"] += self.after
        begun = [{"role": "assistant", "content": self.prompt.prefill}] if self.prompt.prefill and self.prefilled else []
        return [*context, asked, *begun]

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The questions as plain data: id, question (its text with its choices), choices, and answer (the true label)."""
        return [
            {
                "id": each.id,
                "question": self.prompt.shown(each),
                "choices": [asdict(choice) for choice in each.choices],
                "answer": each.answer,
            }
            for each in self.questions
        ]

    @cached_property
    def settings(self) -> dict[str, Any]:
        """How a question is asked and its reply read, as plain data for the standalone files."""
        decoding = self.prompt.decoding
        return {
            "model": self.model,
            "temperature": decoding.temperature if decoding.do_sample else 0.0,
            "max_tokens": decoding.max_new_tokens,
            "last_line": decoding.last_line,
            "prefill": self.prompt.prefill,
            "answer_style": self.prompt.answer_style,
            "labels": self.prompt.label_map,
            "choice_marks": self.prompt.layout.choices if self.prompt.layout else None,
            "slot": self.slot,
        }

    @property
    def lost(self) -> tuple[str, ...]:
        """What other tools can't do as this package does, in sentences; usually nothing."""
        decoding, found = self.prompt.decoding, []
        if decoding.num_beams > 1:
            found.append(
                f"The search over {decoding.num_beams} beams is left out: other tools take the best token at each step."
            )
        if decoding.no_repeat_ngram_size:
            found.append("The ban on repeated words is left out: other tools have none that reaches into the prompt.")
        return tuple(found)


class AbstractExporter(ABC):
    """Writes a prompt as the files of one tool."""

    name: ClassVar[str]
    """What ``--to`` calls it."""
    package: ClassVar[str | None] = None
    """The package by which ``check`` renders, as it is imported; None if nothing has to be installed."""
    program: ClassVar[tuple[str, str] | None] = None
    """The program by which ``check`` renders if it is no package, and the command that installs it."""
    needs_questions: ClassVar[bool] = False
    """Whether the tool can't do without test questions."""

    @abstractmethod
    def files(self, export: Export) -> dict[str, str]:
        """The contents of the files, by their paths in the folder. Raises SettingsError for what the tool can't express."""

    @abstractmethod
    def usage(self, folder: Path, export: Export) -> Sequence[str]:
        """Lines that say how to run what was written: commands that work when they are pasted."""

    @abstractmethod
    def sent(self, folder: Path, export: Export, texts: Sequence[str]) -> list[Messages]:
        """The turns that the tool itself would send for each question text, rendered from the written files."""

    def check_installed(self) -> None:
        """Raise SettingsError if what ``check`` renders the files with is not installed."""
        if self.package is not None and find_spec(self.package) is None:
            raise SettingsError(
                f"`check=True` renders the files with {self.package}, which is not installed: pip install {self.package}; or "
                f"leave it out."
            )
        if self.program is not None and which(self.program[0]) is None:
            name, install = self.program
            raise SettingsError(
                f"`check=True` renders the files with {name}, which is not installed: {install}; or leave it out."
            )

    def check_questions(self, export: Export) -> None:
        """Raise SettingsError if test questions are needed and missing."""
        if self.needs_questions and not export.questions:
            raise SettingsError(f"{self.name} needs test questions; give them, as in `questions=task.test`.")
