"""What of a generated text is the reply: without its reasoning blocks, and no further than its last line."""

import re
from collections.abc import Collection

_BLOCK = re.compile(r"<(think|thinking)>.*?(?:</\1>|\Z)|\[THINK\].*?(?:\[/THINK\]|\Z)", re.DOTALL)
_CLOSING = re.compile(r"\A.*(?:</think(?:ing)?>|\[/THINK\])", re.DOTALL)


def without_thinking(text: str) -> str:
    """The text without its reasoning blocks (``<think>…</think>``, ``[THINK]…[/THINK]``).

    A block that is not closed takes the rest of the text; what precedes a closing mark without an opening one was a block that
    the chat template had opened.
    """
    return _CLOSING.sub("", _BLOCK.sub("", text))


def through_last_line(text: str, last_line: str) -> str:
    """The text up to the end of the first line in which the regular expression ``last_line`` is found; all of it if none is.

    An empty ``last_line`` is found nowhere.
    """
    if not last_line:
        return text
    lines = text.split("\n")
    last = next((place for place, line in enumerate(lines) if re.search(last_line, line)), len(lines))
    return "\n".join(lines[: last + 1])


def without_tokens(text: str, tokens: Collection[str]) -> str:
    """The text without any of these tokens, also where taking one out would make up another one."""
    while found := [token for token in tokens if token and token in text]:
        text = text.replace(max(found, key=len), "")
    return text


def with_prefill(prefill: str, text: str) -> str:
    """A whole reply: the text that it had to begin with, and what the model wrote after it."""
    space = "" if prefill.endswith(("(", '"')) else " "
    return f"{prefill}{space}{text}".strip()
