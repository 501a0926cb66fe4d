"""Methods by name: every explainer makes one of Self-AMPLIFY, and the competitors have names of their own."""

from collections.abc import Mapping
from typing import Any

from .. import registry
from ..errors import SettingsError, unknown_name
from ..explain.making import EXPLAINERS, make_explainer
from ..prompting.profiles import Profile
from .auto_cot import AutoCot
from .clustered import ClusteredAutoCot
from .io import InputOutput
from .method import AbstractMethod
from .self_amplify import SelfAmplify
from .zero_shot import ZeroShot, ZeroShotCot

BASELINES: dict[str, AbstractMethod] = {
    method.name: method for method in (InputOutput(), AutoCot(), ClusteredAutoCot(), ZeroShot(), ZeroShotCot())
}


def method_names() -> list[str]:
    """Every name that ``make_method`` knows."""
    return [*registry.registered("explainer", EXPLAINERS), *BASELINES]


def make_method(name: str, keywords: int, steps: int, profile: Profile, chosen: Mapping[str, Any]) -> AbstractMethod:
    """A competitor, or Self-AMPLIFY with the explainer of that name, set by ``chosen``.

    Under the paper's profile an explainer is replaced by the implementation that the paper used. Raises SettingsError for an
    unknown name, or a chosen setting that the explainer does not have.
    """
    if name in BASELINES:
        if chosen:
            raise SettingsError(f"The method {name} has no setting '{next(iter(chosen))}'; leave that option out.")
        return BASELINES[name]
    if name not in method_names():
        raise unknown_name("method", name, method_names())
    return SelfAmplify(make_explainer(dict(profile.explainers).get(name, name), chosen), keywords, steps)
