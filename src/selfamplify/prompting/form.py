"""The texts of a prompt as a form that a person edits in a text editor, and the texts that an edited form holds.

A form is lines of text below headings such as ``=== reply of shot 2``. Blank lines at the end of a text do not count, so that
texts can stand apart; a line that an editor might change, or that looks like a heading, is written with a backslash before it.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace

from ..errors import DataError
from ..text.lines import shortened
from ..text.printable import printable
from .texts import ShotTexts, Texts

_HEADING, _QUOTED = "=== ", "\\json "
_GUIDE = (
    "Edit the texts below the headings (lines that begin with ===), save, and close the editor. To remove a shot, remove its",
    "question, choices and reply with their headings; shots may be put in another order. A line that begins with a backslash",
    "is read without it, and after \\json comes a line in quotes, as in JSON. What is above the first heading is not read.",
    "Save an empty file to cancel the edit.",
)
_NAMED = re.compile(r"^prompt ([0-9a-f]+)\r?$", re.MULTILINE)
_OF_SHOT = re.compile(r"(question|choice (\d+)|reply) of shot (\d+)")


def form(texts: Texts, digest: str) -> str:
    """The form of a prompt's texts; the digest of the prompt names it."""
    lines = [*_GUIDE, f"prompt {digest}", ""]
    for name, text in texts.named().items():
        lines += [f"{_HEADING}{name}", *_written(text), ""]
    return "\n".join(lines)


def form_is_of_another(content: str, digest: str) -> bool:
    """Whether a form names another prompt than the one with a digest; one that names none, as a hand may leave it, does not."""
    above = content.partition(f"\n{_HEADING}")[0]
    named = _NAMED.findall(above)
    return bool(named) and digest not in named


def _written(text: str) -> Iterator[str]:
    """The lines of a text; nothing for an empty one."""
    lines = text.split("\n") if text else []
    for place, line in enumerate(lines):
        if printable(line) != line or line != line.rstrip() or not any(lines[place:]):
            yield f"{_QUOTED}{_escaped(line)}"
        elif line.startswith((_HEADING.rstrip(), "\\")):
            yield f"\\{line}"
        else:
            yield line


def _escaped(line: str) -> str:
    """A line as JSON writes it, with an escape for each character that a terminal or an editor may act on."""
    quoted = json.dumps(line, ensure_ascii=False)
    return "".join(own if printable(own) == own else json.dumps(own)[1:-1] for own in quoted)


def read_form(content: str, before: Texts) -> Texts:
    """The texts of an edited form.

    Parameters
    ----------
    content : str
        The form.
    before : Texts
        The texts that the form was made of.

    Raises
    ------
    DataError
        If it can't be read; the message begins with the number of the line.
    """
    found: dict[str, tuple[int, list[str]]] = {}
    known, name = before.named(), ""
    for number, line in enumerate(content.removeprefix("\ufeff").split("\n"), 1):
        line = line.rstrip("\r")
        if line.startswith(_HEADING.rstrip()):
            name = line.removeprefix(_HEADING.rstrip()).strip()
            _check_heading(number, name, known, found)
            found[name] = number, []
        elif name:
            found[name][1].append(_read_line(number, line))
    texts = {name: "\n".join(_without_blank_end(lines)) for name, (_, lines) in found.items()}
    for name in ("instruction", "system turn", "start of every reply"):
        if name not in texts:
            raise DataError(f'the heading "{_HEADING}{name}" is missing; write it again, with nothing below it for no text.')
    shots = tuple(_shots(texts, before, {name: number for name, (number, _) in found.items()}))
    return Texts(texts["instruction"], texts["system turn"], texts["start of every reply"], shots)


class _Blank(str):
    """A line that was left blank, as the end of a text does not count."""


def _read_line(number: int, line: str) -> str:
    if line.startswith(_QUOTED):
        try:
            text = json.loads(line.removeprefix(_QUOTED))
        except ValueError:
            text = None
        if not isinstance(text, str):
            raise DataError(f"line {number}: {shortened(line)!r} is not a text in quotes after {_QUOTED.strip()}; correct it.")
        return text
    if line.startswith("\\"):
        return line[1:]
    return line if line.strip() else _Blank(line)


def _without_blank_end(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and isinstance(lines[end - 1], _Blank):
        end -= 1
    return [str(line) for line in lines[:end]]


def _check_heading(number: int, name: str, known: dict[str, str], found: dict[str, tuple[int, list[str]]]) -> None:
    if name in found:
        raise DataError(f'line {number}: the heading "{name}" is there twice; remove one of them.')
    if name not in known:
        raise DataError(
            f'line {number}: "{shortened(name)}" is not a heading of this prompt; use one that was there, or write a backslash '
            f"before the line if it is text."
        )


def _shots(texts: dict[str, str], before: Texts, lines: dict[str, int]) -> Iterator[ShotTexts]:
    """The shots in the order of their first headings. Raises DataError for one of which only a part is there."""
    order = dict.fromkeys(int(found[3]) for name in texts if (found := _OF_SHOT.fullmatch(name)))
    for number in order:
        old = before.shots[number - 1]
        names = [f"question of shot {number}", f"reply of shot {number}"]
        names[1:1] = [f"choice {place} of shot {number}" for place in range(1, len(old.choices) + 1)]
        missing = [name for name in names if name not in texts]
        if missing:
            place = min(lines[name] for name in names if name in lines)
            raise DataError(
                f'line {place}: shot {number} has no "{missing[0]}"; write that heading again, or remove '
                "what is left of the shot."
            )
        asked, *choices, reply = (texts[name] for name in names)
        yield replace(old, question=asked, choices=tuple(choices), reply=reply)
