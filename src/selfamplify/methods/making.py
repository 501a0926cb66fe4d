"""Methods by name: every explainer makes one of Self-AMPLIFY, and the competitors have names of their own."""

from collections.abc import Mapping
from typing import Any

from ..errors import SettingsError
from ..explain.explainer import AbstractExplainer
from ..explain.making import make_explainer
from ..names import NAMES, find, registered, unknown_name
from ..prompting.profiles import DEFAULT, Profile, as_profile
from .method import AbstractMethod
from .self_amplify import SelfAmplify


def method_names() -> list[str]:
    """Every name that ``make_method`` knows: explainers, then competitors."""
    return [*registered("explainer"), *NAMES["competitor"]]


def make_method(
    name: str, keywords: int = 6, steps: int = 3, profile: Profile | str = DEFAULT, settings: Mapping[str, Any] | None = None
) -> AbstractMethod:
    """A method by its name.

    Parameters
    ----------
    name : str
        A competitor such as ``"io"``, or an explainer, which makes Self-AMPLIFY with it.
    keywords, steps : int
        Keywords (k) or steps (p) per rationale, by default 6 and 3.
    profile : Profile or str
        The paper's profile replaces an explainer by the implementation that the paper used.
    settings : mapping, optional
        Settings of the explainer, by the names of its fields.

    Returns
    -------
    AbstractMethod

    Raises
    ------
    SettingsError
        For an unknown name, or a setting that the method does not have.
    """
    settings = settings or {}
    if name in NAMES["competitor"]:
        if settings:
            setting, value = next(iter(settings.items()))
            raise SettingsError(
                f"The method {name} has no setting '{setting}'; leave `settings={{{setting!r}: {value!r}}}` out."
            )
        return find("competitor", name)()
    if name not in method_names():
        raise unknown_name("method", name, method_names())
    return SelfAmplify(make_explainer(dict(as_profile(profile).explainers).get(name, name), settings), keywords, steps)


def as_method(
    method: AbstractMethod | AbstractExplainer | str, keywords: int = 6, steps: int = 3, profile: Profile | str = DEFAULT
) -> AbstractMethod:
    """The method itself, the method of that name, or Self-AMPLIFY with an explainer. Raises SettingsError for anything else."""
    if isinstance(method, str):
        return make_method(method, keywords, steps, profile)
    if isinstance(method, AbstractExplainer):
        return SelfAmplify(method, keywords, steps)
    if isinstance(method, AbstractMethod):
        return method
    if isinstance(method, type):
        raise SettingsError(f"`method={method.__name__}` is a class; write `{method.__name__}()`.")
    raise SettingsError(
        f'A method is a name, an explainer or a method, not {method!r}; write for example `method="kernel_shap"`.'
    )
