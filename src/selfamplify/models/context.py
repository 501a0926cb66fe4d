"""Whether chats fit a model's context, found out before any work."""

from collections.abc import Sequence

from ..errors import ContextError
from ..records import Chat
from .model import AbstractLanguageModel


def fits(model: AbstractLanguageModel, chat: Chat, new_tokens: int) -> bool:
    """Whether a chat and what it is to be continued by fit the model's context."""
    return len(model.tokens(chat)) + new_tokens <= model.context


def check_context(model: AbstractLanguageModel, chats: Sequence[Chat], new_tokens: int, remedy: str) -> None:
    """Refuse, before any work, chats that do not fit the model's context together with what it is to write.

    Raises ContextError with the numbers.
    """
    if not chats:
        return
    longest = max(len(model.tokens(chat)) for chat in chats)
    if longest + new_tokens > model.context:
        room = model.context - longest
        shorter = f"--max-new-tokens {room}, " if room >= 1 and new_tokens > 1 else ""
        raise ContextError(
            f"The longest prompt has {longest} tokens and is to be continued by {new_tokens}, but the context of "
            f"{model.name} is {model.context}; use {shorter}{remedy}."
        )
