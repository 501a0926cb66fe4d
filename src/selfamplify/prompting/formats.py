"""Step 3.3, last part: an explanation becomes the paper's sentence; a format says how all the shots of a prompt are written.

A format is a value: what the instruction asks for and what an assistant's turn looks like. The keyword and step formats are
the paper's two preprompts; the answer and thought formats are those of IO and of Auto-CoT.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import ExplanationError
from ..records import Explanation
from ..text.keywords import best, keyword
from .wording import Wording, choices, listed, placeholders


class AbstractFormat(ABC):
    """How a prompt asks and how its shots answer."""

    wording: Wording

    @abstractmethod
    def instruction(self, labels: Sequence[str]) -> str:
        """The preprompt (appendix A.3) for a task whose questions use ``labels``."""

    @abstractmethod
    def reply(self, explanation: Explanation | None, label: str) -> str:
        """The assistant's turn of a shot: the rationale, which ends by naming the answer ``label``."""


@dataclass(frozen=True)
class AnswerFormat(AbstractFormat):
    """IO prompting: the answer alone."""

    wording: Wording

    def instruction(self, labels: Sequence[str]) -> str:
        return self.wording.answer_instruction(labels)

    def reply(self, explanation: Explanation | None, label: str) -> str:
        return self.wording.answer.format(label=label)


@dataclass(frozen=True)
class KeywordFormat(AbstractFormat):
    """The ``keywords`` most important words as the rationale (section 3.3)."""

    wording: Wording
    keywords: int = 6

    def instruction(self, labels: Sequence[str]) -> str:
        return self.wording.ask_keywords.format(
            preamble=self.wording.preamble.format(choices=choices(labels)),
            k=self.keywords,
            example=self._sentence(placeholders("word", self.keywords), labels[0]),
        )

    def reply(self, explanation: Explanation | None, label: str) -> str:
        if explanation is None:
            raise ValueError("a keyword rationale needs an explanation")
        words = keywords(explanation, self.keywords)
        if not words:
            raise ExplanationError(f"Question {explanation.question_id} has only stop words for keywords; leave it out.")
        return self._sentence(words, label)

    def _sentence(self, words: Sequence[str], label: str) -> str:
        template = self.wording.keywords if len(words) > 1 else self.wording.keyword
        return template.format(k=len(words), keywords=listed(words), label=label)


@dataclass(frozen=True)
class StepFormat(AbstractFormat):
    """A ``steps``-step explanation in the model's words as the rationale (section 3.3, self_exp)."""

    wording: Wording
    steps: int = 3

    def instruction(self, labels: Sequence[str]) -> str:
        example = ", ".join(placeholders("step", self.steps))
        return self.wording.ask_steps.format(
            preamble=self.wording.preamble.format(choices=choices(labels)),
            p=self.steps,
            example=self._sentence(example, labels[0]),
        )

    def reply(self, explanation: Explanation | None, label: str) -> str:
        if explanation is None or not explanation.text:
            raise ValueError("a step rationale needs a written explanation")
        return self._sentence(explanation.text, label)

    def _sentence(self, steps: str, label: str) -> str:
        return self.wording.steps.format(p=self.steps, steps=steps.rstrip(" ,.;"), label=label)


@dataclass(frozen=True)
class ThoughtFormat(AbstractFormat):
    """Auto-CoT's chain of thought as the rationale (Zhang et al. 2023, https://arxiv.org/abs/2210.03493)."""

    wording: Wording

    def instruction(self, labels: Sequence[str]) -> str:
        return self.wording.ask_thought.format(
            preamble=self.wording.preamble.format(choices=choices(labels)),
            example=self._sentence("step1. step2. step3.", labels[0]),
        )

    def reply(self, explanation: Explanation | None, label: str) -> str:
        if explanation is None or explanation.text is None:
            raise ValueError("a chain of thought needs a written explanation")
        return self._sentence(explanation.text, label)

    def _sentence(self, thought: str, label: str) -> str:
        return self.wording.thought.format(think=self.wording.think, thought=thought, label=label)


def keywords(explanation: Explanation, k: int) -> list[str]:
    """The k most important words of an explanation, in the order of the text, each once (compared without case).

    Scored words are ranked by score, and stop words are passed over here, never given a fake score. Words without scores
    keep the order in which they were named. With fewer than k candidates, all of them.
    """
    words, scores = explanation.words, explanation.scores
    if scores is None:
        chosen = list(best([word.lower() for word in words], [0.0] * len(words), k).values())
    else:
        chosen = sorted(best([keyword(word) for word in words], scores, k).values())
    return [words[place] for place in chosen]


def layout_for(explanations: Sequence[Explanation], wording: Wording, keyword_count: int, step_count: int) -> AbstractFormat:
    """The format in which explanations of one kind are written: as keywords where words were scored or named, else as steps."""
    if all(explanation.words for explanation in explanations):
        return KeywordFormat(wording, keyword_count)
    return StepFormat(wording, step_count)
