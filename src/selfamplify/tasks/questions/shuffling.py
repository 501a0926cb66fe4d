"""The place of the right choice: whether it gives the answer away, and shuffling the choices."""

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from ...records import Choice, Question
from ...seeds import derive
from ...text.lines import counted
from ..copies import content_key
from ..source import Reading

Shuffle = int | Literal["auto", "off"]

_ENOUGH = 5
"""Fewer questions than this have their right choice in one place by chance in more than one of a hundred files."""
_SKEWED, _MANY = 0.8, 20
_SEEDS = 100
_AND = r"(?:and|n?or|und|oder|noch|y|o|e|ou|ni|et|и|или|和|及|與|与|或|[&,、/+])"
_LETTER = r"(?:[A-H]|\([A-Ha-h]\))"
_BY_LETTER = re.compile(rf"(?<![A-Za-z0-9]){_LETTER}\s*{_AND}\s*{_LETTER}(?![A-Za-z0-9])")
_STAYS = re.compile(
    r"\b(?:all|none|both|neither|any)\s+(?:of\s+)?(?:the\s+|these\b|those\b|them\b|above)"
    r"|\b(?:alle|keine|tod[oa]s|ningun[oa]|nenhuma|todas|toutes|aucune|tutte|nessuna)\b.*"
    r"\b(?:genannten|antworten|oben|anterior(?:es)?|respuestas?|opciones|alternativas?|r[eé]ponses?|risposte|precedenti)\b"
    r"|(?:以上|上述)[都皆均全]|перечисленн|\b(?:все|ни один)\b.*\b(?:ответ|вариант)",
    re.IGNORECASE,
)
"""Choices such as "none of the above", in several languages."""


def constant_place(questions: Sequence[Question], enough: int = _ENOUGH) -> bool:
    """Whether the right choice has the same place in all of at least ``enough`` questions.

    Questions that all offer the same choices in the same order are labelled texts; for these, only the first place counts.
    """
    labels = {question.answer for question in questions}
    if len(questions) < enough or len(labels) != 1:
        return False
    return labels == {"A"} or any(question.choices != questions[0].choices for question in questions)


def place_notes(questions: Sequence[Question]) -> list[str]:
    """What is odd about where the right choices are."""
    counts = Counter(question.answer for question in questions)
    total = len(questions)
    offered = Counter(choice.label for question in questions for choice in question.choices)
    label, most = counts.most_common(1)[0]
    notes = []
    if most == total > 1 or total >= _MANY and most > _SKEWED * total:
        notes.append(f"({label}) is right in {most} of {total} questions.")
    never = [label for label, count in sorted(offered.items()) if label not in counts and count >= _MANY]
    if never and most < total:
        shown = ", ".join(f"({label})" for label in never)
        notes.append(f"{shown} {'is' if len(never) == 1 else 'are'} never right; check that the answers were read as meant.")
    return notes


def with_shuffled_choices(questions: Sequence[Question], seed: int) -> tuple[tuple[Question, ...], int]:
    """The questions with their choices in random order, and how many keep theirs because a choice names another by its letter.

    The order depends on the question and the seed alone. A choice such as "none of the above" keeps its place.
    """
    found = [_shuffled(question, seed) for question in questions]
    return tuple(question or old for question, old in zip(found, questions, strict=True)), found.count(None)


def _shuffled(question: Question, seed: int) -> Question | None:
    texts = [choice.text for choice in question.choices]
    if any(_BY_LETTER.search(text) for text in texts):
        return None
    moving = [place for place, text in enumerate(texts) if not _STAYS.search(text)]
    order = moving.copy()
    random.Random(derive(seed, "choices", *content_key(question))).shuffle(order)
    source = dict(zip(moving, order, strict=True))
    labels = question.labels
    choices = tuple(Choice(label, texts[source.get(place, place)]) for place, label in enumerate(labels))
    right = labels.index(question.answer)
    answer = next(label for place, label in enumerate(labels) if source.get(place, place) == right)
    return replace(question, choices=choices, answer=answer)


def placed(reading: Reading, wanted: Shuffle) -> Reading:
    """The reading with its choices shuffled, if that is asked for or needed, and with notes on where the right ones are.

    Where a file has the right choice and the wrong ones apart, or marks the right one, its order is nobody's intention.
    """
    questions = (*reading.train, *(reading.test or ()))
    apart = "distractors" in reading.roles
    constant = constant_place(questions, 2) if apart or reading.marked else constant_place(questions)
    notes = place_notes(questions) if questions and not apart else []
    if wanted == "off" or wanted == "auto" and not constant:
        return replace(reading, notes=(*reading.notes, *notes))
    seed = 0 if wanted == "auto" else int(wanted)
    found, kept = with_shuffled_choices(questions, seed)
    while wanted == "auto" and constant_place(found, 2) and kept < len(found) and seed < _SEEDS:
        seed += 1
        found, kept = with_shuffled_choices(questions, seed)
    notes.append(
        f"The choices of each question are shuffled with seed {seed}"
        + (f", apart from {counted(kept, 'question')} with choices such as 'A and B'" if kept else "")
        + ('; use `shuffle_choices="off"` to keep their order.' if wanted == "auto" else ".")
    )
    train, test = found[: len(reading.train)], found[len(reading.train) :]
    return replace(reading, train=train, test=None if reading.test is None else test, notes=(*reading.notes, *notes))
