"""A program that renders a chat template with little memory and time, and tells by its exit code whether they were enough.

It reads the template and its variables as JSON from standard input, and imports nothing but jinja2, so that it starts in a
tenth of a second. Its environment is that of transformers: what neither can render is refused where it is needed.
"""

import json
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import jinja2.ext
import jinja2.nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

MOST_STEPS = 200_000
"""Lines of a compiled template that may run for a short chat; templates of real models run a few thousand."""
MOST_MEGABYTES, MOST_SECONDS = 512, 2
"""Memory of the process and its time on a processor; templates of real models take a fraction of both."""
TOO_MANY_STEPS, TOO_MUCH_MEMORY = 3, 4
"""Exit codes. A process that takes too long is ended by a signal."""
_CHATS = (("user",), ("user", "assistant", "user"), ("system", "user", "assistant", "user", "assistant", "user"))


class TooLong(BaseException):
    """No template and no filter can catch it."""


class _Generation(jinja2.ext.Extension):
    """The block with which templates mark what the model writes."""

    tags = {"generation"}

    def parse(self, parser: Any) -> Any:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return jinja2.nodes.Scope(body, lineno=line)


def main() -> int:
    """Render the template for short chats. Returns the exit code."""
    given = json.load(sys.stdin)
    _limit()
    try:
        for roles in _CHATS:
            _render(given["template"], given["variables"], [{"role": role, "content": "?"} for role in roles])
    except TooLong:
        return TOO_MANY_STEPS
    except MemoryError:
        return TOO_MUCH_MEMORY
    return 0


def _render(template: str, variables: dict[str, str], turns: list[dict[str, str]]) -> None:
    """Render a chat. What the template can't write is no fault here: not every template takes these turns."""
    try:
        compiled = _environment().from_string(template)
        with limited(MOST_STEPS):
            compiled.render(messages=turns, tools=None, documents=None, add_generation_prompt=True, **variables)
    except MemoryError:
        raise
    except Exception:
        return


def _environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, jinja2.ext.loopcontrols]
    )
    made.filters["tojson"] = lambda value, **options: json.dumps(value, **options)
    made.globals["raise_exception"] = _refuse
    made.globals["strftime_now"] = str
    return made


def _refuse(message: str) -> None:
    raise jinja2.exceptions.TemplateError(message)


def _limit() -> None:
    for kind, most in ((resource.RLIMIT_AS, MOST_MEGABYTES << 20), (resource.RLIMIT_CPU, MOST_SECONDS)):
        with suppress(OSError, ValueError):  # some systems do not limit memory, or less is allowed already
            resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))


@contextmanager
def limited(most: int) -> Iterator[None]:
    """Raise TooLong after so many lines of Python in this thread: unlike seconds, they do not depend on the machine."""
    left = [most]

    def traced(frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        left[0] -= 1
        if left[0] < 0:
            raise TooLong
        return traced

    sys.settrace(traced)
    try:
        yield
    finally:
        sys.settrace(None)


if __name__ == "__main__":
    sys.exit(main())
