"""``--config FILE``: the options of a command from a TOML file; and run.toml, such a file in every run folder.

A file holds options by their names, ``shots = 4``, or tables of them, one per command, as in ``[compare]``. What is on the
command line wins.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import DataError, ModelError, RunError, SelfAmplifyError
from ..runs.run_toml import FILE_NAME, tables
from ..text.files import write_whole
from ..text.lines import first_line, shortened

_OWN = ("config", "help")
"""Options that a file can't hold."""
_GIVEN = ("COMMANDLINE", "DEFAULT_MAP")
"""Where a value comes from that someone wrote: the command line, or a file."""


def _read(context: Any, file: Any) -> Any:
    """Make the options of a file the defaults of the command."""
    if file is not None and not context.resilient_parsing:
        context.default_map = _options(context, file)
    return file


Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        is_eager=True,
        callback=_read,
        help="A TOML file with options of this command, such as the run.toml of a run folder. The command line wins.",
    ),
]


@dataclass(frozen=True)
class Called:
    """How a command was called.

    Parameters
    ----------
    command : str
        Its name.
    options : dict
        All options and arguments that have a value, by their names without dashes.
    given : frozenset of str
        The parameters that are on the command line or in a file, whether or not with their default value.
    """

    command: str
    options: dict[str, Any]
    given: frozenset[str]

    @staticmethod
    def of(context: Any) -> "Called":
        sources = {name: context.get_parameter_source(name) for name in context.params}
        named = {_name(each): context.params.get(each.name) for each in context.command.params if each.name not in _OWN}
        given = (name for name, source in sources.items() if source is not None and source.name in _GIVEN)
        return Called(context.info_name, {}, frozenset(given)).knowing(named)

    def knowing(self, options: Mapping[str, Any]) -> "Called":
        """The call with these options as well, those that have no value left out."""
        known = {**self.options, **options}
        return replace(self, options={name: _plain(value) for name, value in known.items() if value not in (None, [], ())})

    @contextmanager
    def recorded(self, folder: Path) -> Iterator[None]:
        """Write the options into the folder's run.toml while a command runs in it.

        An error whose remedy is to change the options brings the file back as it was.
        """
        file = folder / FILE_NAME
        before = file.read_bytes() if file.is_file() else None
        with suppress(RunError):  # the run itself says why its folder can't be written
            write_whole(file, _written({**tables(folder), self.command: self.options}))
        try:
            yield
        except SelfAmplifyError as error:
            if not isinstance(error, ModelError):
                with suppress(OSError, RunError):
                    file.unlink() if before is None else write_whole(file, before)
            raise


def _options(context: Any, file: Path) -> dict[str, Any]:
    """The values of a command's parameters in a file. Raises DataError for a file, a name or a value that can't be used."""
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{file} can't be read ({error.strerror}); give a TOML file with `config`.") from error
    except ValueError as error:
        raise DataError(f"{file} is not TOML in UTF-8 ({first_line(error)}); write options as in: shots = 4") from error
    commands = context.parent.command.commands
    own = {name: value for name, value in found.items() if not (name in commands and isinstance(value, dict))}
    others = [name for name in found if name not in own]
    command = context.info_name
    if others and command not in others and not own:
        raise DataError(f"{file} holds options of {', '.join(others)}, and none of {command}; add a table [{command}].")
    parameters = {
        spelling: parameter
        for parameter in context.command.params
        if parameter.name not in _OWN
        for spelling in (parameter.name, *(flag.lstrip("-") for flag in parameter.opts))
    }
    table = found.get(command)
    values = _values(command, parameters, own, file)
    return values | (_values(command, parameters, table, file) if isinstance(table, dict) else {})


def _values(command: str, parameters: Mapping[str, Any], written: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """The values of one table of a file, by the names of their parameters."""
    values: dict[str, Any] = {}
    spelt: dict[str, str] = {}
    for name, value in written.items():
        parameter = parameters.get(name) or parameters.get(name.replace("_", "-"))
        if parameter is None:
            near = get_close_matches(name.replace("_", "-"), sorted(parameters), 3)
            instead = f"did you mean {' or '.join(near)}?" if near else f"see: selfamplify {command} --help"
            raise DataError(f"{command} has no option {shortened(name)!r}, which {file} sets; {instead}")
        if parameter.name in spelt:
            raise DataError(f"{spelt[parameter.name]} and {name} in {file} are the same option of {command}; leave one out.")
        spelt[parameter.name] = name
        values[parameter.name] = _value(parameter, name, value, file)
    return values


def _value(parameter: Any, name: str, value: Any, file: Path) -> Any:
    """A value as the command line would have it: a flag, a text, or several texts."""
    if isinstance(value, dict):
        value = [f"{key}={each}" for key, each in value.items()]
    parts = value if isinstance(value, list) else [value]
    if getattr(parameter, "is_flag", False):
        if isinstance(value, bool):
            return value
        raise DataError(f"{name} = {_toml(value)} in {file} is a flag; write true or false.")
    if any(not isinstance(each, str | int | float) or isinstance(each, bool) for each in parts):
        raise DataError(
            f"{name} = {shortened(_toml(value))} in {file} is not a value of this option; write a text or a number."
        )
    texts = [str(each) for each in parts]
    return texts if getattr(parameter, "multiple", False) else ",".join(texts)


def _name(parameter: Any) -> str:
    """What a file calls a parameter: the first of its flags, without dashes."""
    return parameter.opts[0].lstrip("-")


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if isinstance(value, bool | int | float) else str(value)


def _written(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Tables of options as TOML."""
    text = f"# Options of selfamplify {version('selfamplify')}. Paths are relative to the folder in which a command was run.\n"
    for command, options in found.items():
        text += f"\n# To repeat this from there: selfamplify {command} --config THIS_FILE, with --out for another run folder.\n"
        text += f"[{command}]\n" + "".join(f"{name} = {_toml(value)}\n" for name, value in options.items())
    return text


def _toml(value: Any) -> str:
    """A flag, a number, a text or a list of texts; JSON writes them as TOML does, but for one character."""
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False, default=str).replace("\x7f", "\\u007f")
