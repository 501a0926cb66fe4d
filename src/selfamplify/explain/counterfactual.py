"""Counterfactual explanation: the fewest words without which the model would give another answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from ..errors import ExplanationError
from ..games.answers import AbstractAnswers, answers_of
from ..games.values import Absent, check_absent
from ..models.model import AbstractLanguageModel
from ..prompting.wording import Wording
from ..records import Cost, DecisiveWords, Explanation, Question
from .playing import AbstractPlaying
from .removal import smallest_removal
from .settings import check_count


@dataclass(frozen=True, kw_only=True)
class Counterfactual(AbstractPlaying):
    """The smallest set of words without which the model gives another answer (Wachter et al. 2017; Martens and Provost 2014).

    All sets of one word are tried, then all of two, and so on; when a size has more sets than evaluations are left, larger ones
    come from a beam, and are pruned until no word can be put back. The record says whether the set is proven to be smallest. As
    in a bag of words (Martens and Provost 2014, https://doi.org/10.25300/MISQ/2014/38.1.04), a word that occurs more than once
    goes everywhere at once, so that "if it were not there" is literally true.

    If the model does not answer y, no removal could say why it would: the words that are found are then those that mislead it,
    the smallest set without which its answer is y, and not just another wrong one. If no set changes the answer, the words are
    those that come closest, by the difference between y and the best other label. Rationales are worded accordingly.

    Parameters
    ----------
    baseline : str, optional
        What is put in the place of an absent word; see ``AbstractAttribution``.
    absent : {"mask", "delete"}, default "mask"
        How a word is made absent; see ``AbstractPerturbation``.
    most : int, default 6
        The largest set, in words.
    evaluations : int, default 2000
        How many sets of words are tried, at most, before the result is pruned.
    beam : int, default 10
        How many sets of one size are extended by another word.
    calibrate : bool, optional
        Whether the model's answer is the label that is most probable relative to the question without any of its words
        (contextual calibration, Zhao et al. 2021, https://arxiv.org/abs/2102.09690), and not the most probable one. By default
        only if answers are the names of labels: small models answer most texts with the same name, which no removal changes.

    Raises
    ------
    SettingsError
        If a setting is invalid.
    """

    name = "counterfactual"
    makes = "decisive"
    baseline: str | None = None
    absent: Absent = "mask"
    most: int = 6
    evaluations: int = 2000
    beam: int = 10
    calibrate: bool | None = None

    def __post_init__(self) -> None:
        check_absent(self.absent)
        super().__post_init__()
        for setting in ("most", "evaluations", "beam"):
            check_count(self, setting)

    @property
    def absence(self) -> Absent:
        return self.absent

    def explain(self, model: AbstractLanguageModel, question: Question, wording: Wording, seed: int) -> Explanation:
        if len(question.labels) < 2:
            raise ExplanationError(
                f"Question {question.id} has only one answer ({question.answer}), so no words can change it; leave it out."
            )
        start = perf_counter()
        asked = answers_of(model, question, wording, self.absent, self.baseline or "auto")
        places, own = _places(asked.words), question.labels.index(question.answer)
        usual = self._usual(asked, question)

        def answer(gone: tuple[int, ...]) -> int:
            return int((_scores(asked, places, [gone])[0] - usual).argmax())

        towards = -1 if answer(()) == own else 1

        def progress(sets: Sequence[tuple[int, ...]]) -> list[float]:
            scores = _scores(asked, places, sets) - usual
            return (towards * (scores[:, own] - np.delete(scores, own, 1).max(1))).tolist()

        found = smallest_removal(len(places), progress, self.most, self.evaluations, self.beam)
        if not found.gone:
            aim = f"closer to {question.answers[own]}" if towards > 0 else "away from that"
            raise ExplanationError(
                f"The model answers {question.answers[answer(())]} to question {question.id}, and no words that were removed "
                f'brought it {aim}; leave it out, or use an attribution such as `explainer="kernel_shap"`.'
            )
        return DecisiveWords(
            question.id,
            self.name,
            tuple(asked.words[places[word][0]] for word in found.gone),
            question.answers[answer(())],
            question.answers[answer(found.gone if found.changes else ())],
            found.smallest,
            Cost(asked.passes, perf_counter() - start),
            asked.blank,
        )

    def _usual(self, asked: AbstractAnswers, question: Question) -> np.ndarray:
        """What the answers' scores are relative to: those without any word, or 0."""
        calibrated = question.answer_style == "label" if self.calibrate is None else self.calibrate
        none = np.zeros((1, len(asked.words)), bool)
        return asked.scores(none)[0] if calibrated else np.zeros(len(question.labels))


def _places(words: tuple[str, ...]) -> list[list[int]]:
    """The places of each distinct word, in the order of their first ones; case does not matter."""
    found: dict[str, list[int]] = {}
    for place, word in enumerate(words):
        found.setdefault(word.lower(), []).append(place)
    return list(found.values())


def _scores(asked: AbstractAnswers, places: list[list[int]], sets: Sequence[tuple[int, ...]]) -> np.ndarray:
    """The scores of the answers without each set of words."""
    present = np.ones((len(sets), len(asked.words)), bool)
    for row, gone in enumerate(sets):
        for word in gone:
            present[row, places[word]] = False
    return asked.scores(present)
