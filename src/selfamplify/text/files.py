"""Writing a file whole or not at all, so that a crash leaves the old one or the new one."""

from pathlib import Path

from ..errors import RunError


def write_whole(file: Path, text: str) -> None:
    """Write ``text`` into ``file``, whose folder is made. Raises RunError where that can't be."""
    part = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(file)
    except OSError as error:
        raise RunError(f"{file} can't be written ({error.strerror}); make room or mend the permissions.") from error
