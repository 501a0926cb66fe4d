"""A question with its words coloured by score, and the scores as a table."""

from collections.abc import Container, Sequence

from rich.table import Table
from rich.text import Text

from ..attribution.record import AnswerAttribution
from ..prompting.chosen import best_pair, keywords
from ..records import DecisiveWords, Question, ScoredPairs, ScoredWords
from ..text.printable import printable
from ..text.shading import terminal_style
from .marks import marks


def coloured_question(question: Question, explanation: ScoredWords | ScoredPairs | DecisiveWords, k: int) -> Text:
    """A question with its words coloured by their scores.

    Parameters
    ----------
    question
        The question that was explained.
    explanation
        Its scored words, scored pairs (half of a pair's score counts for each of its words) or decisive words.
    k
        How many keywords to underline: those of the highest scores, without stop words. Of scored pairs, the words of the
        rationale are underlined, and decisive words are, whatever k is.

    Returns
    -------
    Text
        The rendered question: words for the answer on green, words against it on red, the words of the rationale bold and
        underlined.
    """
    shown, found = Text(printable(question.render())), marks(question, explanation, k)
    for word, share in found.shares.items():
        if style := terminal_style(share):
            shown.stylize(style, word.start, word.end)
    for word in found.chosen:
        shown.stylize("bold underline", word.start, word.end)
    return shown


def explanation_table(explanation: ScoredWords | ScoredPairs, k: int) -> Table:
    """The words of a question and their scores as a table, highest score first.

    Parameters
    ----------
    explanation
        The scored words, or scored pairs.
    k
        How many keywords to mark with a star: those of the highest scores, without stop words. Of scored pairs, the k highest
        are shown, and the pair of the rationale is marked.

    Returns
    -------
    Table
        The columns are a star, the word, its score, and its standard error if the explainer estimates it; of pairs, a star,
        both words, what they do together, its standard error if it is estimated, and what each does alone.
    """
    if isinstance(explanation, ScoredPairs):
        return _pair_table(explanation, k)
    chosen = {word.lower() for word in keywords(explanation, k)}
    value, errors = explanation.value, explanation.standard_errors
    return _score_table("word", explanation.words, explanation.scores, value, errors, chosen)


def _pair_table(explanation: ScoredPairs, k: int) -> Table:
    together, alone, chosen = explanation.by_pair, explanation.scores, best_pair(explanation)
    table = Table("", "words")
    errors = dict(zip(together, explanation.pair_errors or (), strict=False))
    titles = (f"together ({explanation.value})", *(["standard error"] if errors else []), "first alone", "second alone")
    for title in titles:
        table.add_column(title, justify="right")
    for one, other in sorted(together, key=lambda places: (places != chosen, -together[places]))[:k]:
        words = Text(f"{printable(explanation.words[one])} and {printable(explanation.words[other])}")
        error = [f"{errors[one, other]:.4f}"] if errors else []
        both, *each = (f"{score:+.4f}" for score in (together[one, other], alone[one], alone[other]))
        table.add_row("*" if (one, other) == chosen else "", words, both, *error, *each)
    return table


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
