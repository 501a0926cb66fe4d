"""The format of keyword rationales, the paper's first preprompt: the most important words before the answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import ExplanationError
from ...records import Explanation, NamedWords, ScoredWords
from ..chosen import keywords
from ..wording import Wording, listed
from .format import MARK, AbstractFormat, before, first_of


@dataclass(frozen=True)
class KeywordFormat(AbstractFormat):
    """The most important words as the rationale (section 3.3).

    Parameters
    ----------
    wording : Wording
        The sentences to fill in.
    keywords : int
        How many words (k), by default 6.
    """

    wording: Wording
    keywords: int = 6

    def instruction(self, labels: Sequence[str]) -> str:
        return self.wording.ask_keywords.format(
            preamble=self.wording.opened(labels),
            k=self.keywords,
            example=self._filled(self.wording.example_words(self.keywords), self.keywords, first_of(labels)),
        )

    @property
    def opening(self) -> str:
        return before(self._sentence([MARK] * self.keywords, MARK))

    def reply(self, explanation: Explanation | None, label: str) -> str:
        if not isinstance(explanation, ScoredWords | NamedWords):
            raise TypeError(f"a keyword rationale is written from words, not from {explanation!r}")
        words = keywords(explanation, self.keywords, self.wording.stop_words)
        if not words:
            raise ExplanationError(f"Question {explanation.question_id} has only stop words as keywords; leave it out.")
        return self._sentence(words, label)

    def _sentence(self, words: Sequence[str], label: str) -> str:
        return self._filled(listed(words), len(words), label)

    def _filled(self, shown: str, count: int, label: str) -> str:
        template = self.wording.keywords if count > 1 else self.wording.keyword
        return template.format(k=count, keywords=shown, label=label)
