"""AMPLIFY: shots and keywords by a fine-tuned encoder, in place of the language model itself (extra ``amplify``)."""

from dataclasses import dataclass, replace
from typing import Literal

from ..arguments import check_flag, check_whole
from ..errors import SelectionError, SettingsError
from ..explain.settings import check_count, check_positive
from ..prompting.formats.keywords import KeywordFormat
from ..prompting.prompt import Prompt
from ..proxy.explaining import NAME
from ..proxy.held_out import HeldOut
from ..proxy.training import Training
from ..records import Counts, Shot
from ..seeds import derive
from ..session import Session
from ..tasks.task import Task
from ..text.lines import counted
from .design import design
from .method import AbstractMethod
from .selection import Sample, chosen, in_order, note_one_sided


@dataclass(frozen=True, kw_only=True)
class AmplifyProxy(AbstractMethod):
    """AMPLIFY (Krishna et al. 2023, https://arxiv.org/abs/2305.11426), the method that Self-AMPLIFY does without a proxy for.

    An encoder is fine-tuned on one half of the training questions. Those of the other half are ranked by their
    misclassification confidence score (MCS), how much more probable the encoder finds a wrong answer than the true one. The
    highest ones that the language model answers wrong become shots; their keywords are those with the largest gradient x
    input, in magnitude, for the true answer. Test questions are never seen.

    Unlike AMPLIFY: a validation set is split off the training questions, the encoder is smaller than BERT-base, the explained
    value is log p(y), and keywords are written in the sentence of Self-AMPLIFY. Where a profile balances shots over labels, so
    does this method. Only the number of shots and the seed are taken from the common sample.

    Parameters
    ----------
    keywords : int
        Keywords per rationale (k), by default 6.
    encoder : str, optional
        The folder or hub name of an encoder such as BERT; by default all-MiniLM-L6-v2 from the extra ``amplify``.
    epochs : int
        How often each training question is read, by default 4.
    learning_rate : float
        The highest learning rate of the encoder, by default 1e-4.
    batch : int
        Questions per step, by default 16.
    train_size : int
        The encoder is trained on at most so many questions, by default 500.
    candidates : int
        At most so many other ones are ranked, by default 500.
    llm_errors : bool
        Whether shots must be questions that the language model answers wrong, as in AMPLIFY (the default); else the MCS decides
        alone.

    Raises
    ------
    SettingsError
        For a setting out of range; without the extra, if no encoder is named.
    """

    name = "amplify_proxy"
    own_sample = True
    keywords: int = 6
    encoder: str | None = None
    epochs: int = 4
    learning_rate: float = 1e-4
    batch: int = 16
    train_size: int = 500
    candidates: int = 500
    llm_errors: bool = True

    def __post_init__(self) -> None:
        check_whole("keywords", self.keywords, 1, 6)
        for setting in ("epochs", "batch", "candidates"):
            check_count(self, setting)
        check_count(self, "train_size", 2)
        check_positive(self, "learning_rate")
        check_flag("llm_errors", self.llm_errors)

    @property
    def makes(self) -> Literal["keywords"]:
        return "keywords"

    def prompt(self, session: Session, task: Task, sample: Sample) -> Prompt:
        if not sample.questions:
            raise SettingsError('AMPLIFY needs at least one shot; use `shots=8`, or `method="zero_shot"`.')
        training = Training(self.encoder, self.epochs, self.learning_rate, self.batch)
        sizes, seed = (self.train_size, self.candidates), derive(sample.seed, "amplify_proxy")
        side = HeldOut.of(session, task, training, sizes, seed)
        own = self._sample(session, task, side, len(sample.questions), sample.seed)
        explanations = side.explained(own.questions)
        layout = KeywordFormat(session.profile.wording, self.keywords)
        shots = [
            Shot(question, layout.reply(explanation, question.written(question.answer)), question.answer, explanation)
            for question, explanation in zip(own.questions, explanations, strict=True)
        ]
        prompt = design(session, task, own, self.name, layout, shots)
        made = prompt.provenance and replace(prompt.provenance, engine=f"{self!r}, {NAME}", keywords=self.keywords)
        return replace(prompt, provenance=made)

    def _sample(self, session: Session, task: Task, side: HeldOut, shots: int, seed: int) -> Sample:
        """The candidates with the highest MCS, among those that the language model answers wrong, if that is required."""
        ranked = side.ranked()
        found, counts = chosen(session, task, ranked, "error" if self.llm_errors else "random", shots, seed)
        if len(found) < shots:
            raise _too_few(session, task, len(ranked), len(found), shots, counts, self.llm_errors)
        note_one_sided(found, task)
        return Sample("proxy", seed, tuple(in_order(session, found, seed)), counts)


def _too_few(
    session: Session, task: Task, ranked: int, found: int, shots: int, counts: Counts, llm_errors: bool
) -> SelectionError:
    remedies = [f"`shots={found}`"] if found else []
    remedies += ['`settings={"llm_errors": False}`'] if llm_errors else []
    wrong = f" that {session.model.name} answers wrong" if llm_errors else ""
    return SelectionError(
        f"amplify_proxy found {found} of {counted(shots, 'shot')}{wrong} among the {counted(ranked, 'question')} of "
        f"{task.name} that its encoder ranked ({counts}); use {', '.join([*remedies, ''])}or more training questions."
    )
