"""The training questions on two sides: one fine-tunes the proxy, the other is ranked and explained by it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from ..errors import SelectionError
from ..records import Question, ScoredWords
from ..seeds import derive
from ..session import Session
from ..tasks.copies import content_key
from ..tasks.splitting import shuffle
from ..tasks.task import Task
from ..text.lines import counted, sha256
from ..work.loop import records
from ..work.stage import Stage
from ..work.workers import InProcess
from .encoder import encoder_fingerprint
from .explaining import gradient_x_input, misclassification_confidence, probabilities
from .network import Proxy
from .training import Training, fine_tuned

_BATCH = 16


@dataclass(frozen=True)
class Standing:
    """How probable the proxy finds the choices of a question that it was not trained on, in their order."""

    question_id: str
    probabilities: tuple[float, ...]


@dataclass(frozen=True)
class HeldOut:
    """A proxy and the training questions that it has not seen.

    The proxy is trained when it is first needed: if everything that is asked of it is found in the store, it never is.

    Parameters
    ----------
    session : Session
        Where records are kept, and who is told of progress.
    training : Training
        How the proxy is trained.
    train, candidates : tuple of Question
        What it is trained on, and what it ranks.
    seed : int
        The seed of the training.
    """

    session: Session
    training: Training
    train: tuple[Question, ...]
    candidates: tuple[Question, ...]
    seed: int

    @staticmethod
    def of(session: Session, task: Task, training: Training, sizes: tuple[int, int], seed: int) -> "HeldOut":
        """Split a task's training questions in two halves at random, of at most ``sizes`` questions.

        Questions with the same text and choices stay on one side. Raises SelectionError if there are fewer than 4.
        """
        pool = shuffle(list(task.train), derive(seed, "proxy split"))
        if len(pool) < 4:
            raise SelectionError(
                f"{task.name} has {counted(len(pool), 'training question')}, too few to fine-tune a proxy model on some and to "
                f"rank others; use more training questions, or another `method` than amplify_proxy."
            )
        half = min(sizes[0], len(pool) // 2)
        train = tuple(pool[:half])
        seen = set(map(content_key, train))
        others = [question for question in pool[half:] if content_key(question) not in seen]
        return HeldOut(session, training, train, tuple(others[: sizes[1]]), seed)

    @cached_property
    def proxy(self) -> Proxy:
        """The fine-tuned proxy."""
        return fine_tuned(self.training, self.train, self.seed, self.session.progress)

    @cached_property
    def _key(self) -> list[Any]:
        """What all that the proxy says depends on besides the question."""
        seen = sha256(repr([(each.id, each.text, each.choices, each.answer) for each in self.train]))
        return [encoder_fingerprint(self.training.encoder), repr(self.training), seen, self.seed]

    def ranked(self) -> list[Question]:
        """The candidates, the most confidently misclassified first; equal ones in their order."""
        found = self._run("ranking by the proxy model", Standing, partial(_standings, self), self.candidates)
        scores = [
            misclassification_confidence(question, each.probabilities)
            for question, each in zip(self.candidates, found, strict=True)
        ]
        return [self.candidates[place] for place in sorted(range(len(scores)), key=lambda place: -scores[place])]

    def explained(self, questions: Sequence[Question]) -> list[ScoredWords]:
        """The attribution of each question's true answer. Raises ExplanationError if one has no word to attribute it to."""
        return self._run("explaining with the proxy model", ScoredWords, partial(_explanations, self), questions)

    def _run(self, name: str, record: type, compute: Any, questions: Sequence[Question]) -> list[Any]:
        """The records of a stage, computed in this process, where the proxy is."""

        def identity(question: Question) -> list[Any]:
            choices = [(choice.label, choice.text) for choice in question.choices]
            return [question.id, question.text, choices, question.answer, question.attributed, *self._key]

        stage = Stage(name, record, identity, compute, _BATCH)
        return list(records(stage, questions, self.session.store, InProcess(None), self.session.progress))


def _standings(side: HeldOut, model: None, batch: Sequence[Question]) -> Any:
    found = zip(batch, probabilities(side.proxy, batch), strict=True)
    return enumerate(Standing(question.id, each) for question, each in found)


def _explanations(side: HeldOut, model: None, batch: Sequence[Question]) -> Any:
    return enumerate(gradient_x_input(side.proxy, question) for question in batch)
