"""Names: a dictionary of this package's own, and what other packages add by an entry-point group."""

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import TypeVar

from .errors import SettingsError, unknown_name

Entry = TypeVar("Entry")


def registered(kind: str, own: Mapping[str, Entry]) -> dict[str, str]:
    """Every name of a kind and where it comes from: this package, or the distribution that adds it."""
    others = {point.name: point.dist.name if point.dist else "?" for point in entry_points(group=f"selfamplify.{kind}s")}
    return others | dict.fromkeys(own, "selfamplify")


def find(kind: str, name: str, own: Mapping[str, Entry]) -> Entry:
    """The entry of that name; this package's names win. Raises SettingsError for an unknown name or a plug-in that fails."""
    if name in own:
        return own[name]
    for point in entry_points(group=f"selfamplify.{kind}s", name=name):
        try:
            return point.load()
        except Exception as error:  # a plug-in may raise anything
            raise SettingsError(
                f"The {kind} '{name}' ({point.value}) can't be imported: {error}; mend or uninstall it."
            ) from error
    raise unknown_name(kind, name, registered(kind, own))
