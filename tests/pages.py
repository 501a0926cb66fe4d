"""Run folders whose pages are tested: one with a hostile text wherever a text may be, one with many questions."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from hostile import HOSTILE
from small import CHOICES, number_of, scripted

from selfamplify import Choice, Counts, Provenance, Question, ScoredWords, Shot, Task, WrittenText
from selfamplify.evaluation.result import Result
from selfamplify.prompting.prompt import Prompt
from selfamplify.records import Chat, Cost, Response
from selfamplify.runs.cell import Cell
from selfamplify.runs.compare import compare
from selfamplify.runs.plan import Plan
from selfamplify.runs.rows import Finished
from selfamplify.runs.run import Run

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
    compare(scripted(hostile_reply, "model <img src=x onerror=alert(1)> \u202e"), hostile_task(), plan, folder)
    return folder


def many(folder: Path, questions: int, methods: int, seed: int = 0) -> Path:
    """A finished run of many questions and methods, written as ``compare`` writes it; its answers are drawn at random."""
    drawn = np.random.default_rng(seed)
    asked = tuple(_question(number) for number in range(questions))
    with Run(folder) as run, run.claimed("results", settings := {"command": "compare", "task": "many", "model": "drawn"}):
        finished = list(_finished(drawn, asked, methods))
        for each in finished:
            run.save_prompt(str(each.cell), each.prompt)
        run.finish(finished, {}, settings)
    return folder


def _finished(drawn: np.random.Generator, asked: tuple[Question, ...], methods: int) -> Iterator[Finished]:
    for number in range(methods):
        name = "io" if number == 0 else f"method_{number}"
        cell = Cell(name, "error", 6, 0)
        labels = ["ABCD"[place] for place in drawn.integers(0, 4, len(asked))]
        right = drawn.random(len(asked)) < 0.4 + 0.03 * number
        given = [each.answer if hit else label for each, hit, label in zip(asked, right, labels, strict=True)]
        responses = tuple(
            Response(each.id, _reply(each, label, number), label, "stated", Cost(1, 0.1 * (1 + number)))
            for each, label in zip(asked, given, strict=True)
        )
        yield Finished(cell, _prompt(asked, name), Result(name, "many", "drawn", asked, responses), "error")


def _question(number: int) -> Question:
    text = f"Question #{number}#: " + " ".join(_WORDS[(number * 7 + place) % len(_WORDS)] for place in range(25)) + "?"
    choices = tuple(Choice(label, _WORDS[(number + place) % len(_WORDS)]) for place, label in enumerate("ABCD"))
    return Question(f"many-{number}", text, choices, "ABCD"[number % 4])


def _reply(question: Question, label: str, method: int) -> str:
    words = question.text.split()[1:]
    named = ", ".join(f'"{words[(method * 3 + place) % len(words)]}"' for place in range(6))
    return (
        f"The 6 keywords {named} are important to predict that the answer is ({label})"
        if method
        else f"The answer is ({label})"
    )


def _prompt(asked: tuple[Question, ...], method: str) -> Prompt:
    made = Provenance(
        task="many", model="drawn", model_fingerprint="none", profile="default", labels=tuple("ABCD"), selection="error",
        counts=Counts(), seed=0, sample_sha256="", selfamplify="0", explainer=None if method == "io" else method, keywords=6,
    )  # fmt: skip
    shots = tuple(Shot(each, _reply(each, each.answer, 1), each.answer) for each in map(_question, range(10_000, 10_008)))
    return Prompt(
        "io" if method == "io" else "self_amplify", "Answer.", shots, {each: each for each in "ABCD"}, provenance=made
    )


_WORDS = (
    "river stone light force plant metal water planet engine market window garden letter silver forest island doctor winter "
    "summer bridge castle dragon farmer hunter kettle ladder mirror needle orange pencil"
).split()


def explained(text: str) -> Prompt:
    """A prompt whose shots hold a text as question, choice, reply, word, and explanation."""
    asked = Question("q", f"{text} warm word", (Choice("A", text), Choice("B", "other")), "A")
    words = ScoredWords("q", "kernel_shap", ("warm", "word"), (0.5, -0.25), "logit")
    shots = (Shot(asked, text, "A", words), Shot(asked, "A", "A", WrittenText("q", "self_exp", text)))
    return Prompt("self_amplify", text, shots, {"A": text, "B": text}, system=text)
