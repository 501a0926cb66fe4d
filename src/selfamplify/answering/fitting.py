"""Whether finished prompts suit the questions: built for them, apart from them, and short enough for the model's context."""

from collections.abc import Sequence

from ..errors import ContextError, DataError
from ..models.context import check_context, fits
from ..prompting.chats import judge_chat
from ..prompting.prompt import Prompt
from ..records import Question
from ..session import Session
from ..tasks.task import Task, content_key
from ..text.lines import counted
from .answer import Asked, ask_after

Fitted = tuple[Prompt, list[Asked]]
"""A prompt, and the questions as they are asked after it: all fit the model's context with the longest reply."""


def fit(session: Session, prompts: Sequence[Prompt], questions: Sequence[Question], drop_shots: bool) -> list[Fitted]:
    """The prompts with the questions as they are asked after each.

    With ``drop_shots``, the prompts lose their last shots: as many as it takes for every question to fit, and equally many for
    all prompts, so that they stay comparable. Raises ContextError, with the numbers, if a question does not fit after one of
    the prompts (with ``drop_shots``: even without shots), or if there is a judge that could not read the longest response.
    """
    return (_shortened if drop_shots else _checked)(session, prompts, questions)


def _checked(session: Session, prompts: Sequence[Prompt], questions: Sequence[Question]) -> list[Fitted]:
    """The prompts as they are, with the questions as they are asked after each. Raises ContextError if these do not fit."""
    fitted: list[Fitted] = []
    for prompt in prompts:
        asked = ask_after(session.model, prompt, questions)
        fitted.append((prompt, asked))
        encoded, longest = [each.encoded for each in asked], prompt.decoding.max_new_tokens
        check_context(session.model, encoded, longest, _shorter(len(prompt.shots)))
    if session.reader is not None and prompts:
        longest = max(prompt.decoding.max_new_tokens for prompt in prompts)
        unread = [session.reader.encode(judge_chat(question, "")) for question in questions]
        check_context(session.reader, unread, longest + 1, "a judge with a longer context")
    return fitted


def _shorter(shots: int) -> str:
    """What to do about a prompt of so many shots that is too long."""
    if not shots:
        return "a model with a longer context, or shorter questions"
    fewer = f"`shots={shots - 1}` or fewer" if shots > 1 else '`method="zero_shot"`'
    return f"{fewer}, or `drop_shots=True`"


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
    shared = sum(content_key(shot.question) in asked for shot in prompt.shots)
    if shared:
        raise DataError(
            f"{shared} of the {counted(len(prompt.shots), 'shot')} {'is' if shared == 1 else 'are'} also among the "
            f"{counted(len(task.test), 'test question')}, which would give {'its answer' if shared == 1 else 'their answers'} "
            f"away; use the `data`, `test_size` and `split_seed` that the prompt was built with."
        )


def _shortened(session: Session, prompts: Sequence[Prompt], questions: Sequence[Question]) -> list[Fitted]:
    """The prompts without their last shots, with the questions as they are asked after each."""
    bare = ask_after(session.model, prompts[0].with_shots(0), questions)
    longest = max(bare, key=lambda each: each.encoded.length).question
    count = max(len(prompt.shots) for prompt in prompts)
    while True:
        shortened = [prompt.with_shots(count) for prompt in prompts]
        # The longest question alone shows quickly that a prompt does not fit; only all of them show that it does.
        if not count or all(_fits(session, prompt, longest) for prompt in shortened):
            try:
                return _checked(session, shortened, questions)
            except ContextError:
                if not count:
                    raise
        count -= 1


def _fits(session: Session, prompt: Prompt, question: Question) -> bool:
    return fits(session.model, session.model.encode(prompt.chat(question)), prompt.decoding.max_new_tokens)
