"""How well an explanation finds the words that decide an answer, on tasks for which these are known."""

from ..arguments import check_whole
from ..prompting.chosen import Worded, keywords
from ..records import Question
from ..text.keywords import keyword
from ..text.question_words import question_words


def precision_at_k(explanation: Worded, question: Question, k: int | None = None) -> float:
    """The share of the ``k`` most important words that are planted words of the question.

    Words are ranked as for a rationale: by score (or in the order in which they were named), without stop words, each word
    once, ignoring case. If an explanation has fewer than ``k`` words, as decisive words may, the missing ones are misses.

    Parameters
    ----------
    explanation : ScoredWords, ScoredPairs, DecisiveWords or NamedWords
        The explanation of the question.
    question : Question
        A question whose deciding words are known: of a planted task, or of the task ``reviews``.
    k : int, optional
        How many words count. By default the number of distinct planted words, so that 1.0 can be reached and a larger k can't
        hide a miss.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    SettingsError
        If ``k`` is not a whole number of at least 1.
    ValueError
        If the deciding words of the question are not known.
    """
    planted = _planted(question)
    wanted = len(planted) if k is None else k
    check_whole("k", wanted, 1, len(planted))
    found = {word.lower() for word in keywords(explanation, wanted)}
    return len(found & planted) / wanted


def chance_of_precision(question: Question) -> float:
    """What ``precision_at_k`` is on average for words drawn at random: the share of planted words among its keywords.

    Parameters
    ----------
    question : Question
        A question whose deciding words are known.

    Returns
    -------
    float
        From 0 to 1; the same for every k up to the number of its words, without stop words.

    Raises
    ------
    ValueError
        If the deciding words of the question are not known.
    """
    planted = _planted(question)
    words = {word for each in question_words(question) if (word := keyword(each.text))}
    return len(planted & words) / len(words) if words else 0.0


def _planted(question: Question) -> set[str]:
    planted = {word.lower() for word in question.planted}
    if not planted:
        raise ValueError(f"question {question.id} has no planted words to find; use a planted task")
    return planted
