"""Runs with a hostile text wherever a text may be."""

from dataclasses import replace
from pathlib import Path
from warnings import catch_warnings, simplefilter

from hostile import HOSTILE
from small import CHOICES, number_of, scripted

from selfamplify import Choice, Question, ScoredWords, Shot, Task, WrittenText
from selfamplify.errors import SelfAmplifyWarning
from selfamplify.prompting.prompt import Prompt
from selfamplify.records import Chat
from selfamplify.runs.compare import compare
from selfamplify.runs.plan import Plan

TEXTS = tuple(text for text in HOSTILE if text.strip())


def hostile_task() -> Task:
    """Every hostile text as a question, with others as its choices, and as a note about the data."""
    made = tuple(
        Question(
            f"q{number} {text[:100]}",
            f"{text} #{number}#",
            tuple(
                Choice(label, f"{TEXTS[(number + place) % len(TEXTS)]} {choice}")
                for place, (label, choice) in enumerate(zip("ABC", CHOICES, strict=True))
            ),
            "ABC"[number % 3],
        )
        for number, text in enumerate(TEXTS)
    )
    others = tuple(replace(each, id=f"train {each.id}", text=f"Train {each.text}") for each in made[:12])
    return Task("task </title><script>alert(1)</script>", others, made, {each: each for each in "ABC"}, notes=TEXTS)


def hostile_reply(chat: Chat) -> str:
    """A hostile text and an answer, which is right for two questions of three."""
    number = number_of(chat)
    if chat.prefill.endswith("("):
        return "ABC"[number % 3]
    return f"{TEXTS[number % len(TEXTS)]} The answer is ({'ABC'[number % 3] if number % 3 else 'B'})"


def hostile_run(folder: Path) -> Path:
    """A comparison by a model with a hostile name, with hostile questions, choices, replies, notes and rationales."""
    plan = Plan(("auto_cot", "random"), ("success",), shots=4)
    with catch_warnings():
        simplefilter("ignore", SelfAmplifyWarning)  # no reply names (A)
        compare(scripted(hostile_reply, "model <img src=x onerror=alert(1)> \u202e"), hostile_task(), plan, folder)
    return folder


def explained(text: str) -> Prompt:
    """A prompt whose shots hold a text as question, choice, reply, word, and explanation."""
    asked = Question("q", f"{text} warm word", (Choice("A", text), Choice("B", "other")), "A")
    words = ScoredWords("q", "kernel_shap", ("warm", "word"), (0.5, -0.25), "logit")
    shots = (Shot(asked, text, "A", words), Shot(asked, "A", "A", WrittenText("q", "self_exp", text)))
    return Prompt("self_amplify", text, shots, {"A": text, "B": text}, system=text)
