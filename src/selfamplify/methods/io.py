"""IO: shots without rationales."""

from dataclasses import dataclass, replace

from ..prompting.formats.answer import AnswerFormat
from ..prompting.prompt import Prompt
from ..prompting.wording import Wording
from ..records import Question, Shot
from ..session import Session
from ..tasks.task import Task
from .design import design
from .method import AbstractMethod
from .selection import Sample


@dataclass(frozen=True)
class InputOutput(AbstractMethod):
    """IO: shots (x, y) without rationales (section 4.1)."""

    name = "io"

    def prompt(self, session: Session, task: Task, sample: Sample) -> Prompt:
        wording = session.profile.wording
        return design(
            session, task, sample, self.name, AnswerFormat(wording), [_shot(each, wording) for each in sample.questions]
        )


def same_shots_io(session: Session, prompt: Prompt) -> Prompt:
    """The IO prompt on the shots of a finished prompt: what its rationales are tested against."""
    layout = AnswerFormat(session.profile.wording)
    made = prompt.provenance
    return replace(
        prompt,
        method=InputOutput.name,
        instruction=layout.instruction(prompt.named),
        shots=tuple(_shot(replace(shot.question, answer_style=prompt.answer_style), layout.wording) for shot in prompt.shots),
        prefill=layout.opening if prompt.prefill else "",
        provenance=made and made.without_rationales(),
        evidence=None,
        check=None,
    )


def _shot(question: Question, wording: Wording) -> Shot:
    return Shot(question, AnswerFormat(wording).reply(None, question.written(question.answer)), question.answer)
