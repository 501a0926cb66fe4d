"""Where the examples of a JSON document are: the layouts of benchmarks, of quiz programs, and of pandas."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import DataError
from ...text.lines import counted
from .categories import SIDES, categories_of
from .headers import is_usual_name

_LISTS = ("examples", "data", "rows", "questions", "items", "results", "instances", "records", "samples", "entries")
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
        records: list[Example] = [record for item in values if (record := _of_parts(item))]
        return (records if len(records) == len(values) else _of_lists(values[0], values[1:])), ""
    if values and not any(isinstance(item, dict) for item in values):
        raise _BadLayoutError(f"a list of values of type {type(values[0]).__name__}; write a list of objects, [{{…}}, …].")
    if _are_objects(values) and all(map(is_wrapper, values)):
        return _joined(values)
    return [item if isinstance(item, dict) else not_an_object(item) for item in values], ""


def _of_parts(parts: Sequence[Any]) -> dict[str, Any] | None:
    """The record of a list of a text, questions about it and perhaps an id, as in DREAM and C3; None for other lists."""
    asked = [part for part in parts if _are_objects(part)]
    told = [part for part in parts if isinstance(part, list) and part and all(isinstance(line, str) for line in part)]
    ids = [part for part in parts if isinstance(part, str)]
    if len(asked) != 1 or len(told) != 1 or len(ids) > 1 or len(ids) + 2 != len(parts):
        return None
    return {"context": told[0], "questions": asked[0]} | ({"id": ids[0]} if ids else {})


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
        objects = sum(map(_are_objects, document.values()))
        if not objects or objects < len(document) and len(set(map(len, document.values()))) == 1:
            return _of_columns(document), ""
    if _is_record(document):
        return [document], ""
    if not any(_are_objects(document.get(key)) for key in _LISTS) and (categories := categories_of(document)):
        examples: list[Example] = [item for items in categories.values() for item in items]
        return examples, _shown(list(categories))
    key = _list_key(document)
    if key not in (None, *_LISTS) and any(isinstance(value, str) and is_usual_name(name) for name, value in document.items()):
        return [document], ""  # one question, whose choices are objects
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


def _is_record(document: Mapping[str, Any]) -> bool:
    """Whether an object is one record with several questions, as in a file of RACE."""
    questions = document.get("questions")
    return isinstance(questions, list) and len(document) > 1 and all(isinstance(text, str) for text in questions)


def _shown(keys: Sequence[str]) -> str:
    if len(keys) > 4 and len({key.partition(".")[0] for key in keys}) == 1 and "." in keys[0]:
        return f"{keys[0].partition('.')[0]}.*"
    return ", ".join(keys[:4]) + (f" and {len(keys) - 4} more" if len(keys) > 4 else "")


def _list_key(document: Mapping[str, Any]) -> str | None:
    """The key of the list of examples, or None if there is none. Raises _BadLayoutError if it is one of several."""
    usual = [key for key in _LISTS if isinstance(document.get(key), list)]
    lists = [key for key, value in document.items() if _are_objects(value)]
    if usual and not (usual[0] not in lists and lists):
        return usual[0]
    if len(lists) > 1:
        raise _BadLayoutError(_several_lists(lists))
    return lists[0] if lists else None


def _several_lists(keys: Collection[str]) -> str:
    files = '`data="train.json"` and `test_data="test.json"`'
    ending = 'call the right one "examples".' if SIDES.isdisjoint(keys) else f"save each to a file of its own: {files}."
    return f"several lists, {', '.join(map(repr, keys))}; {ending}"


def _of_columns(columns: Mapping[str, list[Any]]) -> list[Example]:
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        if not SIDES.isdisjoint(columns):
            raise _BadLayoutError(_several_lists(columns))
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
        shared = {name: value for name, value in wrapper.items() if _is_prose(value) and name.casefold() not in _IDS}
        examples += [shared | item for item in wrapper[key]]
    return examples, "/".join(dict.fromkeys(keys))


def _is_prose(value: Any) -> bool:
    """Whether a value is a text, or a list of paragraphs or of the turns of a dialogue."""
    return isinstance(value, str) or isinstance(value, list) and all(isinstance(part, str) for part in value)
