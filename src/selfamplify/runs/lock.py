"""The lock of a run folder: one process at a time writes there."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import RunError
from ..text.files import make_folder

_LOCK = ".lock"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make the folder and hold its lock; the number of this process is left there for whoever finds it locked.

    Raises RunError if the folder is in use, or can't be written.
    """
    lock, holder = FileLock(folder / _LOCK), folder / ".holder"
    try:
        make_folder(folder)
        lock.acquire(timeout=0)
        holder.write_text(f"process {os.getpid()}", encoding="utf-8")
    except Timeout:
        raise RunError(
            f"{folder} is in use by {_read(holder) or 'another process'}; wait for it, or use another `out`."
        ) from None
    except OSError as error:
        lock.release()
        raise _unwritable(folder, error.strerror) from error
    try:
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def check_writable(folder: Path) -> None:
    """Raise RunError, without making the folder, if this process has no right to make it or to write there."""
    nearest = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise _unwritable(folder, "not a folder" if not nearest.is_dir() else "no right to write there")


def _unwritable(folder: Path, reason: str | None) -> RunError:
    return RunError(f"The run folder {folder} can't be written ({reason}); use another `out`.")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def in_use(folder: Path) -> bool:
    """Whether a process holds the folder's lock. It is tried for a moment, without writing to the folder."""
    try:
        with open(folder / _LOCK, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
