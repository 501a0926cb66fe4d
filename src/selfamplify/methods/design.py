"""Step 3 as a function (section 3.4): a format, the shots and where they come from, laid out as a prompt."""

from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version

from ..prompting.formats.format import AbstractFormat
from ..prompting.prompt import Prompt
from ..records import Provenance, Question, Shot
from ..session import Session
from ..tasks.task import Task
from ..text.lines import sha256
from .selection import Sample


def design(session: Session, task: Task, sample: Sample, method: str, layout: AbstractFormat, shots: Sequence[Shot]) -> Prompt:
    """The prompt of ``method``: the format's instruction, the shots, and the record of how they came about."""
    profile, labels = session.profile, typical_answers(task.train)
    provenance = Provenance(
        task=task.name,
        model=session.model.name,
        model_fingerprint=session.model.fingerprint,
        profile=profile.name,
        order=profile.order,
        own_instruction=profile.instruction,
        labels=labels,
        selection=sample.selection,
        counts=sample.counts,
        seed=sample.seed,
        sample_sha256=sample_digest(sample.questions),
        selfamplify=version("selfamplify"),
    )
    instruction = layout.instruction(labels)
    return Prompt(
        method,
        instruction,
        tuple(shots),
        task.label_map,
        profile.decoding,
        layout.opening if profile.prefill else "",
        provenance,
        answer_style=task.train[0].answer_style,
        system=profile.system,
        similar_last=profile.shot_order == "similar",
    )


def typical_answers(questions: Sequence[Question]) -> tuple[str, ...]:
    """The answers that most questions offer, where the instruction names them; none if questions differ in their texts."""
    return Counter(question.named for question in questions).most_common(1)[0][0]


def sample_digest(questions: Sequence[Question]) -> str:
    """What a prompt records of its shots' questions and answers."""
    return sha256("\x1e".join(f"{question.id}\x1f{question.render()}\x1f{question.answer}" for question in questions))
