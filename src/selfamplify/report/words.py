"""A question with its words coloured by score, and the scores as a table."""

from collections.abc import Container, Iterable, Sequence

from rich.table import Table
from rich.text import Text

from ..attribution.record import AnswerAttribution
from ..prompting.formats import best_pair, keywords
from ..records import DecisiveWords, Question, ScoredPairs, ScoredWords
from ..text.printable import printable
from ..text.question_words import question_words, rendered_words
from ..text.shading import shares, terminal_style
from ..text.words import Word


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
    shown = Text(printable(question.render()))
    words = question_words(question)
    match explanation:
        case DecisiveWords():
            names = {word.lower() for word in explanation.words}
            chosen = [word for word in words if word.text.lower() in names]
        case ScoredPairs():
            placed = _coloured(shown, words, explanation.words, explanation.shares)
            chosen = [placed[place] for place in best_pair(explanation) or () if place in placed]
        case ScoredWords():
            _coloured(shown, words, explanation.words, explanation.scores)
            chosen = named_words(question, keywords(explanation, k))
    for word in chosen:
        shown.stylize("bold underline", word.start, word.end)
    return shown


def _coloured(shown: Text, words: Sequence[Word], scored: Sequence[str], scores: Sequence[float]) -> dict[int, Word]:
    """Colour the words that are scored, and return them by their places among the scores."""
    placed, waiting = dict[int, Word](), iter(words)
    for place, (name, share) in enumerate(zip(scored, shares(scores), strict=True)):
        word = next((word for word in waiting if word.text == name), None)
        if word is None:
            break
        placed[place] = word
        if style := terminal_style(share):
            shown.stylize(style, word.start, word.end)
    return placed


def named_words(question: Question, names: Iterable[str]) -> list[Word]:
    """All occurrences of the named words in a question, its choices included; case does not matter."""
    lowered = {name.lower() for name in names}
    return [word for word in rendered_words(question) if word.text.lower() in lowered]


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
        both words, what they do together, and what each does alone.
    """
    if isinstance(explanation, ScoredPairs):
        return _pair_table(explanation, k)
    chosen = {word.lower() for word in keywords(explanation, k)}
    value, errors = explanation.value, explanation.standard_errors
    return _score_table("word", explanation.words, explanation.scores, value, errors, chosen)


def _pair_table(explanation: ScoredPairs, k: int) -> Table:
    together, alone, chosen = explanation.by_pair, explanation.scores, best_pair(explanation)
    table = Table("", "words")
    for title in (f"together ({explanation.value})", "first alone", "second alone"):
        table.add_column(title, justify="right")
    for one, other in sorted(together, key=lambda places: (places != chosen, -together[places]))[:k]:
        words = Text(f"{printable(explanation.words[one])} and {printable(explanation.words[other])}")
        scores = (together[one, other], alone[one], alone[other])
        table.add_row("*" if (one, other) == chosen else "", words, *(f"{score:+.4f}" for score in scores))
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
