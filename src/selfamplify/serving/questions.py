"""A text that a client sends, as a question of the prompt: its choices are those that the prompt's answer style offers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from ..prompting.prompt import Prompt
from ..records import Choice, Message, Question
from ..text.offered import LETTERS, Pairs, offered
from .refusals import Refusal


def asked_text(prompt: Prompt, messages: Sequence[Message]) -> str:
    """The text of the question in a request: that of its only message, or of the last one after the prompt's own messages.

    Raises Refusal for any other messages, since the prompt says what comes before a question.
    """
    last = messages[-1]
    before = [asdict(message) for message in messages[:-1]]
    text = last.content if prompt.shots and not before else _bare(prompt, last.content)
    if not text.strip():
        raise Refusal(400, "The question is empty; send it as the content of a user's message.", "messages")
    if last.role == "user" and (not before or before == prompt.messages(text)[:-1]):
        return text
    raise Refusal(
        400,
        "This server asks one question after the messages of its own prompt; send one message of the user, or the prompt's "
        "messages and the question. For other chats, start the server with --plain.",
        "messages",
    )


def _bare(prompt: Prompt, turn: str) -> str:
    """The question of a turn that the prompt has written; any other turn as it is."""
    own = turn if prompt.shots or not prompt.instruction else turn.removeprefix(f"{prompt.instruction}\n")
    asked = prompt.layout.asked(own) if prompt.layout else own
    return own if asked is None else asked


def question_of(prompt: Prompt, text: str, name: str) -> Question:
    """The question that reads as ``text``, as the prompt or the answer style writes it; nobody knows its true answer, so its
    first label stands there.

    Raises Refusal if the text offers no choices, and the prompt's instruction names none.
    """
    for stem, pairs in _readings(prompt, text):
        choices = tuple(Choice(*pair) for pair in pairs)
        found = Question(name, stem, choices, choices[0].label, answer_style=prompt.answer_style) if choices else None
        if found is not None and text in (prompt.shown(found), found.render()):
            return found
    raise Refusal(400, f"The question offers no choices that can be read; {_HOW[prompt.answer_style]}.", "messages")


_HOW: Mapping[str, str] = {
    "letter": "write them after it, as in: What do cats chase? (A) mice (B) stones",
    "label": "build the prompt again",  # its instruction names them
    "text": "write one per line below it, each after a hyphen and a space",
}


def _readings(prompt: Prompt, text: str) -> Iterator[tuple[str, Pairs]]:
    """The text of a question without its choices, and these; first as the prompt writes them."""
    style, labels, layout = prompt.answer_style, list(prompt.label_map), prompt.layout
    if style == "label":
        yield text, list(prompt.label_map.items())
    elif layout is None:
        yield offered(text, style, labels)
    elif layout.choices:
        yield offered(text, style, LETTERS, layout.choices)
        yield offered(text, style, LETTERS)
    else:  # the prompt would leave them out
        yield text, offered(text, style, LETTERS)[1]
