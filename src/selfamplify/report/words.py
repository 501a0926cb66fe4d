"""A question with its words coloured by score, and the scores as a table."""

from collections.abc import Container, Iterable, Sequence

from rich.table import Table
from rich.text import Text

from ..attribution.record import AnswerAttribution
from ..prompting.formats import keywords
from ..records import Explanation, Question
from ..text.printable import printable
from ..text.shading import shade, shares
from ..text.words import Word, candidate_words


def coloured_question(question: Question, explanation: Explanation, k: int) -> Text:
    """The question: words that speak for the answer on green, against it on red; the k keywords underlined."""
    drawn = Text(printable(question.render()))
    scores = iter(shares(explanation.scores or ()))
    words = iter(explanation.words if explanation.scores else ())
    expected = next(words, None)
    for word in candidate_words(question.render(), question.labels):
        if word.text == expected:
            style = shade(next(scores))
            expected = next(words, None)
            if style:
                drawn.stylize(style, word.start, word.end)
    for word in named_words(question, keywords(explanation, k)):
        drawn.stylize("bold underline", word.start, word.end)
    return drawn


def named_words(question: Question, names: Iterable[str]) -> list[Word]:
    """The words of the question, choices included, that are named (compared without case), wherever they stand in it."""
    named = {name.lower() for name in names}
    return [word for word in candidate_words(question.render(), question.labels) if word.text.lower() in named]


def explanation_table(explanation: Explanation, k: int) -> Table:
    """The scored words, highest first; a star marks the k keywords."""
    chosen = {word.lower() for word in keywords(explanation, k)}
    return _score_table(
        "word", explanation.words, explanation.scores or (), explanation.value, explanation.standard_errors, chosen
    )


def attribution_table(attribution: AnswerAttribution) -> Table:
    """The scored words or tokens of a prompt, highest first."""
    known = [unit.standard_error for unit in attribution.units if unit.standard_error is not None]
    errors = known if len(known) == len(attribution.units) else None
    return _score_table("in the prompt", attribution.words, attribution.scores, attribution.value, errors)


def _score_table(
    title: str,
    words: Sequence[str],
    scores: Sequence[float],
    value: str | None,
    errors: Sequence[float] | None,
    starred: Container[str] | None = None,
) -> Table:
    """Words by their score; with ``starred`` words, a column tells them."""
    table = Table(*([] if starred is None else [""]), title)
    table.add_column(f"score ({value})" if value else "score", justify="right")
    if errors:
        table.add_column("standard error", justify="right")
    for index in sorted(range(len(scores)), key=lambda index: -scores[index]):
        cells = [Text(printable(words[index])), f"{scores[index]:+.4f}", *([f"{errors[index]:.4f}"] if errors else [])]
        star = [] if starred is None else ["*" if words[index].lower() in starred else ""]
        table.add_row(*star, *cells)
    return table
