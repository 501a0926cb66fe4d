"""Loading a task by its name."""

from dataclasses import replace
from pathlib import Path

from ..errors import DataError, SettingsError
from ..names import find
from ..records import Question
from ..text.lines import argument, counted, shortened
from .file import File
from .readers.columns import Columns
from .readers.reading import bad_rows
from .readers.rows import SUFFIXES
from .source import AbstractSource
from .task import Task, label_space, shuffle, split


def load_task(
    name: str,
    data: str | Path | None = None,
    *,
    test_data: str | Path | None = None,
    columns: Columns | None = None,
    split_seed: int = 0,
    test_size: int | None = None,
    skip_bad: bool = False,
) -> Task:
    """Load a task by its name.

    If the data has no test side of its own, its questions are split at random into a train pool and a test side. The split
    depends on ``split_seed`` and on the questions, but not on their order.

    Parameters
    ----------
    name : str
        The name of a task of this package or of a plug-in, such as ``"snarks"``, or ``"file"`` for a file of one's own.
    data : str or Path, optional
        A file, or a folder in the layout of the Hugging Face hub. By default, the task's own data: its data set on the hub, or
        the questions that it makes.
    test_data : str or Path, optional
        A file of test questions. By default, the test side of ``data``, or questions split off it.
    columns : Columns, optional
        The columns of the file, for the task ``"file"`` only. By default, they are recognised by their names.
    split_seed : int, default 0
        The seed of the split and of the order of the questions.
    test_size : int, optional
        The number of test questions, 1 or more. By default, a test side that the data has is used whole; otherwise, as many
        questions are split off as the task states, or half of them if the task states no number or there are not enough.
    skip_bad : bool, default False
        Whether to leave bad rows out and list them in ``Task.skipped``, rather than raise an error.

    Returns
    -------
    Task
        The train pool and the test questions, each in a random order, and the label space.

    Raises
    ------
    DataError
        If the data can't be read, has bad rows (the error lists the first 20), or has too few questions.
    SettingsError
        If there is no such task, or an argument does not suit it.
    """
    if test_size is not None and test_size < 1:
        raise SettingsError(
            f"The test side needs at least one question, but its size is {test_size}; use `test_size=1`, or more."
        )
    source = _source(name, columns)
    reading = source.load(_path(data), _path(test_data), split_seed)
    if reading.bad and not skip_bad:
        raise bad_rows(reading.bad)
    if reading.test is None:
        train, test = split(reading.train, _split_size(name, len(reading.train), source.test_size, test_size), split_seed)
    else:
        train = tuple(shuffle(reading.train, split_seed))
        test = _first(name, shuffle(reading.test, split_seed), test_size)
    if not train or not test:
        raise DataError(
            f"Without copies, {name} has {counted(len(train), 'train question')} and {counted(len(test), 'test question')}, "
            "and each side needs one; use more data, or other files."
        )
    return Task(name, train, test, label_space((*train, *test)), (*reading.bad, *reading.repeated))


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
    if isinstance(task, str) and not _names_file(task):
        return load_task(task)
    raise _not_a_task(task)


def _not_a_task(value: object) -> SettingsError:
    return SettingsError(
        f"A task is a `Task` or the name of one, but {shortened(repr(value))} was given; "
        'use `task="snarks"`, or read your own file with `load_task("file", "questions.csv")`.'
    )


def _source(name: str, columns: Columns | None) -> AbstractSource:
    if not isinstance(name, str):
        raise _not_a_task(name)
    if _names_file(name):
        raise SettingsError(f'{name!r} is a file, not the name of a task; use `task="file"` with {argument("data", name)}.')
    source: object = find("task", name)
    if isinstance(source, type) and issubclass(source, AbstractSource):
        source = source()
    if not isinstance(source, AbstractSource):
        raise SettingsError(f"The task {name!r} is not an AbstractSource, but {shortened(repr(source))}; fix or uninstall it.")
    if columns is None:
        return source
    if not isinstance(source, File):
        raise SettingsError(f'Columns can be named only for your own file, not for the task {name}; use `task="file"`.')
    return replace(source, columns=columns)


def _names_file(name: str) -> bool:
    return name.lower().endswith(SUFFIXES)


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)


def _split_size(name: str, count: int, preset: int | None, wanted: int | None) -> int:
    """The number of questions to split off ``count`` questions."""
    if count < 2:
        raise DataError(f"{name} has {counted(count, 'distinct good question')}, and a split needs two; use more data.")
    if wanted is None:
        return preset if preset is not None and preset < count else count // 2
    if wanted >= count:
        raise DataError(
            f"{name} has {count} good questions, too few for a test side of {wanted} and a train pool; "
            f"use `test_size={count - 1}`, or less."
        )
    return wanted


def _first(name: str, test: list[Question], wanted: int | None) -> tuple[Question, ...]:
    """The first ``wanted`` test questions, or all of them."""
    if wanted is not None and wanted > len(test):
        raise DataError(
            f"{name} has {counted(len(test), 'test question')}, too few for a test side of {wanted}; "
            f"use `test_size={len(test)}`, or less."
        )
    return tuple(test[:wanted])
