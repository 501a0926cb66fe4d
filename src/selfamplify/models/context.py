"""Whether prompts fit a model's context, checked before any work."""

from collections.abc import Sequence

from ..errors import ContextError
from ..records import Encoded
from .model import AbstractLanguageModel


def fits(model: AbstractLanguageModel, encoded: Encoded, new_tokens: int) -> bool:
    """Whether a prompt and ``new_tokens`` more tokens fit the model's context."""
    return encoded.length + new_tokens <= model.context


def check_context(model: AbstractLanguageModel, encoded: Sequence[Encoded], new_tokens: int, remedy: str) -> None:
    """Refuse prompts that are too long together with what the model is to write.

    Raises
    ------
    ContextError
        With the numbers of the longest prompt, and ``remedy``.
    """
    if encoded:
        check_length(model, max(each.length for each in encoded), new_tokens, remedy)


def check_length(model: AbstractLanguageModel, length: int, new_tokens: int, remedy: str) -> None:
    """Refuse a prompt of ``length`` tokens if it does not fit the context with ``new_tokens`` more. Raises ContextError."""
    if length + new_tokens > model.context:
        room = model.context - length
        shorter = f"`max_new_tokens={room}`, " if room >= 1 and new_tokens > 1 else ""
        raise ContextError(
            f"The longest prompt has {length} tokens and may be continued by {new_tokens}, but the context of {model.name} is "
            f"{model.context}; use {shorter}{remedy}."
        )
