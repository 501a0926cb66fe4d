"""A question as a coalition game: its candidate words play for the value of its answer."""

from collections.abc import Collection, Sequence
from typing import TypeVar

from ..errors import ExplanationError
from ..models.context import check_context
from ..models.model import AbstractDifferentiableModel, AbstractLanguageModel, Reading
from ..prompting.chats import reading_chat
from ..prompting.wording import Wording
from ..records import Chat, Question
from ..text.words import Word, candidate_words, overlapping
from .texts import TextGame
from .tokens import Target, TokenGame

Words = TypeVar("Words", bound=Collection[Word])
"""Words alone, or a dictionary by them."""


def question_game(
    model: AbstractDifferentiableModel, question: Question, wording: Wording, value: str = "logit", absent: str = "mask"
) -> TokenGame:
    """The game of a question's words: the prompt that asks it, and the label of its true answer as the target.

    Raises ContextError where the prompt does not fit the model's context, ExplanationError where the question has no word.
    """
    reading = model.read(_chat(model, question, wording), question.labels)
    located = _some(locate(reading, candidate_words(question.render(), question.labels)), question)
    target, words = Target.label(reading, question.answer), tuple(word.text for word in located)
    return TokenGame(model, reading.ids, target, tuple(located.values()), value=value, absent=absent, words=words)


def text_game(
    model: AbstractLanguageModel, question: Question, wording: Wording, value: str = "logprob", absent: str = "mask"
) -> TextGame:
    """The same on a model that is asked in texts. Raises what ``question_game`` does, and SettingsError for logits."""
    chat = _chat(model, question, wording)
    located = tuple(_some(candidate_words(chat.question, question.labels), question))
    words = tuple(word.text for word in located)
    return TextGame(model, chat, question, located, value=value, absent=absent, words=words)


def _chat(model: AbstractLanguageModel, question: Question, wording: Wording) -> Chat:
    chat = reading_chat(question, wording)
    check_context(model, [chat], 1, "shorter questions")
    return chat


def _some(located: Words, question: Question) -> Words:
    if not located:
        raise ExplanationError(f"Question {question.id} has no word that could be a keyword; leave it out.")
    return located


def locate(reading: Reading, words: Sequence[Word]) -> dict[Word, tuple[int, ...]]:
    """The token positions of each word, by character overlap.

    A word left without a token is no feature.
    """
    offset = reading.question[0]
    stretches = [(word.start + offset, word.end + offset) for word in words]
    found = overlapping(reading.spans, stretches, reading.prefix)
    return {word: own for word, own in zip(words, found, strict=True) if own}
