"""IO: shots without rationales."""

from dataclasses import dataclass, replace

from ..prompting.formats import AnswerFormat
from ..prompting.prompt import Prompt
from ..records import Shot
from ..session import Session
from ..tasks.task import Task
from .design import design
from .method import AbstractMethod
from .selection import Sample

_EXPLAINED = ("explainer", "engine", "keywords", "steps")
"""The provenance that concerns rationales alone."""


@dataclass(frozen=True)
class InputOutput(AbstractMethod):
    """IO: shots (x, y) without rationales."""

    name = "io"

    def prompt(self, session: Session, task: Task, sample: Sample) -> Prompt:
        layout = AnswerFormat(session.profile.wording)
        shots = [Shot(question, layout.reply(None, question.answer), question.answer) for question in sample.questions]
        return design(session, task, sample, self.name, layout, shots, {})


def same_shots_io(session: Session, prompt: Prompt) -> Prompt:
    """The IO prompt on the shots of a finished prompt: what its rationales are tested against."""
    layout = AnswerFormat(session.profile.wording)
    shots = tuple(Shot(s.question, layout.reply(None, s.question.answer), s.question.answer) for s in prompt.shots)
    labels = prompt.provenance.get("labels") or tuple(prompt.label_map)
    instruction = layout.instruction(labels)
    made = {name: value for name, value in prompt.provenance.items() if name not in _EXPLAINED}
    return replace(prompt, method=InputOutput.name, instruction=instruction, shots=shots, prefill="", provenance=made)
