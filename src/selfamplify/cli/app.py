"""The command line: parses, calls, prints. Nothing heavy is imported before a command needs it."""

import errno
import os
import sys
import traceback
from importlib.metadata import version
from typing import Annotated

import typer
from typer.exceptions import TyperException

from ..errors import SelfAmplifyError
from ..work.interruption import graceful
from . import (
    build,
    compare,
    data,
    demo,
    doctor,
    edit,
    evaluate,
    explain,
    export,
    faithfulness,
    importing,
    listing,
    report,
    serve,
    show,
    tune,
)
from .screen import fail, replace_unprintable, shown_warnings
from .translation import in_options

app = typer.Typer(
    name="selfamplify",
    help="A small language model explains its own few-shot examples and uses the explanations as rationales.\n\n"
    "Start with `selfamplify demo`, which needs no network and no model of your own. Then `build` a prompt for your model and "
    "your questions and `evaluate` it, or `compare` several methods.",
    epilog="Add --debug to any command to see where an error comes from.",
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> bool:
    """Print the version and end, if that is wanted."""
    if wanted:
        print(f"selfamplify {version('selfamplify')}")
        raise typer.Exit
    return wanted


@app.callback()
def _options(
    shown: Annotated[bool, typer.Option("--version", is_eager=True, callback=_version, help="Print the version.")] = False,
) -> None:
    pass


COMMANDS = {
    "demo": demo.demo,
    "data": data.describe,
    "build": build.build,
    "evaluate": evaluate.evaluate,
    "compare": compare.compare,
    "tune": tune.tune,
    "import": importing.import_prompt,
    "edit": edit.edit,
    "explain": explain.explain,
    "faithfulness": faithfulness.faithfulness,
    "show": show.show,
    "report": report.report,
    "export": export.export,
    "serve": serve.serve,
    "list": listing.listing,
    "doctor": doctor.doctor,
}
for name, command in COMMANDS.items():
    app.command(name)(command)

_RESUMABLE = ("demo", "build", "evaluate", "compare", "tune", "faithfulness")
_INTERRUPTED = 130
_FINISHING = b"\nfinishing what is in hand; press Ctrl-C again to stop at once\n"


def main() -> None:
    """Run a command: exit code 0 if it succeeds, 2 if the user can fix the error, 1 for a fault of ours, 130 on Ctrl-C."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"] or ["--help"]
    replace_unprintable()
    with shown_warnings(COMMANDS.get(arguments[0])), graceful(_finishing):
        code = _run(arguments, debug="--debug" in sys.argv[1:])
    if code == _INTERRUPTED:
        remedy = "; run the same command again to continue where it stopped" if arguments[0] in _RESUMABLE else ""
        fail(f"interrupted{remedy}.", code)
    sys.exit(code)


def _finishing() -> None:
    """Say that an interrupt waits; past the stream, which whatever was interrupted may be writing to."""
    os.write(2, _FINISHING)


def _run(arguments: list[str], debug: bool) -> int:
    """Run a command, and print what went wrong, if anything; returns the exit code."""
    name = arguments[0] if arguments[0] in COMMANDS else ""
    try:
        code = app(args=arguments, prog_name="selfamplify", standalone_mode=False)
    except TyperException as error:
        message = error.format_message().replace(": Value error, ", ": ")  # pydantic's words, not ours
        see = " ".join(["selfamplify", *filter(None, [name]), "--help"])
        return fail(f"{message}{'' if message[-1:] in '.?' else '.'} See: {see}", 2)
    except (KeyboardInterrupt, typer.Abort):
        return _INTERRUPTED
    except SelfAmplifyError as error:
        if debug:
            traceback.print_exc()
        return fail(in_options(str(error), COMMANDS[name]), 2)
    except (Exception, SystemExit) as error:  # what ends the program from inside a command, with whatever code, has failed
        if debug:
            traceback.print_exc()
        if isinstance(error, BrokenPipeError) or isinstance(error.__context__, BrokenPipeError):  # rich then ends the program
            return _unread()
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            return fail("the output can't be written, since the disk is full; free some space.", 2)
        return fail(f"unexpected {type(error).__name__}: {error}; run again with --debug to see where, and report it.", 1)
    return code if isinstance(code, int) else 0  # Typer itself catches a KeyboardInterrupt, and returns 130.


def _unread() -> int:
    """The exit code if nobody reads the output any more, as after ``| head``; Python would write to it again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
