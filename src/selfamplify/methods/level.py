"""A label relative to what it gets on average, since a small model gives one label nearly all answers, whatever the text.

Batch calibration (Zhou et al. 2023, https://arxiv.org/abs/2309.17249), with training questions as the batch.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from ..records import Prediction, Question

LEVEL = 50
"""Questions over which a label's average log-probability is taken."""


def level_of(predictions: Iterable[Prediction]) -> tuple[float, ...]:
    """The mean log-probability of each label; empty if none are known."""
    known = [each.log_probabilities for each in predictions if each.log_probabilities]
    return tuple(np.mean(known, axis=0).tolist()) if known else ()


def label_by_level(question: Question, prediction: Prediction, level: Sequence[float]) -> str | None:
    """The most probable label relative to the level; the prediction's own where the level or its probabilities are unknown."""
    if not (level and prediction.log_probabilities):
        return prediction.label
    return question.labels[int(np.argmax(np.subtract(prediction.log_probabilities, level)))]
