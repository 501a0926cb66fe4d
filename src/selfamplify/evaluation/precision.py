"""How well an explanation finds the words that are known to decide an answer."""

from ..prompting.formats import keywords
from ..records import Explanation, Question


def precision_at_k(explanation: Explanation, question: Question, k: int | None = None) -> float:
    """The share of the ``k`` most important words that are among the question's planted ones (0 to 1).

    ``k`` is by default the number of distinct planted words, so that 1.0 can be reached and a miss can't be hidden by a large
    k. Words are ranked as they are for a rationale: by score, stop words passed over, each once, compared without case.
    Raises ValueError for a question whose deciding words are not known.
    """
    planted = {word.lower() for word in question.planted}
    if not planted:
        raise ValueError(f"question {question.id} has no planted words to find; use a planted task")
    wanted = len(planted) if k is None else k
    found = {word.lower() for word in keywords(explanation, wanted)}
    return len(found & planted) / wanted
