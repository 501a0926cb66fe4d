"""Explainers by their names and settings."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import MappingProxyType
from typing import Any

from pydantic import PydanticSchemaGenerationError, TypeAdapter, ValidationError

from ..errors import SettingsError
from ..names import find
from ..text.lines import argument, shortened
from .explainer import AbstractExplainer
from .settings import in_python


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
    kind, known = _find(name), settings_of(name)
    if not isinstance(settings, Mapping):
        raise SettingsError(
            f'{argument("settings", settings)} is not a mapping; write for example `settings={{"samples": 350}}`.'
        )
    for setting in settings:
        if setting not in known:
            given = f"`settings={{{setting!r}: {settings[setting]!r}}}`"
            remedy = f"it has: {', '.join(sorted(known))}" if known else f"leave {given} out"
            raise SettingsError(f"The explainer {name} has no setting '{setting}'; {remedy}.")
    try:
        return TypeAdapter(kind).validate_python(dict(settings))
    except PydanticSchemaGenerationError:  # A plug-in's field of a type that pydantic does not know is not checked.
        return kind(**settings)
    except ValidationError as error:
        first = error.errors()[0]
        given = in_python(kind, ".".join(map(str, first["loc"])), first["input"])
        raise SettingsError(f"`{given}` is invalid: {first['msg']}.") from error


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
