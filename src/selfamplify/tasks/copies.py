"""When two questions are copies of each other: exactly, nearly, or but for the names and numbers in them."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from ..records import Question
from ..text.lines import counted, one_line, shortened
from ..text.scripts import UNSPACED

Key = tuple[str, ...]

_LETTERS = [chr(code) for code in range(0x530)]  # Latin, Greek and Cyrillic
_UPPER, _LOWER = "".join(filter(str.isupper, _LETTERS)), "".join(filter(str.islower, _LETTERS))
_TITLED = rf"(?:[{_UPPER}]['’])?[{_UPPER}]\w*[{_LOWER}]\w*(?:['’-]\w+)*['’]?"
# A sentence begins with a capital, so only one inside it begins a name; "I" and words in capitals, such as NOT, are none.
_NAME = re.compile(rf"(?<=[\w,;)] )(?:(?:Mrs?|Ms|Dr|St|Prof)\.? )?{_TITLED}(?: {_TITLED})*")
_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")
_NAMED, _NUMBERED = "\ufffc", "0"
"""What stands for a name, and for a number."""
_WORD = re.compile(rf"[{UNSPACED}]|(?:(?![{UNSPACED}])[^\W\d_])+")
_LEAST = 4
"""So many other words must be the same, and two for each name or number."""


def content_key(question: Question) -> Key:
    """A key that is equal for two questions with the same text and the same choices, in any order."""
    return (question.text, *sorted(choice.text for choice in question.choices))


def near_key(question: Question) -> Key:
    """A key that is also equal for questions that differ in case, white space, width of characters or the last mark."""
    return (bare_text(question.text), *_bare_choices(question))


def near_keys(questions: Sequence[Question]) -> list[Key]:
    """Keys that are equal for the same questions as their ``near_key``: a text that no other question has needs no choices."""
    texts = [bare_text(question.text) for question in questions]
    counts = Counter(texts)
    return [(text,) if counts[text] == 1 else near_key(asked) for text, asked in zip(texts, questions, strict=True)]


def near_copies(questions: Sequence[Question]) -> dict[str, str]:
    """The ids of the questions that are nearly copies of an earlier one, with the id of the first of these."""
    first: dict[Key, str] = {}
    return {
        asked.id: first[key]
        for asked, key in zip(questions, near_keys(questions), strict=True)
        if first.setdefault(key, asked.id) != asked.id
    }


def bare_text(text: str) -> str:
    """A text without what near-copies differ in."""
    usual = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return " ".join(usual.casefold().split()).rstrip(" .?!…。") or text


def _bare_choices(question: Question) -> list[str]:
    return sorted(bare_text(choice.text) for choice in question.choices)


def templates(questions: Sequence[Question]) -> dict[str, Key]:
    """Find the questions that differ from another one only in names and numbers.

    They have the same choices and the same right answer. If the right answers differ, as in arithmetic, the names or numbers
    decide them, and the questions are no copies of each other. Takes linear time.

    Parameters
    ----------
    questions : sequence of Question
        Questions with different ids.

    Returns
    -------
    dict
        For the id of each of these questions, a key that it shares with those that it differs from only so. Near-copies have
        the same key.
    """
    near = near_keys(questions)
    first = dict(zip(reversed(near), reversed(questions), strict=True))
    counts = Counter(hash(_masked(question.text)) for question in first.values())  # few are shared, so that none is kept
    alike = defaultdict[Key, list[Key]](list)
    for key, question in first.items():
        text = _masked(question.text)
        if counts[hash(text)] > 1 and _says_enough(text):
            alike[(text, *_bare_choices(question))].append(key)
    shared = {
        key: template
        for template, group in alike.items()
        if len(group) > 1 and len({_right(first[key]) for key in group}) == 1
        for key in group
    }
    return {question.id: shared[key] for question, key in zip(questions, near, strict=True) if key in shared}


def _masked(text: str) -> str:
    """The bare text with one sign in place of each name, and another in place of each number."""
    return bare_text(_NUMBER.sub(_NUMBERED, _NAME.sub(_NAMED, text)))


def _says_enough(masked: str) -> bool:
    """Whether enough words remain for two questions with this text to be copies."""
    words = len(_WORD.findall(masked))
    return words >= max(_LEAST, 2 * (masked.count(_NAMED) + masked.count(_NUMBERED)))


def _right(question: Question) -> str:
    return next(bare_text(choice.text) for choice in question.choices if choice.label == question.answer)


def template_note(train: Sequence[Question], test: Sequence[Question] | None, shared: Mapping[str, Key]) -> list[str]:
    """A sentence on the questions with ``templates``, if there are any; ``test`` is None if they are still to be split."""
    known = {shared[question.id] for question in train if question.id in shared}
    crossing = [question for question in test or () if shared.get(question.id) in known]
    if crossing:
        what = _differing(crossing, "test question", "training questions")
        return [f"{what}; accuracy on {'it' if len(crossing) == 1 else 'them'} says little about new questions."]
    alike = [question for question in (*train, *(test or ())) if question.id in shared]
    kept = (
        "those that are alike are on the same side"
        if test
        else "a split keeps those that are alike on the same side, unless the other would have too few questions or labels"
    )
    return [f"{_differing(alike, 'question', 'others')}; {kept}."] if alike else []


def _differing(questions: Sequence[Question], what: str, others: str) -> str:
    differ = f"{counted(len(questions), what)} {'differs' if len(questions) == 1 else 'differ'}"
    return f"{differ} from {others} only in names or numbers, such as '{shortened(one_line(questions[0].text))}'"
