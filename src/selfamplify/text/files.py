"""Writing a file completely or not at all: after a crash or a loss of power, it holds either its old content or its new one.

A rename alone suffices for a crash of the process. For a loss of power, the content must be on the disk before the name points
to it, or the name may come back with an empty file; and the folder is synchronised after the rename, so that what was told to
be written is there.
"""

import errno
import os
from collections.abc import Iterable
from pathlib import Path

from ..errors import RunError


def write_whole(file: Path, content: str | bytes | Iterable[bytes]) -> None:
    """Write ``content`` to ``file``, and create its folder if needed. Raises RunError if that fails.

    A text is written as UTF-8; pieces are written as they come, so that they need not be in memory together.
    """
    try:
        if file.is_dir():
            raise RunError(f"Can't write {file}, since it is a folder; name a file.")
        part = part_of(file)
        make_folder(file.parent)
        with part.open("wb") as opened:
            opened.writelines(_pieces(content))
            opened.flush()
            os.fsync(opened.fileno())
        part.replace(file)
        _synchronise(file.parent)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        taken = isinstance(error, NotADirectoryError | FileExistsError)
        remedy = "use another folder" if taken else "free some disk space, or fix the permissions of its folder"
        raise RunError(f"Can't write {file} ({reason}); {remedy}.") from error


def part_of(file: Path) -> Path:
    """Where the new content of a file is until it is complete; after a crash it may be left there."""
    return file.with_name(f".{file.name}.part")


def make_folder(folder: Path) -> None:
    """Create a folder, and those above it, so that a loss of power does not take them with what is written there."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in missing:
        _synchronise(each.parent)


def _synchronise(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # by which some network file systems say that they can't
            raise
    finally:
        os.close(opened)


def _pieces(content: str | bytes | Iterable[bytes]) -> Iterable[bytes]:
    if isinstance(content, str):
        return [content.encode()]
    return [content] if isinstance(content, bytes) else content
