"""Counterfactual explanation: the fewest words without which, or with others for which, the model would answer otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Literal, get_args

import numpy as np

from ..errors import ExplanationError, ModelError, SettingsError
from ..games.answers import answers_of
from ..games.values import Absent, check_absent
from ..models.model import AbstractDifferentiableModel, AbstractLanguageModel
from ..prompting.wording import Wording
from ..records import Cost, DecisiveWords, Explanation, Question
from .changes import Removals, Replacements
from .playing import AbstractPlaying
from .proposals import Proposals
from .settings import check_count
from .smallest import smallest_change

Change = Literal["remove", "replace"]
"""Whether words go, or make way for others."""


@dataclass(frozen=True, kw_only=True)
class Counterfactual(AbstractPlaying):
    """The smallest set of words without which the model gives another answer (Wachter et al. 2017; Martens and Provost 2014).

    With ``change="replace"``, words make way for others, and the new text is asked like any question: 'If "dull" were
    "brilliant", the answer would be positive'. The other words are those that the model itself finds most probable there (see
    ``Proposals``), as MiCE (Ross et al. 2021, https://aclanthology.org/2021.findings-acl.336) and Polyjuice (Wu et al. 2021,
    https://aclanthology.org/2021.acl-long.523) take them from a language model, not those of the steepest gradient, which
    seldom fit the sentence (HotFlip, Ebrahimi et al. 2018, https://aclanthology.org/P18-2006).

    All sets of one word are tried, then all of two, and so on; when a size has more sets than evaluations are left, larger ones
    come from a beam, and are pruned until no word can be put back. The record says whether the set is proven to be smallest. As
    in a bag of words (Martens and Provost 2014, https://doi.org/10.25300/MISQ/2014/38.1.04), a word that occurs more than once
    goes everywhere at once, so that "if it were not there" is literally true.

    If the model does not answer y, no change could say why it would: the words that are found are then those that mislead it,
    the smallest set without which its answer is y, and not just another wrong one. If no set changes the answer, the words are
    those that come closest, by the difference between y and the best other label. Rationales are worded accordingly.

    Parameters
    ----------
    change : {"remove", "replace"}, default "remove"
        Whether words are made absent, or replaced by other words. The latter needs a model that shows its tokens.
    candidates : int, default 8
        How many other words are tried in the place of each one, at most, with ``change="replace"``.
    baseline : str, optional
        What is put in the place of an absent word; see ``AbstractAttribution``.
    absent : {"mask", "delete"}, default "mask"
        How a word is made absent; see ``AbstractPerturbation``.
    most : int, default 6
        The largest set, in words.
    evaluations : int, default 2000
        How many sets of changes are tried, at most, before the result is pruned.
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
    change: Change = "remove"
    candidates: int = 8
    baseline: str | None = None
    absent: Absent = "mask"
    most: int = 6
    evaluations: int = 2000
    beam: int = 10
    calibrate: bool | None = None

    def __post_init__(self) -> None:
        check_absent(self.absent)
        if self.change not in get_args(Change):
            raise SettingsError(f"`change={self.change!r}` is invalid; choose one of: {', '.join(get_args(Change))}.")
        super().__post_init__()
        for setting in ("most", "evaluations", "beam", "candidates"):
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
        changes, usual = self._changes(model, question, wording)
        own = question.labels.index(question.answer)

        def answer(chosen: tuple[int, ...]) -> int:
            return int((changes.scores([chosen])[0] - usual).argmax())

        first = answer(())
        towards = -1 if first == own else 1

        def progress(sets: Sequence[tuple[int, ...]]) -> list[float]:
            scores = changes.scores(sets) - usual
            return (towards * (scores[:, own] - np.delete(scores, own, 1).max(1))).tolist()

        found = smallest_change(changes.ways, progress, self.most, self.evaluations, self.beam)
        if not found.changes:
            raise self._unchanged(question, question.answers[first], question.answers[own] if towards > 0 else "")
        words, instead = changes.named(found.changes)
        return DecisiveWords(
            question.id,
            self.name,
            words,
            question.answers[first],
            question.answers[answer(found.changes) if found.turns else first],
            found.smallest,
            Cost(changes.passes, perf_counter() - start),
            changes.asked.blank if isinstance(changes, Removals) else None,
            instead,
        )

    def _changes(
        self, model: AbstractLanguageModel, question: Question, wording: Wording
    ) -> tuple[Removals | Replacements, np.ndarray]:
        """What can be changed, and what the answers' scores are relative to: those without any word, or 0."""
        if self.change == "replace" and not isinstance(model, AbstractDifferentiableModel):
            raise ModelError(
                f"{model.name} shows no tokens, so it can't say which other words it would expect; "
                f'use `settings={{"change": "remove"}}`, or a model on this machine.'
            )
        asked = answers_of(model, question, wording, self.absent, self.baseline or "auto")
        calibrated = question.answer_style == "label" if self.calibrate is None else self.calibrate
        none = np.zeros((1, len(asked.words)), bool)
        usual = asked.scores(none)[0] if calibrated else np.zeros(len(question.labels))
        if not (self.change == "replace" and isinstance(model, AbstractDifferentiableModel)):
            return Removals(asked=asked), usual
        proposals = Proposals(model=model, question=question, wording=wording, count=self.candidates)
        words = proposals.words()
        passes = asked.passes + proposals.passes
        return Replacements(model=model, question=question, wording=wording, proposals=words, passes=passes), usual

    def _unchanged(self, question: Question, answer: str, wanted: str) -> ExplanationError:
        aim = f"closer to {wanted}" if wanted else "away from that"
        return ExplanationError(
            f"The model answers {answer} to question {question.id}, and no words that were {self.change}d "
            f'brought it {aim}; leave it out, or use an attribution such as `explainer="kernel_shap"`.'
        )
