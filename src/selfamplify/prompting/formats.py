"""An explanation becomes the paper's sentence (section 3.3); a format says how all shots of a prompt are written.

A format is a value: what the instruction asks for, and what an assistant's turn looks like. The keyword and step formats are
the paper's two preprompts; the answer and thought formats are those of IO and of Auto-CoT.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import ExplanationError
from ..records import Explanation, NamedWords, ScoredWords, WrittenText
from ..text.keywords import best, keyword
from ..text.stop_words import StopWords
from .wording import Wording, listed

_MARK = "\ue000"
"""Stands in a sentence where the words of a question would."""


class AbstractFormat(ABC):
    """How a prompt asks and how its shots answer.

    Parameters
    ----------
    wording : Wording
        The sentences to fill in.
    """

    wording: Wording

    @abstractmethod
    def instruction(self, labels: Sequence[str]) -> str:
        """The preprompt (appendix A.3); ``labels`` are the answers that it names, as they are written."""

    @property
    @abstractmethod
    def opening(self) -> str:
        """The words with which every reply begins, up to the first that depends on the question."""

    @abstractmethod
    def reply(self, explanation: Explanation | None, label: str) -> str:
        """The assistant's turn of a shot: the rationale and the answer, which is written ``label``.

        Raises
        ------
        TypeError
            For an explanation of a kind that this format does not write.
        ExplanationError
            If nothing in the explanation can be written.
        """


@dataclass(frozen=True)
class AnswerFormat(AbstractFormat):
    """IO prompting: the answer alone.

    Parameters
    ----------
    wording : Wording
        The sentences to fill in.
    """

    wording: Wording

    def instruction(self, labels: Sequence[str]) -> str:
        return self.wording.answer_instruction(labels)

    @property
    def opening(self) -> str:
        return _before(self.wording.answer.format(label=_MARK))

    def reply(self, explanation: Explanation | None, label: str) -> str:
        return self.wording.answer.format(label=label)


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
            example=self._filled(self.wording.example_words(self.keywords), self.keywords, _first(labels)),
        )

    @property
    def opening(self) -> str:
        return _before(self._sentence([_MARK] * self.keywords, _MARK))

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


@dataclass(frozen=True)
class StepFormat(AbstractFormat):
    """An explanation in the model's words as the rationale (section 3.3, self_exp).

    Parameters
    ----------
    wording : Wording
        The sentences to fill in.
    steps : int
        How many steps (p), by default 3.
    """

    wording: Wording
    steps: int = 3

    def instruction(self, labels: Sequence[str]) -> str:
        example = self.wording.example_steps(self.steps)
        return self.wording.ask_steps.format(
            preamble=self.wording.opened(labels),
            p=self.steps,
            example=self._sentence(example, _first(labels)),
        )

    @property
    def opening(self) -> str:
        return _before(self._sentence(_MARK, _MARK))

    def reply(self, explanation: Explanation | None, label: str) -> str:
        if not isinstance(explanation, WrittenText):
            raise TypeError(f"a step rationale is written from a text, not from {explanation!r}")
        return self._sentence(explanation.text, label)

    def _sentence(self, steps: str, label: str) -> str:
        return self.wording.steps.format(p=self.steps, steps=steps.rstrip(" ,.;"), label=label)


@dataclass(frozen=True)
class ThoughtFormat(AbstractFormat):
    """Auto-CoT's chain of thought as the rationale (Zhang et al. 2023, https://arxiv.org/abs/2210.03493).

    Parameters
    ----------
    wording : Wording
        The sentences to fill in.
    """

    wording: Wording

    def instruction(self, labels: Sequence[str]) -> str:
        return self.wording.ask_thought.format(
            preamble=self.wording.opened(labels),
            example=self._sentence("step1. step2. step3.", _first(labels)),
        )

    @property
    def opening(self) -> str:
        return _before(self._sentence(_MARK, _MARK))

    def reply(self, explanation: Explanation | None, label: str) -> str:
        if not isinstance(explanation, WrittenText):
            raise TypeError(f"a chain of thought is written from a text, not from {explanation!r}")
        return self._sentence(explanation.text, label)

    def _sentence(self, thought: str, label: str) -> str:
        return self.wording.thought.format(think=self.wording.think, thought=thought, label=label)


def _first(labels: Sequence[str]) -> str:
    """The answer that an output example shows."""
    return labels[0] if labels else ""


def _before(sentence: str) -> str:
    """A sentence up to its mark, without white space at its end, since tokens of words begin with it."""
    return sentence.partition(_MARK)[0].rstrip()


def keywords(explanation: ScoredWords | NamedWords, k: int, stop_words: StopWords = "default") -> list[str]:
    """The k most important words of an explanation, each once (compared without case); all of them if there are fewer.

    Scored words are ranked by score, skipping stop words, and returned in the order of the text. Named words keep the order in
    which they were named.
    """
    words = explanation.words
    if isinstance(explanation, NamedWords):
        chosen = list(best([word.lower() for word in words], [0.0] * len(words), k).values())
    else:
        chosen = sorted(best([keyword(word, stop_words) for word in words], explanation.scores, k).values())
    return [words[place] for place in chosen]


def layout_for(
    explanations: Sequence[Explanation], wording: Wording, keyword_count: int = 6, step_count: int = 3
) -> AbstractFormat:
    """The format in which explanations of one kind are written.

    Parameters
    ----------
    explanations : sequence of Explanation
        The explanations of a prompt's shots.
    wording : Wording
        The sentences to fill in.
    keyword_count, step_count : int
        How many keywords (k) or steps (p) a rationale has; by default 6 and 3.

    Returns
    -------
    AbstractFormat
        A StepFormat if the explanations are texts, else a KeywordFormat.
    """
    if any(isinstance(explanation, WrittenText) for explanation in explanations):
        return StepFormat(wording, step_count)
    return KeywordFormat(wording, keyword_count)
