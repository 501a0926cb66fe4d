"""Whether finished prompts fit a model's context with every question, and how they are made to: by whole shots only."""

from collections.abc import Sequence

from .asking import check_context, fits
from .errors import ContextError
from .prompt import Prompt
from .records import Question
from .session import Session


def check_prompts(session: Session, prompts: Sequence[Prompt], questions: Sequence[Question]) -> None:
    """Raise ContextError, with the numbers, if a question does not fit behind one of the prompts with the longest reply."""
    for prompt in prompts:
        count = len(prompt.shots)
        remedy = (
            f"fewer than {count} shots, or --drop-shots" if count else "a model with a longer context, or shorter questions"
        )
        chats = [prompt.chat(question) for question in questions]
        check_context(session.model, chats, prompt.decoding.max_new_tokens, remedy)


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
