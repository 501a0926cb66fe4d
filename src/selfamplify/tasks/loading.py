"""Loading a task by its name."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack, get_args

from ..arguments import check_flag, check_seed, check_whole, checked_path
from ..collecting import uncollected
from ..errors import DataError, SettingsError
from ..names import instance
from ..records import Attributed, Question
from ..text.lines import argument, counted, shortened
from .checking import check_reading
from .copies import template_note
from .file import File
from .gathering import is_address
from .hub.own import HUB
from .questions.answers import AnswersFrom
from .questions.columns import Columns
from .questions.reading import bad_rows, reasons
from .questions.shuffling import Shuffle
from .rows.rows import FileFormat, is_file_name
from .source import AbstractSource, LeftOut, Reading
from .splitting import shuffle, split
from .task import Task, label_space

Data = str | Path | None
_ATTRIBUTED = ("auto", *get_args(Attributed))


class FileOptions(TypedDict, total=False):
    """How a user's own file is read: the settings of ``File`` and of ``FileFormat``. See ``load_task``."""

    columns: Columns | None
    answers_from: AnswersFrom | None
    labels: tuple[str, ...] | None
    label_names: Mapping[str, str] | Mapping[int, str] | None
    shuffle_choices: Shuffle
    encoding: str | None
    separator: str | None
    header: bool | None


def load_task(
    name: str,
    data: Data = None,
    *,
    test_data: Data = None,
    split_seed: int = 0,
    test_size: int | None = None,
    skip_bad: bool = False,
    attribute: Attributed | Literal["auto"] = "auto",
    **reading: Unpack[FileOptions],
) -> Task:
    """Load a task by its name.

    If the data has no test side of its own, its questions are split at random into a train pool and a test side. The split
    depends on ``split_seed`` and on the questions, but not on their order.

    Parameters
    ----------
    name : str
        The name of a task of this package or of a plug-in, such as ``"snarks"``, or ``"file"`` for a file of one's own.
    data : str or Path, optional
        A file, a folder in the layout of the Hugging Face hub, or, for the task ``"file"``, a data set of the hub as
        ``"hub:owner/name"``, ``"hub:owner/name:config"`` or ``"hub:owner/name:config:split"``; a local copy of its repository
        may take the place of ``owner/name``. By default, the task's own data: its data set on the hub, or the questions that it
        makes.
    test_data : str or Path, optional
        A file of test questions. By default, the test side of ``data``, or questions split off it.
    split_seed : int, default 0
        The seed of the split and of the order of the questions.
    test_size : int, optional
        The number of test questions, 1 or more. By default, a test side that the data has is used whole; otherwise, as many
        questions are split off as the task states, or half of them if the task states no number or there are not enough.
    skip_bad : bool, default False
        Whether to leave bad rows out and list them in ``Task.skipped``, rather than raise an error.
    attribute : {"auto", "text", "choices", "both"}, default "auto"
        The part of each question whose words are scored and may become keywords: of a classification the text alone, since its
        labels are the same in all questions; otherwise both, as in the paper.
    **reading
        For the task ``"file"`` only, how to read the file. By default, all of it is recognised, and what was recognised is in
        ``Task.notes``. ``columns``: the ``Columns``. ``answers_from``: whether numbers in the answers' column count from 0 or
        from 1, or are the texts of choices ("text"). ``labels``: the labels of a classification, in their order.
        ``label_names``: the same, each with the name that the model reads, such as ``{"0": "negative", "1": "positive"}``.
        ``shuffle_choices``: a seed, "auto" or "off". ``encoding``, ``separator``, ``header``: of a text file.

    Returns
    -------
    Task
        The train pool and the test questions, each in a random order, and the label space.

    Raises
    ------
    DataError
        If the data can't be read, has bad rows (the error lists 20 of them at most), or has too few questions.
    SettingsError
        If there is no such task, or an argument does not suit it.
    """
    check_seed(split_seed, "split_seed")
    check_flag("skip_bad", skip_bad)
    if attribute not in _ATTRIBUTED:
        raise SettingsError(f"`attribute={attribute!r}` is invalid; use one of: {', '.join(_ATTRIBUTED)}.")
    if test_size is not None:
        check_whole("test_size", test_size, 1, 100)
    source, found = _read(name, data, test_data, split_seed, reading)
    if found.bad and not skip_bad:
        raise bad_rows(found.bad, found.notes)
    if found.test is None:
        size = _split_size(name, len(found.train), source.test_size, test_size, found.bad)
        train, test = split(found.train, size, split_seed, found.templates)
    else:
        train = tuple(shuffle(found.train, split_seed))
        test = _first(name, shuffle(found.test, split_seed), test_size)
    if not train or not test:
        raise DataError(
            f"Without copies, {name} has {counted(len(train), 'training question')} and {counted(len(test), 'test question')}, "
            f"and each side needs one; use more data, or other files.{_why_bad(found.bad)}"
        )
    part = ("text" if found.classification else "both") if attribute == "auto" else attribute
    if part != "both":
        train, test = (tuple(replace(question, attributed=part) for question in side) for side in (train, test))
    alike = template_note(train, test, found.templates)
    notes = (*(_roles(found.roles) if isinstance(source, File) else ()), *found.notes, *alike)
    skipped = tuple(map(str, (*found.bad, *found.known, *found.repeated)))
    own = _called(data) if isinstance(source, File) and data is not None else ""
    return Task(name, train, test, label_space((*train, *test)), skipped, found.places, notes, own)


def read_data(name: str, data: Data, test_data: Data, seed: int, reading: FileOptions) -> Reading:
    """What the source of a task reads, bad rows included, in the order of the data; arguments as for ``load_task``."""
    return _read(name, data, test_data, seed, reading)[1]


def _read(name: str, data: Data, test_data: Data, seed: int, reading: FileOptions) -> tuple[AbstractSource, Reading]:
    path = _path("data", data)
    check_reading(reading, FileOptions.__annotations__, path)
    source = _source(name, reading)
    with uncollected():
        return source, source.load(path, _path("test_data", test_data), seed)


def as_task(task: object) -> Task:
    """Return a task as it is, or load it by its name.

    Parameters
    ----------
    task : Task or str
        A task, or the name of one that needs no settings to be loaded.

    Returns
    -------
    Task
        ``task`` itself, or the task of that name.

    Raises
    ------
    SettingsError
        If ``task`` is neither a task nor the name of one.
    DataError
        If the data of the named task can't be read.
    """
    if isinstance(task, Task):
        return task
    if isinstance(task, str) and task != "file" and not _names_file(task):
        return load_task(task)
    own = isinstance(task, str | Path) and _names_file(str(task))
    file = json.dumps(str(task), ensure_ascii=False) if own else '"questions.csv"'
    raise SettingsError(
        f"A task is a `Task` or the name of one, but {shortened(repr(task))} was given; "
        f'use `task="snarks"`, or read your own file with `load_task("file", {file})`.'
    )


def _source(name: str, reading: FileOptions) -> AbstractSource:
    if not isinstance(name, str):
        raise SettingsError(
            f'{shortened(repr(name))} is not the name of a task; use for example `load_task("snarks")`, or '
            '`load_task("file", "questions.csv")` for your own file.'
        )
    if _names_file(name):
        raise SettingsError(f'{name!r} names data, not a task; use `task="file"` with {argument("data", name)}.')
    source = instance("task", name, AbstractSource)
    given: dict[str, Any] = {name: value for name, value in reading.items() if value is not None}
    if not given:
        return source
    if not isinstance(source, File):
        raise SettingsError(
            f"How a file is read ({', '.join(given)}) can be set only for a file of your own, not for the task {name}; use "
            '`task="file"`, or leave it out.'
        )
    formats = {name: given.pop(name) for name in ("encoding", "separator", "header") if name in given}
    return replace(source, **given, format=FileFormat(**formats))


def _names_file(name: str) -> bool:
    return is_file_name(name) or name.startswith(HUB)


def _path(name: str, path: Data) -> Path | None:
    """The path of an argument. Raises SettingsError for anything else, such as a web address."""
    if isinstance(path, str) and path.startswith(("http://", "https://")):
        raise SettingsError(
            f"{argument(name, path)} is a web address; download the file, or, for a data set of the Hugging Face hub, use "
            f"{argument(name, 'hub:owner/name')}."
        )
    return None if path is None else checked_path(name, path, "questions.csv")


def _called(data: str | Path) -> str:
    """What a file or a data set of the hub is called; of a copy on this machine, only its own name."""
    path = Path(data)
    own = path.as_posix().removeprefix(HUB)
    return own if is_address(path) and not own.startswith(("/", ".")) else own.rpartition("/")[2]


def _split_size(name: str, count: int, preset: int | None, wanted: int | None, bad: Sequence[LeftOut]) -> int:
    """The number of questions to split off ``count`` questions."""
    if count < 2:
        raise DataError(
            f"{name} has {counted(count, 'distinct good question')}, and a split needs two; use more data.{_why_bad(bad)}"
        )
    if wanted is None:
        return preset if preset is not None and preset < count else count // 2
    if wanted >= count:
        raise DataError(
            f"{name} has {count} good questions, too few for a test side of {wanted} and a train pool; "
            f"use `test_size={count - 1}`, or less.{_why_bad(bad)}"
        )
    return wanted


def _roles(roles: Mapping[str, Sequence[str]]) -> list[str]:
    """Which columns have which role, as one note."""
    shown = (f"{role} {' to '.join(map(repr, _ends(names)))}" for role, names in roles.items())
    return [f"Columns: {'; '.join(shown)}."]


def _ends(names: Sequence[str]) -> Sequence[str]:
    return names if len(names) == 1 else (names[0], names[-1])


def _why_bad(bad: Sequence[LeftOut]) -> str:
    """Why rows were left out, for an error that they may have caused."""
    return "".join(f"\n  left out: {line}" for line in reasons(bad))


def _first(name: str, test: list[Question], wanted: int | None) -> tuple[Question, ...]:
    """The first ``wanted`` test questions, or all of them."""
    if wanted is not None and wanted > len(test):
        raise DataError(
            f"{name} has {counted(len(test), 'test question')}, too few for a test side of {wanted}; "
            f"use `test_size={len(test)}`, or less."
        )
    return tuple(test[:wanted])
