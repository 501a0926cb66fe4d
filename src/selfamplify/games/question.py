"""A question as a coalition game: its candidate words are the players, the value of its answer is shared out among them."""

from collections.abc import Collection, Sequence
from typing import TypeVar

from ..errors import ExplanationError
from ..models.context import check_length
from ..models.model import AbstractDifferentiableModel, AbstractLanguageModel, Reading
from ..prompting.chats import reading_chat
from ..prompting.wording import Wording
from ..records import Question, Value
from ..text.question_words import question_words
from ..text.words import Word, overlapping
from .texts import TextGame
from .tokens import Target, TokenGame
from .values import Absent

Words = TypeVar("Words", bound=Collection[Word])
"""Words, or a dictionary with words as keys."""
_REMEDY = "shorter questions"


def question_game(
    model: AbstractDifferentiableModel,
    question: Question,
    wording: Wording,
    value: Value | None = None,
    absent: Absent = "mask",
    baseline: str = "auto",
) -> TokenGame:
    """Return the game of a question's words on a model that shows its tokens.

    Parameters
    ----------
    model : AbstractDifferentiableModel
        The model that is explained.
    question : Question
        The question; its true answer is the target.
    wording : Wording
        The sentences of the prompt that asks the question.
    value : {"logit", "logprob", "margin"}, optional
        What is attributed: see ``_value`` for the default.
    absent : {"mask", "delete"}, default "mask"
        How a word is made absent.
    baseline : str, default "auto"
        What is put in the place of an absent word: see ``AbstractAttribution``.

    Raises
    ------
    ContextError
        If the prompt does not fit the model's context.
    ExplanationError
        If the question has no candidate word.
    """
    reading = model.read(reading_chat(question, wording), question.answers)
    check_length(model, len(reading.ids), 1, _REMEDY)
    located = _some(locate(reading, question_words(question)), question)
    target = Target.of(reading, question.written(question.answer))
    words = tuple(word.text for word in located)
    return TokenGame(
        model,
        reading.ids,
        target,
        tuple(located.values()),
        value=value or _value(model, question, reading),
        absent=absent,
        baseline=baseline,
        words=words,
        stop_words=wording.stop_words,
    )


def _value(model: AbstractDifferentiableModel, question: Question, reading: Reading) -> Value:
    """What is attributed by default: of a letter the model's ``label_value``, of a label's name its margin over the others.

    What makes a text a review makes every label's name more probable, and the margin leaves that out: on 40 reviews, deep_lift
    finds 61 % of the deciding words with the margin, and 34 % with the logit, where random words are 32 %. If an answer of the
    question has several tokens, it is the log-probability of the whole answer.
    """
    if any(len(ids) > 1 for ids in reading.answers.values()):
        return "logprob"
    return "margin" if question.answer_style == "label" else model.label_value


def text_game(
    model: AbstractLanguageModel,
    question: Question,
    wording: Wording,
    value: Value | None = None,
    absent: Absent = "mask",
    baseline: str = "auto",
) -> TextGame:
    """Return the same game on a model that is asked in texts.

    Parameters are those of ``question_game``, and so are the errors; in addition, it raises SettingsError for
    ``value="logit"``, which such a model does not return.
    """
    chat = reading_chat(question, wording)
    check_length(model, model.encode(chat).length, 1, _REMEDY)
    located = tuple(_some(question_words(question), question))
    words = tuple(word.text for word in located)
    return TextGame(
        model,
        chat,
        question,
        located,
        value=value or model.label_value,
        absent=absent,
        baseline=baseline,
        words=words,
        stop_words=wording.stop_words,
    )


def _some(located: Words, question: Question) -> Words:
    if not located:
        raise ExplanationError(f"Question {question.id} has no word that could be a keyword; leave it out.")
    return located


def locate(reading: Reading, words: Sequence[Word]) -> dict[Word, tuple[int, ...]]:
    """Return the token positions of each word, found by the overlap of characters; a word without a token is left out."""
    offset = reading.question[0]
    stretches = [(word.start + offset, word.end + offset) for word in words]
    found = overlapping(reading.spans, stretches, reading.prefix)
    return {word: own for word, own in zip(words, found, strict=True) if own}
