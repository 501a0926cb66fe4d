"""Option groups: a command takes a dataclass, and the command line shows its fields as options."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import Parameter, signature
from typing import Any

import typer


class Given(tuple[str, ...]):
    """The parameters that stand on the command line, whether or not with their default value."""

    @staticmethod
    def of(context: Any) -> "Given":
        sources = {name: context.get_parameter_source(name) for name in context.params}
        return Given(name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE")


def grouped(command: Callable[..., Any]) -> Callable[..., Any]:
    """Spread the parameters of ``command`` that are option groups (dataclasses) into the groups' fields.

    Typer reads options off a signature; this writes the longer signature, and puts the groups together again for the call.
    A parameter ``Given`` is told which options were given.
    """
    groups: dict[str, type] = {}
    spread: list[Parameter] = []
    for parameter in signature(command).parameters.values():
        if parameter.annotation is Given:
            spread.append(Parameter(parameter.name, Parameter.KEYWORD_ONLY, annotation=typer.Context))
        elif is_dataclass(parameter.annotation) and isinstance(parameter.annotation, type):
            groups[parameter.name] = parameter.annotation
            spread += [
                Parameter(field.name, Parameter.KEYWORD_ONLY, default=field.default, annotation=field.type)
                for field in fields(parameter.annotation)
            ]
        else:
            spread.append(parameter.replace(kind=Parameter.KEYWORD_ONLY))

    @wraps(command)
    def call(**given: Any) -> Any:
        built = {
            name: group(**{field.name: given.pop(field.name) for field in fields(group)})  # pyright: ignore[reportArgumentType]
            for name, group in groups.items()
        }
        told = {
            parameter.name: Given.of(given.pop(parameter.name)) for parameter in spread if parameter.annotation is typer.Context
        }
        return command(**given, **told, **built)

    call.__signature__ = signature(command).replace(parameters=spread)  # pyright: ignore[reportAttributeAccessIssue]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in spread}
    return call
