"""Editing the prompt of a run folder: the form on disk, the original that is kept, and the edited prompt."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..arguments import checked_path
from ..errors import DataError, RunError
from ..prompting.form import form, form_is_of_another, read_form
from ..prompting.prompt import Prompt
from ..prompting.prompt_file import FILE_NAME
from ..prompting.texts import Texts
from ..text.files import write_whole
from ..text.lines import first_line
from .absent import load_prompt
from .unchanged import present_prompt


@dataclass(frozen=True)
class Editing:
    """A prompt that is being edited.

    Parameters
    ----------
    file : Path
        Its prompt.json.
    prompt : Prompt
        The prompt before.
    """

    file: Path
    prompt: Prompt

    @staticmethod
    def of(path: str | Path) -> "Editing":
        """The prompt of a run folder, or of a prompt.json. Raises DataError if it can't be read."""
        path = checked_path("path", path, "runs/mine")
        file = path if path.suffix == ".json" else path / FILE_NAME
        return Editing(file, load_prompt(file))

    @property
    def form_file(self) -> Path:
        """Where the form is while it is edited, and kept if it can't be read."""
        return self.file.with_suffix(".edit.txt")

    @property
    def original(self) -> Path:
        """Where the prompt is kept as it was before its first edit."""
        return before_edit(self.file)

    def begin(self) -> bool:
        """Write the form; True if there is one already, from an edit that could not be read.

        Raises RunError if that is of another version of the prompt.
        """
        digest = self.prompt.digest()
        if not self.form_file.is_file():
            write_whole(self.form_file, form(self.prompt.texts, digest))
            return False
        if form_is_of_another(self.form_file.read_text(encoding="utf-8", errors="replace"), digest):
            raise RunError(
                f"{self.form_file} is left from an edit of an earlier version of this prompt; copy what you need from it, then "
                f"delete it."
            )
        return True

    def cancelled(self) -> bool:
        """Whether the form was emptied, which cancels the edit; the form is then taken away."""
        emptied = not self.form_file.read_bytes().strip()
        if emptied:
            self.form_file.unlink()
        return emptied

    def unchanged(self) -> bool:
        """Whether the form is as it was written."""
        return self.form_file.read_bytes() == form(self.prompt.texts, self.prompt.digest()).encode()

    def finish(self, texts: Texts) -> Prompt:
        """Write the prompt with these texts, which were read; the original is kept, and the form is taken away.

        If nothing was changed, nothing is written.
        """
        edited = self.prompt.with_texts(texts, datetime.now(UTC).isoformat(timespec="seconds"))
        if edited is not self.prompt:
            if not self.original.exists():
                write_whole(self.original, self.file.read_bytes())
            edited.save(self.file)
        self.form_file.unlink()
        return edited

    def read(self) -> Texts:
        """The texts of the form, its shots with the numbers that they had.

        Raises DataError if the form can't be read, which then stays where it is.
        """
        try:
            return read_form(self.form_file.read_bytes().decode(), self.prompt.texts)
        except UnicodeDecodeError as error:
            raise DataError(f"{self.form_file} is not UTF-8 ({first_line(error)}); {self._again()}") from error
        except DataError as error:
            raise DataError(f"{self.form_file}, {error} Your text is kept there; {self._again()}") from error

    def _again(self) -> str:
        own = self.file.parent if self.file.name == FILE_NAME else self.file
        return f"correct it and run `selfamplify edit {own}` again, or delete it to cancel the edit."


def before_edit(file: Path) -> Path:
    """Where the original of an edited prompt.json is kept."""
    return file.with_suffix(".before-edit.json")


def check_replaceable(path: Path, by: Prompt | None = None) -> None:
    """Raise RunError if a folder or file holds a prompt that was edited by hand or imported, which no command makes again.

    It may be replaced ``by`` itself.
    """
    prompt = present_prompt(path)
    if prompt and (prompt.edits or prompt.imported) and prompt != by:
        file = path if path.suffix == ".json" else path / FILE_NAME
        what = "was edited by hand" if prompt.edits else "was imported"
        raise RunError(f"{file} {what}, and would be lost; use another `out`, or move that file away to have it made anew.")
