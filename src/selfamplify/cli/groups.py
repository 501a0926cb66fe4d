"""Option groups: a command takes a dataclass, and the command line shows its fields as options."""

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, Any, get_args, get_origin

import typer
from typer.models import ArgumentInfo, OptionInfo


@dataclass(frozen=True)
class Option:
    """What the command line calls a parameter: ``"--limit"`` (an argument: ``"PROMPT"``); ``"--no-io"`` negates a flag."""

    flag: str
    negative: str = ""


class Given(tuple[str, ...]):
    """The parameters that are on the command line, whether or not with their default value."""

    @staticmethod
    def of(context: Any) -> "Given":
        sources = {name: context.get_parameter_source(name) for name in context.params}
        return Given(name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE")


def grouped(command: Callable[..., Any]) -> Callable[..., Any]:
    """Spread the parameters of ``command`` that are option groups (dataclasses) into the groups' fields.

    Typer reads options from a signature. This writes the longer signature, and puts the groups together again for the call. A
    group's ``panel`` is the heading of its options in the help. A parameter of the type ``Given`` receives the names of the
    options that were given.
    """
    groups: dict[str, type] = {}
    spread: list[Parameter] = []
    for parameter in signature(command).parameters.values():
        if parameter.annotation is Given:
            spread.append(Parameter(parameter.name, Parameter.KEYWORD_ONLY, annotation=typer.Context))
        elif is_dataclass(parameter.annotation) and isinstance(parameter.annotation, type):
            groups[parameter.name] = parameter.annotation
            spread += _fields(parameter.annotation)
        else:
            spread.append(parameter.replace(kind=Parameter.KEYWORD_ONLY))

    @wraps(command)
    def call(**given: Any) -> Any:
        built = {
            name: group(**{field.name: given.pop(field.name) for field in fields(group)})  # pyright: ignore[reportArgumentType]
            for name, group in groups.items()
        }
        contexts = [parameter.name for parameter in spread if parameter.annotation is typer.Context]
        return command(**{name: Given.of(given.pop(name)) for name in contexts}, **given, **built)

    call.__signature__ = signature(command).replace(parameters=spread)  # pyright: ignore[reportAttributeAccessIssue]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in spread}
    return call


def _fields(group: Any) -> Iterator[Parameter]:
    """A parameter for each field of a group, under the group's heading."""
    for field in fields(group):
        kind, option = get_args(field.type)
        option = copy(option)
        option.rich_help_panel = group.panel
        yield Parameter(field.name, Parameter.KEYWORD_ONLY, default=field.default, annotation=Annotated[kind, option])


def flags(option: OptionInfo) -> list[str]:
    """All flags of an option, as they are declared; in ``Annotated``, the first of them is where typer keeps a default."""
    return [flag for flag in (option.default, *(option.param_decls or ())) if isinstance(flag, str)]


def options_of(command: Callable[..., Any]) -> dict[str, Option]:
    """What the command line calls each parameter of a command, read from the declarations of its options."""
    found: dict[str, Option] = {}
    for name, parameter in signature(command).parameters.items():
        declared = get_args(parameter.annotation)[1] if get_origin(parameter.annotation) is Annotated else None
        if isinstance(declared, OptionInfo):
            flag, _, negative = flags(declared)[0].partition("/")
            found[name] = Option(flag, negative)
        elif isinstance(declared, ArgumentInfo):
            found[name] = Option(declared.metavar or name)
    return found
