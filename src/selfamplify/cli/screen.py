"""Where the command line prints: results to standard output, progress and errors to standard error."""

import sys

from rich.console import Console

out = Console()
err = Console(stderr=True)


def fail(message: str, code: int) -> int:
    """Print an error as one line, and hand its exit code on."""
    print(f"error: {message}", file=sys.stderr)
    return code
