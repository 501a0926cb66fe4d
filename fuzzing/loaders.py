"""A question file of any bytes is read as questions that hold together, or refused by an error of this package."""

import json
import tempfile
from functools import cache
from pathlib import Path

from selfamplify import Question, overview
from selfamplify.errors import SelfAmplifyError
from selfamplify.tasks.rows.rows import SUFFIXES

from .broken import Broken

KINDS = tuple(SUFFIXES)
OPTIONS = (
    {},
    {"header": False},
    {"separator": ";"},
    {"encoding": "cp1252"},
    {"answers_from": 0},
    {"answers_from": "text"},
    {"labels": ("0", "1")},
    {"shuffle_choices": 3},
)


def check(data: bytes) -> str:
    """The first byte chooses the kind of the file, the second the options; the rest is the file. Returns what came of it."""
    kind, options = KINDS[data[0] % len(KINDS)], OPTIONS[data[1] % len(OPTIONS)]
    file = _folder() / f"q{kind}"
    file.write_bytes(data[2:])
    try:
        found = overview("file", file, **options)  # pyright: ignore[reportArgumentType]
    except SelfAmplifyError as error:
        return refused(str(error))
    for question in (*found.reading.train, *(found.reading.test or ())):
        sound(question)
    json.dumps(found.as_json(3), ensure_ascii=False, allow_nan=False).encode()
    return "read"


def refused(message: str) -> str:
    """Check that an error is written for people: it can be printed, ends with a remedy, and fills a screen or two at most."""
    message.encode()
    if not message.rstrip().endswith((".", "`")) or len(message) > 20_000 or "Traceback" in message:
        raise Broken(f"an error without a remedy, or without an end: {message[:300]!r}")
    return "refused"


def sound(question: Question) -> None:
    """Check that a question can be asked, and written down."""
    labels = question.labels
    if question.answer not in labels or len(set(labels)) < len(labels) or len(labels) < 2 or not question.id:
        raise Broken(f"a question that can't be asked: {question!r:.300}")
    question.render().encode()


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="fuzzing-"))
