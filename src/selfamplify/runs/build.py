"""Building one prompt in a run folder."""

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..methods.method import AbstractMethod
from ..work.memory import Progress, silent
from ..models.model import AbstractLanguageModel
from ..prompting.profiles import DEFAULT, Profile
from ..prompting.prompt import Prompt
from ..methods.selection import select
from ..session import Session
from ..tasks.task import Task
from .store import Store


def build(
    method: AbstractMethod,
    model: AbstractLanguageModel,
    task: Task,
    out: str | Path,
    *,
    selection: str = "error",
    shots: int = 8,
    seed: int = 0,
    profile: Profile = DEFAULT,
    progress: Progress = silent,
) -> Prompt:
    """``amplify`` in a run folder: what is finished survives a crash, and the same call goes on behind it.

    Writes ``out``/prompt.json. Raises RunError if the folder was made with other settings, or is in use.
    """
    with Store(out, progress) as store:
        session = Session(model, profile, store)
        drawn = {"method": repr(method), "selection": selection, "shots": shots, "seed": seed}
        with store.claimed("prompt", run_settings(session, task) | drawn):
            prompt = method.prompt(session, task, select(session, task, selection, shots, seed))
            prompt.save(out)
    return prompt


def run_settings(session: Session, task: Task) -> dict[str, Any]:
    """What every result of a run depends on: model, profile, judge, the questions, and the version of this package."""
    return {
        "selfamplify": version("selfamplify"),
        "model": session.model.name,
        "model_fingerprint": session.model.fingerprint,
        "profile": session.profile.name,
        "max_new_tokens": session.profile.decoding.max_new_tokens,
        "judge": session.judge.name if session.judge else None,
        "task": task.name,
        "training_questions_sha256": _digest(repr(task.train)),
        "test_questions_sha256": _digest(repr(task.test)),
        "test_count": len(task.test),
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
