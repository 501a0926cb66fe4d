"""What transformers says is kept off the user's screen: what concerns the user, this package says itself, in one line."""

from collections.abc import Iterator
from contextlib import contextmanager

from transformers.utils import logging


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing below an error is logged, and no bar drawn, inside; afterwards all is as it was."""
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def first_line(error: Exception) -> str:
    """The first line of another package's error, to be set in brackets within ours."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".: ") if lines else type(error).__name__


def last_line(error: Exception) -> str:
    """The last line, which says what happened where a traceback stands before it."""
    lines = str(error).strip().splitlines()
    return lines[-1].strip().rstrip(".: ") if lines else type(error).__name__
