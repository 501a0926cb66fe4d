"""Test questions as they are asked after a prompt."""

from collections.abc import Sequence
from dataclasses import replace

from ..models.model import AbstractLanguageModel
from ..prompting.prompt import Prompt
from ..records import Asked, Encoded, Question
from .ending import Ending

LABEL_TOKENS = 2
"""The tokens of a label and its closing parenthesis."""


def ask_after(
    model: AbstractLanguageModel, prompt: Prompt, questions: Sequence[Question], ending: Ending | None = None
) -> list[Asked]:
    """Each question as it is asked after the prompt; with an ``ending`` that has a start, up to the answer."""
    start = ending.start if ending else None
    chats = [(question, prompt.chat(question)) for question in questions]
    return [Asked(each, model.encode(replace(chat, prefill=start) if start else chat)) for each, chat in chats]


def with_longest(model: AbstractLanguageModel, encoded: Encoded, answers: Sequence[str]) -> Encoded:
    """A question up to its answer, together with the longest of its answers, as ``next_token`` compares them."""
    return max((model.encode(encoded.chat.answered(answer)) for answer in answers), key=lambda each: each.length)
