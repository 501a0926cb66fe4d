"""Generated question files for property tests: what is written, in every layout, answer, name and kind of file."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
from hypothesis import strategies as st

from selfamplify.text.offered import LETTERS

WILD = (
    "x, y", 'a "quoted" word', 'a stray " quote', "two\nlines", "semi; colon", "tab\there", "bar|bar", "Zoé",
    "日本（A）と", "３つ", "3", "vitamin (A)", "(B)", "B.", "<b>bold</b>", "it's", r"\frac{1}{2}", "[1]", "{k: v}", "- dash",
    "array([1, 2])", "50 %", "’", "None", "a, b, c, d, e", "A. Smith", "\n(A) one", "Answer: B", "option2", "#1",
    "nan",
)  # fmt: skip
"""Pieces of text that mean something in one layout or another."""
QUOTED = (
    '"not I,', 'said he"', '"not I', '"', '""', '"yes"', '"a", "b"', '"a" or "b"', '6" pipe', '"said" he', 'he "said"', '"x,y"',
)  # fmt: skip
"""Choices with quotes at their ends or inside, as in cells that were not written by a CSV library."""
PLAIN = ("river", "stone", "light", "force", "plant", "metal", "Zoé", "water", "planet", "window")


@dataclass(frozen=True)
class Item:
    """A question as its author means it."""

    id: str
    text: str
    choices: tuple[str, ...]
    gold: int
    context: str = ""

    @property
    def right(self) -> str:
        return self.choices[self.gold]


def bare(text: str) -> str:
    return " ".join(text.casefold().split())


def _joined(pieces: Sequence[str], around: str) -> str:
    return around + " ".join(pieces) + around


def texts(pieces: Sequence[str]) -> st.SearchStrategy[str]:
    return st.builds(_joined, st.lists(st.sampled_from(pieces), min_size=1, max_size=4), st.sampled_from(("", "", " ")))


def _choices(pieces: Sequence[str], odd: bool) -> st.SearchStrategy[tuple[str, ...]]:
    kinds: list[st.SearchStrategy[str]] = [texts(pieces).map(lambda text: f"the {text.strip()}")]
    if odd:
        kinds += [
            st.integers(0, 6).map(str),
            st.sampled_from(("10", "12", "3.0", "-1", "７", "007")),
            st.sampled_from("ABCDEF"),
            st.sampled_from("abcdef"),
            st.sampled_from(("yes", "no", "true", "false")),
            st.sampled_from(("option1", "option2", "A. river")),
            st.sampled_from(QUOTED),
        ]
    one = [st.lists(kind, min_size=2, max_size=5, unique_by=bare) for kind in (*kinds, st.one_of(kinds))]
    return st.one_of(one).map(tuple)


@st.composite
def items(draw: st.DrawFn, wild: bool, least: int = 1, most: int = 6, context: bool | None = None) -> list[Item]:
    """Questions with distinct ids and texts. ``wild`` ones have pieces and choices that may be taken for something else."""
    pieces = (*PLAIN, *WILD) if wild else PLAIN
    odd = wild and draw(st.booleans())
    context = draw(st.booleans()) if context is None else context
    found = []
    for number in range(draw(st.integers(least, most))):
        choices = draw(_choices(pieces, odd))
        asked = draw(texts(pieces))
        passage = draw(texts(pieces)).strip() if context else ""
        gold = draw(st.integers(0, len(choices) - 1))
        found.append(Item(f"id{number}", f"Which of number{number} {asked.strip()}?", choices, gold, passage))
    return found


# --- answers ---

Answer = Callable[[Item, Sequence[str]], Any]


def letter(item: Item) -> str:
    return LETTERS[item.gold]


ANSWERS: dict[str, Answer] = {
    "letter": lambda item, names: letter(item),
    "lower letter": lambda item, names: letter(item).lower(),
    "(letter)": lambda item, names: f"({letter(item)})",
    "[letter]": lambda item, names: f"[{letter(item)}]",
    "letter.": lambda item, names: f"{letter(item)}.",
    "from 0": lambda item, names: item.gold,
    "from 0 as text": lambda item, names: str(item.gold),
    "from 0 as float": lambda item, names: f"{item.gold}.0",
    "from 1": lambda item, names: item.gold + 1,
    "from 1 as text": lambda item, names: str(item.gold + 1),
    "from 1 as float": lambda item, names: f"{item.gold + 1}.0",
    "text": lambda item, names: item.right,
    "letter and text": lambda item, names: f"{letter(item)}. {item.right}",
    "name": lambda item, names: names[item.gold] if names else letter(item),
}


def base(answer: str) -> int | None:
    """Where the numbers of an answer begin; None if they are none."""
    return 0 if answer.startswith("from 0") else 1 if answer.startswith("from 1") else None


# --- layouts ---

SERIES: tuple[Callable[[int], str], ...] = (
    lambda place: f"option{place + 1}",
    lambda place: f"Option {LETTERS[place]}",
    lambda place: LETTERS[place],
    lambda place: LETTERS[place].lower(),
    lambda place: f"ans{place}",
    lambda place: f"op{LETTERS[place].lower()}",
    lambda place: f"choice_{place + 1}",
    lambda place: f"sol{place + 1}",
    lambda place: f"ending{place}",
    lambda place: f"answerOption{LETTERS[place]}",
)
"""The names of columns with one choice each."""


def _numpy_list(texts: Sequence[str]) -> str:
    return str(np.array(texts, dtype=object))


def _numpy_flat(texts: Sequence[str]) -> str:
    return repr({name: np.array(values, dtype=object) for name, values in _flat(texts).items()})


def _flat(texts: Sequence[str]) -> dict[str, Any]:
    return {"text": list(texts), "label": list(LETTERS[: len(texts)])}


def _nested(texts: Sequence[str]) -> list[dict[str, Any]]:
    return [{"text": text, "label": label} for text, label in zip(texts, LETTERS, strict=False)]


def _numbered(texts: Sequence[str]) -> dict[str, Any]:
    return {"text": list(texts), "label": [str(place + 1) for place in range(len(texts))]}


LISTS: dict[str, Callable[[Sequence[str]], Any]] = {
    "list": list,
    "json": lambda texts: json.dumps(list(texts)),
    "python": lambda texts: repr(list(texts)),
    "numpy": _numpy_list,
    "flat as numpy": _numpy_flat,
    "flat": _flat,
    "flat as python": lambda texts: repr(_flat(texts)),
    "numbered": _numbered,
    "nested": _nested,
    "nested as json": lambda texts: json.dumps(_nested(texts)),
    "dict": lambda texts: dict(zip(LETTERS, texts, strict=False)),
    "marked": lambda texts: [f"({label}) {text}" for label, text in zip(LETTERS, texts, strict=False)],
    "|": "|".join,
    ";": "; ".join,
    "lines": "\n".join,
}
SEPARATED = ("|", ";", "lines")
WRITTEN: dict[str, Callable[[str, Sequence[str]], str]] = {
    "brackets": lambda stem, texts: f"{stem} " + " ".join(f"({x}) {y}" for x, y in zip(LETTERS, texts, strict=False)),
    "bracket lines": lambda stem, texts: f"{stem}\n" + "\n".join(f"({x}) {y}" for x, y in zip(LETTERS, texts, strict=False)),
    "dots": lambda stem, texts: f"{stem}\n" + "\n".join(f"{x}. {y}" for x, y in zip(LETTERS, texts, strict=False)),
    "parentheses": lambda stem, texts: f"{stem}\n" + "\n".join(f"{x}) {y}" for x, y in zip(LETTERS, texts, strict=False)),
    "bullets": lambda stem, texts: f"{stem}\nOptions:\n" + "\n".join(f"- {text}" for text in texts),
}
MARKING = ("flags", "distractor columns", "distractor list", "mc1", "target scores")
"""Layouts in which the choices themselves say which of them is right."""
LAYOUTS = ("columns", *LISTS, *WRITTEN, *MARKING, "arc")


@dataclass(frozen=True)
class Names:
    """What the columns are called."""

    question: str = "question"
    answer: str = "answer"
    context: str = "context"
    id: str = "id"
    series: Callable[[int], str] = SERIES[0]


NAMES = st.builds(
    Names,
    st.sampled_from(("question", "Question", "question_text", "Question Text", "stem", "prompt", "query", "input", "sentence")),
    st.sampled_from(
        ("answer", "Answer", "correct_answer", "correct option", "correctIndex", "label", "gold", "target", "answerKey")
    ),
    st.sampled_from(("context", "passage", "article", "background")),
    st.sampled_from(("id", "question_id", "qid")),
    st.sampled_from(SERIES),
)


def rows(written: Sequence[Item], layout: str, answer: str, names: Names) -> list[dict[str, Any]]:
    """The rows of a file; all have the same columns."""
    widest = max(len(item.choices) for item in written)
    found = [_row(item, layout, answer, names, widest) for item in written]
    return [row | ({names.context: item.context} if item.context else {}) for row, item in zip(found, written, strict=True)]


def _row(item: Item, layout: str, answer: str, names: Names, widest: int) -> dict[str, Any]:
    columns = [names.series(place) for place in range(widest)]
    row: dict[str, Any] = {names.id: item.id, names.question: item.text}
    texts, right = item.choices, ANSWERS[answer](item, columns if layout == "columns" else [])
    wrong = [text for place, text in enumerate(texts) if place != item.gold]
    flags = [int(place == item.gold) for place in range(len(texts))]
    if layout == "columns":
        padded = [*texts, *[""] * (widest - len(texts))]
        return row | dict(zip(columns, padded, strict=True)) | {names.answer: right}
    if layout in LISTS:
        return row | {"choices": LISTS[layout](texts), names.answer: right}
    if layout in WRITTEN:
        return row | {names.question: WRITTEN[layout](item.text, texts), names.answer: right}
    if layout == "flags":
        return row | {"choices": [{"text": text, "correct": bool(flag)} for text, flag in zip(texts, flags, strict=True)]}
    if layout == "distractor columns":
        padded = [*wrong, *[""] * (widest - 1 - len(wrong))]
        return row | {"correct_answer": item.right} | {f"distractor{n}": text for n, text in enumerate(padded, 1)}
    if layout == "distractor list":
        return row | {"correct_answer": item.right, "incorrect_answers": wrong}
    if layout == "mc1":
        return row | {"mc1_targets": {"choices": list(texts), "labels": flags}}
    if layout == "target scores":
        return row | {"target_scores": dict(zip(texts, flags, strict=True))}
    return {names.id: item.id, "question": {"stem": item.text, "choices": _nested(texts)}, "answerKey": right}


# --- files ---

KINDS = (
    "csv", "semicolons.csv", "bars.csv", "all quoted.csv", "escaped.csv", "crlf.csv", "bom.csv", "utf-16.csv", "tsv",
    "literal.tsv", "csv.gz", "txt", "jsonl", "jsonl.gz", "lines.json", "json", "examples.json", "columns.json",
    "index.json", "split.json", "lists.json", "table.json", "parquet", "xlsx",
)  # fmt: skip
_DIALECTS: dict[str, dict[str, Any]] = {
    "semicolons.csv": {"delimiter": ";"},
    "bars.csv": {"delimiter": "|"},
    "all quoted.csv": {"quoting": csv.QUOTE_ALL},
    "escaped.csv": {"quoting": csv.QUOTE_ALL, "doublequote": False, "escapechar": "\\"},
    "crlf.csv": {"lineterminator": "\r\n"},
    "tsv": {"delimiter": "\t"},
    "txt": {"delimiter": "\t"},
}
_LITERAL = {"literal.tsv": "\t", "literal.csv": ","}
"""Kinds of files with cells as they are, and what separates these."""
_ENCODINGS = {"bom.csv": "utf-8-sig", "utf-16.csv": "utf-16"}


def is_delimited(kind: str) -> bool:
    return kind.removesuffix(".gz").endswith(("csv", "tsv", "txt"))


def saved(folder: Path, kind: str, table: Sequence[dict[str, Any]], header: bool = True, encoding: str | None = None) -> Path:
    """Write the rows to a file of a kind. Objects and lists are JSON in the cells of kinds that hold text only."""
    path = folder / f"file.{kind}".replace(" ", "_")
    if is_delimited(kind):
        data = _delimited(kind, table, header).encode(encoding or _ENCODINGS.get(kind, "utf-8"))
        path.write_bytes(gzip.compress(data) if kind.endswith(".gz") else data)
    elif kind == "parquet":
        pd.DataFrame(list(table)).to_parquet(path)
    elif kind == "xlsx":
        _workbook(path, _cells(table, header))
    else:
        data = _document(kind, table).encode()
        path.write_bytes(gzip.compress(data) if kind.endswith(".gz") else data)
    return path


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _cells(table: Sequence[dict[str, Any]], header: bool) -> list[list[Any]]:
    return [*([list(table[0])] if header else []), *([_cell(value) for value in row.values()] for row in table)]


def _delimited(kind: str, table: Sequence[dict[str, Any]], header: bool) -> str:
    cells = _cells(table, header)
    if kind in _LITERAL:
        return "".join(_LITERAL[kind].join(map(str, row)) + "\n" for row in cells)
    dialect: dict[str, Any] = {"lineterminator": "\n"} | _DIALECTS.get(kind, {})
    file = io.StringIO(newline="")
    csv.writer(file, **dialect).writerows(cells)
    return file.getvalue()


def _workbook(path: Path, cells: Sequence[Sequence[Any]]) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in cells:
        sheet.append(list(row))
    book.save(path)


def _document(kind: str, table: Sequence[dict[str, Any]]) -> str:
    names = list(table[0])
    if kind in ("jsonl", "jsonl.gz", "lines.json"):
        return "\n".join(json.dumps(row, ensure_ascii=kind == "jsonl") for row in table)
    numbered = {str(number): row for number, row in enumerate(table)}
    documents: dict[str, Any] = {
        "json": list(table),
        "examples.json": {"examples": list(table)},
        "columns.json": {name: {number: row[name] for number, row in numbered.items()} for name in names},
        "index.json": numbered,
        "split.json": {"columns": names, "index": list(range(len(table))), "data": [list(row.values()) for row in table]},
        "lists.json": {name: [row[name] for row in table] for name in names},
        "table.json": {"schema": {"fields": [{"name": name} for name in names]}, "data": list(table)},
    }
    return json.dumps(documents[kind], indent=1)


def representable(item: Item, layout: str) -> bool:
    """Whether a layout can hold an item at all: a separator is not part of what it separates."""
    signs = "|;\n," if layout in SEPARATED else ("\n", "(", "（", "A.", "B.", "C.", "D)") if layout in WRITTEN else ""
    return not any(sign in text for text in item.choices for sign in signs)


def holds(kind: str, table: Sequence[dict[str, Any]]) -> bool:
    """Whether a kind of file can hold the rows unchanged. A cell in quotes looks as if a library had written it."""
    cells = [str(_cell(value)) for row in table for value in row.values()]
    everything = "".join(cells)
    if kind in _LITERAL and any(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in cells):
        return False
    forbidden = f"{_LITERAL[kind]}\n" if kind in _LITERAL else "\\" if kind == "escaped.csv" else ""
    return not any(sign in everything for sign in forbidden)
