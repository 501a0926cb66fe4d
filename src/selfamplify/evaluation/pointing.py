"""Which words of a question an explanation points at: the one place that tells the kinds of explanations apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..prompting.chosen import Worded, keywords
from ..records import DecisiveWords, Explanation, NamedWords, Question, ScoredPairs, ScoredWords, WrittenText
from ..text.keywords import best, keyword
from ..text.question_words import question_words
from ..text.stop_words import StopWords
from ..text.words import candidate_words
from .removal import by_score

Made = Literal["scores", "words", "set", "text"]
"""What an explanation is made of."""


@dataclass(frozen=True)
class Pointed:
    """What an explanation says about the words of its question.

    Parameters
    ----------
    keywords : tuple of str
        The keywords that it points at, in lower case, each once, without stop words: of scores all keywords of the question,
        the most important first; otherwise those that it names.
    makes : {"scores", "words", "set", "text"}
        What the explanation is made of. The words of a set, or of a text, are in no order of importance.
    """

    keywords: tuple[str, ...]
    makes: Made

    def top(self, k: int) -> tuple[str, ...]:
        """The k most important keywords; all if they are in no order."""
        return self.keywords if self.makes in ("set", "text") else self.keywords[:k]


def pointed(explanation: Explanation, question: Question, stop_words: StopWords = "default") -> Pointed:
    """Which words of its question an explanation points at.

    Parameters
    ----------
    explanation : Explanation
        Of any kind: scores of words, named words, or a text, which points at the words that it has in common with the question.
    question : Question
        The question.
    stop_words : {"none", "authors", "default"}
        Which words are no keywords.
    """
    match explanation:
        case ScoredWords() | ScoredPairs():
            names = [keyword(word, stop_words) for word in explanation.words]
            return Pointed(tuple(best(names, _scores(explanation), len(names))), "scores")
        case NamedWords():
            return Pointed(_known(" ".join(explanation.words), question, stop_words), "words")
        case DecisiveWords():
            return Pointed(_known(" ".join(explanation.words), question, stop_words), "set")
        case WrittenText():
            return Pointed(_known(explanation.text, question, stop_words), "text")


def _scores(explanation: ScoredWords | ScoredPairs) -> Sequence[float]:
    """A score for each word; of pairs, half of each one's score is for each of its words."""
    return explanation.shares if isinstance(explanation, ScoredPairs) else explanation.scores


def _known(text: str, question: Question, stop_words: StopWords) -> tuple[str, ...]:
    """The keywords of a question that a text contains, in the order of the text."""
    known = keywords_of(question, stop_words)
    said = dict.fromkeys(word.text.lower() for word in candidate_words(text))
    return tuple(word for word in said if word in known)


def order_of(words: Sequence[str], explanation: Explanation) -> list[int] | None:
    """The places of ``words`` in the order of an explanation's scores; None if it does not score words.

    The n-th time that a word occurs gets its n-th score. Words without a score come last.
    """
    if not isinstance(explanation, ScoredWords | ScoredPairs):
        return None
    left: dict[str, list[float]] = {}
    for word, score in zip(explanation.words, _scores(explanation), strict=True):
        left.setdefault(word, []).append(score)
    return by_score([left[word].pop(0) if left.get(word) else -float("inf") for word in words])


def rationale_of(explanation: Explanation, k: int, stop_words: StopWords = "default") -> str:
    """An explanation as a text of its own: its k most important words, or what it says."""
    return explanation.text if isinstance(explanation, WrittenText) else ", ".join(words_of(explanation, k, stop_words))


def words_of(explanation: Worded, k: int, stop_words: StopWords = "default") -> list[str]:
    """The k most important words of an explanation, without stop words; all decisive ones."""
    return keywords(explanation, len(explanation.words) if isinstance(explanation, DecisiveWords) else k, stop_words)


def keywords_of(question: Question, stop_words: StopWords = "default") -> dict[str, str]:
    """The words of a question that may become keywords, in the order of the text: lower case, and as first written."""
    found: dict[str, str] = {}
    for word in question_words(question):
        name = keyword(word.text, stop_words)
        if name is not None:
            found.setdefault(name, word.text)
    return found
