"""A prompt.json that was edited in a text editor: what its hashes hold, and which prompt it is then.

Texts may be edited; a change of anything else, such as a figure of the evidence, is refused.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DataError
from ..records import DecisiveWords, Edit, ScoredPairs, ScoredWords, Shot
from ..text.sealing import seal
from .texts import Turns, changed_parts, earlier_instructions, read_back, without_texts

if TYPE_CHECKING:
    from .prompt import Prompt

TEXTS_APART = 5
"""From this version of prompt.json on, texts and all else have a digest each, so that an edit of texts is told as one."""


def record_seal(data: Mapping[str, Any], prompt_sha256: str) -> str:
    """The digest of all that a file says of a prompt besides its texts, and of the digest of its texts."""
    return seal([without_texts(data), prompt_sha256])


def as_written(data: Mapping[str, Any], hashes: Mapping[str, str]) -> bool:
    """Whether a file matches its hashes, but for the texts if these have a digest of their own."""
    if data["version"] >= TEXTS_APART:
        return hashes["record_sha256"] == record_seal(data, hashes["prompt_sha256"])
    return data["version"] < 4 or hashes["file_sha256"] == seal(data)


def settled(prompt: "Prompt", messages: Turns, recorded: str, file: Path) -> "Prompt":
    """The prompt that a file with edited texts holds, with a record of the edit, and without the evidence and the quick check.

    Parameters
    ----------
    prompt : Prompt
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
    if prompt.digest() == recorded:  # the messages alone were edited
        texts = read_back(prompt.texts, prompt.context, messages, lambda own: prompt.put(own).context)
        if texts is None:
            raise DataError(
                f'{file} was edited in "messages", and it is not clear which of its texts that changes; edit "instruction" and '
                f'"shots" instead, or use `selfamplify edit {file}`.'
            )
        return prompt.with_texts(texts)
    instructions = (prompt.instruction, *earlier_instructions(messages))
    if messages == prompt.context:  # both were edited alike
        parts = ("its texts",)
    elif any(prompt.digest_of(messages, each) == recorded for each in instructions):  # all but the messages
        before = read_back(prompt.texts, prompt.context, messages, lambda own: prompt.put(own).context)
        parts = changed_parts(before, prompt.texts) if before else _differing(messages, prompt.context)
    else:
        raise DataError(
            f'{file} was edited in "messages" and also in the texts that they are made of, and the two differ; undo one of '
            f"these edits, or use `selfamplify edit {file}`."
        )
    edit = Edit(parts=parts, before=recorded, lost_evidence=prompt.evidence is not None)
    return replace(prompt, shots=tuple(map(_explained, prompt.shots)), edits=(*prompt.edits, edit), evidence=None, check=None)


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
