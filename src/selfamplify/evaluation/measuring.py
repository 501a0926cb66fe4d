"""What removing words does to one answer: in the order of each explanation, and in random orders."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..errors import ContextError, ExplanationError, NotFiniteError
from ..games.probabilities import DELETE, AnswerGame
from ..models.model import AbstractLanguageModel
from ..prompting.wording import Wording
from ..records import Explanation, Question
from ..seeds import derive
from .pair import Pair
from .pointing import keywords_of, order_of, pointed
from .removal import counts, curves

ALONG = ("comprehensiveness", "sufficiency", "deletion", "insertion")
"""The measures along an order of the words, as ``Curves`` calls them."""


@dataclass(frozen=True)
class Measured:
    """What was measured on one question.

    Parameters
    ----------
    question_id : str
        The question.
    pairs : dict
        For each explainer the measures that are defined for its explanation, by name.
    faults : dict
        The explainers, or ``""`` for all, for which something could not be measured, each with the reason; by default none.
    """

    question_id: str
    pairs: dict[str, dict[str, Pair]]
    faults: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Removal:
    """How the effect of words is measured.

    Parameters
    ----------
    way : str
        How words are removed: see ``AnswerGame``. By default they are deleted.
    keywords : int
        The most keywords that are removed together to see whether the answer changes; by default 6.
    draws : int
        Random orders and random sets of keywords per question; by default 3.
    points : int
        The most steps of a curve, besides those at ``BINS``; by default 10.
    """

    way: str = DELETE
    keywords: int = 6
    draws: int = 3
    points: int = 10


@dataclass(frozen=True)
class Explained:
    """A question whose answer is the model's own, and its explanations by the names of their explainers."""

    question: Question
    explanations: dict[str, Explanation]


def measure(
    removal: Removal,
    wording: Wording,
    level: tuple[float, ...],
    seed: int,
    model: AbstractLanguageModel,
    batch: Sequence[Explained],
) -> Iterable[tuple[int, Measured]]:
    """Measure what removing words does to the answers of a batch.

    Parameters
    ----------
    removal : Removal
        How it is measured.
    wording : Wording
        The sentences of the prompt.
    level : tuple of float
        What the log-probabilities of labels count relative to: see ``AnswerGame``.
    seed : int
        Random words are drawn by it and the question's id.
    model : AbstractLanguageModel
        The model.
    batch : sequence of Explained
        The questions, with the model's own answers.
    """
    for place, item in enumerate(batch):
        game = AnswerGame(model, item.question, wording, removal.way, level)
        draw = np.random.default_rng(derive(seed, "random words", item.question.id))
        try:
            yield place, _measured(removal, game, draw, item)
        except (ExplanationError, ContextError, NotFiniteError) as error:
            yield place, Measured(item.question.id, {}, {"": str(error)})


def _measured(removal: Removal, game: AnswerGame, draw: np.random.Generator, item: Explained) -> Measured:
    found, faults = _along_orders(removal, game, draw, item), dict[str, str]()
    pool = list(keywords_of(item.question, game.wording.stop_words))
    drawn = [draw.permutation(pool).tolist() for _ in range(removal.draws)]
    for name, explanation in item.explanations.items():
        keywords = pointed(explanation, item.question, game.wording.stop_words).top(removal.keywords)
        if keywords:
            found.setdefault(name, {})["flips"] = _flips(game, keywords, [each[: len(keywords)] for each in drawn])
        else:
            faults[name] = f"The explanation of question {item.question.id} names no word of the question."
    return Measured(item.question.id, found, faults)


def _along_orders(removal: Removal, game: AnswerGame, draw: np.random.Generator, item: Explained) -> dict[str, dict[str, Pair]]:
    """The measures that need an order of all words, for each explainer that scores words."""
    words = game.words
    orders = {name: order for name, each in item.explanations.items() if (order := order_of(words, each)) is not None}
    if not orders:
        return {}
    drawn = [draw.permutation(len(words)).tolist() for _ in range(removal.draws)]
    made = curves(game.own, [*orders.values(), *drawn], counts(len(words), removal.points))
    random = made[len(orders) :]
    expected = {name: float(np.mean([getattr(each, name) for each in random])) for name in ALONG}
    return {
        name: {along: Pair(getattr(each, along), expected[along]) for along in ALONG}
        for name, each in zip(orders, made, strict=False)
    }


def _flips(game: AnswerGame, keywords: Sequence[str], drawn: Sequence[Sequence[str]]) -> Pair:
    """Whether another answer is more probable once all occurrences of the keywords are gone, and so for the drawn ones."""
    lower = [word.lower() for word in game.words]
    changed = game.changed(np.array([[word not in gone for word in lower] for gone in (keywords, *drawn)]))
    return Pair(float(changed[0]), float(changed[1:].mean()))
