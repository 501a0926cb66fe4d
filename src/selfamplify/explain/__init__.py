"""Step 2: the explainers by name, and the stage that runs one over the shots."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any

from pydantic import PydanticSchemaGenerationError, TypeAdapter, ValidationError

from .. import registry
from ..errors import ExplanationError, SelfAmplifyError, SettingsError
from ..memory import Stage
from ..models.model import AbstractLanguageModel
from ..records import Explanation, Question
from ..seeds import derive
from ..session import Session
from ..wording import Wording
from .coalitions import ABSENT, VALUES, AbstractGame
from .deep_lift import DeepLift
from .deep_lift_captum import DeepLiftCaptum
from .explainer import AbstractAttribution, AbstractExplainer, AbstractPerturbation, Attribution, Play, Players
from .feature_ablation import FeatureAblation
from .game import Target, TokenGame
from .gradient_x_activation import GradientXActivation
from .integrated_gradients import IntegratedGradients
from .kernel_shap import KernelShap
from .kernel_shap_captum import KernelShapCaptum
from .lime import Lime
from .question import question_game, text_game
from .random_words import RandomWords
from .self_exp import SelfExp
from .self_topk import SelfTopk
from .shapley_value_sampling import ShapleyValueSampling
from .shapley_values import ShapleyValues
from .texts import TextGame

EXPLAINERS: dict[str, type[AbstractExplainer]] = {
    explainer.name: explainer
    for explainer in (
        GradientXActivation,
        IntegratedGradients,
        DeepLift,
        DeepLiftCaptum,
        FeatureAblation,
        Lime,
        KernelShap,
        KernelShapCaptum,
        ShapleyValueSampling,
        ShapleyValues,
        SelfTopk,
        SelfExp,
        RandomWords,
    )
}


def make_explainer(name: str, chosen: Mapping[str, Any]) -> AbstractExplainer:
    """An explainer by its name, with the ``chosen`` settings, which must be fields of it.

    Raises SettingsError for an unknown name, a setting that this explainer does not have, or a value of another type.
    """
    kind, known = _find(name), settings_of(name)
    for setting in chosen:
        if setting not in known:
            settings = ", ".join(sorted(known)) or "none"
            raise SettingsError(f"The explainer {name} has no setting '{setting}'; it has: {settings}.")
    try:
        return TypeAdapter(kind).validate_python(dict(chosen))
    except PydanticSchemaGenerationError:  # a field of a type that pydantic does not know: then it is not checked
        return kind(**chosen)
    except ValidationError as error:
        first = error.errors()[0]
        setting = ".".join(map(str, first["loc"]))
        raise SettingsError(f"The setting '{setting}' of {name} can't be {first['input']!r}: {first['msg']}.") from error


def settings_of(name: str) -> set[str]:
    """The settings (fields) of the explainer of that name."""
    return {field.name for field in fields(_find(name))}  # pyright: ignore[reportArgumentType]


def _find(name: str) -> type[AbstractExplainer]:
    kind: Any = registry.find("explainer", name, EXPLAINERS)
    if not (isinstance(kind, type) and issubclass(kind, AbstractExplainer) and is_dataclass(kind)):
        raise SettingsError(f"The explainer '{name}' is no dataclass that extends AbstractExplainer (it is {kind!r}); mend it.")
    return kind


def explain_all(session: Session, explainer: AbstractExplainer, questions: Sequence[Question], seed: int) -> list[Explanation]:
    """One explanation a question, in order. Raises ExplanationError where a question can't be explained, whatever the cause."""
    model, wording = session.model, session.profile.wording

    def identity(question: Question) -> list[Any]:
        return [question.id, question.render(), question.answer, model.fingerprint, repr(explainer), repr(wording), seed]

    compute = partial(_explain, explainer, model, wording, seed)
    stage = Stage(f"explaining by {explainer.name}", Explanation, identity, compute, explainer.together, model.perform)
    return session.memory.recall(stage, questions)


def _explain(
    explainer: AbstractExplainer, model: AbstractLanguageModel, wording: Wording, seed: int, batch: Sequence[Question]
) -> Iterable[tuple[int, Explanation]]:
    try:
        seeds = [derive(seed, "explain", item.id) for item in batch]
        return enumerate(explainer.explain_all(model, batch, wording, seeds))
    except SelfAmplifyError:
        raise
    except Exception as error:  # an explainer of others may raise anything
        which = f"question {batch[0].id}" + (f" and the {len(batch) - 1} after it" if len(batch) > 1 else "")
        raise ExplanationError(
            f"{explainer.name} failed on {which} ({type(error).__name__}: {error}); mend or leave it out."
        ) from error


__all__ = [
    "ABSENT",
    "EXPLAINERS",
    "VALUES",
    "AbstractAttribution",
    "AbstractExplainer",
    "AbstractGame",
    "AbstractPerturbation",
    "Attribution",
    "DeepLift",
    "DeepLiftCaptum",
    "FeatureAblation",
    "GradientXActivation",
    "IntegratedGradients",
    "KernelShap",
    "KernelShapCaptum",
    "Lime",
    "Play",
    "Players",
    "RandomWords",
    "SelfExp",
    "SelfTopk",
    "ShapleyValueSampling",
    "ShapleyValues",
    "Target",
    "TextGame",
    "TokenGame",
    "explain_all",
    "make_explainer",
    "question_game",
    "settings_of",
    "text_game",
]
