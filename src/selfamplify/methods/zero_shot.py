"""Zero-shot prompts, which have an instruction and no shots, with or without a chain of thought."""

from dataclasses import dataclass, replace

from ..prompting.formats.answer import AnswerFormat
from ..prompting.formats.thought import ThoughtFormat
from ..prompting.prompt import Prompt
from ..session import Session
from ..tasks.task import Task
from .design import design
from .method import AbstractMethod
from .selection import Sample


@dataclass(frozen=True)
class ZeroShot(AbstractMethod):
    """The instruction and the question alone; the sample is not used."""

    name = "zero_shot"
    shotless = True

    def prompt(self, session: Session, task: Task, sample: Sample) -> Prompt:
        return design(session, task, Sample.of((), sample.seed), self.name, AnswerFormat(session.profile.wording), ())


@dataclass(frozen=True)
class ZeroShotCot(AbstractMethod):
    """Every reply starts with "Let's think step by step." (Kojima et al. 2022, https://arxiv.org/abs/2205.11916)."""

    name = "zero_shot_cot"
    shotless = True

    def prompt(self, session: Session, task: Task, sample: Sample) -> Prompt:
        wording = session.profile.wording
        prompt = design(session, task, Sample.of((), sample.seed), self.name, ThoughtFormat(wording), ())
        return replace(prompt, prefill=wording.think)
