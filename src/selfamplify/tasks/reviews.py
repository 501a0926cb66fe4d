"""The task "reviews": the sentences in ``demo/reviews.csv`` to classify, with the words that decide each of them."""

import csv
from dataclasses import dataclass
from pathlib import Path

from .. import demo
from ..errors import SettingsError
from ..records import Choice, Question
from .source import AbstractSource, Reading

_FILE = Path(demo.__file__).parent / "reviews.csv"
_CHOICES = (Choice("A", "negative"), Choice("B", "positive"))


@dataclass(frozen=True, kw_only=True)
class Reviews(AbstractSource):
    """The 400 one-sentence reviews in this package, 200 negative and 200 positive; ``demo/reviews.md`` says who wrote them.

    A question's ``planted`` words are those marked as deciding, and its id is ``reviews-<number of its row>``.

    Parameters
    ----------
    test_size : int or None, default 200
        The number of test questions to split off; None for half of them.
    """

    test_size: int | None = 200

    def load(self, data: Path | None, test_data: Path | None, seed: int) -> Reading:
        """Read the reviews. See ``AbstractSource.load``."""
        if data is not None or test_data is not None:
            raise SettingsError(
                f"The task reviews has its own questions and reads no file; leave {data or test_data} out, "
                'or read it with `task="file"`.'
            )
        with _FILE.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        questions = tuple(_question(number, row) for number, row in enumerate(rows, 1))
        places = {question.id: f"{_FILE.name}:{number}" for number, question in enumerate(questions, 2)}
        return Reading(questions, places=places, classification=True)


def _question(number: int, row: dict[str, str]) -> Question:
    label = next(choice.label for choice in _CHOICES if choice.text == row["sentiment"])
    return Question(f"reviews-{number}", row["review"], _CHOICES, label, tuple(row["deciding"].split()))
