"""Signs that a server cuts long prompts in silence, in its own counts of their tokens.

No count proves it: a server may leave out the tokens that it has cached. So this warns, and stops nothing.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import SelfAmplifyWarning

_ALIKE = 5
"""So many prompts of different lengths with the same count, and none with a larger one, are no coincidence."""
_LEAST_WORDS = 50
"""Shorter prompts are not cut, and their counts are often equal."""


class Cutting:
    """What a model's servers count in prompts, by the number of words; a warning is given once."""

    def __init__(self, name: str):
        self._name = name
        self._warned = False
        self._most = 0
        self._alike: set[int] = set()

    def saw(self, messages: Sequence[Mapping[str, str]], tokens: Any) -> None:
        """Compare a prompt with the count that came with its answer; what is no count tells nothing."""
        if self._warned or not isinstance(tokens, int) or tokens < 1:
            return
        words = sum(len(message["content"].split()) for message in messages)
        if words < _LEAST_WORDS:
            return
        if tokens < words:
            self._warn(f"{tokens:,} tokens in a prompt of {words:,} words, fewer than it has words")
        if tokens > self._most:
            self._most, self._alike = tokens, set()
        if tokens == self._most:
            self._alike.add(words)
        if len(self._alike) >= _ALIKE:
            lengths = f"{min(self._alike):,} to {max(self._alike):,} words"
            self._warn(f"{tokens:,} tokens in each of {len(self._alike)} prompts of {lengths}, and in none more")

    def _warn(self, found: str) -> None:
        self._warned = True
        warnings.warn(
            f"The server of {self._name} counts {found}. Most likely it cuts long prompts without saying so; a server that "
            f"leaves out what it has cached would also count so. Give it a longer context (Ollama: OLLAMA_CONTEXT_LENGTH), or "
            f"use fewer shots.",
            SelfAmplifyWarning,
            stacklevel=4,
        )
