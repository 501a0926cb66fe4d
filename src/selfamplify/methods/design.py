"""Step 3 as a function (section 3.4): a format, the shots and where they come from, laid out as a prompt."""

from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version

from ..prompting.formats import AbstractFormat
from ..prompting.prompt import Prompt
from ..records import Provenance, Question, Shot
from ..session import Session
from ..tasks.task import Task
from ..text.lines import sha256
from .selection import Sample


def design(session: Session, task: Task, sample: Sample, method: str, layout: AbstractFormat, shots: Sequence[Shot]) -> Prompt:
    """The prompt of ``method``: the format's instruction, the shots, and the record of how they came about."""
    labels = typical_labels(task.train)
    provenance = Provenance(
        task=task.name,
        model=session.model.name,
        model_fingerprint=session.model.fingerprint,
        profile=session.profile.name,
        labels=labels,
        selection=sample.selection,
        counts=sample.counts,
        seed=sample.seed,
        sample_sha256=_digest(sample.questions),
        selfamplify=version("selfamplify"),
    )
    instruction = layout.instruction(labels)
    prefill = layout.opening if session.profile.prefill else ""
    return Prompt(method, instruction, tuple(shots), task.label_map, session.profile.decoding, prefill, provenance)


def typical_labels(questions: Sequence[Question]) -> tuple[str, ...]:
    """The labels that most questions offer: what the instruction says the choices will look like."""
    return Counter(question.labels for question in questions).most_common(1)[0][0]


def _digest(questions: Sequence[Question]) -> str:
    return sha256("\x1e".join(f"{question.id}\x1f{question.render()}\x1f{question.answer}" for question in questions))
