"""Methods by name: every explainer makes one of Self-AMPLIFY, and the competitors have names of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from ..errors import SettingsError
from ..explain.explainer import AbstractExplainer
from ..explain.making import check_known, make_explainer, with_settings
from ..names import NAMES, find, registered, unknown_name
from ..prompting.profiles import DEFAULT, Profile, as_profile
from ..text.lines import argument
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
        Settings of the explainer or the competitor, by the names of their fields; texts are converted to the fields' types.

    Returns
    -------
    AbstractMethod

    Raises
    ------
    SettingsError
        For an unknown name, or a setting that the method does not have.
    """
    settings = {} if settings is None else settings
    if name in NAMES["competitor"]:
        kind: type[AbstractMethod] = find("competitor", name)
        own = {field.name for field in fields(kind)}  # pyright: ignore[reportArgumentType]
        shared = {key: value for key, value in {"keywords": keywords, "steps": steps}.items() if key in own}
        return with_settings(kind, f"method {name}", own - shared.keys(), settings, **shared)
    if name not in NAMES["explainer"] and name not in (known := method_names()):  # a look at all packages takes 20 ms
        raise unknown_name("method", name, known)
    return SelfAmplify(make_explainer(dict(as_profile(profile).explainers).get(name, name), settings), keywords, steps)


def settings_of_method(method: AbstractMethod) -> set[str]:
    """What ``make_method`` takes as settings of a method: fields of its explainer, or its own besides keywords and steps."""
    if isinstance(method, SelfAmplify):
        return {field.name for field in fields(method.explainer)}  # pyright: ignore[reportArgumentType]
    return {field.name for field in fields(method)} - {"keywords", "steps"}  # pyright: ignore[reportArgumentType]


def settings_for(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the settings that the method of this name has."""
    known = settings_of_method(make_method(name))
    return {setting: value for setting, value in settings.items() if setting in known}


def check_settings(names: Sequence[str], settings: object) -> None:
    """Raise SettingsError for anything but a mapping, for a setting that none of the methods has, and for an invalid value."""
    if not isinstance(settings, Mapping):
        raise SettingsError(
            f'{argument("settings", settings)} is not a mapping; write for example `settings={{"samples": 350}}`.'
        )
    used = {name: settings_for(name, settings) for name in names}
    check_known(settings, used, "methods")
    for name, own in used.items():
        make_method(name, settings=own)


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
