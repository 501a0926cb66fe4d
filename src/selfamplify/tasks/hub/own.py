"""Any data set of the Hugging Face hub by its address: which configuration and which splits are read."""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache

from ...errors import DataError, SettingsError
from ...text.lines import argument, likeliest
from ..questions.columns import Columns, find_columns, is_empty
from ..rows.rows import Row, Rows
from .loading import Repository, load, opened, split_rows

HUB = "hub:"
_TRAIN = ("train", "valid", "dev", "eval", "", "test")
"""How the names of splits begin, the best one to take shots from first."""
_TEST = ("test", "valid", "dev", "eval")
"""The same for test questions. Splits with other names are not used for them."""
_SHOWN = 20


def own_hub_rows(address: str, columns: Columns | None = None) -> Rows:
    """The rows of any data set of the hub, and a note on which splits are the two sides.

    Parameters
    ----------
    address : str
        ``"owner/name"``, ``"owner/name:config"``, ``"owner/name:split"`` or ``"owner/name:config:split"``; in place of
        ``owner/name``, a folder with a copy of the repository. Without a split, shots come from the train split, and questions
        from the test split, or from the validation split if the answers of the test split are not published. Without a train
        split, shots come from the validation split. A single split is a single set that has yet to be split.
    columns : Columns or None, default None
        The columns that the user names. They are needed to see whether a split has answers.

    Raises
    ------
    DataError
        If the data can't be read, or the address names no configuration or split of it.
    """
    path, *parts = address.split(":")
    if not path or len(parts) > 2 or "" in parts:
        raise SettingsError(
            f'{HUB + address!r} is not the address of a data set; use `data="hub:owner/name"`, '
            '`data="hub:owner/name:config"` or `data="hub:owner/name:config:split"`.'
        )
    repository = opened(path)
    config, wanted = _chosen(repository, parts)
    tables = load(repository, config)
    if wanted is not None and wanted not in tables:
        raise _unknown(repository, wanted, "split" if len(parts) == 2 else "configuration or split", config, [*tables])

    @cache  # a split is read to see whether it has answers, and again as a side
    def rows_of(split: str) -> list[Row]:
        return split_rows(path, config, split, tables[split])

    others = [name for name in _ordered([*tables], _TRAIN) if name != wanted]
    answer = _answer_column([wanted, *others] if wanted else others, rows_of, columns)
    sides = _sides([wanted] if wanted else others, lambda split: _has_answers(rows_of(split), answer))
    if sides is None:
        what = f"the split {wanted}" if wanted else "any of its splits"
        raise DataError(
            f"There are no answers in {what} of {repository.place(config)}; use another split, or another data set."
        )
    held_out = [replace(row, held_out=True) for row in rows_of(sides.test)] if sides.test else []
    notes = [*_default_note(repository, config, parts), f"{repository.place(config)}: {sides.described(tables)}."]
    return Rows((*rows_of(sides.train), *held_out), tuple(notes))


@dataclass(frozen=True)
class _Sides:
    """The splits for shots and for test questions, None if they are the same; and those that were found to have no answers."""

    train: str
    test: str | None
    hidden: tuple[str, ...]

    def described(self, splits: Collection[str]) -> str:
        hidden = (
            f" ({' and '.join(self.hidden)} {'has' if len(self.hidden) == 1 else 'have'} no answers)" if self.hidden else ""
        )
        unused = [name for name in splits if name not in (self.train, self.test, *self.hidden)]
        sides = (
            f"shots come from the split {self.train}, and test questions from the split {self.test}"
            if self.test
            else f"shots and test questions both come from the split {self.train}"
        )
        return sides + hidden + (f"; not used: {', '.join(unused)}" if unused else "")


def _sides(splits: Sequence[str], has_answers: Callable[[str], bool]) -> _Sides | None:
    """Choose the sides by the names of the splits and by which of them have answers; None if none has. Reads few of them."""
    hidden = []
    train = test = None
    for name in _ordered(splits, _TRAIN):
        if has_answers(name):
            train = name
            break
        hidden.append(name)
    for name in _ordered(splits, _TEST):
        if name != train and name not in hidden and name.startswith(_TEST):
            if has_answers(name):
                test = name
                break
            hidden.append(name)
    return _Sides(train, test, tuple(hidden)) if train else None


def _ordered(splits: Sequence[str], beginnings: Sequence[str]) -> list[str]:
    """The splits in the order of the beginnings of their names, "" for any other."""
    known = tuple(filter(None, (*_TRAIN, *_TEST)))

    def kind(name: str) -> str:
        return next((word for word in known if name.startswith(word)), "")

    return sorted((name for name in splits if kind(name) in beginnings), key=lambda name: beginnings.index(kind(name)))


def _answer_column(splits: Sequence[str], rows_of: Callable[[str], Sequence[Row]], columns: Columns | None) -> str:
    """The column of the answers. It is not recognised in a split without answers. Raises DataError if it is in none."""
    for split in splits:
        with suppress(DataError):
            return find_columns(rows_of(split), columns).answer
    return find_columns(rows_of(splits[0]), columns).answer


def _has_answers(rows: Sequence[Row], answer: str) -> bool:
    values = (row.values.get(answer) for row in rows)
    return any(not is_empty(value) and value not in (-1, "-1") for value in values)


def _chosen(repository: Repository, parts: Sequence[str]) -> tuple[str | None, str | None]:
    """The configuration and the split that an address names. Raises DataError if there is no such configuration."""
    configs = repository.configs
    if parts and parts[0] in configs:
        return parts[0], parts[1] if len(parts) == 2 else None
    if len(parts) == 2:
        raise _unknown(repository, parts[0], "configuration", None, [])
    if repository.default is not None:
        return repository.default, parts[0] if parts else None
    if parts:
        raise _unknown(repository, parts[0], "configuration", None, [])
    first = argument("data", f"{HUB}{repository.path}:{configs[0]}")
    raise DataError(f"{repository.path} has several configurations, {_shown(configs)}; name one: {first}.")


def _unknown(repository: Repository, name: str, what: str, config: str | None, splits: Sequence[str]) -> DataError:
    """The error for a name that the repository does not have. It lists what there is, and proposes the likeliest."""
    several = len(repository.configs) > 1 or repository.cached
    configs = repository.configs if "configuration" in what and several else ()
    names = [*splits, *configs] or [*repository.configs]
    likely = likeliest(name, names) or names[0]
    before = (
        f"{config}:" if config and likely in splits and config in repository.configs and len(repository.configs) > 1 else ""
    )
    listed = [f"its splits are {', '.join(splits)}"] if splits else []
    known = "only these configurations were downloaded before:" if repository.cached else "its configurations are"
    listed += [f"{known} {_shown(configs or repository.configs)}"] if configs or not splits else []
    return DataError(
        f"{repository.place(config if splits and not configs else None)} has no {what} {name!r}; {', and '.join(listed)}; "
        f"use {argument('data', f'{HUB}{repository.path}:{before}{likely}')}."
    )


def _default_note(repository: Repository, config: str | None, parts: Sequence[str]) -> list[str]:
    """Say which configuration was read, if there are or may be others and the address names none."""
    if repository.cached and config not in parts:
        return [f"{repository.path}: the hub can't be reached; the downloaded configuration {config} is read."]
    others = [name for name in repository.configs if name != config]
    if not others or config in parts:
        return []
    return [f"{repository.path}: the configuration is {config}, the default; the others are {_shown(others)}."]


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
