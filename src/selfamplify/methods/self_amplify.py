"""Self-AMPLIFY on one screen: select shots, explain them, write the explanations into a prompt (sections 3.1 to 3.4)."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from ..arguments import check_seed, check_whole
from ..errors import SettingsError
from ..explain.explainer import AbstractExplainer, Makes
from ..explain.explaining import explain_all
from ..explain.kernel_shap import KernelShap
from ..explain.making import as_explainer
from ..models.loading import as_model
from ..models.model import AbstractLanguageModel
from ..prompting.formats.layout import layout_for
from ..prompting.profiles import DEFAULT, Profile, as_profile
from ..prompting.prompt import Prompt
from ..records import Shot
from ..session import Session
from ..tasks.task import Task
from ..work.stage import Progress, silent
from .asking import asking
from .checking import check_task
from .design import design
from .method import AbstractMethod
from .selection import Sample, SelectionName, check_selection, select


@dataclass(frozen=True)
class SelfAmplify(AbstractMethod):
    """The method itself: rationales by an explainer.

    Parameters
    ----------
    explainer : AbstractExplainer
        By default ``KernelShap()``.
    keywords : int
        Keywords per rationale (k), by default 6, for explainers that score or name words.
    steps : int
        Steps per rationale (p), by default 3, for explainers that write.

    Raises
    ------
    SettingsError
        If ``explainer`` is not an instance, or ``keywords`` or ``steps`` is not a whole number of at least 1.
    """

    name = "self_amplify"
    explainer: AbstractExplainer = field(default_factory=KernelShap)
    keywords: int = 6
    steps: int = 3

    def __post_init__(self) -> None:
        if not isinstance(self.explainer, AbstractExplainer):
            made = type(as_explainer(self.explainer)).__name__
            raise SettingsError(f"`explainer={self.explainer!r}` is a name; write `{made}()`.")
        check_whole("keywords", self.keywords, 1, 6)
        check_whole("steps", self.steps, 1, 3)

    @property
    def makes(self) -> Makes:
        return self.explainer.makes

    def prompt(self, session: Session, task: Task, sample: Sample) -> Prompt:
        if not sample.questions:
            raise SettingsError('Self-AMPLIFY needs at least one shot; use `shots=8`, or `method="zero_shot"`.')
        explainer = self.explainer.completed(
            keywords=self.keywords,
            steps=self.steps,
            decoding=session.profile.decoding,
            baseline=session.profile.baseline,
            strict=session.profile.strict,
        )
        explanations = explain_all(session, explainer, sample.questions, sample.seed)
        layout = layout_for(explanations, session.profile.wording, self.keywords, self.steps)
        shots = [
            Shot(question, layout.reply(explanation, question.written(question.answer)), question.answer, explanation)
            for question, explanation in zip(sample.questions, explanations, strict=True)
        ]
        prompt = design(session, task, sample, self.name, layout, shots)
        counts = {name: getattr(self, name) for name in ("keywords", "steps") if name == self.makes}
        settings = {"explainer": explainer.name, "engine": repr(explainer), **counts}
        return replace(prompt, provenance=prompt.provenance and replace(prompt.provenance, **settings))


def amplify(
    model: AbstractLanguageModel | str | Path,
    task: Task | str,
    explainer: AbstractExplainer | str = "kernel_shap",
    *,
    selection: SelectionName = "error",
    shots: int = 8,
    keywords: int = 6,
    steps: int = 3,
    seed: int = 0,
    profile: Profile | str = DEFAULT,
    progress: Progress = silent,
) -> Prompt:
    """Build the prompt with which a model explains a task to itself: select, explain, write (the paper's three steps).

    ``build`` does the same in a run folder, so that nothing is lost if it is interrupted.

    Parameters
    ----------
    model : AbstractLanguageModel, str or Path
        The model, or what ``load_model`` takes: ``"embedded"``, a folder, a hub name.
    task : Task or str
        The task, or the name of one that needs no file.
    explainer : AbstractExplainer or str
        Such as ``KernelShap(samples=350)``, or its name; by default ``"kernel_shap"``.
    selection : {"success", "error", "random"}
        Which questions become shots: those that the model answers right, those that it answers with a wrong label (the
        default), or any.
    shots : int
        How many shots (n), by default 8.
    keywords, steps : int
        Keywords (k, by default 6) or steps (p, by default 3) per rationale, whichever the explainer makes.
    seed : int
        Decides which shots are drawn and which coalitions are sampled; by default 0.
    profile : Profile or str
        The wording and decoding: ``"default"`` or ``"paper"``.
    progress : callable
        Called with what is being done, how many items are done, and of how many. By default nothing is
        reported; ``terminal_progress`` makes one that prints.

    Returns
    -------
    Prompt

    Raises
    ------
    SelectionError
        If too few questions qualify as shots.
    ExplanationError
        If a shot can't be explained.
    DataError
        If the task can't be loaded, or a question of it holds a control token of the model (see ``check_task``).
    ContextError
        If a question is longer than the model's context.
    SettingsError
        For an unknown name or an invalid setting.
    """
    method, profile = SelfAmplify(as_explainer(explainer), keywords, steps), as_profile(profile)
    check_selection(selection, shots)
    check_seed(seed)
    questions = check_task(task, model)
    profile, questions = asking(profile, questions)
    session = Session(as_model(model), profile, progress=progress)
    sample = select(session, questions, selection, shots, seed)
    return method.prompt(session, questions, sample)
