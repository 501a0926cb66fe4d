"""Writing a file completely or not at all: after a crash, the file holds either its old content or its new one."""

from pathlib import Path

from ..errors import RunError


def write_whole(file: Path, text: str) -> None:
    """Write ``text`` to ``file`` as UTF-8, and create its folder if needed. Raises RunError if the file can't be written."""
    part = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(file)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise RunError(f"Can't write {file} ({reason}); free some disk space, or fix the permissions of its folder.") from error
