"""An imported or edited prompt as it is used with a task, which alone says what there is to choose from."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from warnings import warn

from ..errors import DataError, SelfAmplifyWarning
from ..prompting.profiles import DEFAULT
from ..prompting.prompt import Prompt
from ..records import AnswerStyle, Choice, Question, Shot
from ..tasks.copies import bare_text
from ..tasks.task import Task
from ..text.lines import counted
from .labels import contradictions, given

_OWN_CHOICES = (" (", ") ")
"""How our own prompts write the letter of a choice."""


@dataclass(frozen=True)
class Bound:
    """A prompt with the labels of a task, and what a person must know about that."""

    prompt: Prompt
    notes: tuple[str, ...] = ()


def bound(prompt: Prompt, task: Task) -> Bound:
    """The prompt with the labels of a task, read anew from its replies; one that was not imported is as it was.

    The notes say if a prompt was edited by hand, and if its replies then contradict the answers of its shots.

    Raises DataError if no reply gives a label of the task, if it is not clear what its letters mean, if it could not show the
    choices of the task's questions, or if a test question is in a shot.
    """
    if prompt.imported is None or prompt.layout is None:
        return Bound(prompt, tuple(_of_edits(prompt)))
    _check_apart(prompt, task)
    named = task.train[0].choices if task.classification else ()
    if not named:
        return _lettered(prompt, task)
    styles: tuple[AnswerStyle, ...] = ("label", "letter")
    read = {style: _read(prompt, named, style) for style in styles}
    likely = _likely(prompt, named)
    style = max(styles, key=lambda each: (_count(read[each]), each == likely))
    if style == "letter" and prompt.layout.choices is None:
        _check_letters(prompt, named)
    return _bound(prompt, task, style, read[style])


def noted(found: Bound) -> Prompt:
    """The prompt; a warning says what a person must know about it."""
    for note in found.notes:
        warn(note, SelfAmplifyWarning, stacklevel=3)
    return found.prompt


def _of_edits(prompt: Prompt) -> Iterator[str]:
    if prompt.edits:
        if prompt.edits[-1].at:  # else it was said when the file was read
            yield f"The prompt was {prompt.edits[-1]}. Answers to the prompt before the edit are not used for it."
        yield from contradictions(prompt)


def _lettered(prompt: Prompt, task: Task) -> Bound:
    """The prompt for questions with choices of their own."""
    layout = prompt.layout
    assert layout is not None
    if prompt.shots and layout.choices is None:
        raise DataError(
            f"The choices of the shots of {_file(prompt)} were not recognised, so that the prompt could not show those of the "
            f"questions of {task.name}; write the choices of each shot at the end of its question, as in (A) one (B) two."
        )
    own = replace(prompt, layout=replace(layout, choices=layout.choices or _OWN_CHOICES))
    return _bound(own, task, "letter", list(prompt.shots))


def _bound(prompt: Prompt, task: Task, style: AnswerStyle, shots: Sequence[Shot]) -> Bound:
    count = _count(shots)
    if shots and not count:
        raise DataError(
            f"No reply of {_file(prompt)} gives a label of {task.name} ({', '.join(task.label_map.values())}), so that the "
            f"replies of a model could not be read either; use the names of the prompt for the labels, as in "
            f'`label_names={{"0": "bad", "1": "good"}}`, or write those of the task in the prompt.'
        )
    notes = tuple(_of_edits(prompt))
    if count < len(shots):
        notes += (f"{count} of {counted(len(shots), 'reply').replace('replys', 'replies')} of {_file(prompt)} give a label.",)
    own = replace(prompt, shots=tuple(shots), label_map=task.label_map, answer_style=style)
    stated = DEFAULT.asking(style, own.named).decoding.last_line  # by the labels of the task
    return Bound(replace(own, decoding=replace(own.decoding, last_line=stated)), notes)


def _read(prompt: Prompt, named: tuple[Choice, ...], style: AnswerStyle) -> list[Shot]:
    """The shots with the labels that their replies give in a style; a question that shows its choices keeps them."""
    shown = prompt.layout is not None and prompt.layout.choices is not None
    shots: list[Shot] = []
    for shot in prompt.shots:
        choices = shot.question.choices if shown else named
        asked = replace(shot.question, choices=choices, answer="", answer_style=style)
        label = given(shot.reply, asked)
        shots.append(replace(shot, question=replace(asked, answer=label), label=label))
    return shots


def _count(shots: Sequence[Shot]) -> int:
    return sum(bool(shot.label) for shot in shots)


def _likely(prompt: Prompt, named: tuple[Choice, ...]) -> AnswerStyle:
    """The style that fits without shots to read: that of the labels' names if the prompt says all of them, else what it was."""
    said = f"{prompt.system}\n{prompt.instruction}\n{''.join(prompt.layout.around if prompt.layout else ())}".casefold()
    return "label" if all(choice.text.casefold() in said for choice in named) else prompt.answer_style


def _check_letters(prompt: Prompt, named: tuple[Choice, ...]) -> None:
    """Raise DataError unless the prompt says that its letters stand for the labels of the task in the task's order."""
    said = f"{prompt.system}\n{prompt.instruction}\n{prompt.shots[0].question.text if prompt.shots else ''}"
    meant = [rf"\b{re.escape(choice.label)}\b\W{{1,4}}(?:is |for |means )?{re.escape(choice.text)}\b" for choice in named]
    if not all(re.search(each, said, re.IGNORECASE) for each in meant):
        wanted = " ".join(f"({choice.label}) {choice.text}" for choice in named)
        raise DataError(
            f"The replies of {_file(prompt)} are letters, and it does not say that they stand for the labels of the task in "
            f"this order: {wanted}; write that in its instruction, or answer by the names of the labels."
        )


def _check_apart(prompt: Prompt, task: Task) -> None:
    """Raise DataError if the text of a test question is that of a shot, or a line of it."""
    asked = {bare_text(question.text) for question in task.test}
    shared = [number for number, shot in enumerate(prompt.shots, 1) if asked & set(_lines(shot.question))]
    if shared:
        raise DataError(
            f"Shot {', '.join(map(str, shared))} of {_file(prompt)} {'is' if len(shared) == 1 else 'are'} also among the "
            f"{counted(len(task.test), 'test question')}, whose answers that would give away; use other `test_data`, or take "
            f"these shots out of the prompt."
        )


def _lines(question: Question) -> list[str]:
    """The text of a question and each of its lines, with and without what introduces it, as they are compared."""
    lines = [question.text, *question.text.split("\n")]
    lines += [line.partition(":")[2] for line in lines]
    return [bare for line in lines if (bare := bare_text(line))]


def _file(prompt: Prompt) -> str:
    return prompt.imported.file if prompt.imported else "the prompt"
