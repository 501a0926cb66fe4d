"""How a question x is put to a model on its own (section 3.2), and what fits into its context."""

from collections.abc import Sequence

from .errors import ContextError
from .models.model import AbstractLanguageModel
from .records import Chat, Decoding, Message, Question
from .wording import Wording

_JUDGE_REQUEST = (
    "A model was asked a multiple choice question, where choices look like {choices}. Read its response and say which "
    "choice it gives as its answer.\nQuestion: {question}\nResponse: {response}"
)


def reading_chat(question: Question, wording: Wording) -> Chat:
    """The standard prompt with "The answer is (" appended: the next token is f(x)."""
    return request(wording.answer_instruction(question.labels), question, wording.read)


def request(instruction: str, question: Question, prefill: str = "") -> Chat:
    """One user turn: an instruction, then the question."""
    text = question.render()
    return Chat((Message("user", f"{instruction}\n{text}"),), prefill, text)


def judge_chat(question: Question, response: str) -> Chat:
    """What a judge model is asked: which choice a response gives (section 4.1 lets a model recover the labels)."""
    shown = ", ".join(f"({label})" for label in question.labels)
    content = _JUDGE_REQUEST.format(choices=shown, question=question.render(), response=response)
    return Chat((Message("user", content),), "The answer is (")


def replies_to(model: AbstractLanguageModel, chats: Sequence[Chat], decoding: Decoding, seeds: Sequence[int]) -> list[str]:
    """What the model writes in each chat. Raises ContextError, before any work, if that does not fit its context."""
    check_context(model, chats, decoding.max_new_tokens, "a model with a longer context")
    return [reply.text for reply in model.generate(chats, decoding, seeds)]


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
