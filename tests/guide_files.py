"""The files that pages of the documentation take for granted: small ones, which the embedded model understands."""

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hub_repositories import SCHEMAS

import selfamplify
from selfamplify import Question, load_task

EMBEDDED = Path(selfamplify.__file__ or "").parent / "demo"
MODELS = ("path/or/hub-name", "models/cardputer-chat-3M")
"""Folders of models that pages name; here they hold the embedded model."""
STORY = "Lily saw a big dog in the park. The dog was sad because he lost his ball. What did the dog want?"
SNIPPETS = (
    ("a fine film", "positive"),
    ("a dull film", "negative"),
    ("warm and wise", "positive"),
    ("cold and vain", "negative"),
)
BAD = """question,A,B,answer
Which animal barks?,cat,dog,B
Which animal purrs?,cat,dog,bird
Which animal moos?,cow,hen,A
Which animal clucks?,cow,hen,B
"""
ODD = """prompt_text,first,second,gold
Which animal barks?,cat,dog,2
Which animal purrs?,cat,dog,1
"""


def make(folder: Path) -> Path:
    """Write all files into a folder, which is returned."""
    for name in MODELS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(EMBEDDED, target_is_directory=True)
    questions(folder / "questions.csv")
    melting(folder / "melting.csv")
    messages(folder / "messages.json")
    quiz(folder / "quiz.csv")
    repositories(folder / "copies")
    (folder / "bad.csv").write_text(BAD, encoding="utf-8")
    (folder / "odd.csv").write_text(ODD, encoding="utf-8")
    (folder / "story.txt").write_text(STORY, encoding="utf-8")
    return folder


def questions(file: Path) -> None:
    """A question file that the embedded model understands."""
    _write(file, ["question", "A", "B", "C", "D", "answer"], lambda each: [*_offered(each), each.answer])


def melting(file: Path) -> None:
    """The question file of the quickstart, whose answers are texts; after its first row it goes on as ``questions`` does."""
    _write(file, ["text", "a", "b", "c", "answer"], _of_three, ["What melts at noon?", "ice", "iron", "stone", "ice"])


def _write(file: Path, header: list[str], row: Callable[[Question], list[str]], *first: list[str]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([header, *first, *map(row, load_task("planted_arc").train[:80])])


def _offered(each: Question) -> list[str]:
    return [each.text, *(choice.text for choice in each.choices)]


def _of_three(each: Question) -> list[str]:
    right = next(choice.text for choice in each.choices if choice.label == each.answer)
    return [each.text, *[choice.text for choice in each.choices if choice.text != right][:2], right, right]


def messages(file: Path) -> None:
    """A prompt as another program would have it."""
    turns = [{"role": "system", "content": "You judge films."}]
    for number, (text, label) in enumerate((*SNIPPETS, ("{question}", ""))):
        asked = f"{'' if number else 'Answer with one word.' + chr(10)}Snippet: {text} Sentiment:"
        turns += [{"role": "user", "content": asked}, {"role": "assistant", "content": label}]
    file.write_text(json.dumps(turns[:-1]), encoding="utf-8")


def quiz(file: Path) -> None:
    towns = [
        ("Seine", "Paris", "Lyon", "Nice", "Lille", 0), ("Thames", "Leeds", "London", "York", "Bath", 1),
        ("Spree", "Bonn", "Kiel", "Berlin", "Trier", 2), ("Tiber", "Milan", "Turin", "Bari", "Rome", 3),
        ("Vltava", "Prague", "Brno", "Plzen", "Zlin", 0), ("Danube", "Graz", "Linz", "Wels", "Steyr", ""),
    ]  # fmt: skip
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["question", "option1", "option2", "option3", "option4", "correct_index", "source"])
        writer.writerows((f"Which town lies on the {river}?", *rest, "written by hand") for river, *rest in towns)


def repositories(folder: Path) -> None:
    """Copies of data sets of the hub."""
    places = ("fridge", "harbour", "drawer", "post office", "garden")
    kept = replace(SCHEMAS["commonsense_qa"], rows=8, row=lambda split, number: _kept(split, number, places))
    kept.build(folder / "commonsense_qa")
    SCHEMAS["mmlu"].build(folder / "mmlu")


def _kept(split: str, number: int, places: Sequence[str]) -> dict[str, Any]:
    return {
        "id": f"{split}-{number}",
        "question": f"Where do people keep {'milk' if split == 'train' else 'boats'} at number {number}?",
        "question_concept": "keep",
        "choices": {"text": list(places), "label": list("ABCDE")},
        "answerKey": "ABCDE"[number % 5],
    }
