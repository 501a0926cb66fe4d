"""Ways to spoil a valid document or file: what is mostly valid is read further than random bytes are."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

ODD = st.sampled_from(
    ["null", "true", "-1", "1" + "0" * 30, "1" + "0" * 400, "1e308", "NaN", "Infinity", '""', f'"{"x" * 3000}"', '"\\ud800"',
     '"\\u0000"', '"\\u202e<b>{{7*7}}"', "[]", "{}", "[[]]", '{"": null}', "[" * 300 + "]" * 300, '[1, "a"]', '["a", "a"]']
).map(json.loads)  # fmt: skip
"""Values that may stand where others are expected."""


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values in a document, of the first three in a list."""
    inner = data.items() if isinstance(data, dict) else enumerate(data[:3]) if isinstance(data, list) else ()
    for key, value in inner:
        yield (*path, key)
        yield from places(value, (*path, key))


def spoilt(data: Any, draw: Callable[..., Any]) -> Any:
    """A document with one value replaced, removed, renamed or repeated."""
    *path, last = draw(st.sampled_from(list(places(data))))
    inner = data
    for key in path:
        inner = inner[key]
    how = draw(st.sampled_from(["replaced", "replaced", "removed", "renamed", "repeated"]))
    if how == "renamed" and isinstance(inner, dict):
        inner["other"] = inner.pop(last)
    elif how == "repeated" and isinstance(inner, list):
        inner.append(inner[last])
    elif how == "removed":
        del inner[last]
    else:
        inner[last] = draw(ODD)
    return data


def cut_or_flipped(content: bytes, draw: Callable[..., Any]) -> bytes:
    """The content cut, with bits flipped, in another encoding, or something else entirely."""
    place = draw(st.integers(0, len(content) - 1))
    flipped = bytearray(content)
    flipped[place] ^= 1 << draw(st.integers(0, 7))
    others = [b"", b"[" * 100_000, b'{"a":' * 3000 + b"1" + b"}" * 3000, b"9" * 5000, b"null", b"[1]", b"\xff\xfe\0", b"NaN"]
    others += [content[:place] + each + content[place:] for each in (b"\0", b"\xff", b'"', b"\\ud800", b"1e999")]
    others += [content[:place], bytes(flipped), b"\xef\xbb\xbf" + content, content.decode(errors="replace").encode("utf-16")]
    return draw(st.sampled_from(others))


_PIECES = (
    b"\0", b"\xff", b'"', b"'", b",", b"\n", b"\r", b"\t", b";", b"|", b"[", b"]", b"{", b"}", b"\\ud800", b"\\u0000",
    b"1e999", b"NaN", b"-1", b"9" * 5000, b"null", b"true", b"\xef\xbb\xbf", "\u2028".encode(), b"(A)", b"A", b"0",
    b"[" * 300, b"x" * 5000,
)  # fmt: skip


@st.composite
def mangled(draw: st.DrawFn, content: bytes, most: int = 4) -> bytes:
    """The content with a few stretches deleted, repeated, moved or replaced by pieces that mean something somewhere."""
    for _ in range(draw(st.integers(1, most))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 40)))
        piece = draw(st.sampled_from((b"", content[start:end] * 2, content[end:start:-1], *_PIECES)))
        content = content[:start] + piece + content[end:]
    return content
