"""How good a prompt is: ``evaluate`` asks the test questions and judges the answers."""

from ..answer import answer
from ..memory import AbstractMemory, NoMemory
from ..models.model import AbstractLanguageModel
from ..profiles import DEFAULT, find_profile
from ..prompt import Prompt
from ..session import Session
from ..tasks.task import Task
from .result import Result
from .statistics import Interval, mcnemar, mean_and_deviation, wilson


def evaluate(
    model: AbstractLanguageModel,
    prompt: Prompt,
    task: Task,
    limit: int | None = None,
    seed: int = 0,
    judge: AbstractLanguageModel | None = None,
    memory: AbstractMemory | None = None,
) -> Result:
    """Ask the first ``limit`` test questions of ``task`` (all without a limit) behind ``prompt``.

    ``seed`` matters only where the prompt's decoding samples. A ``judge`` model reads the responses in place of the rules.
    Raises ContextError, before any work, if a question does not fit behind the prompt.
    """
    profile = find_profile(prompt.provenance.get("profile", DEFAULT.name))
    session = Session(model, profile, memory or NoMemory(), judge)
    questions = task.limited(limit).test
    responses = answer(session, prompt, questions, seed)
    return Result(prompt.method, task.name, model.name, questions, tuple(responses))


__all__ = ["Interval", "Result", "evaluate", "mcnemar", "mean_and_deviation", "wilson"]
