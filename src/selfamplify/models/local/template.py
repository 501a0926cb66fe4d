"""Chat templates are programs by the makers of a model: whether one ends, and which day it is for one that asks."""

import json
import os
import subprocess
import sys
from datetime import datetime
from functools import lru_cache

from transformers import PreTrainedTokenizerBase

from ...errors import ModelError
from . import trial

_TODAY = datetime(2024, 7, 26)
"""The date of every prompt, whatever the day: the one that Llama 3's template uses where it is told none."""
_CODES = "aAbBdHIjmMpSyYcxX"
"""The codes of ``strftime`` that templates may use."""
_PATIENCE = 120
"""Seconds after which a trial on a busy machine is ended, too."""


def undated(template: str) -> str:
    """A chat template for which it is always the same day, if it asks: else its prompts would be others tomorrow."""
    if "strftime_now" not in template:
        return template
    codes = {f"%{code}": _TODAY.strftime(f"%{code}") for code in _CODES} | {"%-d": str(_TODAY.day), "%-m": str(_TODAY.month)}
    written = "format" + "".join(f".replace({code!r}, {value!r})" for code, value in codes.items())
    return f"{{%- macro strftime_now(format) -%}}{{{{ {written} }}}}{{%- endmacro -%}}{template}"


def check_ends(tokenizer: PreTrainedTokenizerBase, name: str) -> None:
    """Raise ModelError if a tokenizer's chat template does not finish short chats, or takes much memory or time for them.

    A process of its own tries that: a single operation such as ``9 ** 9 ** 9`` can't be interrupted in this one.
    """
    if not tokenizer.chat_template:
        return
    variables = {key: str(value) for key, value in tokenizer.special_tokens_map.items()}
    fault = _fault(json.dumps({"template": tokenizer.get_chat_template(), "variables": variables}))
    if fault:
        raise ModelError(
            f"The chat template of {name} {fault} for a chat of a few short turns; use another model, or correct its "
            f"chat_template."
        )


@lru_cache(maxsize=64)
def _fault(given: str) -> str:
    """What is wrong with a template and its variables, as JSON; empty if nothing is."""
    paths = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        line = [sys.executable, "-P", trial.__file__]
        done = subprocess.run(line, input=given.encode(), env=paths, capture_output=True, timeout=_PATIENCE)  # nosec B603 # our own program
        code = done.returncode
    except subprocess.TimeoutExpired:
        code = -1
    if code == trial.TOO_MANY_STEPS:
        return f"is not finished after {trial.MOST_STEPS:,} steps"
    if code == trial.TOO_MUCH_MEMORY:
        return f"takes more than {trial.MOST_MEGABYTES} MB of memory"
    return f"takes more than {trial.MOST_SECONDS} seconds" if code < 0 else ""
