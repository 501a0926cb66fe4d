"""How well an explanation finds the words that decide an answer, on tasks for which these are known."""

from ..prompting.formats import keywords
from ..records import NamedWords, Question, ScoredWords


def precision_at_k(explanation: ScoredWords | NamedWords, question: Question, k: int | None = None) -> float:
    """The share of the ``k`` most important words that are planted words of the question.

    Words are ranked as for a rationale: by score (or in the order in which they were named), without stop words, each word
    once, ignoring case.

    Parameters
    ----------
    explanation : ScoredWords or NamedWords
        The explanation of the question.
    question : Question
        A question of a planted task, whose deciding words are known.
    k : int, optional
        How many words count. By default the number of distinct planted words, so that 1.0 can be reached and a larger k can't
        hide a miss.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ValueError
        If the deciding words of the question are not known.
    """
    planted = {word.lower() for word in question.planted}
    if not planted:
        raise ValueError(f"question {question.id} has no planted words to find; use a planted task")
    wanted = len(planted) if k is None else k
    found = {word.lower() for word in keywords(explanation, wanted)}
    return len(found & planted) / wanted
