"""A question as a coalition game: its candidate words play for the value of its answer."""

from ..asking import check_context, reading_chat
from ..errors import ExplanationError
from ..models.model import AbstractDifferentiableModel
from ..records import Question
from ..wording import Wording
from .game import Target, TokenGame
from .words import candidate_words, locate


def question_game(
    model: AbstractDifferentiableModel, question: Question, wording: Wording, value: str = "logit", absent: str = "mask"
) -> TokenGame:
    """The game of a question's words: the prompt that asks it, and the label of its true answer as the target.

    Raises ContextError where the prompt does not fit the model's context, ExplanationError where the question has no word.
    """
    chat = reading_chat(question, wording)
    check_context(model, [chat], 1, "shorter questions")
    reading = model.read(chat, question.labels)
    located = locate(reading, candidate_words(question.render(), question.labels))
    if not located:
        raise ExplanationError(f"Question {question.id} has no word that could be a keyword; leave it out.")
    target, words = Target.label(reading, question.answer), tuple(word.text for word in located)
    return TokenGame(model, reading.ids, target, tuple(located.values()), value, absent, words)
