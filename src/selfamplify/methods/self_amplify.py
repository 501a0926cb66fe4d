"""Self-AMPLIFY on one screen: select shots, explain them, write the explanations into a prompt (sections 3.1 to 3.4)."""

from dataclasses import dataclass, field

from ..errors import SettingsError
from ..explain.explainer import AbstractExplainer
from ..explain.explaining import explain_all
from ..explain.kernel_shap import KernelShap
from ..models.model import AbstractLanguageModel
from ..prompting.formats import layout_for
from ..prompting.profiles import DEFAULT, Profile
from ..prompting.prompt import Prompt
from ..records import Shot
from ..session import Session
from ..tasks.task import Task
from ..work.memory import AbstractMemory, NoMemory
from .design import design
from .method import AbstractMethod
from .selection import Sample, select


@dataclass(frozen=True)
class SelfAmplify(AbstractMethod):
    """The method itself: rationales from ``explainer``, of ``keywords`` words or ``steps`` steps."""

    name = "self_amplify"
    explainer: AbstractExplainer = field(default_factory=KernelShap)
    keywords: int = 6
    steps: int = 3

    def __post_init__(self) -> None:
        for setting, value in (("keywords", self.keywords), ("steps", self.steps)):
            if value < 1:
                raise SettingsError(f"{value} {setting} can't make a rationale; use --{setting} 1, or more.")

    def prompt(self, session: Session, task: Task, sample: Sample) -> Prompt:
        if not sample.questions:
            raise SettingsError("Self-AMPLIFY needs at least one shot; use --shots 8, or the method zero_shot.")
        wanted = {"keywords": self.keywords, "steps": self.steps, "decoding": session.profile.decoding}
        explainer = self.explainer.completed(**wanted)
        explanations = explain_all(session, explainer, sample.questions, sample.seed)
        layout = layout_for(explanations, session.profile.wording, self.keywords, self.steps)
        shots = [
            Shot(question, layout.reply(explanation, question.answer), question.answer, explanation)
            for question, explanation in zip(sample.questions, explanations, strict=True)
        ]
        engine = {"explainer": self.explainer.name, "engine": repr(explainer)}
        settings = engine | {"keywords": self.keywords, "steps": self.steps}
        return design(session, task, sample, self.name, layout, shots, settings)


def amplify(
    model: AbstractLanguageModel,
    task: Task,
    explainer: AbstractExplainer | None = None,
    selection: str = "error",
    shots: int = 8,
    keywords: int = 6,
    steps: int = 3,
    seed: int = 0,
    profile: Profile = DEFAULT,
    memory: AbstractMemory | None = None,
) -> Prompt:
    """Build the prompt with which ``model`` explains itself the ``task``: n ``shots``, k ``keywords`` or p ``steps``.

    ``explainer`` is an instance such as ``KernelShap(samples=350)`` (the default); ``selection`` is ``"success"``,
    ``"error"`` or ``"random"``. Raises SelectionError if too few questions qualify, ExplanationError if a shot can't be
    explained, ContextError if a question is longer than the model's context.
    """
    session = Session(model, profile, memory or NoMemory())
    sample = select(session, task, selection, shots, seed)
    return SelfAmplify(explainer or KernelShap(), keywords, steps).prompt(session, task, sample)
