"""An arm with its prompt, ready to be asked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..answering.answer import answer
from ..answering.deciding import Deciding
from ..answering.fitting import fit
from ..methods.asking import asking
from ..methods.making import make_method
from ..methods.selection import Sample, select
from ..prompting.prompt import Prompt
from ..records import Asked, Question, Response
from ..session import Session
from ..tasks.task import Task
from ..work.stage import Progress, within
from .arm import Arm

_MEASURED = 20
"""Questions over which the time and the length of an answer are averaged."""
_LONGEST = 5
"""So many of the longest questions of the race and of the test must fit the context after a prompt."""


@dataclass(frozen=True)
class Corpus:
    """The three parts of a task: shots come from ``task.train``, arms race on ``race``, and ``test`` is for the chosen."""

    task: Task
    race: tuple[Question, ...]
    test: tuple[Question, ...]


@dataclass(frozen=True)
class Answers:
    """Of each question, whether it was answered correctly, and the share of its replies from which no rule read a label."""

    correct: tuple[bool, ...] = ()
    unparsed: tuple[float, ...] = ()

    def __add__(self, other: "Answers") -> "Answers":
        """These, and those to further questions."""
        return Answers(self.correct + other.correct, self.unparsed + other.unparsed)

    @property
    def share_unparsed(self) -> float:
        """The share of replies from which no rule read a label, from 0 to 1, as tables of comparisons show it."""
        return sum(self.unparsed) / len(self.unparsed)


@dataclass(frozen=True)
class Entrant:
    """An arm's prompt, and who is asked.

    Parameters
    ----------
    arm : Arm
        How the prompt was made.
    session : Session
        The model, asked as the arm's profile says.
    task : Task
        The corpus in the arm's answer style: its test questions are those of the race, then those of the test.
    prompt : Prompt
        It lost its last shots if it was too long.
    deciding : Deciding
        How answers are decided.
    calibrating : int
        How many answers to training questions its own are compared with, which are asked for once.
    """

    arm: Arm
    session: Session
    task: Task
    prompt: Prompt
    deciding: Deciding
    calibrating: int

    def told(self, progress: Progress) -> "Entrant":
        """The same with another progress."""
        return replace(self, session=replace(self.session, progress=progress))

    def within(self, where: str) -> "Entrant":
        """The same, with a progress that says where in the race it is."""
        return self.told(within(self.session.progress, where))

    def _asked(self, start: int, stop: int) -> tuple[list[Asked], list[Response]]:
        """These questions of the task as they are asked, and the responses to them."""
        questions = replace(self.task, test=self.task.test[start:stop])
        (fitted,) = fit(self.session, [self.prompt], questions, False, self.deciding)
        found = answer(self.session, self.prompt, fitted.asked, self.arm.seed, self.deciding, fitted.reference)
        return fitted.asked, found

    def answers(self, start: int, stop: int) -> "Answers":
        """How these questions of the task are answered."""
        asked, found = self._asked(start, stop) if start < stop else ([], [])
        correct = [each.label == own.question.answer for each, own in zip(found, asked, strict=True)]
        return Answers(tuple(correct), tuple(each.unparsed for each in found))

    def seconds(self) -> float:
        """How long an answer takes on average."""
        _, found = self._asked(0, _MEASURED)
        return sum(each.cost.seconds for each in found) / len(found)

    def tokens(self) -> float:
        """The mean length of a question after the prompt and its reply, in tokens of the model: what an answer costs."""
        asked, found = self._asked(0, _MEASURED)
        whole = [
            replace(a.encoded.chat, prefill=f"{a.encoded.chat.prefill}{r.text}") for a, r in zip(asked, found, strict=True)
        ]
        return sum(self.session.model.encode(each).length for each in whole) / len(whole)


def entered(session: Session, arm: Arm, corpus: Corpus, deciding: Deciding, drop_shots: bool) -> Entrant:
    """Make the prompt of an arm.

    Raises SelectionError, ExplanationError, ContextError or SettingsError if there is no prompt of this kind for the corpus.
    """
    profile, task = asking(arm.profile(session.profile), replace(corpus.task, test=(*corpus.race, *corpus.test)))
    race, test = task.test[: len(corpus.race)], task.test[len(corpus.race) :]
    longest = replace(task, test=(*_longest(race), *_longest(test)))
    own = replace(session, profile=profile)
    method = make_method(arm.method, arm.keywords or 1, arm.steps or 1, profile, dict(arm.settings))
    sample = select(own, task, arm.selection, arm.shots, arm.seed) if arm.shots else Sample.of((), arm.seed)
    prompt = method.prompt(own, task, sample)
    (fitted,) = fit(own, [prompt], longest, drop_shots, deciding)
    return Entrant(arm, own, task, fitted.prompt, deciding, len(fitted.reference))


def _longest(questions: Sequence[Question]) -> list[Question]:
    """The longest questions, by characters."""
    return sorted(questions, key=lambda each: -len(each.render()))[:_LONGEST]
