"""What was edited by hand: in the texts of a prompt, or in a prompt.json with a text editor."""

from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import DataError
from ..records import DecisiveWords, ScoredPairs, ScoredWords, Shot
from ..text.lines import counted
from .demonstrations import Demonstrations
from .texts import Texts, Turns, changed_parts, earlier_instructions, read_back


@dataclass(frozen=True)
class Edited:
    """What a prompt shows after an edit by hand, what of it was changed, and the digest of the prompt before."""

    after: Demonstrations
    parts: tuple[str, ...]
    before: str


def edited(shown: Demonstrations, texts: Texts) -> Edited | None:
    """What is shown with edited texts; None if nothing differs. Raises DataError for other shots, or more or fewer choices."""
    _check_shots(shown.texts, texts)
    parts = changed_parts(shown.texts, texts)
    return Edited(shown.put(texts), parts, shown.digest()) if parts else None


def _check_shots(before: Texts, after: Texts) -> None:
    """Raise DataError unless all shots are among those before, each only once, with as many choices."""
    choices = {shot.number: len(shot.choices) for shot in before.shots}
    numbers = [shot.number for shot in after.shots]
    for shot in after.shots:
        if shot.number not in choices or numbers.count(shot.number) > 1:
            wrong = "is there twice" if shot.number in choices else f"is none of the prompt's {counted(len(choices), 'shot')}"
            raise DataError(f"Shot {shot.number} of the edited texts {wrong}; leave shots out or reorder them, and add none.")
        if len(shot.choices) != choices[shot.number]:
            raise DataError(
                f"Shot {shot.number} of the edited texts has {counted(len(shot.choices), 'choice')}, and the prompt shows "
                f"{choices[shot.number]} there; write as many."
            )


def settled(shown: Demonstrations, messages: Turns, recorded: str, file: Path) -> Edited | None:
    """What a file shows whose texts may have been edited; None if they were not.

    Parameters
    ----------
    shown : Demonstrations
        What all fields but ``messages`` say.
    messages : list of dict
        What ``messages`` says.
    recorded : str
        The digest of the prompt before.
    file : Path
        The file.

    Raises
    ------
    DataError
        If the messages were edited and it is not clear which texts that changes, or if both were edited differently.
    """
    if shown.digest() == recorded:
        return None if messages == shown.context else edited(shown, _texts(shown, messages, file))
    instructions = (shown.instruction, *earlier_instructions(messages))
    if messages == shown.context:  # both were edited alike
        parts = ("its texts",)
    elif any(shown.digest_of(messages, each) == recorded for each in instructions):  # all but the messages
        before = _read_back(shown, messages)
        parts = changed_parts(before, shown.texts) if before else _differing(messages, shown.context)
    else:
        raise DataError(
            f'{file} was edited in "messages" and also in the texts that they are made of, and the two differ; undo one of '
            f"these edits, or use `selfamplify edit {file}`."
        )
    return Edited(replace(shown, shots=tuple(map(_explained, shown.shots))), parts, recorded)


def _texts(shown: Demonstrations, messages: Turns, file: Path) -> Texts:
    """The texts of a file of which the messages alone were edited."""
    texts = _read_back(shown, messages)
    if texts is None:
        raise DataError(
            f'{file} was edited in "messages", and it is not clear which of its texts that changes; edit "instruction" and '
            f'"shots" instead, or use `selfamplify edit {file}`.'
        )
    return texts


def _read_back(shown: Demonstrations, messages: Turns) -> Texts | None:
    """The texts that make up other messages."""
    return read_back(shown.texts, shown.context, messages, lambda own: shown.put(own).context)


def _explained(shot: Shot) -> Shot:
    """The shot; without its explanation if that is of words which the question does not have any more."""
    made = shot.explanation
    if not isinstance(made, ScoredWords | ScoredPairs | DecisiveWords):
        return shot
    text = "\n".join((shot.question.text, *(choice.text for choice in shot.question.choices)))
    return shot if all(word in text for word in made.words) else replace(shot, explanation=None)


def _differing(before: Turns, after: Turns) -> tuple[str, ...]:
    """The turns that differ, by their numbers from 1."""
    return tuple(f"turn {number}" for number, pair in enumerate(zip(before, after, strict=False), 1) if pair[0] != pair[1])
