"""A text that a client sends, as a question of the prompt: its choices are those that the prompt's answer style offers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from ..prompting.prompt import Prompt
from ..records import Choice, Message, Question
from .refusals import Refusal

_LISTED = re.compile(r"(?:\n- [^\n]*)+\Z")


def asked_text(prompt: Prompt, messages: Sequence[Message]) -> str:
    """The text of the question in a request: that of its only message, or of the last one after the prompt's own messages.

    Raises Refusal for any other messages, since the prompt says what comes before a question.
    """
    last = messages[-1]
    text = last.content
    opening = f"{prompt.instruction}\n"
    if not prompt.shots:
        text = text.removeprefix(opening)
    if not text.strip():
        raise Refusal(400, "The question is empty; send it as the content of a user's message.", "messages")
    before = [asdict(message) for message in messages[:-1]]
    if last.role == "user" and (not before or before == prompt.messages(text)[:-1]):
        return text
    raise Refusal(
        400,
        "This server asks one question after the messages of its own prompt; send one message of the user, or the prompt's "
        "messages and the question. For other chats, start the server with --plain.",
        "messages",
    )


def question_of(prompt: Prompt, text: str, name: str) -> Question:
    """The question that reads as ``text`` after the prompt; nobody knows its true answer, so its first label stands there.

    Raises Refusal if the text offers no choices, and the prompt's instruction names none.
    """
    choices, stem = _choices(prompt, text)
    found = Question(name, stem, tuple(choices), choices[0].label, answer_style=prompt.answer_style) if choices else None
    if found is None or found.render() != text:
        raise Refusal(400, f"The question offers no choices that can be read; {_HOW[prompt.answer_style]}.", "messages")
    return found


_HOW: Mapping[str, str] = {
    "letter": "write them after it, as in: What do cats chase? (A) mice (B) stones",
    "label": "build the prompt again",  # its instruction names them
    "text": "write one per line below it, each after a hyphen and a space",
}


def _choices(prompt: Prompt, text: str) -> tuple[list[Choice], str]:
    """The choices of a question, and its text without them."""
    if prompt.answer_style == "label":
        return [Choice(label, name) for label, name in prompt.label_map.items()], text
    labels = list(prompt.label_map)
    if prompt.answer_style == "text":
        listed = _LISTED.search(f"\n{text}" if text.startswith("- ") else text)
        lines = listed[0].split("\n- ")[1:] if listed else []
        if not 2 <= len(lines) <= len(labels):
            return [], text
        stem = text[: max(0, len(text) - len(listed[0]))] if listed else text
        return [Choice(label, line) for label, line in zip(labels, lines, strict=False)], stem
    return _lettered(labels, text)


def _lettered(labels: Sequence[str], text: str) -> tuple[list[Choice], str]:
    """The choices at the end of ``stem (A) first (B) second``: from the last first label that the next one follows."""
    marks = [f"({label}) " for label in labels]
    end = text.rfind(f" {marks[1]}") if len(marks) > 1 else -1
    start = text.rfind(marks[0], 0, max(end, 0))
    if start < 0 or (start and text[start - 1] != " "):
        return [], text
    choices, rest = list[Choice](), text[start + len(marks[0]) :]
    for label, mark in zip(labels, [*marks[1:], ""], strict=True):
        before, found, after = rest.partition(f" {mark}") if mark else (rest, "", "")
        choices.append(Choice(label, before))
        if not found:
            break
        rest = after
    return choices, text[: max(0, start - 1)]
