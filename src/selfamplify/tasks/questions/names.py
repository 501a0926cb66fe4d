"""What people call the columns of question files, and columns that are numbered or lettered series."""

import re
import string
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from . import languages

QUESTION = (
    "question", "questiontext", "questionstem", "questiontitle", "questionbody", "questions", "query", "stem", "problem",
    "goal", "startphrase", "hypothesis", "sentence", "text", "input", "inputs", "ctx", "prompt", "review", "tweet",
    "headline", "statement", "utterance", "claim", "message", "comment", "content", "document", "description", "body",
    "premise", "passage", "article", "title", "q", "mcq", "sentences", "texts", "statements", "reviews", "tweets",
    "headlines", "utterances", "messages", "comments", *languages.QUESTION,
)  # fmt: skip
"""Names of the column of questions, or of texts to classify, the likeliest first."""

PAIRS = (
    ("text", "question"), ("sentence", "question"),
    ("premise", "hypothesis"), ("sentence1", "sentence2"), ("question1", "question2"), ("text1", "text2"),
    ("sentencea", "sentenceb"), ("texta", "textb"), ("claim", "evidence"), ("title", "description"), ("title", "text"),
    ("title", "content"),
)  # fmt: skip
"""Two columns that are read together: the first is the context of the second."""

CONTEXT = (
    "context", "contexts", "passage", "article", "paragraph", "story", "background", "premise", "dialogue",
    "conversation", "support", "fact", "scenario", "situation",
)  # fmt: skip
"""Names of columns that are read before the question."""

ANSWER = (
    "answerkey", "targetscores", "mc1targets", "finaldecision", "correctanswer", "rightanswer", "correctoption",
    "correctchoice", "answer", "correct", "bestanswer", "correctanswers", "trueanswer", "correctoptionid", "correctoptionids",
    "correctanswerid", "answerletter", "correctletter", "answeridx", "answerindex", "answerid", "correctidx", "correctindex",
    "correctansweridx", "correctanswerindex", "correctoptionindex", "correctchoiceindex", "labelidx", "labeltext",
    "labelname", "label", "labels", "goldlabel", "gold", "goldindex", "goldidx", "target", "targets", "cop", "key",
    "solution", "output", "response", "y", *languages.ANSWER,
)  # fmt: skip
"""Names of the column of right answers or labels, the likeliest first."""

CLASSES = (
    "sentiment", "class", "classindex", "classlabel", "classname", "classid", "category", "topic", "intent", "emotion",
    "stance", "polarity", "rating", "stars",
)  # fmt: skip
"""Names of the column of labels in a file without choices. With choices, they are about the question and not its answer."""

CHOICES = (
    "choices", "options", "answeroptions", "answerchoices", "answers", "candidates", "endings", "alternatives",
    "possibleanswers", "responses", "content", "choice", "option", *languages.CHOICES,
)  # fmt: skip
"""Names of a column that holds all choices."""

PROSE = ("content", "responses")
"""Those of them that hold choices only as real lists: as text, they are prose."""

CHOICE_STEMS = (
    "", "choice", "option", "answer", "ans", "op", "opt", "sol", "solution", "ending", "alternative", "answeroption",
    "answerchoice", "candidate", "response", "possibleanswer", "c", *languages.CHOICE_STEMS,
)  # fmt: skip
"""What comes before the letter or number in the names of columns with one choice each."""

DISTRACTORS = (
    "distractors", "incorrectanswers", "wronganswers", "incorrectchoices", "incorrectoptions", "falseanswers",
    "wrongchoices", "wrongoptions", *languages.DISTRACTORS,
)  # fmt: skip
"""Names of a column that holds all wrong choices."""

DISTRACTOR_STEMS = (
    "distractor", "incorrectanswer", "wronganswer", "incorrect", "wrong", "falseanswer", "incorrectchoice", "wrongchoice",
    "incorrectoption", "wrongoption", *languages.DISTRACTOR_STEMS,
)  # fmt: skip
"""What comes before the number in the names of columns with one wrong choice each."""

ID = (
    "id", "questionid", "qid", "uid", "guid", "exampleid", "itemid", "idx", "ind", "index",
)  # fmt: skip

_EXPLANATION = frozenset((
    "explanation", "explanations", "exp", "rationale", "rationales", "reason", "reasons", "reasoning", "analysis", "solution",
    "feedback", "hint", "hints", "tip", "cot", "justification", "comment", "note", "notes", *languages.EXPLANATION,
))  # fmt: skip

_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ACCENT = re.compile("(?<=[A-Za-zиИ])[\u0300-\u036f]+")
_REMARK = re.compile(r"(?<=\S)\s+[-–—(\[].*", re.DOTALL)
_PART = re.compile(r"[^\W\d_]+|\d+")
_WORDS = {word: str(number) for number, word in enumerate(("one", "two", "three", "four", "five", "six"), 1)}
_SERIES = (string.ascii_lowercase, "0123456789", tuple(map(str, range(1, 27))))


@cache
def plain(name: str) -> str:
    """A column's name without case, accents, spaces, marks and remarks.

    ``question_text``, ``Question Text``, ``questionText`` and ``Question text - at most 120 characters`` are one.
    """
    return "".join(_parts(_REMARK.sub("", name)))


def is_answer(name: str) -> bool:
    """Whether a column's name is that of right answers."""
    return plain(name) in ANSWER


def is_one_distractor(name: str) -> bool:
    """Whether a column's name says that it holds a single wrong choice, such as distractor1."""
    return plain(name) in {f"{stem}{mark}" for stem in DISTRACTOR_STEMS for mark in "01a"}


def reveals_answer(name: str) -> bool:
    """Whether a column's name says that it explains the right answer, or holds it."""
    parts = _parts(name)
    return is_answer(name) or not _EXPLANATION.isdisjoint(parts) or not set(ANSWER).isdisjoint(parts)


def _parts(name: str) -> list[str]:
    bare = unicodedata.normalize("NFC", _ACCENT.sub("", unicodedata.normalize("NFKD", name)))
    return [part.casefold() for part in _PART.findall(_HUMP.sub("_", bare))]


@dataclass(frozen=True)
class Series:
    """Columns with one choice each: option1, option2, …, or A, B, C, …

    Parameters
    ----------
    stem : str
        What the names have in common, as ``plain`` writes it.
    names : tuple of str
        The columns, in order.
    first : str
        The letter or number of the first: "a", "0" or "1".
    """

    stem: str
    names: tuple[str, ...]
    first: str


def series_of(names: Iterable[str]) -> list[Series]:
    """Every series of at least two columns."""
    members: dict[tuple[str, str], dict[str, str]] = {}
    for name in names:
        for stem, item, rest in _splits(name):
            members.setdefault((stem, rest), {}).setdefault(item, name)
    found = []
    for (stem, _), named in members.items():
        for items in _SERIES:
            run = []
            for item in items:
                if item not in named:
                    break
                run.append(named[item])
            if len(run) > 1:
                found.append(Series(stem, tuple(run), items[0]))
    return sorted(found, key=lambda one: -len(one.names))


def numbered_from(choices: tuple[str, ...], answer: str) -> int | None:
    """Where the numbers in the names of the choices' columns begin, if the answers' column speaks of these names.

    From 1 on, a column of labels or of indices may count otherwise: option1 and option2 go with labels 0 and 1, too.
    """
    first = next((one.first for one in series_of(choices) if one.names == choices), "")
    own = any(word in plain(answer) for word in ("index", "idx", "indice", "label", "gold", "target"))
    return 0 if first == "0" else 1 if first == "1" and not own else None


def _splits(name: str) -> list[tuple[str, str, str]]:
    """The ways to read a name as a stem, a letter or number, and a rest that all names of a series share."""
    parts = [_WORDS.get(part, part) for part in _parts(name)]
    places = [place for place, part in enumerate(parts) if part.isascii() and (part.isdigit() or len(part) == 1)]
    if len(places) > 1 and parts[places[1]].isdigit() and not places[0]:  # c1, c2, c3
        places = places[1:]
    found = [("".join(parts[:place]), parts[place].lstrip("0") or "0", "".join(parts[place + 1 :])) for place in places[:1]]
    whole = "".join(parts)
    if not found and whole and whole[:-1] in CHOICE_STEMS:  # opa, opb, opc
        found.append((whole[:-1], whole[-1], ""))
    return found
