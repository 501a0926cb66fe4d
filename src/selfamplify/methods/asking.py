"""A profile and a task, made for each other: which answer style is used, and so how everything is worded."""

from dataclasses import replace

from ..prompting.profiles import Profile
from ..prompting.prompt import Prompt
from ..tasks.task import Task
from .design import typical_answers


def asking(profile: Profile, task: Task) -> tuple[Profile, Task]:
    """The profile with the wording of its answer style for this task, and the task with its questions in that style.

    Parameters
    ----------
    profile : Profile
        How the model is asked; its ``answer_style`` says in which style.
    task : Task
        The task, in any style.

    Returns
    -------
    Profile, Task
        For a ``Session``, and for what is made in it.

    Raises
    ------
    SettingsError
        If the questions do not suit the style.
    """
    styled = task.styled(profile.answer_style)
    return profile.asking(styled.train[0].answer_style, typical_answers(styled.train)), styled


def asked_as(prompt: Prompt, profile: Profile, task: Task) -> tuple[Profile, Task]:
    """The same in the answer style, order and instruction of a finished prompt."""
    made = prompt.provenance
    given = {"order": made.order, "instruction": made.own_instruction} if made else {}
    shot_order = "similar" if prompt.similar_last else "drawn"
    same = replace(profile, answer_style=prompt.answer_style, system=prompt.system, shot_order=shot_order, **given)
    return asking(same, task)
