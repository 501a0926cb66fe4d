"""Chat templates are programs by the makers of a model: whether one ends, and which day it is for one that asks."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from types import FrameType
from typing import Any

from transformers import PreTrainedTokenizerBase

from ...errors import ModelError

MOST_STEPS = 200_000
"""Lines of a compiled template that may run for a short chat; templates of real models run a few thousand."""
_TODAY = datetime(2024, 7, 26)
"""The date of every prompt, whatever the day: the one that Llama 3's template uses where it is told none."""
_CODES = "aAbBdHIjmMpSyYcxX"
"""The codes of ``strftime`` that templates may use."""


class _TooLong(Exception):
    pass


def undated(template: str) -> str:
    """A chat template for which it is always the same day, if it asks: else its prompts would be others tomorrow."""
    if "strftime_now" not in template:
        return template
    codes = {f"%{code}": _TODAY.strftime(f"%{code}") for code in _CODES} | {"%-d": str(_TODAY.day), "%-m": str(_TODAY.month)}
    written = "format" + "".join(f".replace({code!r}, {value!r})" for code, value in codes.items())
    return f"{{%- macro strftime_now(format) -%}}{{{{ {written} }}}}{{%- endmacro -%}}{template}"


def check_ends(tokenizer: PreTrainedTokenizerBase, name: str) -> None:
    """Raise ModelError if a tokenizer's chat template does not finish a short chat.

    Steps are counted, not seconds, so that the result does not depend on the machine.
    """
    if not tokenizer.chat_template:
        return
    turns = [{"role": role, "content": "?"} for role in ("user", "assistant", "user")]
    try:
        with _counted(MOST_STEPS):
            tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    except _TooLong:
        raise ModelError(
            f"The chat template of {name} is not finished after {MOST_STEPS:,} steps for a chat of three short turns; use "
            f"another model, or correct its chat_template."
        ) from None
    except Exception:  # what it can't write is said where that is needed: not every template takes these turns
        return


@contextmanager
def _counted(most: int) -> Iterator[None]:
    """Raise _TooLong after so many lines of Python in this thread."""
    left = [most]

    def traced(frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        left[0] -= 1
        if left[0] < 0:
            raise _TooLong
        return traced

    before = sys.gettrace()
    sys.settrace(traced)
    try:
        yield
    finally:
        sys.settrace(before)
