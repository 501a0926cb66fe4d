"""The candidate words of a question, with their places in the text that a model reads."""

from ..records import Question
from .words import Word, candidate_words


def rendered_words(question: Question) -> list[Word]:
    """The candidate words of a question as it is asked, its choices included where it shows them."""
    return candidate_words(question.render(), question.labels if question.answer_style == "letter" else ())


def question_words(question: Question) -> list[Word]:
    """The candidate words of the part of a question that is attributed, with their places in the rendered question."""
    words = rendered_words(question)
    if question.attributed == "both":
        return words
    return [word for word in words if (word.start < len(question.text)) == (question.attributed == "text")]
