"""An explanation becomes the paper's sentence (section 3.3); a format says how all shots of a prompt are written.

A format is a value: what the instruction asks for, and what an assistant's turn looks like. The keyword and step formats are
the paper's two preprompts; the answer and thought formats are those of IO and of Auto-CoT.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import ExplanationError
from ..records import DecisiveWords, Explanation, NamedWords, ScoredPairs, ScoredWords, WrittenText
from ..text.keywords import best, keyword
from ..text.stop_words import StopWords
from .wording import Wording, listed, placeholders

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
class DecisiveFormat(AbstractFormat):
    """The words without which the answer would be another one as the rationale.

    If the model's answer was wrong, they are words that mislead it, and without them it is right. If they do not change the
    answer, the rationale says that the right answer would be less likely without them, or more likely.

    Parameters
    ----------
    wording : Wording
        The sentences to fill in.
    """

    wording: Wording

    def instruction(self, labels: Sequence[str]) -> str:
        shown = listed(placeholders("word", 2))
        return self.wording.ask_decisive.format(
            preamble=self.wording.opened(labels),
            example=self._sentence(self.wording.decisive, shown, "".join(labels[1:2]), _first(labels), ""),
        )

    @property
    def opening(self) -> str:
        return _before(self._sentence(self.wording.decisive, listed([_MARK]), _MARK, _MARK, ""))

    def reply(self, explanation: Explanation | None, label: str) -> str:
        if not isinstance(explanation, DecisiveWords):
            raise TypeError(f"a rationale by decisive words is written from such words, not from {explanation!r}")
        shown = listed(explanation.words)
        if explanation.answer != label:
            degree = "" if explanation.changes else "more"
            return self._sentence(self.wording.misleading, shown, label, label, degree, explanation.answer)
        degree = "" if explanation.changes else "less"
        return self._sentence(self.wording.decisive, shown, explanation.without, label, degree)

    def _sentence(self, template: str, words: str, without: str, label: str, degree: str, other: str = "") -> str:
        answer, named = (self.wording.choice.format(label=each) for each in (without, other))
        then = (self.wording.shifted if degree else self.wording.turned).format(answer=answer, degree=degree)
        return template.format(words=words, then=then, label=label, other=named)


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
            example=self.wording.pair.format(words=listed(placeholders("word", 2)), label=_first(labels)),
        )

    @property
    def opening(self) -> str:
        return _before(self.wording.pair.format(words=listed([_MARK]), label=_MARK))

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


Worded = ScoredWords | ScoredPairs | DecisiveWords | NamedWords
"""An explanation by words of the question."""


def keywords(explanation: Worded, k: int, stop_words: StopWords = "default") -> list[str]:
    """The k most important words of an explanation, each once (compared without case); all of them if there are fewer.

    Scored words are ranked by score, skipping stop words, and returned in the order of the text; if pairs are scored, too, half
    of a pair's score counts for each of its words. Decisive words, which have no ranks, come in the order of the text without
    stop words. Named words keep the order in which they were named.
    """
    words, names = explanation.words, [keyword(word, stop_words) for word in explanation.words]
    match explanation:
        case NamedWords():
            chosen = list(best([word.lower() for word in words], [0.0] * len(words), k).values())
        case DecisiveWords():
            chosen = list(best(names, [0.0] * len(words), k).values())
        case ScoredPairs():
            chosen = sorted(best(names, explanation.shares, k).values())
        case ScoredWords():
            chosen = sorted(best(names, explanation.scores, k).values())
    return [words[place] for place in chosen]


def best_pair(explanation: ScoredPairs, stop_words: StopWords = "default") -> tuple[int, int] | None:
    """The places of the two words that do most together for the answer; None if there are no two different keywords.

    Pairs that support the answer come first, in what they do together and in the sum of that and of what each does alone. If no
    pair does, the highest one is taken all the same, as keywords are whatever their scores.
    """
    names, alone = [keyword(word, stop_words) for word in explanation.words], explanation.scores
    ranks = {
        (one, other): (score > 0 and alone[one] + alone[other] + score > 0, score)
        for (one, other), score in explanation.by_pair.items()
        if None not in (names[one], names[other]) and names[one] != names[other]
    }
    return max(ranks, key=lambda places: ranks[places], default=None)


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
        A StepFormat if the explanations are texts, a DecisiveFormat if they are decisive words, a PairFormat if pairs are
        scored, else a KeywordFormat.
    """
    for explanation in explanations:
        match explanation:
            case WrittenText():
                return StepFormat(wording, step_count)
            case DecisiveWords():
                return DecisiveFormat(wording)
            case ScoredPairs():
                return PairFormat(wording)
            case _:
                pass
    return KeywordFormat(wording, keyword_count)
