"""What is asked: named tasks, each a source of questions, and their seeded split into a train pool and a test side."""

from dataclasses import replace
from pathlib import Path

from ..errors import DataError, SettingsError
from ..registry import find
from .arc import ArcChallenge
from .causal_judgment import CausalJudgment
from .commonsenseqa import CommonsenseQA
from .files import Files
from .planted.source import PlantedArc, PlantedSnarks
from .readers.columns import Columns
from .readers.hub import HubData
from .readers.questions import Reading, bad_rows, read_questions
from .snarks import Snarks
from .source import AbstractSource
from .task import Task, content_key, label_space, shuffle, split

__all__ = [
    "TASKS",
    "AbstractSource",
    "ArcChallenge",
    "CausalJudgment",
    "Columns",
    "CommonsenseQA",
    "Files",
    "HubData",
    "PlantedArc",
    "PlantedSnarks",
    "Reading",
    "Snarks",
    "Task",
    "content_key",
    "label_space",
    "load_task",
    "read_questions",
    "shuffle",
    "split",
]

TASKS: dict[str, type[AbstractSource]] = {
    "arc_challenge": ArcChallenge,
    "snarks": Snarks,
    "causal_judgment": CausalJudgment,
    "commonsenseqa": CommonsenseQA,
    "planted_arc": PlantedArc,
    "planted_snarks": PlantedSnarks,
    "file": Files,
}


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
    """The task ``name``, from files or, where ``data`` is None, from the hub.

    With ``data`` alone, its questions are split into a train pool and ``test_size`` test questions (by default what the task
    states, if the file has more than that, else half of it). With ``test_data``, or data that has a test side of its own, that
    side is shuffled, and ``test_size`` takes the first so many of it (by default all). The split depends on ``split_seed`` and
    on the questions, not on their order.

    Raises DataError with all bad rows in it; ``skip_bad`` leaves them out and lists them in ``Task.skipped``.
    """
    if test_size is not None and test_size < 1:
        raise SettingsError(f"The test side needs a question, {test_size} were asked for; use --test-size 1, or more.")
    source = _source(name, columns)
    reading = source.load(_path(data), _path(test_data), split_seed)
    if reading.bad and not skip_bad:
        raise bad_rows(reading.bad)
    train, test = reading.train, reading.test
    if test is None:
        train, test = split(train, _split_size(name, len(train), source.test_size, test_size), split_seed)
    elif test_size is not None and test_size > len(test):
        raise DataError(
            f"{name} has {len(test)} test questions, {test_size} were asked for; use --test-size {len(test)}, or less."
        )
    else:
        train, test = tuple(shuffle(train, split_seed)), tuple(shuffle(test, split_seed))[:test_size]
    if not train or not test:
        raise DataError(
            f"{name} is left with {len(train)} train and {len(test)} test questions that are not copies of each other; "
            "each side needs one: pass more data, or other files as --data and --test-data."
        )
    return Task(name, train, test, label_space((*train, *test)), (*reading.bad, *reading.repeated))


def _source(name: str, columns: Columns | None) -> AbstractSource:
    source = find("task", name, TASKS)()
    if columns is None:
        return source
    if not isinstance(source, Files):
        raise SettingsError(f"Columns are named for a file of your own: use --task file, not {name}.")
    return replace(source, columns=columns)


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)


def _split_size(name: str, count: int, preset: int | None, wanted: int | None) -> int:
    if count < 2:
        raise DataError(f"{name} has {count} distinct good questions; a split needs two: pass more data.")
    if wanted is None:
        return preset if preset is not None and preset < count else count // 2
    if wanted >= count:
        raise DataError(
            f"{name} has {count} good questions, {wanted} to test on were asked for; use --test-size {count - 1}, or less."
        )
    return wanted
