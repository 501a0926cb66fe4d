"""Checks of how a user's own file is to be read: a wrong argument is refused before the file is opened."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..arguments import check_flag
from ..errors import SettingsError
from ..text.lines import argument, counted, one_line, shortened
from ..text.offered import LETTERS
from .questions.alike import bare_label
from .questions.columns import Columns

_JSON = (".json", ".jsonl", ".ndjson")
_SINGLE, _SEVERAL = ("question", "answer", "id"), ("choices", "distractors", "context")


def check_reading(given: Mapping[str, Any], known: Collection[str], data: Path | None) -> None:
    """Raise SettingsError for an unknown argument, an invalid one, or one that does not suit the kind of file."""
    for name, value in given.items():
        if name not in known:
            raise SettingsError(f"There is no argument `{name}` for reading a file; {_instead(name, given, known, data)}")
        if value is not None:
            _CHECKS[name](value)
    if given.get("labels") is not None and given.get("label_names") is not None:
        raise SettingsError("`label_names` lists the labels, too; leave `labels` out.")
    kind = "" if data is None else data.name.lower().removesuffix(".gz")
    for name, kinds in (("separator", "CSV"), ("header", "CSV and Excel")):
        if given.get(name) is not None and kind.endswith(_JSON):
            raise SettingsError(f"{argument(name, given[name])} is for {kinds} files, and {data} is JSON; leave it out.")


def _instead(name: str, given: Mapping[str, Any], known: Collection[str], data: Path | None) -> str:
    """What to write in place of an unknown argument: the ``Columns`` for one that names columns as the command line does."""
    columns = {role: value for each, value in given.items() if (role := _role(each)) is not None}
    if _role(name) is None:
        near = get_close_matches(name, known, n=1)
        return f"did you mean `{near[0]}`?" if near else f"use one of: {', '.join(sorted(known))}."
    named = ", ".join(f"{role}={_names(role, value)}" for role, value in columns.items())
    file = json.dumps(str(data or "questions.csv"), ensure_ascii=False)
    return f'use `from selfamplify import Columns` and `load_task("file", {file}, columns=Columns({named}))`.'


def _role(name: str) -> str | None:
    """The role in a name such as ``question_column`` or ``choices``; None if it has none."""
    own = name.removesuffix("s").removesuffix("_column")
    return next((role for role in (*_SINGLE, *_SEVERAL) if own == role.removesuffix("s")), None)


def _names(role: str, value: object) -> str:
    """Names of columns as Python; several of them may be one text, as on the command line."""
    if role in _SINGLE:
        return _text(value)
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list | tuple) else [value]
    return f"({', '.join(map(_text, parts))}{',' if len(parts) == 1 else ''})"


def _text(value: object) -> str:
    return json.dumps(str(value).strip(), ensure_ascii=False)


def _check_columns(value: object) -> None:
    if not isinstance(value, Columns):
        shown = value.__name__ if isinstance(value, type) else shortened(one_line(repr(value)))
        raise SettingsError(
            f'{shown} does not name columns; use for example `columns=Columns(question="text", answer="label")`.'
        )
    for name in _SINGLE:
        column: object = getattr(value, name)
        if column is not None and not isinstance(column, str):
            raise SettingsError(f'`columns=Columns({name}={column!r})` is not a name; use `columns=Columns({name}="NAME")`.')
    for name in _SEVERAL:
        columns: object = getattr(value, name)
        if not _are_texts(columns):
            single = columns if isinstance(columns, str) else "NAME"
            raise SettingsError(f"`{name}={columns!r}` is not a tuple of names; use `columns=Columns({name}=({single!r},))`.")
    _check_roles(value)


def _check_roles(columns: Columns) -> None:
    """Refuse a column with two roles; only a list of choices may also say which of them is right."""
    roles = columns.roles
    if roles.get("choices") == roles.get("answer"):
        roles.pop("answer", None)
    taken: dict[str, str] = {}
    for role, name in ((role, name) for role, names in roles.items() for name in names):
        if name in taken:
            what = f"for {taken[name]} and {role}" if taken[name] != role else f"twice for {role}"
            raise SettingsError(
                f"The column {name!r} is named {what}, but a column has one role; use for example "
                '`columns=Columns(question="text", answer="label")`.'
            )
        taken[name] = role


def _check_answers_from(value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | str) or value not in (0, 1, "text"):
        raise SettingsError(
            f'{argument("answers_from", value)} is invalid; use `answers_from=0`, `answers_from=1` or `answers_from="text"`.'
        )


def _check_labels(value: object) -> None:
    remedy = 'use for example `labels=("no", "yes")`'
    if not _are_texts(value):
        raise SettingsError(f"{argument('labels', value)} is not a tuple of texts; {remedy}.")
    labels: list[str] = list(value)  # pyright: ignore[reportArgumentType]
    if not _are_labels(labels):
        raise SettingsError(f"{argument('labels', tuple(labels))} {_unlike(labels)}; {remedy}.")
    _check_count("labels", len(labels))


def _unlike(labels: Sequence[str]) -> str:
    """Why texts are no labels of a classification."""
    different = list(map(bare_label, labels))
    twice = next((label for place, label in enumerate(labels) if different[place] in different[:place]), None)
    if "" in different:
        return "has an empty label"
    if twice is not None:
        return f"has {twice!r} twice"
    return f"names {counted(len(labels), 'label')}, and a classification has two or more"


def _check_label_names(value: object) -> None:
    remedy = 'use for example `label_names={"0": "negative", "1": "positive"}`'
    if not isinstance(value, Mapping) or not _are_texts([*value.values()]):
        raise SettingsError(f"{argument('label_names', value)} does not give each label a name; {remedy}.")
    if not _are_labels([*map(str, value)]) or not _are_labels([*value.values()]):
        raise SettingsError(f"A classification needs two or more labels with different names, not {dict(value)!r}; {remedy}.")
    _check_count("label_names", len(value))


def _are_labels(texts: Sequence[str]) -> bool:
    """Whether there are two or more texts, none is empty, and each differs from the others in more than case."""
    different = set(map(bare_label, texts))
    return 2 <= len(texts) == len(different) and "" not in different


def _check_count(name: str, count: int) -> None:
    if count > len(LETTERS):
        raise SettingsError(
            f"`{name}` names {count} labels, but a classification has at most {len(LETTERS)}, one for each letter; name "
            "fewer and leave the rows with others out with `skip_bad=True`, or merge labels in the file."
        )


def _check_shuffle(value: object) -> None:
    if value not in ("auto", "off") and (isinstance(value, bool) or not isinstance(value, int)):
        raise SettingsError(
            f'{argument("shuffle_choices", value)} is not a seed; use `shuffle_choices=0`, or `shuffle_choices="off"`.'
        )


def _check_encoding(value: object) -> None:
    if not isinstance(value, str):
        raise SettingsError(f'{argument("encoding", value)} is not a text; use for example `encoding="cp1252"`.')


def _check_separator(value: object) -> None:
    if not isinstance(value, str):
        raise SettingsError(f'{argument("separator", value)} is not a text; use for example `separator=";"`.')


def _check_header(value: object) -> None:
    check_flag("header", value)


def _are_texts(value: object) -> bool:
    return isinstance(value, tuple | list) and all(isinstance(each, str) for each in value)


_CHECKS: dict[str, Callable[[object], None]] = {
    "columns": _check_columns,
    "answers_from": _check_answers_from,
    "labels": _check_labels,
    "label_names": _check_label_names,
    "shuffle_choices": _check_shuffle,
    "encoding": _check_encoding,
    "separator": _check_separator,
    "header": _check_header,
}
