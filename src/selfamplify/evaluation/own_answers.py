"""The model's own answers to questions, and what it answers to a rationale alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..methods.level import LEVEL, label_by_level, level_of
from ..methods.predicting import ask
from ..records import Explanation, Question, WrittenText
from ..seeds import derive
from ..session import Session
from ..tasks.task import Task
from ..text.naming import contains, names_answer
from .pair import Pair
from .pointing import keywords_of, rationale_of, words_of


@dataclass(frozen=True)
class OwnAnswers:
    """What a model answers, and relative to what.

    Parameters
    ----------
    questions : tuple of Question
        The questions that it answered with a label, which is their ``answer`` here.
    right : int
        How many of these answers are the true ones.
    level : tuple of float
        The average log-probability of each label, relative to which f(x) is the most probable one; empty if it is not.
    without_label, too_long : int
        Questions that it answered with no label, and that do not fit its context.
    """

    questions: tuple[Question, ...]
    right: int
    level: tuple[float, ...]
    without_label: int
    too_long: int


def own_answers(session: Session, task: Task) -> OwnAnswers:
    """Ask a model the test questions of a task without any shots (f(x) of section 3.2), read greedily."""
    greedy = _greedy(session)
    level = _level(greedy, task) if session.profile.levelled else ()
    predictions = list(ask(greedy, task.test, 0))
    labels = [label_by_level(question, each, level) for question, each in zip(task.test, predictions, strict=True)]
    answered = [(question, label) for question, label in zip(task.test, labels, strict=True) if label is not None]
    too_long = sum(each.too_long for each in predictions)
    return OwnAnswers(
        tuple(replace(question, answer=label) for question, label in answered),
        sum(question.answer == label for question, label in answered),
        level,
        len(labels) - len(answered) - too_long,
        too_long,
    )


def _greedy(session: Session) -> Session:
    return replace(session, profile=replace(session.profile, levelled=False, reading=None))


def _level(session: Session, task: Task) -> tuple[float, ...]:
    """The mean log-probability of each label over training questions; empty unless answers are the names of labels."""
    asked = task.train[:LEVEL]
    if any(question.answer_style != "label" for question in asked):
        return ()
    return level_of(ask(session, asked, 0))


@dataclass(frozen=True)
class Simulation:
    """Whether a rationale leads the model to its own answer without the question (simulatability).

    The model reads the rationale in the place of the question's text, with the choices where questions show theirs. The control
    is the same with random keywords of the question: as many as the rationale has, or as ``keywords`` says where it is a text.
    A rationale may name the answer itself (Hase et al. 2020, https://aclanthology.org/2020.findings-emnlp.390).

    Parameters
    ----------
    session : Session
        The model, and how it is asked.
    level : tuple of float
        As in ``OwnAnswers``.
    keywords : int
        The most keywords of a rationale.
    draws : int
        How many random rationales are asked with.
    seed : int
        Draws them.
    """

    session: Session
    level: tuple[float, ...]
    keywords: int
    draws: int
    seed: int

    def pairs(self, explained: Sequence[tuple[Question, Explanation]]) -> list[Pair]:
        """For each question, whose answer is the model's own, whether the rationale led to it; and the share of random ones."""
        asked = [replace(question, text=text) for question, made in explained for text in self._texts(question, made)]
        predictions = ask(_greedy(self.session), asked, 0)
        led = [
            float(label_by_level(question, each, self.level) == question.answer)
            for question, each in zip(asked, predictions, strict=True)
        ]
        rows = np.array(led).reshape(len(explained), 1 + self.draws).tolist()
        return [Pair(own, float(np.mean(random))) for own, *random in rows]

    def _texts(self, question: Question, explanation: Explanation) -> list[str]:
        stop_words = self.session.profile.wording.stop_words
        own = rationale_of(explanation, self.keywords, stop_words)
        known = list(keywords_of(question, stop_words).values())
        count = self.keywords if isinstance(explanation, WrittenText) else len(words_of(explanation, self.keywords, stop_words))
        draw = np.random.default_rng(derive(self.seed, "random rationales", question.id))
        drawn = [sorted(draw.choice(len(known), min(count, len(known)), replace=False)) for _ in range(self.draws)]
        return [own, *(", ".join(known[place] for place in each) for each in drawn)]


def gives_away(question: Question, rationale: str) -> bool:
    """Whether a rationale contains the text of the question's answer, as whole words, or names its letter as an answer."""
    text = next(choice.text for choice in question.choices if choice.label == question.answer)
    return contains(rationale, text) or names_answer(rationale, question)
