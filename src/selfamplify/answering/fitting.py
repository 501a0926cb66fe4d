"""Whether finished prompts go with the questions: made for them, apart from them, and short enough for the model's context."""

from collections.abc import Sequence

from ..errors import ContextError, DataError
from ..models.context import check_context, fits
from ..prompting.chats import judge_chat
from ..prompting.prompt import Prompt
from ..records import Question
from ..session import Session
from ..tasks.task import Task, content_key


def check_prompts(session: Session, prompts: Sequence[Prompt], questions: Sequence[Question]) -> None:
    """Raise ContextError, with the numbers, if a question does not fit behind one of the prompts with the longest reply.

    The same for the judge, if there is one, and the longest response that it may have to read.
    """
    for prompt in prompts:
        count = len(prompt.shots)
        remedy = (
            f"fewer shots than {count}, or --drop-shots" if count else "a model with a longer context, or shorter questions"
        )
        chats = [prompt.chat(question) for question in questions]
        check_context(session.model, chats, prompt.decoding.max_new_tokens, remedy)
    if session.reader is not None and prompts:
        longest = max(prompt.decoding.max_new_tokens for prompt in prompts)
        unread = [judge_chat(question, "") for question in questions]
        check_context(session.reader, unread, longest + 1, "a judge with a longer context, or a smaller --max-new-tokens")


def check_apart(prompt: Prompt, task: Task) -> None:
    """Raise DataError if the prompt was built for another task or other labels, or if one of its shots is a test question."""
    made_for = prompt.provenance.get("task", task.name)
    if made_for != task.name:
        raise DataError(f"The prompt was built for the task {made_for}, and is to answer {task.name}; use --task {made_for}.")
    if prompt.label_map != task.label_map:
        raise DataError(
            f"The prompt was built for the labels {prompt.label_map}, and the questions of {task.name} have {task.label_map}; "
            f"use the data that the prompt was built with."
        )
    asked = set(map(content_key, task.test))
    shared = sum(content_key(shot.question) in asked for shot in prompt.shots)
    if shared:
        raise DataError(
            f"{shared} of the {len(prompt.shots)} shots are among the {len(task.test)} test questions, which would then be "
            f"given away; use the --data, --test-size and --split-seed that the prompt was built with."
        )


def fit(session: Session, prompts: Sequence[Prompt], questions: Sequence[Question]) -> list[Prompt]:
    """The prompts without their last shots, all without equally many, so that they stay comparable and every question fits.

    Raises ContextError if the questions do not fit even without shots.
    """
    longest = max(questions, key=lambda question: len(session.model.tokens(prompts[0].with_shots(0).chat(question))))
    count = max(len(prompt.shots) for prompt in prompts)
    while True:
        shortened = [prompt.with_shots(count) for prompt in prompts]
        # The longest question alone says quickly that it does not fit; all of them say that they do.
        if not count or all(_fits(session, prompt, longest) for prompt in shortened):
            try:
                check_prompts(session, shortened, questions)
                return shortened
            except ContextError:
                if not count:
                    raise
        count -= 1


def _fits(session: Session, prompt: Prompt, question: Question) -> bool:
    return fits(session.model, prompt.chat(question), prompt.decoding.max_new_tokens)
