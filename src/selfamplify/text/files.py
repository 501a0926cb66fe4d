"""Writing a file completely or not at all: after a crash, the file holds either its old content or its new one."""

from collections.abc import Iterable
from pathlib import Path

from ..errors import RunError


def write_whole(file: Path, content: str | bytes | Iterable[bytes]) -> None:
    """Write ``content`` to ``file``, and create its folder if needed. Raises RunError if that fails.

    A text is written as UTF-8; pieces are written as they come, so that they need not be in memory together.
    """
    part = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as opened:
            opened.writelines(_pieces(content))
        part.replace(file)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise RunError(f"Can't write {file} ({reason}); free some disk space, or fix the permissions of its folder.") from error


def _pieces(content: str | bytes | Iterable[bytes]) -> Iterable[bytes]:
    if isinstance(content, str):
        return [content.encode()]
    return [content] if isinstance(content, bytes) else content
