"""The grid that a comparison fills, as far as it is known before a model is asked: plan, questions, given prompts, deciding."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..answering.batch import check_references
from ..answering.deciding import Deciding
from ..importing.binding import bound
from ..methods.asking import asking
from ..prompting.profiles import Profile, as_profile
from ..prompting.prompt import Prompt
from ..tasks.task import Task
from .given import Given, given_prompts, recorded
from .plan import Plan, as_plan
from .run import known_settings


@dataclass(frozen=True)
class Grid:
    """The questions and the profile are as the model will be asked; the prompts are those that are given, by their rows."""

    plan: Plan
    questions: Task
    profile: Profile
    prompts: Mapping[str, Prompt]
    deciding: Deciding

    @staticmethod
    def of(plan: Plan | str, task: Task, profile: Profile | str, prompts: Given | None, deciding: Deciding) -> "Grid":
        """Raises what ``compare`` raises for what does not go together."""
        plan = as_plan(plan, task)
        chosen, questions = asking(as_profile(profile), task.limited(plan.limit))
        given = given_prompts({} if prompts is None else prompts, plan.methods, questions)
        if deciding.calibrate == "batch":
            check_references(questions, plan.shots)
        return Grid(plan, questions, chosen, given, deciding)

    @staticmethod
    def silently(plan: Plan, task: Task, profile: Profile, prompts: Mapping[str, Prompt], deciding: Deciding) -> "Grid":
        """The same without checks, and without the notes on prompts that are given, which ``of`` gives."""
        chosen, questions = asking(profile, task.limited(plan.limit))
        given = {name: bound(prompt, questions).prompt for name, prompt in prompts.items()}
        return Grid(plan, questions, chosen, given, deciding)

    def settings(self) -> dict[str, Any]:
        """What its results depend on besides the model and the questions."""
        return {"command": "compare"} | asdict(self.plan) | self.deciding.settings() | recorded(self.prompts)

    def known(self) -> dict[str, Any]:
        """What its results depend on besides the model."""
        return known_settings(self.profile, self.questions) | self.settings()
