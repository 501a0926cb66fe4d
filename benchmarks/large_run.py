"""A finished run of many questions and methods, whose answers are drawn at random: what the page of a large run is tried on."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from selfamplify import Choice, Counts, Provenance, Question, Shot
from selfamplify.evaluation.result import Result
from selfamplify.prompting.prompt import Prompt
from selfamplify.records import Cost, Response
from selfamplify.runs.cell import Cell
from selfamplify.runs.rows import Finished
from selfamplify.runs.run import Run

_WORDS = (
    "river stone light force plant metal water planet engine market window garden letter silver forest island doctor winter "
    "summer bridge castle dragon farmer hunter kettle ladder mirror needle orange pencil"
).split()


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
