"""A first look at a finished prompt: some training questions, asked after it and after the same shots without rationales."""

from dataclasses import replace
from itertools import islice
from warnings import warn

from ..answering.answer import answer
from ..answering.fitting import fit
from ..arguments import check_whole
from ..errors import SelfAmplifyWarning, SettingsError
from ..evaluation.result import Result
from ..methods.io import same_shots_io
from ..models.context import fits
from ..prompting.prompt import Prompt
from ..records import QuickCheck
from ..seeds import derive
from ..session import Session
from ..tasks.copies import content_key
from ..tasks.splitting import shuffle
from ..tasks.task import Task

_LEAST = 10
"""With fewer questions, nothing is asked."""
_DOUBT = 0.2
"""With a p value of the paired test below this, a loss is a reason to measure; it is no proof."""


def check_questions(check: int) -> None:
    """Raise SettingsError for so few questions that nothing would be asked."""
    check_whole("check", check, 0, 30)
    if 0 < check < _LEAST:
        raise SettingsError(f"`check={check}` is too few questions to compare; use `check={_LEAST}` or more, or `check=0`.")


def quick_check(session: Session, task: Task, prompt: Prompt, count: int, seed: int) -> QuickCheck | None:
    """Ask ``count`` training questions that are no shots with both prompts.

    None if the prompt has no rationales, or there are fewer than 10 such questions that fit the context after both prompts.
    """
    if not any(shot.explanation for shot in prompt.shots):
        return None
    shots, prompts = {content_key(shot.question) for shot in prompt.shots}, [same_shots_io(session, prompt), prompt]
    longest = prompt.decoding.max_new_tokens
    pool = shuffle([each for each in task.train if content_key(each) not in shots], derive(seed, "check"))
    fitting = (
        each for each in pool if all(fits(session.model, session.model.encode(own.chat(each)), longest) for own in prompts)
    )
    asked = tuple(islice(fitting, count))
    if len(asked) < _LEAST:
        return None
    ready = fit(session, prompts, replace(task, test=asked), drop_shots=False)
    plain, own = (
        Result(each.prompt.method, task.name, session.model.name, asked, tuple(answer(session, each.prompt, each.asked, seed)))
        for each in ready
    )
    return QuickCheck(n=own.n, right=own.correct, without=plain.correct, p=own.against(plain).p)


def checked(session: Session, task: Task, prompt: Prompt, count: int, seed: int) -> Prompt:
    """The prompt with its quick check; a warning says if the rationales seem to cost accuracy."""
    found = quick_check(session, task, prompt, count, seed)
    if found is not None and found.right < found.without and found.p < _DOUBT:
        warn(
            f"The rationales seem to cost accuracy on this model: {found}. Measure the difference from IO with `evaluate` "
            f'before you use the prompt, or use `method="io"`.',
            SelfAmplifyWarning,
            stacklevel=3,
        )
    return replace(prompt, check=found)
