"""Writing a file completely or not at all: after a crash, the file holds either its old content or its new one."""

from pathlib import Path

from ..errors import RunError


def write_whole(file: Path, content: str | bytes) -> None:
    """Write ``content`` to ``file``, a text as UTF-8, and create its folder if needed. Raises RunError if that fails."""
    part = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content.encode() if isinstance(content, str) else content)
        part.replace(file)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise RunError(f"Can't write {file} ({reason}); free some disk space, or fix the permissions of its folder.") from error
