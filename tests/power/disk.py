"""A disk that keeps what was synchronised and loses any of the rest, made of what ``recorder.c`` has recorded.

Content that was written is sure after ``fsync`` of the file; a name is sure after ``fsync`` of its folder. Of everything else,
a loss of power leaves nothing, the first so many changes, any of them, or all, and a write may be cut off in the middle.
"""

import os
import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_HEAD = struct.Struct("<c4q")
_FOLDER = -1
"""What a name points to if it is that of a folder."""


@dataclass(frozen=True)
class Change:
    """One recorded operation: O(pen), C(lose), W(rite), T(runcate), S(ynchronise), U(nlink), M(ake a folder) or R(ename)."""

    what: str
    number: int
    place: int
    first: bytes
    second: bytes


def changes(log: Path) -> Iterator[Change]:
    """What a recorder wrote."""
    data, at = log.read_bytes(), 0
    while at < len(data):
        what, number, place, first, second = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        yield Change(what.decode(), number, place, data[at : at + first], data[at + first : at + first + second])
        at += first + second


@dataclass
class _File:
    """The content of a file, what of it is sure, and the writes since: place and data, or a new length and None."""

    content: bytearray = field(default_factory=bytearray)
    sure: bytes = b""
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def write(self, place: int, data: bytes | None) -> None:
        self.pending.append((place, data))
        _apply(self.content, place, data)

    def synchronise(self) -> None:
        self.sure, self.pending = bytes(self.content), []

    def left(self, draw: random.Random) -> bytes:
        content = bytearray(self.sure)
        kept = some(self.pending, draw)
        for number, (place, data) in enumerate(kept):
            torn = data is not None and number == len(kept) - 1 and draw.random() < 0.3
            _apply(content, place, data[: draw.randint(0, len(data))] if torn and data is not None else data)
        return bytes(content)


def _apply(content: bytearray, place: int, data: bytes | None) -> None:
    if data is None:
        del content[place:]
        content.extend(bytes(place - len(content)))
        return
    content.extend(bytes(max(0, place - len(content))))
    content[place : place + len(data)] = data


def some(pending: list, draw: random.Random) -> list:
    """What a loss of power leaves of changes that were not synchronised, in their order."""
    how = draw.choice(("none", "first", "any", "all"))
    if how == "none":
        return []
    if how == "first":
        return pending[: draw.randint(0, len(pending))]
    return [each for each in pending if how == "all" or draw.random() < 0.5]


class Disk:
    """The files below a root, which was empty at first."""

    def __init__(self, root: Path):
        self._root = str(root)
        self._files: list[_File] = []
        self._names: dict[str, int] = {}
        self._sure: dict[str, int] = {}
        self._pending: dict[str, list[dict[str, int | None]]] = {}
        self._opened: dict[int, str | _File] = {}
        self.versions: dict[str, list[bytes]] = {}
        """For each name, the contents that were renamed to it."""

    def change(self, each: Change) -> None:
        """Take part in what happened."""
        getattr(self, f"_{each.what.lower()}")(each)

    def _o(self, each: Change) -> None:
        name = os.path.normpath(each.first.decode())
        if name == self._root or self._names.get(name) == _FOLDER:
            self._opened[each.number] = name
            return
        if name not in self._names:
            self._files.append(_File())
            self._renamed({name: len(self._files) - 1})
        file = self._files[self._names[name]]
        if each.place & os.O_TRUNC and file.content:
            file.write(0, None)
        self._opened[each.number] = file

    def _c(self, each: Change) -> None:
        del self._opened[each.number]

    def _w(self, each: Change) -> None:
        file = self._opened[each.number]
        assert isinstance(file, _File)
        file.write(each.place, each.first)

    def _t(self, each: Change) -> None:
        file = self._opened[each.number]
        assert isinstance(file, _File)
        file.write(each.place, None)

    def _s(self, each: Change) -> None:
        opened = self._opened[each.number]
        if isinstance(opened, _File):
            opened.synchronise()
            return
        for names in self._pending.pop(opened, []):
            _rename(self._sure, names)

    def _u(self, each: Change) -> None:
        self._renamed({each.first.decode(): None})

    def _m(self, each: Change) -> None:
        self._renamed({each.first.decode(): _FOLDER})

    def _r(self, each: Change) -> None:
        before, after = each.first.decode(), each.second.decode()
        self.versions.setdefault(self._short(after), []).append(bytes(self._files[self._names[before]].content))
        self._renamed({before: None, after: self._names[before]})

    def _renamed(self, names: dict[str, int | None]) -> None:
        folder = os.path.dirname(next(iter(names)))
        self._pending.setdefault(folder, []).append(names)
        _rename(self._names, names)

    def _short(self, name: str) -> str:
        return os.path.relpath(name, self._root)

    def now(self) -> dict[str, bytes]:
        """The files as they are, unsynchronised content and names included."""
        return {self._short(name): bytes(self._files[number].content) for name, number in self._names.items() if number >= 0}

    def left(self, draw: random.Random) -> dict[str, bytes]:
        """The files that a loss of power at this moment may leave."""
        names = dict(self._sure)
        for pending in self._pending.values():
            for each in some(pending, draw):
                _rename(names, each)
        there = {name: number for name, number in names.items() if number >= 0 and self._reached(name, names)}
        return {self._short(name): self._files[number].left(draw) for name, number in there.items()}

    def _reached(self, name: str, names: dict[str, int]) -> bool:
        """Whether all folders above a name are there."""
        folder = os.path.dirname(name)
        return folder == self._root or (names.get(folder) == _FOLDER and self._reached(folder, names))


def _rename(names: dict[str, int], change: dict[str, int | None]) -> None:
    for name, number in change.items():
        if number is None:
            names.pop(name, None)
        else:
            names[name] = number
