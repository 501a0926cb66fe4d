"""A question with its words coloured by score, and the scores as a table."""

from collections.abc import Container, Iterable, Sequence

from rich.table import Table
from rich.text import Text

from ..attribution.record import AnswerAttribution
from ..games.question import question_words, rendered_words
from ..prompting.formats import keywords
from ..records import Question, ScoredWords
from ..text.printable import printable
from ..text.shading import shares, terminal_style
from ..text.words import Word


def coloured_question(question: Question, explanation: ScoredWords, k: int) -> Text:
    """A question with its words coloured by their scores.

    Parameters
    ----------
    question
        The question that was explained.
    explanation
        Its scored words.
    k
        How many keywords to underline: those of the highest scores, without stop words.

    Returns
    -------
    Text
        The rendered question: words for the answer on green, words against it on red, the keywords bold and underlined.
    """
    shown = Text(printable(question.render()))
    scored = iter(zip(explanation.words, shares(explanation.scores), strict=True))
    expected = next(scored, None)
    for word in question_words(question):
        if expected is not None and word.text == expected[0]:
            style = terminal_style(expected[1])
            expected = next(scored, None)
            if style:
                shown.stylize(style, word.start, word.end)
    for word in named_words(question, keywords(explanation, k)):
        shown.stylize("bold underline", word.start, word.end)
    return shown


def named_words(question: Question, names: Iterable[str]) -> list[Word]:
    """All occurrences of the named words in a question, its choices included; case does not matter."""
    lowered = {name.lower() for name in names}
    return [word for word in rendered_words(question) if word.text.lower() in lowered]


def explanation_table(explanation: ScoredWords, k: int) -> Table:
    """The words of a question and their scores as a table, highest score first.

    Parameters
    ----------
    explanation
        The scored words.
    k
        How many keywords to mark with a star: those of the highest scores, without stop words.

    Returns
    -------
    Table
        The columns are a star, the word, its score, and its standard error if the explainer estimates it.
    """
    chosen = {word.lower() for word in keywords(explanation, k)}
    value, errors = explanation.value, explanation.standard_errors
    return _score_table("word", explanation.words, explanation.scores, value, errors, chosen)


def attribution_table(attribution: AnswerAttribution) -> Table:
    """The words or tokens of a prompt and their scores as a table, highest score first.

    Parameters
    ----------
    attribution
        The result of ``attribute``.

    Returns
    -------
    Table
        The columns are the unit, its score, and its standard error if the explainer estimates it.
    """
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
    """Words in the order of their scores; ``starred`` adds a column that marks these words (in lower case)."""
    table = Table(*([] if starred is None else [""]), title)
    table.add_column(f"score ({value})" if value else "score", justify="right")
    if errors:
        table.add_column("standard error", justify="right")
    for index in sorted(range(len(scores)), key=lambda index: -scores[index]):
        cells = [Text(printable(words[index])), f"{scores[index]:+.4f}", *([f"{errors[index]:.4f}"] if errors else [])]
        star = [] if starred is None else ["*" if words[index].lower() in starred else ""]
        table.add_row(*star, *cells)
    return table
