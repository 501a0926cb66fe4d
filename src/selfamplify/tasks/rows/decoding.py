"""From the bytes of a text file to its text: compression and encoding."""

import codecs
import gzip
import re
import zlib
from pathlib import Path

import charset_normalizer

from ...errors import DataError
from ...text.lines import argument

_MARKS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NOT_TEXT = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook; rename a workbook to .xlsx, or unpack the archive."),
    (b"PAR1", "a parquet file; rename it to .parquet."),
    (b"ARROW1", "an Arrow file; rename it to .arrow."),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls) or an encrypted one; save it as .xlsx or CSV."),
)
_GZIP = b"\x1f\x8b"
_MULTI_BYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]")
_WESTERN = frozenset("ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜßàáâãäåæçèéêëìíîïñòóôõöøùúûüÿŒœŸ€‚„…‘’“”•–—™¡¢£§©«»®°±²³·½¿×÷ª º´`\xa0")
_SAMPLE = 50_000


def read_text(path: Path, encoding: str | None) -> tuple[str, tuple[str, ...]]:
    """The text of a file, and a note if its encoding was guessed. Raises DataError if there is no text in that encoding."""
    data = _unpacked(path)
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _marked(path, data[len(mark) :], name, encoding)
    for magic, what in _NOT_TEXT:
        if data.startswith(magic):
            raise DataError(f"{path} is not text, but {what}")
    if encoding is not None:
        return _decoded(path, data, encoding), ()
    wide = _without_mark(data)
    if wide is not None:
        return _decoded(path, data, wide), (
            f"{path.name} is read as UTF-16; if that is wrong, use {argument('encoding', 'utf-8')}.",
        )
    if not _is_utf8(data) and not _is_damaged_utf8(data):
        raise _other_encoding(path, data)
    return _decoded(path, data, "utf-8"), ()


def _unpacked(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if data.startswith(_GZIP) else data
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path} is a damaged gzip file ({error}); compress it again.") from error
    except OSError as error:
        raise DataError(f"{path} can't be read ({error.strerror}); check its permissions.") from error


def _marked(path: Path, data: bytes, marked: str, named: str | None) -> tuple[str, tuple[str, ...]]:
    """The text of a file with a byte order mark, which counts more than the encoding that the user named."""
    text = _decoded(path, data, marked)
    if named is None or codecs.lookup(named).name.startswith(marked[:5]):
        return text, ()
    return text, (f"{path.name} is read as {marked}, as its byte order mark says, not as {named}.",)


def _decoded(path: Path, data: bytes, encoding: str) -> str:
    """The text in an encoding. A byte that is not UTF-8 becomes a lone surrogate, so that only its row is bad."""
    lenient = codecs.lookup(encoding).name == "utf-8"
    try:
        return data.decode(encoding, errors="surrogateescape" if lenient else "strict")
    except UnicodeError as error:
        where = ""
        if isinstance(error, UnicodeDecodeError):
            before = data[: error.start].decode(encoding, errors="ignore")
            where = f" (line {_line_breaks(before) + 1})"
        raise DataError(f"{path} is not encoded in {encoding}{where}; use another `encoding`, or save it as UTF-8.") from error


def _line_breaks(text: str) -> int:
    return text.count("\n") or text.count("\r")


def _without_mark(data: bytes) -> str | None:
    """The byte order of UTF-16 that lacks its mark: most ASCII characters are then next to a NUL byte."""
    if len(data) % 2 or b"\0" not in data or (_is_utf8(data) and data.count(0) < len(data) // 4):
        return None
    texts: dict[str, int] = {}
    for order in ("utf-16-le", "utf-16-be"):
        try:
            text = data.decode(order)
        except UnicodeError:
            continue
        if "\0" not in text:
            texts[order] = len(re.findall(r"[ -~\n\r\t]", text))
    best = max(texts, key=texts.__getitem__, default=None)
    return best if best and texts[best] > 1 else None


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_damaged_utf8(data: bytes) -> bool:
    """Whether bytes that are not UTF-8 are mostly UTF-8.

    In other encodings, few sequences are valid by accident: at most 4 per 10 other bytes, in Japanese text in EUC-JP.
    """
    found = _MULTI_BYTE.findall(data)
    invalid = len(_HIGH.findall(data)) - sum(map(len, found))
    return bool(found) and (invalid <= 4 or 2 * len(found) >= invalid)


def _other_encoding(path: Path, data: bytes) -> DataError:
    """The error for text in another encoding, with a guess which one it is."""
    first = _HIGH.search(data)
    line = 1 + _line_breaks(data[: first.start() if first else 0].decode(errors="replace"))
    guess = None if b"\0" in data else _guess(b"\n".join(line for line in data.splitlines() if _HIGH.search(line))[:_SAMPLE])
    if guess is None:
        western, chinese = argument("encoding", "cp1252"), argument("encoding", "gb18030")
        return DataError(
            f"{path} is not UTF-8 (line {line}); save it as UTF-8, or name its encoding, such as {western} for Western "
            f"languages or {chinese} for Chinese."
        )
    return DataError(
        f"{path} is not UTF-8 (line {line}); it looks like {guess}: use {argument('encoding', guess)}, or save it as UTF-8."
    )


def _guess(data: bytes) -> str | None:
    """The likely encoding. In Western languages, cp1252 is by far the most common of several that differ in few bytes."""
    western = data.decode("cp1252", errors="replace")
    special = re.sub("[\0-\x7f]", "", western)
    in_a_row = len(re.findall("[À-ÿ]{2}", western))
    if set(special) <= _WESTERN and 3 * in_a_row <= len(special):
        return "cp1252"
    best = charset_normalizer.from_bytes(data).best()
    return best.encoding if best and best.encoding not in ("ascii", "utf_8") else None
