"""The command line: parses, calls, prints. Nothing of the road is imported before a command needs it."""

import sys
import traceback

import typer
from typer.exceptions import TyperException

from ..errors import SelfAmplifyError
from . import build, compare, demo, doctor, evaluate, explain, listing, show
from .screen import fail

app = typer.Typer(
    name="selfamplify",
    help="A small language model explains its own answers, and answers better with them as rationales (Self-AMPLIFY).",
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="Add --debug to any command to see the traceback of an error.",
)
COMMANDS = {
    "demo": demo.demo,
    "build": build.build,
    "evaluate": evaluate.evaluate,
    "compare": compare.compare,
    "explain": explain.explain,
    "show": show.show,
    "list": listing.listing,
    "doctor": doctor.doctor,
}
for name, command in COMMANDS.items():
    app.command(name)(command)

_INTERRUPTED = 130
_RESUME = "interrupted; the same command goes on where it stopped."


def main() -> None:
    """Run a command: 0 where it succeeded, 2 where the user can mend what went wrong, 1 where we must, 130 on Ctrl-C."""
    arguments = sys.argv[1:]
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"] or ["--help"]
    try:
        code = app(args=arguments, prog_name="selfamplify", standalone_mode=False)
    except TyperException as error:
        known = [argument for argument in arguments[:1] if argument in COMMANDS]
        sys.exit(fail(f"{error.format_message().rstrip('.')}. See: {' '.join(['selfamplify', *known, '--help'])}", 2))
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(fail(_RESUME, _INTERRUPTED))
    except SelfAmplifyError as error:
        if debug:
            traceback.print_exc()
        sys.exit(fail(str(error), 2))
    except Exception as error:  # whatever else went wrong is told in one line, too
        if debug:
            traceback.print_exc()
        sys.exit(fail(f"unexpected {type(error).__name__}: {error}; run again with --debug to see where, and report it.", 1))
    if code == _INTERRUPTED:  # typer has caught the KeyboardInterrupt
        fail(_RESUME, _INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)
