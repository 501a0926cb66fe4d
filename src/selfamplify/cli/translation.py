"""Errors speak Python, in backticks; here it becomes what to write on the command line."""

import ast
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import cache
from typing import Any

import selfamplify

from ..names import NAMES
from .groups import Option, options_of

_CODE = re.compile(r"`([^`]+)`")
_SAME = {"explainer": "method", "explainers": "method", "method": "explainer", "model": "served_as"}
"""Parameters that are called by either name, depending on the command."""
_OF_EXPLAINERS = ("samples", "value", "absent", "baseline", "stop_when_settled")
"""The settings of explainers that have an option of their own; ``--steps`` and ``--keywords`` are settings of the method."""
_LOADERS = {
    "load_model": ("model",),
    "load_server": ("server",),
    "load_replicas": ("model",),
    "load_task": ("task", "data"),
    "check_task": (),
}
"""What the positional arguments of functions are as options; the last may occur several times. Without any, they have none."""


def in_options(message: str, command: Callable[..., Any]) -> str:
    """A message with the Python code in its backticks written as options of a command.

    `` `name=value` `` becomes ``--name value``, `` `name` `` becomes ``--name`` if the command has this parameter, and calls of
    ``load_model`` and the like become the options that have the same effect. `` `Lime(ridge=1)` `` and
    `` `settings={"ridge": 1}` `` become ``--set ridge=1``. Everything else loses only its backticks.
    """
    options = options_of(command)
    return _CODE.sub(lambda found: _written(found[1], options) or found[1], message)


def _written(code: str, options: Mapping[str, Option]) -> str | None:
    """The options for a piece of code; None if there are none."""
    try:
        call = ast.parse(f"_({code})", mode="eval").body
    except SyntaxError:
        return None
    match call:
        case ast.Call(args=[], keywords=[ast.keyword(arg=str(name), value=value)]):
            return _setting(name, value, options)
        case ast.Call(args=[ast.Name(id=name)], keywords=[]):
            option = _option(name, options)
            return option.flag if option else _bare_loader(name, options)
        case ast.Call(args=[ast.Call(func=ast.Name(id=name)) as inner], keywords=[]) if name in _LOADERS:
            return _loader(name, inner, options)
        case ast.Call(
            args=[ast.Call(func=ast.Name(id=made), args=[], keywords=[ast.keyword(arg=str(name), value=value)])], keywords=[]
        ) if isinstance(getattr(selfamplify, made, None), type):
            return _explainer_setting(name, value, options)
    return None


def _setting(name: str, value: ast.expr, options: Mapping[str, Option]) -> str | None:
    if name == "columns" and isinstance(value, ast.Call):
        columns = [(f"{str(key.arg).removesuffix('s')}_column", key.value) for key in value.keywords]
        return _joined(_setting(column, name, options) for column, name in columns)
    if name == "settings" and isinstance(value, ast.Dict):
        keys = [key.value for key in value.keys if isinstance(key, ast.Constant)]
        return _joined(_explainer_setting(str(key), each, options) for key, each in zip(keys, value.values, strict=True))
    option = _option(name, options)
    if option is None:
        return f"--set {name}={_value(value)}" if "settings" in options and name in _settings() else None
    match value:
        case ast.Constant(value=True):
            return option.flag
        case ast.Constant(value=None) | ast.Constant(value=False):
            return option.negative or f"no {option.flag}"
    return f"{option.flag} {_value(value)}" if option.flag.startswith("-") else _value(value)  # an argument has no flag


def _explainer_setting(name: str, value: ast.expr, options: Mapping[str, Option]) -> str | None:
    if name in _OF_EXPLAINERS:
        return _setting(name, value, options)
    return f"--set {name}={_value(value)}" if "settings" in options else None


def _value(value: ast.expr) -> str:
    match value:
        case ast.Constant(value=str(text)):
            return shlex.quote(text)
        case ast.Dict(keys=keys, values=values):
            pairs = ((ast.literal_eval(key), ast.literal_eval(each)) for key, each in zip(keys, values, strict=True) if key)
            return shlex.quote(",".join(f"{key}={each}" for key, each in pairs))
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return ",".join(map(_value, parts))
    return ast.unparse(value)


def _loader(name: str, call: ast.Call, options: Mapping[str, Option]) -> str | None:
    parameters = _LOADERS[name]
    given = call.args if parameters else []
    settings = [(parameters[min(place, len(parameters) - 1)], value) for place, value in enumerate(given)]
    settings += [(str(keyword.arg), keyword.value) for keyword in call.keywords]
    if name == "load_replicas" and "ray" not in dict(settings):
        settings.append(("ray", ast.Constant("local")))
    return _joined(_setting(*setting, options) for setting in settings)


def _bare_loader(name: str, options: Mapping[str, Option]) -> str | None:
    """What stands for a function that loads something, without its arguments."""
    bare = {"load_model": "model=NAME", "load_server": "server=URL", "load_replicas": "ray='local'", "load_task": "task=NAME"}
    return _written(bare[name], options) if name in bare else None


def _joined(parts: Iterator[str | None]) -> str | None:
    """All parts, or None if one of them has no option."""
    found = list(parts)
    return " ".join(map(str, found)) if found and None not in found else None


def _option(name: str, options: Mapping[str, Option]) -> Option | None:
    """The option for a parameter: under its own name, as a list (``methods``), or under another name."""
    names = [name, f"{name}s"]
    names += [_SAME[name], f"{_SAME[name]}s"] if name in _SAME else []
    return next((options[each] for each in names if each in options), None)


@cache
def _settings() -> set[str]:
    """The settings of all explainers of this package: what ``--set`` takes."""
    explainers = map(selfamplify.make_explainer, NAMES["explainer"])
    return {field.name for explainer in explainers for field in fields(explainer)}  # pyright: ignore[reportArgumentType]
