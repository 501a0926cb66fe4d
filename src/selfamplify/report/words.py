"""A question with its words coloured by score, and the scores as a table."""

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from ..explain.words import Word, candidate_words
from ..printable import printable
from ..rationale import keywords
from ..records import Explanation, Question


def coloured_question(question: Question, explanation: Explanation, k: int) -> Text:
    """The question: words that speak for the answer on green, against it on red; the k keywords underlined."""
    drawn = Text(printable(question.render()))
    scores = iter(explanation.scores or ())
    largest = max(map(abs, explanation.scores or ()), default=0.0) or 1.0
    words = iter(explanation.words if explanation.scores else ())
    expected = next(words, None)
    for word in candidate_words(question.render(), question.labels):
        if word.text == expected:
            shade = _shade(next(scores) / largest)
            expected = next(words, None)
            if shade:
                drawn.stylize(shade, word.start, word.end)
    for word in named_words(question, keywords(explanation, k)):
        drawn.stylize("bold underline", word.start, word.end)
    return drawn


def named_words(question: Question, names: Iterable[str]) -> list[Word]:
    """The words of the question, choices included, that are named (compared without case), wherever they stand in it."""
    named = {name.lower() for name in names}
    return [word for word in candidate_words(question.render(), question.labels) if word.text.lower() in named]


def _shade(share: float) -> str | None:
    """The style of a word whose score is this share of the largest; None where it is too small to show."""
    depth = int(140 * abs(share))
    if depth < 14:
        return None
    return f"black on rgb({235 - depth},245,{235 - depth})" if share > 0 else f"black on rgb(250,{235 - depth},{235 - depth})"


def explanation_table(explanation: Explanation, k: int) -> Table:
    """The scored words, highest first; a star marks the k keywords."""
    table = Table("", "word")
    table.add_column(f"score ({explanation.value})" if explanation.value else "score", justify="right")
    errors = explanation.standard_errors
    if errors:
        table.add_column("standard error", justify="right")
    chosen = {word.lower() for word in keywords(explanation, k)}
    scores = explanation.scores or ()
    for index in sorted(range(len(scores)), key=lambda index: -scores[index]):
        word = explanation.words[index]
        cells = ["*" if word.lower() in chosen else "", Text(printable(word)), f"{scores[index]:+.4f}"]
        table.add_row(*cells, *([f"{errors[index]:.4f}"] if errors else []))
    return table
