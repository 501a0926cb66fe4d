"""What an explanation marks in the text of its question: scores on words, and the words of the rationale."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..prompting.chosen import best_pair, keywords
from ..records import DecisiveWords, Explanation, NamedWords, Question, ScoredPairs, ScoredWords
from ..text.question_words import question_words, rendered_words
from ..text.shading import shares
from ..text.words import Word

Marking = ScoredWords | ScoredPairs | DecisiveWords | NamedWords
"""An explanation that marks words of its question."""


@dataclass(frozen=True)
class Marks:
    """The marked words of a rendered question.

    ``shares`` are scores as shares of the largest, ``places`` the places of these scores in the explanation, and ``chosen`` the
    words of the rationale.
    """

    shares: dict[Word, float] = field(default_factory=dict)
    places: dict[Word, int] = field(default_factory=dict)
    chosen: tuple[Word, ...] = ()


def marks(question: Question, explanation: Marking, k: int) -> Marks:
    """The marks of an explanation.

    Half of a pair's score counts for each of its words. The words of the rationale are the k words of the highest scores,
    without stop words; of scored pairs, those of the best pair; of decisive words, all; of named words, the first k.
    """
    words = question_words(question)
    match explanation:
        case DecisiveWords():
            names = {word.lower() for word in explanation.words}
            return Marks(chosen=tuple(word for word in words if word.text.lower() in names))
        case NamedWords():
            return Marks(chosen=tuple(named_words(question, keywords(explanation, k))))
        case ScoredPairs():
            placed = _placed(words, explanation.words)
            chosen = tuple(placed[place] for place in best_pair(explanation) or () if place in placed)
            return _scored(placed, explanation.shares, chosen)
        case ScoredWords():
            chosen = tuple(named_words(question, keywords(explanation, k)))
            return _scored(_placed(words, explanation.words), explanation.scores, chosen)


def replacements(explanation: Explanation | None) -> dict[str, str]:
    """What words would be replaced by, by the words in lower case; empty unless an explanation replaces words."""
    if not isinstance(explanation, DecisiveWords):
        return {}
    return {word.lower(): other for word, other in zip(explanation.words, explanation.instead, strict=False)}


def proof_text(explanation: DecisiveWords) -> str:
    """Whether fewer words would do, as far as that is known."""
    if explanation.instead:
        return "no fewer replacements of those tried do this" if explanation.smallest else "fewer replacements may do this"
    return "no smaller set of words does this" if explanation.smallest else "there may be a smaller set of words"


def score_text(explanation: Marking, place: int) -> str:
    """The score of a word, with its standard error and unit as far as they are known; of pairs, the word's share."""
    match explanation:
        case ScoredPairs():
            return f"{explanation.shares[place]:+.4f} {explanation.value}"
        case ScoredWords():
            errors, unit = explanation.standard_errors, explanation.value
            error = f" ± {errors[place]:.4f}" if errors else ""
            return f"{explanation.scores[place]:+.4f}{error}{f' {unit}' if unit else ''}"
        case _:
            return ""


def named_words(question: Question, names: Iterable[str]) -> list[Word]:
    """All occurrences of the named words in a question, its choices included; case does not matter."""
    lowered = {name.lower() for name in names}
    return [word for word in rendered_words(question) if word.text.lower() in lowered]


def _scored(placed: dict[int, Word], scores: Sequence[float], chosen: tuple[Word, ...]) -> Marks:
    relative = shares(scores)
    return Marks({word: relative[place] for place, word in placed.items()}, {w: p for p, w in placed.items()}, chosen)


def _placed(words: Sequence[Word], names: Sequence[str]) -> dict[int, Word]:
    """The words that are scored, by their places among the scores."""
    placed, waiting = dict[int, Word](), iter(words)
    for place, name in enumerate(names):
        word = next((word for word in waiting if word.text == name), None)
        if word is None:
            break
        placed[place] = word
    return placed
