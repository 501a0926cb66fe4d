"""Short pieces of text for messages of one line, and digests of texts."""

import hashlib
import json
import re
from collections.abc import Iterable
from difflib import get_close_matches

_PASSWORD = re.compile(r"(?<=://)[^/@\s]+@")
_UNITS = ((365 * 86400.0, "years"), (86400.0, "days"), (3600.0, "hours"), (60.0, "minutes"))


def first_line(error: Exception) -> str:
    """The first line of another package's error, to be put in brackets inside ours."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".: ") if lines else type(error).__name__


def last_line(error: Exception) -> str:
    """The last line, which says what happened if a traceback comes before it."""
    lines = str(error).strip().splitlines()
    return lines[-1].strip().rstrip(".: ") if lines else type(error).__name__


def one_line(text: str) -> str:
    """The text with a single space in place of every run of white space."""
    return " ".join(text.split())


def without_password(text: str) -> str:
    """The text without the names and passwords in its web addresses: ``https://…@host``."""
    return _PASSWORD.sub("…@", text)


def shortened(text: str, limit: int = 60) -> str:
    """The text, cut to ``limit`` characters, the last of which is then an ellipsis."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def counted(count: int, noun: str) -> str:
    """A number with its noun: ``1 shot``, ``2 shots``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def duration(seconds: float) -> str:
    """Seconds as a person says them, in units of which there are two or more: ``12 seconds``, ``3.5 minutes``, ``14 hours``."""
    if seconds < 0.1:
        return "less than 0.1 seconds"
    for unit, name in _UNITS:
        if seconds >= 2 * unit:
            return f"{seconds / unit:.{1 if seconds < 10 * unit else 0}f} {name}"
    return f"{seconds:.{1 if seconds < 10 else 0}f} seconds"


def argument(name: str, value: object) -> str:
    """A Python argument as errors show it, in backticks: ``argument("dtype", "float32")`` is `` `dtype="float32"` ``."""
    return f"`{name}={json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)}`"


def sha256(text: str) -> str:
    """The SHA-256 of a text, in hexadecimal; half a surrogate pair is hashed, too."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def likeliest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant, in any case of letters; None if none is similar."""
    cased = {each.casefold(): each for each in known}
    near = get_close_matches(name.casefold(), cased, 1)
    return cased[near[0]] if near else None
