"""Writing a prompt as the files of a tool, and checking that the tool would send what this package sends."""

import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from warnings import warn

from ..arguments import check_flag, checked_path
from ..errors import DataError, RunError, SelfAmplifyWarning, SettingsError
from ..importing.binding import bound, noted
from ..names import instance
from ..prompting.prompt import Prompt
from ..records import Question
from ..tasks.loading import as_task
from ..tasks.task import Task
from ..text.files import part_of, write_whole
from ..text.lines import counted, shortened
from .exporter import AbstractExporter, Export, Messages

MANIFEST = "selfamplify.json"
"""Says what was exported; a folder that has it may be written anew."""


def export(
    prompt: Prompt | str | Path,
    to: AbstractExporter | str,
    out: str | Path,
    *,
    questions: Sequence[Question] = (),
    task: Task | str | None = None,
    model: str = "",
    prefilled: bool = False,
    name: str = "",
    check: bool = False,
) -> list[Path]:
    """Write a prompt as the files of another tool.

    Parameters
    ----------
    prompt : Prompt, str or Path
        The prompt, or its file or run folder.
    to : AbstractExporter or str
        The tool, such as ``"openai"`` or ``"lm_eval"``; ``selfamplify list`` has all of them.
    out : str or Path
        The folder to write: a new or empty one, or one that was written by this function.
    questions : sequence of Question
        Test questions to write with it, such as ``task.test``; by default none. Tools that evaluate need them.
    task : Task or str, optional
        What an imported prompt is for, or its name: only a task says what the labels are and whether choices are shown, so that
        the prompt is exported as ``evaluate`` asks it. Its questions can't be written without; other prompts need no task.
    model : str
        What the tool calls the model; by default the name of the model that the prompt was built by.
    prefilled : bool
        Write a prefill as an open turn of the assistant, which not every server continues; by default as a sentence after the
        question.
    name : str
        What the tool calls the prompt, where it keeps it by a name; by default the task and the method.
    check : bool
        Render the files by the tool itself, and compare what it would send with what this package sends, turn by turn; by
        default False.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    SettingsError
        For an unknown tool, what the tool can't express, missing questions, questions of an imported prompt without their
        task, or, with ``check``, if the tool is not installed.
    RunError
        If the folder holds something else, or can't be written.
    DataError
        If an imported prompt does not suit the task, or, with ``check``, if the tool would send something else.
    """
    check_flag("check", check)
    check_flag("prefilled", prefilled)
    exporter = as_exporter(to)
    loaded = prompt if isinstance(prompt, Prompt) else Prompt.load(prompt)
    made = Export(for_task(loaded, task, questions), tuple(questions), model, prefilled, name)
    return write(made, exporter, out, check)


def for_task(prompt: Prompt, task: Task | str | None, questions: Sequence[Question] = ()) -> Prompt:
    """A prompt as ``evaluate`` asks it: an imported one with the labels of its task, any other one as it is.

    A warning says what a person must know about that. Raises SettingsError for the questions of an imported prompt without
    their task, and DataError if it does not suit the task.
    """
    asked = None if task is None else as_task(task)
    if prompt.imported is None:
        return prompt
    if asked is None:
        if questions:
            raise SettingsError(
                f"The prompt was imported from {prompt.imported.file}, and only a task says how it shows the choices of "
                f'questions; name it, as in `task="planted_arc"`.'
            )
        labels = "are those that were guessed from that file" if prompt.label_map else "are not known, so no reply can be read"
        warn(
            f"The prompt was imported from {prompt.imported.file}; without a task, its labels {labels}, and choices are shown "
            f'only if its shots show some; name one, as in `task="planted_arc"`.',
            SelfAmplifyWarning,
            stacklevel=3,
        )
        return prompt
    return noted(bound(prompt, asked))


def write(made: Export, exporter: AbstractExporter, out: str | Path, check: bool = False) -> list[Path]:
    """Write the files of an export; see ``export``."""
    exporter.check_questions(made)
    if check:
        exporter.check_installed()
    folder = checked_path("out", out, f"exported/{exporter.name}")
    files = exporter.files(made)
    earlier = _earlier(folder)
    for line in made.lost:
        warn(line, SelfAmplifyWarning, stacklevel=3)
    written = [folder / name for name in files]
    # The manifest is written first, too: what is there after a crash can be written over.
    write_whole(folder / MANIFEST, _manifest(made, exporter, sorted({*files, *earlier})))
    for path, content in zip(written, files.values(), strict=True):
        write_whole(path, content)
    for name in earlier - set(files):
        (folder / name).unlink(missing_ok=True)
    write_whole(folder / MANIFEST, _manifest(made, exporter, sorted(files)))
    if check:
        _check(exporter, folder, made)
    return written


def as_exporter(exporter: AbstractExporter | str) -> AbstractExporter:
    """The exporter itself or by its name. Raises SettingsError for anything else."""
    found = instance("exporter", exporter, AbstractExporter) if isinstance(exporter, str) else exporter
    if not isinstance(found, AbstractExporter):
        raise SettingsError(f'An exporter is a name or an exporter, not {found!r}; write for example `to="openai"`.')
    return found


def _earlier(folder: Path) -> set[str]:
    """The files of an earlier export to this folder. Raises RunError if the folder holds something else."""
    if folder.is_file():
        raise RunError(f'{folder} is a file; name a new folder, as in `out="{folder}-exported"`.')
    if not folder.is_dir() or set(folder.iterdir()) <= {part_of(folder / MANIFEST)}:
        return set()
    try:
        names = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        return {name for name in names if (folder / name).resolve().is_relative_to(folder.resolve())}
    except (OSError, ValueError, KeyError, TypeError):
        raise RunError(
            f'{folder} holds other files, which are not overwritten; name a new folder, as in `out="{folder}/new"`.'
        ) from None


def _manifest(made: Export, exporter: AbstractExporter, files: Sequence[str]) -> str:
    data = {
        "exporter": exporter.name,
        "selfamplify": version("selfamplify"),
        "prompt_sha256": made.prompt.digest(),
        "questions": len(made.questions),
        "left_out": list(made.lost),
        "files": list(files),
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


_PROBES = (
    "What is it?",
    "A \"quote\", a 'quote', {braces}, {{ more }}, {% raw %} and ${this}\nand a second line\\n",
)
"""Questions that are checked if none were given."""
_CHECKED = 20
"""So many of the given questions are checked."""


def checked(made: Export) -> str:
    """How many questions ``check`` compares, in words."""
    return counted(min(len(made.questions) or len(_PROBES), _CHECKED), "question")


def _check(exporter: AbstractExporter, folder: Path, made: Export) -> None:
    """Raise DataError if the tool would not send what this package sends."""
    texts = [row["question"] for row in made.rows[:_CHECKED]] or list(_PROBES)
    for text, sent in zip(texts, exporter.sent(folder, made, texts), strict=True):
        difference = differs(made.messages(text), sent)
        if difference:
            raise DataError(
                f"{exporter.name} would not send this prompt as it is: {difference}; use another tool, and report it."
            )


def differs(ours: Messages, theirs: Messages) -> str:
    """The first difference between two lists of turns, in words; empty if they are equal."""
    if len(ours) != len(theirs):
        return f"{len(theirs)} turns where there should be {len(ours)}"
    for number, (own, other) in enumerate(zip(ours, theirs, strict=True), 1):
        if own["role"] != other["role"]:
            return f"turn {number} is of the role {other['role']}, and should be of {own['role']}"
        if own["content"] != other["content"]:
            place = next(
                (k for k, pair in enumerate(zip(own["content"], other["content"], strict=False)) if pair[0] != pair[1]),
                min(len(own["content"]), len(other["content"])),
            )
            there, here = (shortened(repr(each["content"][max(0, place - 10) : place + 30])) for each in (other, own))
            return f"turn {number} has {there} at character {place}, and should have {here}"
    return ""
