"""Questions that hold a control token of a model, which would end or forge a turn of its chat."""

import re
from collections.abc import Collection
from dataclasses import replace

from .questions.reading import bad_rows
from .source import LeftOut
from .task import Task


def without_control_tokens(task: Task, tokens: Collection[str], model: str, remedy: str | None) -> Task:
    """The task without the questions that hold one of these tokens; with a remedy, DataError is raised if there are any.

    The error lists their places, and ends with the remedy: the code that leaves them out.
    """
    found = _holders(task, tokens)
    if not found:
        return task
    bad = [
        LeftOut(task.places.get(name, name), f"contains {token!r}, a control token of {model}") for name, token in found.items()
    ]
    if remedy is not None:
        raise bad_rows(bad, remedy=remedy)
    train, test = (tuple(question for question in side if question.id not in found) for side in (task.train, task.test))
    return replace(task, train=train, test=test, skipped=(*task.skipped, *map(str, bad)))


def _holders(task: Task, tokens: Collection[str]) -> dict[str, str]:
    """The ids of the questions that hold a control token, in the order of their places, each with its first token."""
    # The longest comes first, so that a token is not reported as another one that it begins with.
    pattern = re.compile("|".join(re.escape(token) for token in sorted(tokens, key=len, reverse=True)))
    matches = ((question.id, pattern.search(question.render())) for question in (*task.train, *task.test) if tokens)
    found = {name: match[0] for name, match in matches if match}
    order = {name: number for number, name in enumerate(task.places)}
    return dict(sorted(found.items(), key=lambda item: order.get(item[0], len(order))))
