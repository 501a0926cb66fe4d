"""What tools would send, for ``check``: an exported folder with other questions in it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

from ..text.files import write_whole
from .bundle import QUESTIONS, lines


@contextmanager
def asking(folder: Path, texts: Sequence[str]) -> Iterator[Path]:
    """A copy of the folder that asks these texts, for the time of a ``with`` statement."""
    offered = [{"label": "A", "text": "A"}]
    rows = [{"id": f"{place}", "question": text, "choices": offered, "answer": "A"} for place, text in enumerate(texts)]
    with TemporaryDirectory(prefix="selfamplify-") as name:
        copied = copytree(folder, Path(name) / "exported")
        write_whole(copied / QUESTIONS, lines(rows))
        yield copied
