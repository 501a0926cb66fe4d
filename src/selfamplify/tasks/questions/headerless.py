"""The columns of a file without column names: recognised by what they hold."""

import re
from collections.abc import Sequence

from ...errors import DataError
from ...text.offered import LETTERS
from ..rows.rows import Row
from .columns import Columns, is_empty, word_count
from .remedies import one_column, shortened_cell

_SAMPLE = 1000
_SHARE = 0.95
_WORDS = 3


def columns_by_content(rows: Sequence[Row]) -> Columns:
    """The columns of questions or texts, of choices and of answers, of rows whose columns are called "1", "2", …

    The answers are the only column that holds letters of the columns before it, or their texts, or else their numbers. If
    there is none, they are the only column with few distinct values, beside a text, or a title and a text, and nothing else.
    Raises DataError if that does not decide.
    """
    values = [row.values for row in rows if not row.fault][:_SAMPLE]
    names = list(dict.fromkeys(name for row in values for name in row))
    cells = {name: ["" if is_empty(cell := row.get(name)) else str(cell).strip() for row in values] for name in names}
    names = [name for name in names if any(cells[name])]
    if len(names) == 1:
        raise DataError(one_column(cells[names[0]][0]))
    # Numbers in a last column may be those of choices.
    least = dict.fromkeys(names[:1], len(values) - 1) | dict.fromkeys(names[-1:], len(names))
    rest = [name for name in names if not (name in least and _is_count(cells[name], least[name]))]
    if len(rest) > 1 and _are_ids(cells[rest[0]]) and _words(cells[rest[1]]) >= _WORDS:
        rest = rest[1:]
    number = next((name for name in names if name not in rest), None)
    asked = rest[1:] if len(rest) > 4 and _is_category(cells, *rest[:2]) else rest
    if len(asked) >= 4:
        # A first choice that is always right seems to be the answer among the columns after it, so it comes last.
        found = next(filter(None, (_found(cells, places, asked) for places in (asked[2:], asked[1:2]))), {})
        counts = [name for name, choices in found.items() if _are_numbers(cells[name]) and not _are_texts(cells, name, choices)]
        found = {name: choices for name, choices in found.items() if name not in counts} or found
        if len(found) == 1:
            answer, choices = next(iter(found.items()))
            return Columns(asked[0], answer, choices, number)
    texts = [name for name in names if _words(cells[name]) >= _WORDS and len(set(cells[name])) > len(values) / 2]
    labels = [name for name in names if name not in texts and 2 <= len(set(cells[name])) <= min(len(LETTERS), len(values) / 2)]
    others = [name for name in rest if name not in texts and len(set(cells[name])) > 1]
    if 1 <= len(texts) <= 2 and others == labels and len(labels) == 1 and _are_neighbours(texts, names):
        return Columns(texts[-1], labels[0], context=tuple(texts[:-1]))
    first = next((row for row in values), {})
    shown = ", ".join(f"{name}: {shortened_cell(cell)!r}" for name, cell in list(first.items())[:8] if not is_empty(cell))
    raise DataError(
        f"The columns have no names, and it is not clear which of them holds what ({shown}); use "
        '`columns=Columns(question="1", answer="6", choices=("2", "3", "4", "5"))` or, with wrong choices only, '
        '`columns=Columns(question="1", answer="2", distractors=("3", "4"))`, with your own numbers, or `header=True` if the '
        "first line holds names."
    )


def _found(cells: dict[str, list[str]], names: list[str], asked: list[str]) -> dict[str, tuple[str, ...]]:
    """Those of some columns that may hold the answers, each with its choices."""
    return {name: choices for name in names if (choices := _choices(cells, name, asked))}


def _choices(cells: dict[str, list[str]], name: str, names: list[str]) -> tuple[str, ...]:
    """The columns of choices that a column of answers speaks of: those before it, or, if it follows the question, after it."""
    place = names.index(name)
    choices = names[1:place] if place > 1 else names[2:]
    return tuple(choices) if len(choices) > 1 and _answers(cells, name, choices) else ()


def _is_category(cells: dict[str, list[str]], first: str, second: str) -> bool:
    """Whether the values of a first column are repeated, and those of the next are not, as questions are."""
    return 2 * len(set(cells[first])) <= len(cells[first]) and len(set(cells[second])) > len(cells[second]) / 2


def _are_numbers(cells: list[str]) -> bool:
    return all(map(str.isdecimal, filter(None, cells)))


def _are_texts(cells: dict[str, list[str]], name: str, choices: Sequence[str]) -> bool:
    """Whether every value of a column is the text of a choice in its row."""
    return all(cell in [cells[other][place] for other in choices] for place, cell in enumerate(cells[name]) if cell)


def _are_neighbours(texts: list[str], names: list[str]) -> bool:
    """Whether nothing stands between texts, as an answer does between a question and its explanation."""
    return names.index(texts[-1]) - names.index(texts[0]) < len(texts)


def _answers(cells: dict[str, list[str]], name: str, others: list[str]) -> bool:
    """Whether a column holds letters or numbers of other columns, or their texts, in nearly all rows."""
    letters = {*LETTERS[: len(others)], *LETTERS[: len(others)].lower(), *map(str, range(len(others) + 1))}
    filled = [
        (place, cell) for place, cell in enumerate(cells[name]) if cell
    ]  # an empty cell is not the text of an empty choice
    fits = sum(cell in letters or cell in [cells[other][place] for other in others] for place, cell in filled)
    return fits >= _SHARE * len(cells[name])


def _is_count(cells: list[str], least: int) -> bool:
    """Whether a column numbers the rows: with different numbers, the highest of which is at least ``least``."""
    return len(set(cells)) == len(cells) > 1 and all(map(str.isdecimal, cells)) and max(map(int, cells)) >= least


def _are_ids(cells: list[str]) -> bool:
    """Whether the cells of a column are distinct words with figures, such as "q17"."""
    return len(set(cells)) == len(cells) > 1 and all(re.search(r"\d", cell) and not re.search(r"\s", cell) for cell in cells)


def _words(cells: list[str]) -> float:
    return sum(map(word_count, cells)) / max(len(cells), 1)
