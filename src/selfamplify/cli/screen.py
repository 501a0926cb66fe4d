"""Where the command line prints: results to standard output, progress and errors to standard error."""

import sys

from rich.console import Console
from rich.text import Text

from ..printable import printable

out = Console()
err = Console(stderr=True)


def say(text: str, style: str = "", console: Console = out) -> None:
    """Print text as it is: no markup is read in it, no line of it broken, and nothing in it obeyed by the terminal."""
    console.print(Text(printable(text), style), soft_wrap=True)


def fail(message: str, code: int) -> int:
    """Print an error as one line, and hand its exit code on."""
    print(f"error: {printable(message)}", file=sys.stderr)
    return code
