"""The format of rationales that name the two words that do most together."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import ExplanationError
from ...records import Explanation, ScoredPairs
from ..chosen import best_pair
from ..wording import Wording, listed, placeholders
from .format import MARK, AbstractFormat, before, first_of


@dataclass(frozen=True)
class PairFormat(AbstractFormat):
    """The two words that do most together as the rationale.

    Parameters
    ----------
    wording : Wording
        The sentences to fill in.
    """

    wording: Wording

    def instruction(self, labels: Sequence[str]) -> str:
        return self.wording.ask_pair.format(
            preamble=self.wording.opened(labels),
            example=self.wording.pair.format(words=listed(placeholders("word", 2)), label=first_of(labels)),
        )

    @property
    def opening(self) -> str:
        return before(self.wording.pair.format(words=listed([MARK]), label=MARK))

    def reply(self, explanation: Explanation | None, label: str) -> str:
        if not isinstance(explanation, ScoredPairs):
            raise TypeError(f"a rationale by a pair of words is written from scored pairs, not from {explanation!r}")
        places = best_pair(explanation, self.wording.stop_words)
        if places is None:
            raise ExplanationError(
                f"Question {explanation.question_id} has fewer than two different keywords, so no two can act together; "
                f'leave it out, or use `explainer="kernel_shap"`.'
            )
        return self.wording.pair.format(words=listed([explanation.words[place] for place in places]), label=label)
