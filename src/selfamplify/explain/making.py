"""Explainers by their names and settings."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import PydanticSchemaGenerationError, TypeAdapter, ValidationError

from .. import registry
from ..errors import SettingsError
from .deep_lift import DeepLift
from .deep_lift_captum import DeepLiftCaptum
from .explainer import AbstractExplainer
from .feature_ablation import FeatureAblation
from .gradient_x_activation import GradientXActivation
from .integrated_gradients import IntegratedGradients
from .kernel_shap import KernelShap
from .kernel_shap_captum import KernelShapCaptum
from .lime import Lime
from .random_words import RandomWords
from .self_exp import SelfExp
from .self_topk import SelfTopk
from .shapley_value_sampling import ShapleyValueSampling
from .shapley_values import ShapleyValues

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
