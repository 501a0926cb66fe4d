"""Making explainers from their names and settings."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, is_dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import PydanticSchemaGenerationError, TypeAdapter, ValidationError

from ..errors import SettingsError
from ..names import find
from ..prompting.profiles import DEFAULT, Profile, as_profile
from ..text.lines import argument, shortened
from .explainer import AbstractExplainer
from .settings import in_python

Made = TypeVar("Made")


def make_explainer(name: str, settings: Mapping[str, Any] = MappingProxyType({})) -> AbstractExplainer:
    """Make an explainer from its name and settings.

    Parameters
    ----------
    name : str
        The name of an explainer of this package or of a plug-in.
    settings : mapping of str to Any, default {}
        Fields of the explainer; texts are converted to the fields' types.

    Returns
    -------
    AbstractExplainer
        The explainer, with defaults for the fields that are not set.

    Raises
    ------
    SettingsError
        If the name is unknown, the explainer does not have a setting, or a value is invalid.
    """
    if not isinstance(name, str):
        raise SettingsError(f'{shortened(repr(name))} is not the name of an explainer; write `make_explainer("kernel_shap")`.')
    return with_settings(_find(name), f"explainer {name}", settings_of(name), settings)


def with_settings(kind: type[Made], what: str, known: Collection[str], settings: Mapping[str, Any], **further: Any) -> Made:
    """Make an object of a dataclass from some of its fields; ``known`` are those that are settings, ``further`` the others.

    Raises SettingsError for a field that is none of ``known`` ("The explainer lime has no setting …"), or an invalid value.
    """
    if not isinstance(settings, Mapping):
        raise SettingsError(
            f'{argument("settings", settings)} is not a mapping; write for example `settings={{"samples": 350}}`.'
        )
    for setting in settings:
        if setting not in known:
            given = f"`settings={{{setting!r}: {settings[setting]!r}}}`"
            remedy = f"it has: {', '.join(sorted(known))}" if known else f"leave {given} out"
            raise SettingsError(f"The {what} has no setting '{setting}'; {remedy}.")
    try:
        return TypeAdapter(kind).validate_python(further | dict(settings))
    except PydanticSchemaGenerationError:  # A plug-in's field of a type that pydantic does not know is not checked.
        return kind(**further, **settings)
    except ValidationError as error:
        first = error.errors()[0]
        given = in_python(kind, ".".join(map(str, first["loc"])), first["input"])
        raise SettingsError(f"`{given}` is invalid: {first['msg']}.") from error


def make_explainers(
    names: Sequence[str], settings: Mapping[str, Any] = MappingProxyType({}), profile: Profile | str = DEFAULT
) -> list[AbstractExplainer]:
    """Make several explainers with common settings.

    Parameters
    ----------
    names : sequence of str
        The names of explainers.
    settings : mapping of str to Any, default {}
        Settings; each explainer gets those that it has.
    profile : Profile or str
        The paper's profile replaces an explainer by the implementation that the paper used; by default the default profile.

    Returns
    -------
    list of AbstractExplainer
        One per name, in their order.

    Raises
    ------
    SettingsError
        If a name is unknown, no explainer has a setting, or a value is invalid.
    """
    replaced = dict(as_profile(profile).explainers)
    own = [replaced.get(name, name) for name in names]
    known = {name: settings_of(name) for name in own}
    check_known(settings, known, "explainers")
    return [make_explainer(name, {key: value for key, value in settings.items() if key in known[name]}) for name in own]


def check_known(settings: Mapping[str, Any], known: Mapping[str, Collection[str]], what: str) -> None:
    """Raise SettingsError for a setting that none of several explainers or methods has; ``known`` holds their settings."""
    for setting, value in settings.items():
        if not any(setting in each for each in known.values()):
            raise SettingsError(
                f"None of the {what} {', '.join(known)} has a setting '{setting}'; "
                f"leave `settings={{{setting!r}: {value!r}}}` out."
            )


def as_explainer(explainer: AbstractExplainer | str) -> AbstractExplainer:
    """Return an explainer given as an instance or by its name.

    Parameters
    ----------
    explainer : AbstractExplainer or str
        An instance, which is returned as it is, or a name, which gets the default settings.

    Returns
    -------
    AbstractExplainer
        The explainer.

    Raises
    ------
    SettingsError
        If the name is unknown, or ``explainer`` is a class or anything else.
    """
    if isinstance(explainer, AbstractExplainer):
        return explainer
    if isinstance(explainer, str):
        return make_explainer(explainer)
    if isinstance(explainer, type) and issubclass(explainer, AbstractExplainer):
        raise SettingsError(f"`explainer={explainer.__name__}` is a class; write `{explainer.__name__}()`.")
    raise SettingsError(
        f'{explainer!r} is not an explainer; write a name such as `explainer="kernel_shap"`, or an instance such as '
        f"`explainer=KernelShap()`."
    )


def settings_of(name: str) -> set[str]:
    """Return the settings (fields) of the explainer of that name."""
    return {field.name for field in fields(_find(name))}


def _find(name: str) -> type[AbstractExplainer]:
    kind: Any = find("explainer", name)
    if not (isinstance(kind, type) and issubclass(kind, AbstractExplainer) and is_dataclass(kind)):
        raise SettingsError(
            f"The explainer '{name}' is not a frozen dataclass that extends AbstractExplainer (it is {kind!r}); "
            f"fix or uninstall the package that provides it."
        )
    return kind
