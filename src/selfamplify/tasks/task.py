"""A task: labelled questions, split once into a pool to take shots from and questions to test on."""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..errors import DataError
from ..records import Question

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Task:
    """The corpus of the paper (section 3.1), with its label space.

    ``train`` is the pool T that shots are selected from, ``test`` the questions to answer; no question of one, nor a copy of
    it with its choices in another order, stands in the other. ``label_map`` gives for each answer letter its name in the
    user's own label space. ``skipped`` lists the bad rows that were left out on request.
    """

    name: str
    train: tuple[Question, ...]
    test: tuple[Question, ...]
    label_map: dict[str, str]
    skipped: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self.label_map)

    def limited(self, limit: int | None) -> "Task":
        """The same task with the first ``limit`` test questions (their order is already a seeded shuffle)."""
        if limit is None:
            return self
        if not 1 <= limit <= len(self.test):
            raise DataError(
                f"{self.name} has {len(self.test)} test questions, {limit} were asked for; "
                f"use --limit {len(self.test)}, or less."
            )
        return replace(self, test=self.test[:limit])


def label_space(questions: Sequence[Question]) -> dict[str, str]:
    """The label map of questions whose choices differ: every letter in use, named by itself."""
    count = max(len(question.choices) for question in questions)
    return {letter: letter for letter in LETTERS[:count]}


def content_key(question: Question) -> tuple[str, ...]:
    """Equal for two questions that ask the same with their choices in any order."""
    return (question.text, *sorted(choice.text for choice in question.choices))


def split(questions: Sequence[Question], test_size: int, seed: int) -> tuple[tuple[Question, ...], tuple[Question, ...]]:
    """A seeded, disjoint (train, test) split with ``test_size`` test questions; copies of a question stay on one side."""
    shuffled = shuffle(questions, seed)
    train_keys = {content_key(question) for question in shuffled[test_size:]}
    test = [question for question in shuffled[:test_size] if content_key(question) not in train_keys]
    return tuple(shuffled[test_size:]), tuple(test)


def shuffle(questions: Sequence[Question], seed: int) -> list[Question]:
    """A seeded order that does not depend on the order of the rows."""
    ordered = sorted(questions, key=lambda question: (hashlib.sha256(question.id.encode()).digest(), question.id))
    random.Random(seed).shuffle(ordered)
    return ordered
