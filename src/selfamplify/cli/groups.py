"""Option groups: a command takes a dataclass, and the command line shows its fields as options."""

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from inspect import Parameter, signature
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import typer
from typer.models import ArgumentInfo, OptionInfo

from .config import Called, Config


@dataclass(frozen=True)
class Option:
    """What the command line calls a parameter: ``"--limit"`` (an argument: ``"PROMPT"``); ``"--no-io"`` negates a flag."""

    flag: str
    negative: str = ""


PANELS: dict[str, tuple[str, ...]] = {
    "Model": ("model",),
    "Data": ("task", "test_data", "limit", "validation", "marks", "question"),
    "Data in a file of your own; by default, all of this is recognised": (),
    "Method": (
        *("method", "methods", "explainer", "selection", "selections", "preset", "shots", "keywords", "steps", "seed", "seeds"),
        *("keep_rationales", "budget", "removal"),
    ),
    "Wording and decoding": (),
    "Answers": (
        *("judge", "decide", "calibrate", "self_consistency", "temperature", "max_new_tokens", "drop_shots", "check", "io"),
    ),
    "A prompt of your own, in place of a task": (),
    "Estimate": (),
    "Endpoint": ("plain", "host", "port", "token", "queue", "verbose"),
    "Server": ("server", "in_flight"),
    "Cluster": ("ray", "replicas", "cpus", "gpus"),
    "Output": (
        "to",
        "log",
        "out",
        "questions",
        "served_as",
        "prefilled",
        "name",
        "against",
        "report",
        "responses",
        "examples",
        "as_json",
    ),
}
"""The headings of options in the help, in their order, and the parameters below each. The fields of a group that are not here
stand below the heading of their group."""
_OF = {name: panel for panel, names in PANELS.items() for name in names}


def grouped(command: Callable[..., Any]) -> Callable[..., Any]:
    """Spread the parameters of ``command`` that are option groups (dataclasses) into the groups' fields.

    Typer reads options from a signature. This writes the longer signature, and puts the groups together again for the call.
    Options stand below the headings of ``PANELS``. A parameter of the type ``Called`` receives how the command was called.
    Every command gets ``--config``.
    """
    groups: dict[str, type] = {}
    spread: list[Parameter] = []
    for parameter in signature(command).parameters.values():
        if parameter.annotation is Called:
            spread.append(Parameter(parameter.name, Parameter.KEYWORD_ONLY, annotation=typer.Context))
        elif is_dataclass(parameter.annotation) and isinstance(parameter.annotation, type):
            groups[parameter.name] = parameter.annotation
            spread += _fields(parameter.annotation)
        else:
            spread.append(_option(parameter.name, parameter.annotation, parameter.default, ""))
    spread.append(Parameter("config", Parameter.KEYWORD_ONLY, default=None, annotation=Config))
    spread.sort(key=_panel)

    @wraps(command)
    def call(*, config: Path | None = None, **given: Any) -> Any:
        built = {
            name: group(**{field.name: given.pop(field.name) for field in fields(group)})  # pyright: ignore[reportArgumentType]
            for name, group in groups.items()
        }
        contexts = [parameter.name for parameter in spread if parameter.annotation is typer.Context]
        return command(**{name: Called.of(given.pop(name)) for name in contexts}, **given, **built)

    call.__signature__ = signature(command).replace(parameters=spread)  # pyright: ignore[reportAttributeAccessIssue]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in spread}
    return call


def _fields(group: Any) -> Iterator[Parameter]:
    """A parameter for each field of a group."""
    for field in fields(group):
        yield _option(field.name, field.type, field.default, group.panel)


def _option(name: str, annotation: Any, default: Any, panel: str) -> Parameter:
    """A parameter under its heading: its own, or that of its group."""
    kind, declared = get_args(annotation)
    declared = copy(declared)
    declared.rich_help_panel = _OF.get(name, panel) or None
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, declared])


def _panel(parameter: Parameter) -> int:
    """The place of an option's heading; -1 for arguments, and for options of the command line itself."""
    declared = get_args(parameter.annotation)[1] if get_origin(parameter.annotation) is Annotated else None
    panel = declared.rich_help_panel if isinstance(declared, OptionInfo) else None
    return list(PANELS).index(panel) if panel else -1


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
