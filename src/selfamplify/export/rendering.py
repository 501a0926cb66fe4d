"""What tools would send, for ``check``: exported programs that run here, and a folder that asks other questions."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

from ..text.files import write_whole
from .bundle import PROMPTING, QUESTIONS, READING, lines


@contextmanager
def copied_with(folder: Path, texts: Sequence[str]) -> Iterator[Path]:
    """A copy of the folder that asks these texts, for the time of a ``with`` statement."""
    offered = [{"label": "A", "text": "A"}]
    rows = [{"id": f"{place}", "question": text, "choices": offered, "answer": "A"} for place, text in enumerate(texts)]
    with TemporaryDirectory(prefix="selfamplify-") as name:
        copied = copytree(folder, Path(name) / "exported")
        write_whole(copied / QUESTIONS, lines(rows))
        yield copied


@contextmanager
def apart() -> Iterator[None]:
    """Let written programs run in this process: what they import from their own folder leaves no trace afterwards."""
    names = [name.removesuffix(".py") for name in (PROMPTING, READING)]
    path, others = list(sys.path), {name: sys.modules.pop(name) for name in names if name in sys.modules}
    try:
        yield
    finally:
        sys.path[:] = path
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(others)
