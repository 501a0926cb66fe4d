"""Records of explanations that score no words, and the type that stands for any explanation."""

import reprlib
from dataclasses import dataclass
from typing import Literal

from ..errors import DataError
from .scored import Baseline, Cost, ScoredPairs, ScoredWords
from .shown import clipped, html_repr


@dataclass(frozen=True, repr=False)
class DecisiveWords:
    """The fewest words without which, or with others in place of which, the model gives another answer (counterfactual).

    If the model does not answer y, they are the fewest without which it does: those that mislead it. If no words change the
    answer, they are those that come closest.

    Parameters
    ----------
    question_id, explainer : str
        What is explained, and by what.
    words : tuple of str
        The words, in the order of the text. Each one is absent, or replaced, wherever it occurs.
    answer : str
        What the model answers to the whole question, as answers are written: a letter, a label's name or a choice's text.
    without : str
        What it answers without these words, or with the others; the same if they do not change the answer.
    smallest : bool
        Whether it is proven that no smaller set of words changes the answer in this way; of replacements, that no fewer of
        those that were proposed do.
    cost : Cost
        By default nothing.
    baseline : Baseline, optional
        What stood for absent words; None if they were removed, or replaced.
    instead : tuple of str
        What each word is replaced by; by default empty, since the words are absent.

    Raises
    ------
    DataError
        If there is no word, or ``instead`` does not hold one for each.
    """

    question_id: str
    explainer: str
    words: tuple[str, ...]
    answer: str
    without: str
    smallest: bool
    cost: Cost = Cost(0, 0.0)
    baseline: Baseline | None = None
    instead: tuple[str, ...] = ()
    kind: Literal["decisive_words"] = "decisive_words"

    _repr_html_ = html_repr

    def __post_init__(self) -> None:
        if not self.words:
            raise DataError("No words can't be decisive; give the words without which the answer is another one.")
        if self.instead and len(self.instead) != len(self.words):
            raise DataError(f"{len(self.instead)} words in place of {len(self.words)}; give one for each.")

    @property
    def changes(self) -> bool:
        """Whether the answer is another one without these words, or with the others."""
        return self.answer != self.without

    def __repr__(self) -> str:
        words = list(map(reprlib.repr, self.words[:3]))
        words = [f"{new!r} for {old}" for new, old in zip(self.instead, words, strict=False)] or words
        shown = f"{'with' if self.instead else 'without'} {', '.join(words)}{', …' if len(self.words) > 3 else ''}"
        proof = "smallest set" if self.smallest else "not proven smallest"
        answers = f"answer {clipped(self.answer)!r}, {shown} {clipped(self.without)!r}"
        return f"DecisiveWords({clipped(self.question_id)!r} by {self.explainer}: {answers}, {proof})"


@dataclass(frozen=True, repr=False)
class NamedWords:
    """Keywords that the model named itself (self_topk).

    Parameters
    ----------
    question_id, explainer : str
        What is explained, and by what.
    words : tuple of str
        The keywords, in the model's order.
    text : str
        What it wrote; by default empty.
    cost : Cost
        By default nothing.
    """

    question_id: str
    explainer: str
    words: tuple[str, ...]
    text: str = ""
    cost: Cost = Cost(0, 0.0)
    kind: Literal["named_words"] = "named_words"

    _repr_html_ = html_repr

    def __repr__(self) -> str:
        shown = ", ".join(map(reprlib.repr, self.words[:3]))
        return f"NamedWords({clipped(self.question_id)!r} by {self.explainer}: {len(self.words)} words, first {shown})"


@dataclass(frozen=True, repr=False)
class WrittenText:
    """An explanation in the model's own words: the steps of self_exp, or Auto-CoT's chain of thought.

    Parameters
    ----------
    question_id, explainer : str
        What is explained, and by what.
    text : str
        The explanation.
    cost : Cost
        By default nothing.
    """

    question_id: str
    explainer: str
    text: str
    cost: Cost = Cost(0, 0.0)
    kind: Literal["written_text"] = "written_text"

    _repr_html_ = html_repr

    def __repr__(self) -> str:
        return f"WrittenText({clipped(self.question_id)!r} by {self.explainer}: {reprlib.repr(self.text)})"


Explanation = ScoredWords | ScoredPairs | DecisiveWords | NamedWords | WrittenText
"""Why the answer of one question is y, as an explainer sees it; ``kind`` says which kind it is in a file."""
