"""Where the examples of a JSON document are: the layouts of benchmarks, of quiz programs, and of pandas."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import DataError
from ...text.lines import counted
from .headers import is_usual_name

_LISTS = ("examples", "data", "rows", "questions", "items", "results", "instances", "records", "samples", "entries")
_SIDES = {"train", "test", "validation", "valid", "dev"}
_OF_EXAMPLES = {
    "question",
    "answer",
    "answerkey",
    "answer_key",
    "correct_answer",
    "input",
    "stem",
    "choices",
    "options",
    "target",
    "label",
}
_IDS = ("id", "question_id", "questionid", "qid")

Example = dict[str, Any] | str
"""An example, or the reason why there is none."""


class _BadLayoutError(Exception):
    """Why a document has no list of examples."""


def examples_of(path: Path, document: Any) -> tuple[list[Example], tuple[str, ...]]:
    """The examples of a document, and a note on where they are if the document leaves a choice. Raises DataError."""
    try:
        examples, key = _of_list(document) if isinstance(document, list) else _of_object(document)
    except _BadLayoutError as error:
        reason = str(error) or 'no list of examples; write [{…}, …] or {"examples": [{…}, …]}.'
        raise DataError(f"{path} contains {reason}") from error
    return examples, (
        f"The rows of {path.name} are taken from {key!r} in it; to read others, save them to a file of their own.",
    ) if key else ()


def not_an_object(value: Any) -> str:
    """The fault of a value that is not an object."""
    return f"a value of type {type(value).__name__}, not an object {{…}}"


def is_wrapper(document: Mapping[str, Any]) -> bool:
    """Whether an object holds a list of examples under a usual key, and so is not an example itself."""
    return any(_are_objects(document.get(key)) for key in _LISTS) and _OF_EXAMPLES.isdisjoint(map(str.casefold, document))


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _of_list(values: Sequence[Any]) -> tuple[list[Example], str]:
    """The examples of a list of objects, of objects that each have a list of them, or of lists after one of names."""
    if values and all(isinstance(item, list) for item in values):
        return _of_lists(values[0], values[1:]), ""
    if values and not any(isinstance(item, dict) for item in values):
        raise _BadLayoutError(f"a list of values of type {type(values[0]).__name__}; write a list of objects, [{{…}}, …].")
    if _are_objects(values) and all(map(is_wrapper, values)):
        return _joined(values)
    return [item if isinstance(item, dict) else not_an_object(item) for item in values], ""


def _of_lists(names: Sequence[Any], lists: Sequence[Sequence[Any]]) -> list[Example]:
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise _BadLayoutError(
            "lists, and the first does not hold the names of columns, each once; write a list of objects, [{…}, …]."
        )
    return [
        dict(zip(names, cells, strict=True))
        if isinstance(cells, list) and len(cells) == len(names)
        else f"{counted(len(cells), 'value')} for {counted(len(names), 'column')}"
        if isinstance(cells, list)
        else not_an_object(cells)
        for cells in lists
    ]


def _of_object(document: Any) -> tuple[list[Example], str]:
    """The examples of an object, in pandas' orientations or under a key. BIG-bench's task prefix is added to each."""
    if not isinstance(document, dict) or not document:
        raise _BadLayoutError
    if isinstance(document.get("columns"), list) and isinstance(document.get("data"), list):
        return _of_lists(document["columns"], document["data"]), ""
    if len(document) > 1 and all(isinstance(value, list) for value in document.values()):
        if not all(map(_are_objects, document.values())):
            return _of_columns(document), ""
    key = _list_key(document)
    if key is not None:
        examples, inner = _of_list(document[key])
        shared = {name: document[name] for name in ("task_prefix",) if name in document}
        examples = [shared | item if isinstance(item, dict) else item for item in examples]
        return examples, f"{key}.{inner}" if inner else "" if key in _LISTS else key
    if all(isinstance(value, dict) for value in document.values()):
        return _of_objects(document)
    wrappers = {name: value for name, value in document.items() if isinstance(value, dict) and is_wrapper(value)}
    if wrappers:
        return _named_join(wrappers)
    raise _BadLayoutError


def _list_key(document: Mapping[str, Any]) -> str | None:
    """The key of the list of examples, or None if there is none. Raises _BadLayoutError if it is one of several."""
    usual = [key for key in _LISTS if isinstance(document.get(key), list)]
    lists = [key for key, value in document.items() if _are_objects(value)]
    if usual and not (usual[0] not in lists and lists):
        return usual[0]
    if len(lists) > 1:
        names = ", ".join(map(repr, lists))
        files = '`data="train.json"` and `test_data="test.json"`'
        ending = f"save each to a file of its own: {files}." if _SIDES.issuperset(lists) else 'call the right one "examples".'
        raise _BadLayoutError(f"several lists of objects, {names}; {ending}")
    return lists[0] if lists else None


def _of_columns(columns: Mapping[str, list[Any]]) -> list[Example]:
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name!r} has {length}" for name, length in lengths.items())
        raise _BadLayoutError(f"columns of different lengths ({shown}); make them equal.")
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _of_objects(objects: Mapping[str, dict[str, Any]]) -> tuple[list[Example], str]:
    """The examples of an object of objects: lists with keys, columns with the keys of rows, or rows with their keys."""
    if all(map(is_wrapper, objects.values())):
        return _named_join(objects)
    keys = list(dict.fromkeys(key for inner in objects.values() for key in inner))
    if any(map(is_usual_name, objects)) or not any(map(is_usual_name, keys)) and all(map(str.isdecimal, keys)):
        rows = {key: {name: values[key] for name, values in objects.items() if key in values} for key in keys}
        counted_from_0 = keys == [str(number) for number in range(len(keys))]
        return list(rows.values()) if counted_from_0 else _with_ids(rows), ""
    return _with_ids(objects), ""


def _with_ids(rows: Mapping[str, dict[str, Any]]) -> list[Example]:
    """The rows, with their keys as ids if they have none."""
    return [row if any(name.casefold() in _IDS for name in row) else {"id": key, **row} for key, row in rows.items()]


def _named_join(wrappers: Mapping[str, dict[str, Any]]) -> tuple[list[Example], str]:
    examples, key = _joined(list(wrappers.values()))
    return examples, f"{next(iter(wrappers)) if len(wrappers) == 1 else '*'}.{key}"


def _joined(wrappers: Sequence[dict[str, Any]]) -> tuple[list[Example], str]:
    """The examples of several objects that each have a list of them. What an object says about all its examples is added."""
    examples: list[Example] = []
    keys: list[str] = []
    for wrapper in wrappers:
        key = next(key for key in _LISTS if _are_objects(wrapper.get(key)))
        keys.append(key)
        shared = {name: value for name, value in wrapper.items() if isinstance(value, str) and name.casefold() not in _IDS}
        examples += [shared | item for item in wrapper[key]]
    return examples, "/".join(dict.fromkeys(keys))
