"""Prompts that are given and not made: what a run records of them, and what a person must know about them."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..answering.deciding import Deciding
from ..answering.fitting import Fitted, check_apart, fit
from ..errors import SettingsError
from ..importing.binding import bound, noted
from ..importing.reading import as_prompt
from ..methods.asking import asked_as
from ..names import NAMES
from ..prompting.prompt import Prompt
from ..session import Session
from ..tasks.task import Task
from ..text.lines import shortened
from .absent import load_prompt
from .measured import timed

Given = Mapping[str, Prompt | str | Path]
"""Prompts by the names of their rows: each a prompt, or a run folder or file that holds one."""
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def origin(prompt: Prompt) -> dict[str, Any]:
    """What the record of a run says of a prompt that was imported, or edited by hand."""
    found: dict[str, Any] = {}
    if prompt.imported:
        found["imported"] = f"{prompt.imported.file} ({prompt.imported.format})"
    if prompt.edits:
        found["edited"] = [str(edit) for edit in prompt.edits]
    return found


def recorded(prompts: Mapping[str, Prompt]) -> dict[str, Any]:
    """What the record of a comparison says of the prompts that are given; nothing if there are none."""
    if not prompts:
        return {}
    return {
        "prompts": {name: "; ".join(map(_text, origin(prompt).values())) or "built" for name, prompt in prompts.items()},
        "prompts_sha256": {name: prompt.digest() for name, prompt in prompts.items()},
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "; ".join(value)


def given_prompts(prompts: object, methods: tuple[str, ...], task: Task) -> dict[str, Prompt]:
    """The prompts of a comparison by the names of their rows, with the labels of its task.

    Raises SettingsError for anything but a mapping of names to prompts, and for a name that a method has, or that is no name of
    a file; DataError if a prompt does not suit the task.
    """
    if not isinstance(prompts, Mapping):
        raise SettingsError(
            f'{shortened(repr(prompts))} names no prompts; write for example `prompts={{"mine": "runs/mine"}}`.'
        )
    return {_checked(name, methods): _fitting(name, prompt, task) for name, prompt in prompts.items()}


def prompt_at(path: str | Path) -> Prompt:
    """The prompt of a run folder or file, or an imported one, with the seconds that its explanations took if they are known."""
    found = as_prompt(path) if Path(path).is_file() else load_prompt(path)
    return timed(found, Path(path))


def fitted_given(
    name: str, prompt: Prompt, session: Session, task: Task, drop_shots: bool, deciding: Deciding
) -> tuple[Session, Fitted]:
    """A prompt that is given as the row of that name is asked: the session in its style, and it with the questions."""
    style, questions = asked_as(prompt, session.profile, task)
    decoding = session.profile.decoding if prompt.imported else prompt.decoding
    own = replace(session, profile=style)
    (fitted,) = fit(own, [replace(prompt, method=name, decoding=decoding)], questions, drop_shots, deciding)
    return own, fitted


def _checked(name: object, methods: tuple[str, ...]) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise SettingsError(
            f"{shortened(repr(name))} can't name a row: files are called by it; use letters, digits, '_', '-' and '.', as in "
            f'`prompts={{"mine": "runs/mine"}}`.'
        )
    if name in {*methods, *NAMES["explainer"], *NAMES["competitor"]}:
        raise SettingsError(f'{name} is a method; name the prompt otherwise, as in `prompts={{"my_{name}": "runs/mine"}}`.')
    return name


def _fitting(name: str, prompt: object, task: Task) -> Prompt:
    if isinstance(prompt, str | Path):
        prompt = prompt_at(prompt)
    if not isinstance(prompt, Prompt):
        raise SettingsError(
            f"The prompt {name} is a Prompt, its file or its run folder, not {shortened(repr(prompt))}; write for example "
            f'`prompts={{"{name}": "runs/mine"}}`.'
        )
    own = noted(bound(prompt, task))
    check_apart(own, task)
    return own
