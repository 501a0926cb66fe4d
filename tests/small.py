"""Small things that many tests need: questions, tasks, scripts, and the paths of the shared models and data."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from selfamplify import Choice, Question, ScriptedModel, Task
from selfamplify.explain.explainer import AbstractExplainer
from selfamplify.names import NAMES, find
from selfamplify.records import Chat, Explanation, ScoredPairs, ScoredWords

Run = Callable[..., tuple[int, str, str]]
"""Runs a command line; returns its exit code, and what it printed to standard output and standard error."""
SHARED = Path(__file__).parents[2] / "shared"
CHOICES = ("wet moss", "dry palms", "warm soup")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
EXPLAINERS: dict[str, type[AbstractExplainer]] = {name: find("explainer", name) for name in NAMES["explainer"]}


def word_scores(explanation: Explanation) -> ScoredWords:
    """The scores of words; if pairs are scored, too, half of a pair's score counts for each of its words."""
    if isinstance(explanation, ScoredPairs):
        own = explanation
        return ScoredWords(
            own.question_id, own.explainer, own.words, own.shares, own.value, own.completeness_gap, None, own.cost, own.baseline
        )
    assert isinstance(explanation, ScoredWords)
    return explanation


def question(number: int = 0, choices: Sequence[str] = CHOICES, answer: str = "B", text: str = "") -> Question:
    """A question whose text contains ``#number#``, by which scripts recognise it."""
    offered = tuple(Choice(label, choice) for label, choice in zip(LETTERS, choices, strict=False))
    return Question(f"q{number}", text or f"George rubs thing #{number}# until warm; which skin surface?", offered, answer)


def task(train: int = 12, test: int = 6, answers: str = "ABC") -> Task:
    """``train`` questions to take shots from, and the following ``test`` ones to answer; their answers cycle through
    ``answers``. Their choices differ, so that they are asked by letters."""
    made = [
        question(number, (*CHOICES[:2], f"{'warm' if number % 2 else 'cold'} soup"), answers[number % len(answers)])
        for number in range(train + test)
    ]
    return Task("small", tuple(made[:train]), tuple(made[train:]), {label: label for label in "ABC"})


def number_of(chat: Chat) -> int:
    """The number of the question that a chat ends with."""
    return int(re.findall(r"#(\d+)#", chat.question)[-1])


def right(chat: Chat) -> str:
    """The true answer of a question of ``task()``."""
    return "ABC"[number_of(chat) % 3]


def wrong(chat: Chat) -> str:
    """A false answer of a question of ``task()``."""
    return "BCA"[number_of(chat) % 3]


def mixed(chat: Chat) -> str:
    """A right answer, a wrong one, or no label at all, depending on the question."""
    return (right, wrong, lambda _: "Z")[number_of(chat) // 3 % 3](chat)


def talker(chat: Chat) -> str:
    """Names labels like ``mixed``, and speaks in sentences when a text is wanted."""
    if chat.prefill.endswith("("):
        return mixed(chat)
    if "keywords" in chat.prefill:
        return '"thing", "warm", and "skin"'
    if "explanation" in chat.prefill:
        return "Rubbing warms, palms are skin, therefore the answer is (B)."
    return f"It seems to me that the answer is ({wrong(chat) if number_of(chat) % 2 else right(chat)})"


def scripted(script: Callable[[Chat], str], name: str = "scripted", context: int = 1 << 20) -> ScriptedModel:
    """A scripted model with a default name."""
    return ScriptedModel(script, name, context)


def shared(*parts: str) -> Path:
    """A path in the shared folder; if it does not exist, the test is skipped."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"needs {path.relative_to(SHARED.parent)}, which is not on this machine")
    return path


def left_behind(folder: Path) -> dict[str, bytes]:
    """The files of a run folder that hold results, byte by byte."""
    files = [*folder.glob("*.json"), *folder.glob("prompts/*.json"), *folder.glob("*.jsonl")]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}
