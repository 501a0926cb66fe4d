"""How good a prompt is: ``evaluate`` asks the test questions and judges the answers."""

from ..answer import answer
from ..fitting import check_apart
from ..memory import AbstractMemory, NoMemory
from ..models.model import AbstractLanguageModel
from ..profiles import DEFAULT, Profile, find_profile
from ..prompt import Prompt
from ..session import Session
from ..tasks.task import Task
from .precision import precision_at_k
from .result import Result
from .statistics import Interval, mcnemar, mean_and_deviation, paired, wilson


def evaluate(
    model: AbstractLanguageModel,
    prompt: Prompt,
    task: Task,
    limit: int | None = None,
    seed: int = 0,
    judge: AbstractLanguageModel | None = None,
    memory: AbstractMemory | None = None,
    profile: Profile | None = None,
) -> Result:
    """Ask the first ``limit`` test questions of ``task`` (all without a limit) behind ``prompt``.

    ``seed`` matters only where the prompt's decoding samples. A ``judge`` model reads the responses in place of the rules.
    ``profile`` is that of the prompt; name it if it is one of your own. Raises ContextError, before any work, if a question
    does not fit behind the prompt, DataError if a shot is among the questions or the prompt was built for another task.
    """
    task = task.limited(limit)
    check_apart(prompt, task)
    profile = profile or find_profile(prompt.provenance.get("profile", DEFAULT.name))
    session = Session(model, profile, memory or NoMemory(), judge)
    responses = answer(session, prompt, task.test, seed)
    return Result(prompt.method, task.name, model.name, task.test, tuple(responses))


__all__ = ["Interval", "Result", "evaluate", "mcnemar", "mean_and_deviation", "paired", "precision_at_k", "wilson"]
