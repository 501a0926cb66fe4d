"""Whether finished prompts suit the questions: built for them, apart from them, and short enough for the model's context."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..collecting import uncollected
from ..errors import ContextError, DataError
from ..models.context import check_context, fits
from ..prompting.chats import judge_chat
from ..prompting.prompt import Prompt
from ..records import Encoded, Question
from ..session import Session
from ..tasks.copies import content_key
from ..tasks.task import Task
from ..text.lines import counted
from .asked import LABEL_TOKENS, Asked, ask_after, with_longest
from .batch import references
from .deciding import GENERATE, Deciding, check_likelihood
from .ending import ending_of


@dataclass(frozen=True)
class Fitted:
    """A prompt, and the questions as they are asked after it: all fit the model's context with the longest reply.

    ``reference`` holds the questions that batch calibration compares with; it is empty otherwise.
    """

    prompt: Prompt
    asked: list[Asked]
    reference: list[Asked] = field(default_factory=list)


def fit(
    session: Session,
    prompts: Sequence[Prompt],
    task: Task,
    drop_shots: bool,
    deciding: Deciding = GENERATE,
) -> list[Fitted]:
    """The prompts with the test questions as they are asked after each.

    With ``drop_shots``, the prompts lose their last shots: as many as it takes for every question to fit, and equally many for
    all prompts, so that they stay comparable. Raises ContextError, with the numbers, if a question does not fit after one of
    the prompts (with ``drop_shots``: even without shots), or if there is a judge that could not read the longest response.
    Raises SettingsError if answers can't be decided as ``deciding`` says.
    """
    if deciding.likely:
        for prompt in prompts:
            check_likelihood(session, ending_of(prompt, session.profile.wording))
    with uncollected():
        fitted = (_shortened if drop_shots else _checked)(session, prompts, task.test, deciding)
    if deciding.calibrate != "batch":
        return fitted
    return [replace(each, reference=references(session, each.prompt, task)) for each in fitted]


def _checked(session: Session, prompts: Sequence[Prompt], questions: Sequence[Question], deciding: Deciding) -> list[Fitted]:
    """The prompts as they are, with the questions as they are asked after each. Raises ContextError if these do not fit."""
    fitted: list[Fitted] = []
    for prompt in prompts:
        asked, encoded, longest = _asked(session, prompt, questions, deciding)
        fitted.append(Fitted(prompt, asked))
        worst, question = max(zip(encoded, (each.question for each in asked), strict=True), key=lambda pair: pair[0].length)
        if not fits(session.model, worst, longest):
            check_context(session.model, [worst], longest, _shorter(session, prompts, question, deciding))
    if session.reader is not None and prompts and not deciding.likely:
        longest = max(prompt.decoding.max_new_tokens for prompt in prompts)
        unread = [session.reader.encode(judge_chat(question, "")) for question in questions]
        check_context(session.reader, unread, longest + 1, "a judge with a longer context")
    return fitted


def _asked(
    session: Session, prompt: Prompt, questions: Sequence[Question], deciding: Deciding
) -> tuple[list[Asked], list[Encoded], int]:
    """The questions as they are asked after a prompt, all that is read of each, and how many tokens may follow."""
    ending = ending_of(prompt, session.profile.wording) if deciding.likely else None
    asked = ask_after(session.model, prompt, questions, ending)
    encoded = [each.encoded for each in asked]
    if ending is None or ending.start is None:
        return asked, encoded, prompt.decoding.max_new_tokens
    if ending.form == "letters":
        return asked, encoded, LABEL_TOKENS
    return asked, [with_longest(session.model, each.encoded, ending.answers(each.question)) for each in asked], 0


def _fits(session: Session, prompts: Sequence[Prompt], question: Question, deciding: Deciding) -> bool:
    """Whether a question fits the model's context after each of the prompts."""
    made = (_asked(session, prompt, [question], deciding) for prompt in prompts)
    return all(fits(session.model, encoded, longest) for _, [encoded], longest in made)


def _shorter(session: Session, prompts: Sequence[Prompt], question: Question, deciding: Deciding) -> str:
    """What to do about prompts that are too long with their longest question: how many shots would fit."""

    def fitting(shots: int) -> bool:
        return _fits(session, [prompt.with_shots(shots) for prompt in prompts], question, deciding)

    # Without any shots, a prompt may need more room: what the answers look like is then not shown, and the model writes.
    most = next(filter(fitting, reversed(range(max(len(prompt.shots) for prompt in prompts)))), None)
    if most is None:
        return "a model with a longer context, or shorter questions"
    fewer = f"at most {counted(most, 'shot')}" if most else "no shots"
    return f"`drop_shots=True`, or {fewer}"


def check_apart(prompt: Prompt, task: Task) -> None:
    """Raise DataError if the prompt was built for another task or other labels, or if one of its shots is a test question."""
    made_for = prompt.provenance.task if prompt.provenance else task.name
    if made_for != task.name:
        raise DataError(f'The prompt was built for the task {made_for}, not for {task.name}; use `task="{made_for}"`.')
    if prompt.label_map != task.label_map:
        raise DataError(
            f"The prompt was built for the labels {prompt.label_map}, and the questions of {task.name} have {task.label_map}; "
            f"use the data that the prompt was built with."
        )
    asked = set(map(content_key, task.test))
    shared = [number for number, shot in enumerate(prompt.shots, 1) if content_key(shot.question) in asked]
    if shared:
        one = len(shared) == 1
        edit = ", or write another question there with `selfamplify edit`" if prompt.edits else ""
        raise DataError(
            f"Shot {', '.join(map(str, shared))} of {len(prompt.shots)} {'is' if one else 'are'} also among the "
            f"{counted(len(task.test), 'test question')}, which would give {'its answer' if one else 'their answers'} "
            f"away; use the `data`, `test_size` and `split_seed` that the prompt was built with{edit}."
        )


def _shortened(session: Session, prompts: Sequence[Prompt], questions: Sequence[Question], deciding: Deciding) -> list[Fitted]:
    """The prompts without their last shots, with the questions as they are asked after each."""
    bare = ask_after(session.model, prompts[0].with_shots(0), questions)
    longest = max(bare, key=lambda each: each.encoded.length).question
    count = max(len(prompt.shots) for prompt in prompts)
    while True:
        shortened = [prompt.with_shots(count) for prompt in prompts]
        # The longest question alone shows quickly that a prompt does not fit; only all of them show that it does.
        if not count or _fits(session, shortened, longest, deciding):
            try:
                return _checked(session, shortened, questions, deciding)
            except ContextError:
                if not count:
                    raise
        count -= 1
