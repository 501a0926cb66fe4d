"""One line out of many, for messages of one line."""


def first_line(error: Exception) -> str:
    """The first line of another package's error, to be set in brackets within ours."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".: ") if lines else type(error).__name__


def last_line(error: Exception) -> str:
    """The last line, which says what happened where a traceback stands before it."""
    lines = str(error).strip().splitlines()
    return lines[-1].strip().rstrip(".: ") if lines else type(error).__name__
