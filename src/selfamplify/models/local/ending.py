"""Where a reply ends: at the end of its turn, at the start of an invented one, or with the last line that is needed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from transformers import PreTrainedTokenizerBase

from ...text.replies import through_last_line, without_thinking, without_tokens
from .chat import control_tokens

_STOP_TOKENS = 16
"""No token is shorter than a byte, so the start of the next turn is within this many tokens."""


@dataclass(frozen=True)
class Ending:
    """Decides where replies end, and reads their text.

    Parameters
    ----------
    tokenizer : PreTrainedTokenizerBase
        The model's tokenizer.
    ids : tuple of int
        The tokens that end a turn.
    turn : str
        The text with which the next turn would begin if no token ends turns; else empty.
    last_line : str
        See ``Decoding.last_line``. It is not looked for in reasoning.
    opened : str
        The mark of the block of reasoning that the prompt ends in; empty if it ends in none.
    """

    tokenizer: PreTrainedTokenizerBase
    ids: tuple[int, ...]
    turn: str
    last_line: str = ""
    opened: str = ""
    _breaks: dict[int, bool] = field(default_factory=dict, compare=False, repr=False)

    def reached(self, tokens: Sequence[int]) -> bool:
        """Whether a reply of these tokens is complete with the last of them."""
        if tokens[-1] in self.ids:
            return True
        if self.turn and self.turn in self._decoded(tokens[-_STOP_TOKENS:]):
            return True
        if not self.last_line or not self._breaks_line(tokens[-1]):
            return False
        whole, _, _ = without_thinking(self.opened + self._decoded(tokens)).rpartition("\n")
        return through_last_line(f"{whole}\n", self.last_line) != f"{whole}\n"

    def text(self, tokens: Sequence[int]) -> str:
        """The reply that the tokens of a finished text hold."""
        tokens = tokens[:-1] if tokens and tokens[-1] in self.ids else tokens
        whole = self.opened + self._decoded(tokens)
        text = without_thinking(whole)
        if text == whole:
            text = str(self.tokenizer.decode(list(tokens), skip_special_tokens=True))
        text = self._without_marks(text)
        if self.turn:
            text = text.split(self.turn)[0]
        return through_last_line(text.strip(), self.last_line).strip()

    def _without_marks(self, text: str) -> str:
        """A reply up to the first end of a turn that is spelled out in it, without other control tokens: they would be refused
        where the reply becomes a part of a prompt."""
        ends = [str(token) for token in self.tokenizer.convert_ids_to_tokens(list(self.ids))]
        for end in ends:
            text = text.lstrip().removeprefix(end).split(end)[0] if end in text else text
        return without_tokens(text, control_tokens(self.tokenizer))

    def _decoded(self, tokens: Sequence[int]) -> str:
        return str(self.tokenizer.decode(list(tokens)))

    def _breaks_line(self, token: int) -> bool:
        if token not in self._breaks:
            self._breaks[token] = "\n" in self._decoded([token])
        return self._breaks[token]
