"""The saved state of a DSPy program with one predictor: its instructions and demonstrations."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import DataError
from ..records import Message
from .format import AbstractPromptFormat, Conversation

_REASONING = ("reasoning", "rationale")
_BOOTSTRAPPED = "augmented"
"""A mark of DSPy on demonstrations that a model wrote."""
_UNSAID = "Not supplied for this particular example."
"""What DSPy shows for a field that a demonstration lacks."""


@dataclass(frozen=True)
class DspyState(AbstractPromptFormat):
    """The state of a DSPy program."""

    name = "DSPy program state"
    sought = 'a DSPy program state (JSON with "signature" and "demos")'

    def recognises(self, content: object) -> bool:
        return isinstance(content, dict) and bool(_predictors(content))

    def read(self, content: object) -> Conversation:
        assert isinstance(content, dict)
        predictors = _predictors(content)
        if len(predictors) > 1:
            raise DataError(
                f"is a DSPy program with several predictors ({', '.join(predictors)}), but a prompt holds only one; save only "
                f'the one that you want, as in `program.{next(iter(predictors))}.save("one.json")`.'
            )
        (state,) = predictors.values()
        demos = [_demo(number, each) for number, each in enumerate(state["demos"], 1)]
        fields = _fields(state["signature"], demos)
        inputs, outputs = _sides(fields)
        turns = [turn for number, demo in enumerate(demos, 1) for turn in _turns(number, demo, inputs, outputs)]
        around = ("".join(f"{prefix} " for prefix in inputs.values()), "") if len(inputs) == 1 else ("", "")
        notes = tuple(_notes(demos, inputs, outputs))
        instruction = str(state["signature"].get("instructions") or "")
        return Conversation("", tuple(turns), around, "", instruction, notes)


def _predictors(content: Mapping[str, Any]) -> dict[str, Any]:
    """The states of all predictors by name; that of a bare one under "predict"."""
    found = {"predict": content, **content} if "signature" in content else content
    return {
        name: each
        for name, each in found.items()
        if isinstance(each, dict) and isinstance(each.get("signature"), dict) and isinstance(each.get("demos"), list)
    }


def _demo(number: int, demo: object) -> dict[str, str]:
    if not isinstance(demo, dict):
        raise DataError(f"has a demonstration {number} that is not an object; write its fields, as DSPy does.")
    found = {name: value for name, value in demo.items() if name != _BOOTSTRAPPED and value != _UNSAID}
    wrong = next((name for name, value in found.items() if not isinstance(value, str | int | float)), None)
    if wrong is not None:
        raise DataError(f'has no text in the field "{wrong}" of demonstration {number}; write a text.')
    return {name: str(value) for name, value in found.items()}


def _fields(signature: Mapping[str, Any], demos: list[dict[str, str]]) -> dict[str, str]:
    """The prefix of each field by its name, in the order of the signature.

    A state holds a field's prefix and description; the name is in the description, unless that was written by hand, or is the
    one whose prefix DSPy makes so.
    """
    names = list(dict.fromkeys(name for demo in demos for name in demo))
    listed = signature.get("fields")
    found: dict[str, str] = {}
    described = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    for number, field in enumerate(described, 1):
        prefix, own = str(field.get("prefix", "")), re.fullmatch(r"\$\{(\w+)\}", str(field.get("description", "")))
        plain = prefix.rstrip(": ").casefold()
        named = next((name for name in names if name.replace("_", " ").casefold() == plain), plain.replace(" ", "_"))
        found[own[1] if own else named or f"field_{number}"] = prefix
    unknown = [name for name in names if name not in found]
    if unknown or len(found) < 2:
        which = f'the field "{unknown[0]}" of its demonstrations' if unknown else "an input and an output field"
        raise DataError(f"has a signature without {which}; save the DSPy program again with `program.save(…)`.")
    return found


def _sides(fields: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Input and output fields: a reasoning is the first output; without one, the last field is the only output."""
    names = list(fields)
    first = next((place for place, name in enumerate(names) if name in _REASONING), len(names) - 1)
    if first == 0:
        raise DataError("has a signature without an input field before its reasoning; save the DSPy program again.")
    return {name: fields[name] for name in names[:first]}, {name: fields[name] for name in names[first:]}


def _turns(number: int, demo: Mapping[str, str], inputs: Mapping[str, str], outputs: Mapping[str, str]) -> Iterator[Message]:
    for role, side in (("user", inputs), ("assistant", outputs)):
        lines = [f"{prefix} {demo[name]}" for name, prefix in side.items() if name in demo]
        if not lines:
            raise DataError(
                f"has a demonstration {number} without {' and '.join(side)}; add it, or leave the demonstration out."
            )
        yield Message(role, "\n".join(lines))


def _notes(demos: list[dict[str, str]], inputs: Mapping[str, str], outputs: Mapping[str, str]) -> Iterator[str]:
    yield f"Input fields: {', '.join(inputs)}; output fields: {', '.join(outputs)}."
    yield "Each field is a line with its prefix; the markers that DSPy's adapters put around fields are not in the file."
    for name in (*inputs, *outputs):
        lacking = [str(number) for number, demo in enumerate(demos, 1) if name not in demo]
        if lacking:
            yield f"Without {name}, which is left out there: shot {', '.join(lacking)}."
    if len(inputs) > 1:
        yield f"There are several input fields, so a new question must hold them itself: {' … '.join(inputs.values())}"
