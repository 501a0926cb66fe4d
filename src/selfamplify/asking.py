"""How a question x is put to a model on its own (section 3.2), and what fits into its context."""

from collections.abc import Sequence

from .errors import ContextError
from .models.model import AbstractLanguageModel
from .records import Chat, Message, Question
from .wording import Wording


def reading_chat(question: Question, wording: Wording) -> Chat:
    """The standard prompt with "The answer is (" appended: the next token is f(x)."""
    return request(wording.answer_instruction(question.labels), question, wording.read)


def request(instruction: str, question: Question, prefill: str = "") -> Chat:
    """One user turn: an instruction, then the question."""
    text = question.render()
    return Chat((Message("user", f"{instruction}\n{text}"),), prefill, text)


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
