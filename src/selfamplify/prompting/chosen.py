"""Which words of an explanation a rationale names: the k keywords, or the pair that does most together."""

from ..records import DecisiveWords, NamedWords, ScoredPairs, ScoredWords
from ..text.keywords import best, keyword
from ..text.stop_words import StopWords

Worded = ScoredWords | ScoredPairs | DecisiveWords | NamedWords
"""An explanation by words of the question."""


def keywords(explanation: Worded, k: int, stop_words: StopWords = "default") -> list[str]:
    """The k most important words of an explanation, each once (compared without case); all of them if there are fewer.

    Scored words are ranked by score, skipping stop words, and returned in the order of the text; if pairs are scored, too, half
    of a pair's score counts for each of its words. Decisive words, which have no ranks, come in the order of the text without
    stop words. Named words keep the order in which they were named.
    """
    return [explanation.words[place] for place in keyword_places(explanation, k, stop_words)]


def keyword_places(explanation: Worded, k: int, stop_words: StopWords = "default") -> list[int]:
    """The places of these words among the words of the explanation."""
    words, names = explanation.words, [keyword(word, stop_words) for word in explanation.words]
    match explanation:
        case NamedWords():
            return list(best([word.lower() for word in words], [0.0] * len(words), k).values())
        case DecisiveWords():
            return list(best(names, [0.0] * len(words), k).values())
        case ScoredPairs():
            return sorted(best(names, explanation.shares, k).values())
        case ScoredWords():
            return sorted(best(names, explanation.scores, k).values())


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
