"""A task: labelled questions, split once into a pool to take shots from and questions to test on."""

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
    user's own label space. ``skipped`` says what was left out: the bad rows, where that was asked for, and the train
    questions that the test file repeats.
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
    """The label map: each letter in use, named by the choice it always stands for, else by itself."""
    offered = {tuple(choice.text for choice in question.choices) for question in questions}
    names = next(iter(offered)) if len(offered) == 1 else LETTERS[: max(map(len, offered))]
    return dict(zip(LETTERS, names, strict=False))


def content_key(question: Question) -> tuple[str, ...]:
    """Equal for two questions that ask the same with their choices in any order."""
    return (question.text, *sorted(choice.text for choice in question.choices))


def split(questions: Sequence[Question], test_size: int, seed: int) -> tuple[tuple[Question, ...], tuple[Question, ...]]:
    """A seeded, disjoint (train, test) split with ``test_size`` test questions; copies of a question stay on one side.

    The test side falls short where only copies are left to fill it.
    """
    shuffled = shuffle(questions, seed)
    copies: dict[tuple[str, ...], int] = {}
    for question in shuffled:
        copies[content_key(question)] = copies.get(content_key(question), 0) + 1
    room, chosen = test_size, set[tuple[str, ...]]()
    for key, count in copies.items():
        if count <= room:
            chosen.add(key)
            room -= count
    train = tuple(question for question in shuffled if content_key(question) not in chosen)
    return train, tuple(question for question in shuffled if content_key(question) in chosen)


def shuffle(questions: Sequence[Question], seed: int) -> list[Question]:
    """A seeded order that does not depend on the order of the rows, nor on ids that are taken from it."""
    ordered = sorted(questions, key=lambda question: (question.render(), question.answer, question.id))
    random.Random(seed).shuffle(ordered)
    return ordered
