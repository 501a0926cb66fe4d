"""Batch calibration: what a label gets on average, over questions whose answers are not used, is taken from its score.

A small model gives one label nearly all answers, whatever the question (Zhou et al. 2023, https://arxiv.org/abs/2309.17249).
The paper takes means over the batch of test questions. Here, log-probabilities are averaged over training questions, so that
an answer does not depend on which other questions are tested.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from ..errors import ModelError, SettingsError
from ..models.context import fits
from ..prompting.prompt import Prompt
from ..records import Question, Response
from ..session import Session
from ..tasks.copies import content_key
from ..tasks.task import Task
from ..text.lines import counted
from .asked import LABEL_TOKENS, Asked, ask_after
from .ending import ending_of

_MOST, _LEAST = 50, 10
"""How many questions the means are taken over, if there are so many, and at least."""
RULE = "batch-calibrated likelihood"


def check_references(task: Task, shots: int) -> None:
    """Raise SettingsError if a task has too few training questions besides so many shots."""
    _check_count(task, len(task.train) - shots, "")


def references(session: Session, prompt: Prompt, task: Task) -> list[Asked]:
    """The first training questions as they are asked after a prompt; its shots and those that are too long are left out.

    Raises SettingsError if there are fewer than 10, if none of them offers a label of a test question, or if the texts of
    choices are compared and questions offer different ones.
    """
    ending = ending_of(prompt, session.profile.wording)
    if ending.form != "letters" and len({question.choices for question in (*task.train, *task.test)}) > 1:
        raise SettingsError(
            f'`calibrate="batch"` compares an answer with itself after other questions, and the questions of {task.name} have '
            f'different choices; use `calibrate="content_free"`, or leave it out.'
        )
    shots = {content_key(shot.question) for shot in prompt.shots}
    pool = list(islice((question for question in task.train if content_key(question) not in shots), _MOST))
    longest = LABEL_TOKENS if ending.start is not None else prompt.decoding.max_new_tokens
    asked = [each for each in ask_after(session.model, prompt, pool, ending) if fits(session.model, each.encoded, longest)]
    _check_count(task, len(asked), " that fit the context")
    offered = {label for each in asked for label in each.question.labels}
    missing = sorted({label for question in task.test for label in question.labels} - offered)
    if missing:
        raise SettingsError(
            f'`calibrate="batch"` takes means over {len(asked)} training questions, none of which offers {", ".join(missing)}, '
            f'as test questions do; use `calibrate="content_free"`, or leave it out.'
        )
    return asked


def batch_calibrated(
    questions: Sequence[Question], responses: Sequence[Response], others: Sequence[Question], known: Sequence[Response]
) -> list[Response]:
    """Responses with each label's log-probability relative to its mean over the responses to other questions.

    A response without log-probabilities, whose question has used up the context, stays as it is. Raises ModelError if all other
    responses that offer some label are so.
    """
    found: dict[str, list[float]] = {}
    for question, response in zip(others, known, strict=True):
        for label, score in zip(question.labels, response.log_probabilities, strict=False):
            found.setdefault(label, []).append(score)
    means = {label: float(np.mean(scores)) for label, scores in found.items()}
    return [_calibrated(question, response, means) for question, response in zip(questions, responses, strict=True)]


def _calibrated(question: Question, response: Response, means: dict[str, float]) -> Response:
    if not response.log_probabilities:
        return response
    unknown = [label for label in question.labels if label not in means]
    if unknown:
        raise ModelError(
            f"No training question that offers {', '.join(unknown)} left room for an answer in the context, so that there is "
            f'no mean to compare with; use `calibrate="off"`, fewer shots, or a model with a longer context.'
        )
    scores = [score - means[label] for label, score in zip(question.labels, response.log_probabilities, strict=True)]
    label = question.labels[int(np.argmax(scores))]
    return replace(response, label=label, rule=RULE, log_probabilities=tuple(scores))


def _check_count(task: Task, count: int, which: str) -> None:
    if count < _LEAST:
        raise SettingsError(
            f'`calibrate="batch"` needs {_LEAST} training questions besides the shots, and {task.name} has '
            f'{counted(max(count, 0), "such question")}{which}; use `calibrate="content_free"`, or leave it out.'
        )
