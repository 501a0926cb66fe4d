"""Useful rationales: a shot is kept only if its rationale turns the model's wrong answer into the right one.

The filter of STaR (Zelikman et al. 2022, https://arxiv.org/abs/2203.14465), which keeps rationales that lead to the right
answer, for Self-AMPLIFY's rationales. That the answer is wrong without the rationale is required here in addition.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from ..errors import ExplanationError, SelectionError, SettingsError
from ..explain.explainer import Makes
from ..models.context import fits
from ..models.model import AbstractLanguageModel
from ..models.nested import by_longest
from ..prompting.faults import sentences
from ..prompting.prompt import Prompt
from ..records import Asked, Prediction, Question, Shot, Usefulness, WrittenText
from ..session import Session
from ..tasks.task import Task
from ..text.lines import argument, counted
from ..text.naming import names_answer
from ..work.stage import Stage, silent
from .design import sample_digest
from .io import same_shots_io
from .method import AbstractMethod
from .qualifying import SELECTIONS
from .selection import Sample, chosen, in_order, note_one_sided, pool_of
from .self_amplify import SelfAmplify

Keep = Literal["all", "useful"]
"""Which rationales become shots: all, or those that turn a wrong answer into the right one."""
_BATCH = 32
_ENDS = " ,.;"
"""What is taken from the end of a rationale before the sentence goes on to the answer, as ``StepFormat`` does."""


@dataclass(frozen=True)
class UsefulRationales(AbstractMethod):
    """Self-AMPLIFY with shots whose rationales are useful.

    The sample as it was drawn, with and without its rationales, is the context of the test. A candidate question is asked after
    the other questions of the sample without rationales: "The answer is (". If the most probable answer is wrong there, it is
    asked after the same questions with their rationales, and the reply is begun with the candidate's own rationale up to the
    answer: 'The 6 keywords "…" are important to predict that the answer is ('. If the most probable answer is now right, the
    rationale is useful. What names the answer proves nothing: a rationale in sentences is cut for the test before the first
    one that does, and one of which nothing is left is not kept.

    Candidates are the questions of the sample, then further ones by the same selection, in the order in which they are drawn,
    until there are as many shots as the sample has, or no training question is left. Answers are not balanced over labels
    beyond the order of the candidates. The shots differ from those of the sample, so that a test against IO on the sample
    compares whole prompts, not rationales alone.

    Parameters
    ----------
    method : SelfAmplify
        Makes the rationales.
    """

    name = SelfAmplify.name
    method: SelfAmplify

    @property
    def makes(self) -> Makes:
        return self.method.makes

    def prompt(self, session: Session, task: Task, sample: Sample) -> Prompt:
        """The finished prompt. Raises SelectionError, with the counts, if too few rationales are useful."""
        if session.profile.order != "xry":
            raise SettingsError(
                '`keep_rationales="useful"` tests rationales that come before the answer, and `order="xyr"` writes them after '
                'it; use `order="xry"`, or `keep_rationales="all"`.'
            )
        test = _Test(session, task, self.method, self.method.prompt(session, task, sample), sample)
        kept, counts = test.kept(len(sample.questions))
        if len(kept) < len(sample.questions):
            raise _too_few(task, sample, len(kept), counts)
        note_one_sided([shot.question for shot in kept], task)
        order = in_order(session, [shot.question for shot in kept], sample.seed)
        shots = tuple(shot for question in order for shot in kept if shot.question.id == question.id)
        changed = {"sample_sha256": sample_digest(order), "usefulness": counts}
        made = test.context.provenance
        return replace(test.context, shots=shots, provenance=made and replace(made, **changed))


def keeping(method: AbstractMethod, keep: Keep) -> AbstractMethod:
    """The method, or its wrapper that keeps useful rationales only. Raises SettingsError for another method or value."""
    check_keep(keep)
    if keep == "all" or isinstance(method, UsefulRationales):
        return method
    if not isinstance(method, SelfAmplify):
        raise SettingsError(
            f'`keep_rationales="useful"` tests the rationales of an explainer, and {method.name} uses none; use '
            f'`method="kernel_shap"` or another explainer, or leave it out.'
        )
    return UsefulRationales(method)


def check_keep(keep: object) -> None:
    """Raise SettingsError for anything but "all" and "useful"."""
    if keep not in get_args(Keep):
        raise SettingsError(
            f'{argument("keep_rationales", keep)} is invalid; use `keep_rationales="all"` or `keep_rationales="useful"`.'
        )


@dataclass(frozen=True)
class _Test:
    """The test of candidates: ``context`` is the prompt on the sample as it was drawn, with all rationales."""

    session: Session
    task: Task
    method: SelfAmplify
    context: Prompt
    sample: Sample

    def kept(self, shots: int) -> tuple[list[Shot], Usefulness]:
        """The first shots with useful rationales, fewer if not enough are found, and how all that were tried fared."""
        kept: list[Shot] = []
        counts = Usefulness()
        what = "finding useful rationales"
        self.session.progress(what, 0, shots)
        for candidates in self._candidates():
            for found, verdict in self._judged(candidates):
                counts = replace(counts, tried=counts.tried + 1, **{verdict: getattr(counts, verdict) + 1})
                if found is not None:
                    kept.append(found)
                    self.session.progress(what, len(kept), shots)
                if len(kept) == shots:
                    return kept, counts
        return kept, counts

    def _candidates(self) -> Iterator[list[Question]]:
        """The questions of the sample, then twice as many by the same selection, and so on, each only once."""
        yield list(self.sample.questions)
        seen, size = {question.id for question in self.sample.questions}, len(self.sample.questions)
        found, complete = list(self.sample.questions), self.sample.selection in SELECTIONS
        while complete and len(found) == size:
            size *= 2
            pool, seed = pool_of(self.task, self.sample.seed), self.sample.seed
            found = list(chosen(self.session, self.task, pool, self.sample.selection, size, seed)[0])
            yield [question for question in found if question.id not in seen]
            seen |= {question.id for question in found}

    def _judged(self, candidates: Sequence[Question]) -> Iterator[tuple[Shot | None, str]]:
        """Each candidate's shot, if its rationale is useful, and its entry in the counts; a few candidates at a time."""
        size = max(1, len(self.sample.questions))
        for start in range(0, len(candidates), size):
            batch = candidates[start : start + size]
            plain = same_shots_io(self.session, self.context)
            without = self._answers([self._asked(plain, question, self._plain(question)) for question in batch])
            wrong = [question for question in batch if without[question.id].label not in (None, question.answer)]
            shots = self._explained(wrong)
            begun = {name: up_to_answer(shot) for name, shot in shots.items()}
            testable = [shot.question for name, shot in shots.items() if begun[name] is not None]
            within = self._answers([self._asked(self.context, each, begun[each.id] or "") for each in testable])
            for question in batch:
                found = within.get(question.id)
                if without[question.id].label == question.answer:
                    yield None, "right_without"
                elif question.id in begun and begun[question.id] is None:
                    yield None, "given_away"
                elif found is None or found.label is None:
                    yield None, "failed"
                elif found.label == question.answer:
                    yield shots[question.id], "useful"
                else:
                    yield None, "wrong_with"

    def _plain(self, question: Question) -> str:
        """The reply of a shot without a rationale, up to its answer."""
        reply = self.session.profile.wording.answer.format(label=question.written(question.answer))
        return _without_answer(reply, question)

    def _explained(self, questions: Sequence[Question]) -> dict[str, Shot]:
        """The shots of questions by their ids, without those that can't be explained."""
        if not questions:
            return {}
        with suppress(ExplanationError):
            return self._shots(questions)
        found: dict[str, Shot] = {}
        for question in questions:
            with suppress(ExplanationError):
                found |= self._shots([question])
        return found

    def _shots(self, questions: Sequence[Question]) -> dict[str, Shot]:
        sample = replace(self.sample, questions=tuple(questions))
        return {shot.question.id: shot for shot in self.method.prompt(self.session, self.task, sample).shots}

    def _asked(self, prompt: Prompt, question: Question, begun: str) -> Asked:
        """A question after the other shots of a prompt, with the beginning of its reply."""
        others = tuple(shot for shot in prompt.shots if shot.question.id != question.id)
        chat = replace(replace(prompt, shots=others).chat(question), prefill=begun)
        return Asked(question, self.session.model.encode(chat))

    def _answers(self, asked: Sequence[Asked]) -> dict[str, Prediction]:
        """The most probable answers by the questions' ids; None for a question that does not fit the model's context."""
        model, unseen = self.session.model, replace(self.session, progress=silent)  # what is reported are shots

        def identity(each: Asked) -> list[Any]:
            return [
                each.question.id,
                model.fingerprint,
                each.encoded.digest,
                each.question.labels,
                *by_longest(each.question.answers),
            ]

        stage = Stage("testing rationales", Prediction, identity, _answer, _BATCH)
        return {each.question_id: each for each in unseen.run(stage, asked)}


def _answer(model: AbstractLanguageModel, batch: Sequence[Asked]) -> Iterable[tuple[int, Prediction]]:
    places = [place for place, each in enumerate(batch) if fits(model, each.encoded, 1)]
    asked = [batch[place] for place in places]
    tokens = model.next_token([each.encoded.chat for each in asked], [each.question.answers for each in asked]) if asked else []
    best = {place: each.question.label_of(token.best(each.question.answers))
            for place, each, token in zip(places, asked, tokens, strict=True)}  # fmt: skip
    return (
        (place, Prediction(each.question.id, "", best.get(place), too_long=place not in best))
        for place, each in enumerate(batch)
    )


def up_to_answer(shot: Shot) -> str | None:
    """What a shot says before its answer, from which the model has to find that answer.

    A rationale in sentences is cut before the first one that names the answer. None if nothing is left, or if keywords name it.
    """
    question, written = shot.question, shot.explanation
    said = _without_answer(shot.reply, question)
    if isinstance(written, WrittenText):
        parts = sentences(written.text)
        first = next((place for place, part in enumerate(parts) if names_answer(part, question)), len(parts))
        kept = " ".join(parts[:first]).rstrip(_ENDS)
        if not kept:
            return None
        said = said.replace(written.text.rstrip(_ENDS), kept) if first < len(parts) else said
    return None if names_answer(said, question) else said


def _without_answer(reply: str, question: Question) -> str:
    """A reply without its answer, which is the last thing that it says."""
    return reply[: reply.rindex(question.written(question.answer))].rstrip(" ")


def _too_few(task: Task, sample: Sample, found: int, counts: Usefulness) -> SelectionError:
    remedies = [f"`shots={found}`"] if found else []
    remedies += ['`selection="error"`'] if sample.selection == "success" else []
    return SelectionError(
        f"Only {found} of {counted(len(sample.questions), 'shot')} by the selection '{sample.selection}' from {task.name} "
        f"{'has' if found == 1 else 'have'} a useful rationale ({counts}); use "
        f'{", ".join([*remedies, ""])}`keep_rationales="all"`, or more training questions.'
    )
