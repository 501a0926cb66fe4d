"""``import_prompt``: a prompt of another tool as one of ours, with a note of everything that was guessed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..arguments import checked_path
from ..errors import DataError
from ..prompting.profiles import DEFAULT
from ..prompting.prompt import Prompt
from ..prompting.prompt_file import FILE_NAME
from ..records import Choice, Imported, Layout, Question, Shot
from ..text.documents import parsed
from ..text.lines import counted, first_line, one_line, shortened
from .chat_messages import ChatMessages
from .dspy_state import DspyState
from .few_shot_text import FewShotText
from .format import AbstractPromptFormat, Conversation
from .labels import Labels, given, guessed
from .parts import Opening, choices_of, frame, opening, within

FORMATS: tuple[AbstractPromptFormat, ...] = (ChatMessages(), DspyState(), FewShotText())
"""The formats, in the order in which a file is compared with them."""
METHOD = "imported"


def import_prompt(path: str | Path) -> Prompt:
    """Read the prompt of another tool.

    Parameters
    ----------
    path : str or Path
        A file in UTF-8 with chat messages as the OpenAI API takes them (a JSON list, ``{"messages": […]}``, or a JSONL file
        with one such line), the saved state of a DSPy program with one predictor, or a few-shot prompt as plain text, in which
        lines begin with ``Q:`` and ``A:``, ``Question:`` and ``Answer:``, ``Input:`` and ``Output:``, or ``User:`` and
        ``Assistant:``. The format is recognised by the content.

    Returns
    -------
    Prompt
        ``messages(question)`` are the messages of the file, and then the question: in the place of ``{question}``,
        ``{{question}}``, ``{input}`` or the like if the last turn has one, else in a turn of its own. How the file was read,
        and what was guessed, is in ``imported.notes``. Labels are read again where the prompt is used, since only a task says
        which there are.

    Raises
    ------
    DataError
        If the file can't be read, is of no such format, or is a prompt that can't be sent exactly as it is.
    """
    file = checked_path("path", path, "messages.json")
    content = _content(file)
    if _is_ours(content):
        raise DataError(
            f"{file} is a prompt.json of this package already and needs no import; use it as it is, as in `selfamplify "
            f"evaluate {file}`, or in Python `Prompt.load(path)`."
        )
    own = next((each for each in FORMATS if each.recognises(content)), None)
    if own is None:
        raise DataError(f"{file} is none of these: {'; '.join(each.sought for each in FORMATS)}; write it as one of them.")
    try:
        return _prompt(own.read(content), file.name, own.name)
    except DataError as error:
        raise DataError(f"{file} {error}") from error


def as_prompt(path: str | Path) -> Prompt:
    """The prompt of a run folder or a prompt.json, or what ``import_prompt`` makes of another file.

    Raises DataError if there is none, or it can't be read.
    """
    file = checked_path("path", path, "runs/mine")
    if file.is_dir() or file.name == FILE_NAME or not file.is_file():
        return Prompt.load(file)
    return Prompt.load(file) if _is_ours(_content(file)) else import_prompt(file)


def _is_ours(content: object) -> bool:
    return isinstance(content, dict) and "hashes" in content


def _content(file: Path) -> object:
    """The JSON value of a file, also of its only line that is not empty, or its text."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{file} can't be read ({error.strerror}); name the file of a prompt.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{file} is not UTF-8 ({first_line(error)}); save it in that encoding.") from error
    if not text.lstrip().startswith(("{", "[")):
        return text.replace("\r\n", "\n")
    try:
        return parsed(text)
    except ValueError as error:
        if FewShotText().recognises(text := text.replace("\r\n", "\n")):  # such as "[Instructions] …"
            return text
        lines = [line for line in text.split("\n") if line.strip()]
        if len(lines) > 1 and all(_is_json(line) for line in lines):
            raise DataError(
                f"{file} holds {len(lines)} lines of JSON, and a prompt is a single one; keep only the line that you mean."
            ) from error
        raise DataError(f"{file} is not JSON ({first_line(error)}); correct it there.") from error


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class _Read:
    """The shots of a conversation: their questions and replies, and how questions are written."""

    opening: Opening
    layout: Layout
    questions: list[tuple[str, tuple[Choice, ...]]]
    replies: list[str]


def _prompt(found: Conversation, file: str, name: str) -> Prompt:
    read = _read(found)
    labels = guessed(read.replies)
    if read.layout.choices:
        labels = _lettered(read)
    shots = tuple(_shots(read, labels))
    notes = (f"Read as {name}: {counted(len(shots), 'shot')}.", *_notes(found, read, labels))
    return Prompt(
        METHOD,
        read.opening.instruction,
        shots,
        labels.names,
        DEFAULT.asking(labels.style, tuple(labels.names.values())).decoding,
        found.prefill,
        answer_style=labels.style,
        system=found.system,
        layout=read.layout,
        imported=Imported(file=file, format=name, notes=notes),
    )


def _read(found: Conversation) -> _Read:
    turns = [turn.content for turn in found.turns[::2]]
    replies = [turn.content for turn in found.turns[1::2]]
    if found.instruction is not None:
        opened = Opening(found.instruction, turns[0] if turns else "", "The instruction is what the file has before its shots")
    elif turns:
        opened = opening(turns[0], turns[1:], found.around)
    else:
        opened = Opening("", "", "There is no instruction but what stands around the question")
    shown = [opened.question, *turns[1:]] if turns else []
    inner = within(shown, found.around)
    offered = choices_of(inner) if inner is not None else None
    layout = Layout(found.around, offered[0] if offered else None, inner is not None)
    questions = offered[1] if offered else [(text, ()) for text in (shown if inner is None else inner)]
    return _Read(opened, layout, questions, replies)


def _lettered(read: _Read) -> Labels:
    """The labels of shots whose questions show their choices."""
    asked = [Question("", text, choices, "") for text, choices in read.questions]
    letters = max((each.labels for each in asked), key=len)
    own = tuple(given(reply, question) for question, reply in zip(asked, read.replies, strict=True))
    return Labels("letter", {letter: letter for letter in letters}, own)


def _shots(read: _Read, labels: Labels) -> Iterator[Shot]:
    known = tuple(Choice(letter, name) for letter, name in labels.names.items())
    asked = zip(read.questions, read.replies, labels.given, strict=True)
    for number, ((text, choices), reply, label) in enumerate(asked, 1):
        question = Question(f"shot {number}", text, choices or known, label, answer_style=labels.style)
        yield Shot(question, reply, label)


def _notes(found: Conversation, read: _Read, labels: Labels) -> Iterator[str]:
    """How the file was read, and what was guessed."""
    yield from found.notes
    yield f"{read.opening.how}{_quoted(read.opening.instruction)}."
    yield _of_place(found, read)
    if found.prefill:
        yield f"Every reply is begun with {shortened(one_line(found.prefill))!r}, as in the last turn of the file."
    if read.layout.choices:
        before, after = map(json.dumps, read.layout.choices)
        yield f"The questions of the shots show their choices, with {before} before each letter and {after} after it."
    if read.replies:
        yield from _of_labels(labels)
    else:
        yield "Without shots, a question is asked without examples."


def _quoted(text: str) -> str:
    return f": {shortened(one_line(text))!r}" if text else ""


def _of_place(found: Conversation, read: _Read) -> str:
    if found.around == ("", ""):
        missing = _missing_frame(*frame([each for each, _ in read.questions])) if found.instruction is None else ""
        return f"A new question is asked in a turn of its own, as it is{missing}."
    shown = shortened(one_line("⟨question⟩".join(found.around)))
    alike = "" if read.layout.shots else "; the shots' turns are written otherwise, and stay as they are"
    return f"A new question is asked as {shown!r}{alike}."


def _missing_frame(head: str, end: str) -> str:
    """What stands around the questions of the shots and not around a new one, and how to write it there."""
    lacking = " and the ".join(f'"{part.strip()}"' for part in (head, end) if part)
    turn = json.dumps(f"{head}{{question}}{end}", ensure_ascii=False)
    return f", without the {lacking} of the shots; end the file with a turn of the user {turn} to add it" if lacking else ""


def _of_labels(labels: Labels) -> Iterator[str]:
    unread = [str(number) for number, label in enumerate(labels.given, 1) if not label]
    if len(unread) == len(labels.given):
        yield (
            "The labels of the shots could not be read from their replies. Names are taken for labels if there are "
            "at most three, or each occurs twice on average; a task says which labels there are."
        )
        return
    if labels.style == "letter":
        yield f"The shots are answered by letters: {', '.join(label or '?' for label in labels.given)}."
    else:
        given = ", ".join(labels.names[label] if label else "?" for label in labels.given)
        yield f"The shots are answered by the names of labels: {given}."
    if unread:
        yield f"No label could be read from the reply of shot {', '.join(unread)}."
