"""Which format explanations of a kind are written in."""

from collections.abc import Sequence

from ...records import DecisiveWords, Explanation, ScoredPairs, WrittenText
from ..wording import Wording
from .decisive import DecisiveFormat
from .format import AbstractFormat
from .keywords import KeywordFormat
from .pair import PairFormat
from .steps import StepFormat


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
                return DecisiveFormat(wording, bool(explanation.instead))
            case ScoredPairs():
                return PairFormat(wording)
            case _:
                pass
    return KeywordFormat(wording, keyword_count)
