"""What an evaluated prompt is tested against: the same shots without rationales, if it has any."""

import re
from warnings import warn

from ..errors import SelfAmplifyWarning
from ..methods.io import InputOutput, same_shots_io
from ..prompting.prompt import Prompt
from ..records import Shot
from ..session import Session
from ..text.lines import counted

_SHORT = 4
"""A single reply of so few words besides its answer has no rationale."""


def without_rationales(session: Session, prompt: Prompt) -> Prompt | None:
    """IO on the shots of a prompt; None if it is IO itself, or has no shots.

    Of an imported prompt nothing says what its replies are made of: None, with a warning, if they hold their answers alone, or
    not all of them give one; else a warning says how IO differs from it.
    """
    if not prompt.shots or prompt.method == InputOutput.name:
        return None
    if prompt.imported is None:
        return same_shots_io(session, prompt)
    file = prompt.imported.file
    missing = sum(not shot.label for shot in prompt.shots)
    if missing:
        _say(
            f"Not tested against IO: {missing} of {counted(len(prompt.shots), 'shot')} of {file} "
            f"{'gives' if missing == 1 else 'give'} no label, so there is no answer to show without a rationale."
        )
        return None
    if answers_alone(prompt.shots):
        _say(
            f"Not tested against IO: the shots of {file} have no rationales, only answers. To test the prompt against others, "
            f"use `selfamplify compare --against` with the prompt's folder, or in Python `compare` with `prompts`."
        )
        return None
    _say(
        f"io has the questions of {file} with their answers alone, and this package's instruction and wording, so it differs "
        f"from the prompt by more than the rationales."
    )
    return same_shots_io(session, prompt)


def answers_alone(shots: tuple[Shot, ...]) -> bool:
    """Whether replies say nothing but their answers: all say the same but for these, and a single one says little."""
    rests = {_besides_answer(shot) for shot in shots}
    return len(rests) == 1 and (len(shots) > 1 or len(next(iter(rests)).split()) <= _SHORT)


def _besides_answer(shot: Shot) -> str:
    """The words of a reply without the letter and the text of its answer, where it says them last."""
    label = rf"\b{re.escape(shot.label or '')}\b"
    texts = [f"(?i:{re.escape(each.text)})" for each in shot.question.choices if each.label == shot.label and each.text]
    stated = rf"{label}\W*{texts[0]}|{label}|{texts[0]}" if texts else label
    start, end = max((each.span() for each in re.finditer(stated, shot.reply)), default=(0, 0))
    return " ".join(re.findall(r"\w+", f"{shot.reply[:start]} {shot.reply[end:]}")).casefold()


def _say(text: str) -> None:
    warn(text, SelfAmplifyWarning, stacklevel=4)
