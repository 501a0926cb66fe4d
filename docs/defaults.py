"""Shows the defaults of the code on the API pages.

From a type such as ``{"success", "error"}``, the parser of numpy-style docstrings takes the first choice for the default.
"""

from typing import Any

import griffe


class Defaults(griffe.Extension):
    """Gives documented parameters the defaults of the signature, or of a data class's fields."""

    def on_package(self, *, pkg: griffe.Module, **kwargs: Any) -> None:
        """Go through all functions and classes of the loaded package."""
        for module in _modules(pkg):
            for each in module.members.values():
                if isinstance(each, griffe.Class):
                    _correct(each, {name: str(member.value) for name, member in _fields(each).items() if member.value})
                    for method in each.functions.values():
                        _correct(method, _defaults(method))
                elif isinstance(each, griffe.Function):
                    _correct(each, _defaults(each))


def _modules(module: griffe.Module) -> list[griffe.Module]:
    return [module, *(each for own in module.modules.values() if not own.is_alias for each in _modules(own))]


def _defaults(function: griffe.Function) -> dict[str, str]:
    return {each.name: str(each.default) for each in function.parameters if each.default is not None}


def _fields(kind: griffe.Class) -> dict[str, griffe.Attribute]:
    """The attributes of a class, its bases' included."""
    inherited = {name: field for base in reversed(kind.mro()) for name, field in base.attributes.items()}
    return inherited | kind.attributes


def _correct(documented: griffe.Object, defaults: dict[str, str]) -> None:
    if documented.docstring is None:
        return
    for section in documented.docstring.parsed:
        if isinstance(section, griffe.DocstringSectionParameters):
            for each in section.value:
                default = defaults.get(each.name.lstrip("*"))
                each.value = None if default is None or default.startswith("field(") else default
