"""Reading a label from a response by named rules, in order (in section 4.1 of the paper, a model does this)."""

import re
from collections.abc import Callable, Sequence

from ..records import Question
from ..text.segments import UNSPACED, half_width

Rule = Callable[[str, Question], str | None]
"""Takes a response, with ASCII in place of full-width forms, and its question; returns the label that it names, or None."""
_NOT = r"(?:不是|不選|不选|而非|并非|並非|ไม่ใช่)\s*"
"""Negations before a label in languages without spaces; in Japanese they follow it."""
_IS_NOT = r"(?:では|じゃ)(?:な|あり)"


def stated(text: str, question: Question) -> str | None:
    """The last statement such as "… the answer is (B)" or "Answer: b", which is the conclusion.

    A letter without parentheses must end its clause, or be a capital that is not an English word: in "the answer is a plant",
    "a" is an article.
    """
    capitals = _one_of([label for label in question.labels if label not in ("A", "I")])
    found = re.findall(
        rf"""(?:\b(?:answer|(?:right|correct|best)\s+(?:choice|option))(?:\s+is)?(?:\s+(?:option|choice))?"""
        rf"""|(?:答案|答え|正解|คำตอบ)(?:应该|應該)?(?:是|为|為|は|คือ)?(?:选项|選項|ข้อ)?)\s*[:=–-]?[\s*_"'“]*"""
        rf"""(?:\(\s*({_one_of(question.labels)})\s*\)(?!{_IS_NOT})|"""
        rf"""({_one_of(question.labels)})(?=[*_"'”]*\s*(?:[.,;:!?)\]]|$|\n|(?:because|since)\b|因|です|เพราะ))|"""
        rf"""((?-i:{capitals}))\b(?!['’]))""",
        text,
        re.IGNORECASE,
    )
    return _label("".join(found[-1]), question) if found else None


def leading(text: str, question: Question) -> str | None:
    """The response begins with the label: "(B) …", "**b)** …", "B. …", "B: …", or the label is its first line."""
    label, marked = _one_of(question.labels), rf"\)|[.:](?:(?!\w)|(?=[{UNSPACED}]))"
    found = re.match(rf"[\s*_]*(?:\(({label})\)|({label})[*_]*(?:{marked}|[^\S\n]*(?:$|\n)))", text, re.IGNORECASE)
    return _label("".join(group or "" for group in found.groups()), question) if found else None


def parenthesised(text: str, question: Question) -> str | None:
    """The response contains exactly one label in parentheses, not counting those after a negation."""
    denied = r"(?:\b(?:not|cannot be|rather than|instead of)|n['’]t(?: be)?)(?: the answer)?\s+"
    left = re.sub(rf"(?:{denied}|{_NOT})\(\w+\)|\(\w+\){_IS_NOT}", "", text, flags=re.IGNORECASE)
    found = set(re.findall(rf"\(({_one_of(question.labels)})\)", left))
    return _label(found.pop(), question) if len(found) == 1 else None


def chosen_text(text: str, question: Question) -> str | None:
    """The response contains the text of exactly one choice, as whole words that are not part of another choice's text."""
    # Keywords are hints: a list of keywords that is cut off before the answer does not name one.
    said = re.sub(r"\bthe \d+ keywords\b.*?(?:are important|\Z)", "", text.casefold(), flags=re.DOTALL)
    texts = {choice.label: half_width(choice.text).casefold().rstrip(".") for choice in question.choices}
    found: list[str] = []
    for label in sorted(texts, key=lambda label: -len(texts[label])):
        pattern = rf"(?<!\w){re.escape(texts[label])}(?!\w)"
        if texts[label].strip() and re.search(pattern, said):
            found.append(label)
            said = re.sub(pattern, "\0", said)
    return found[0] if len(found) == 1 else None


def _one_of(labels: Sequence[str]) -> str:
    """A pattern that matches any of the labels; if there are none, it matches nothing."""
    return "|".join(map(re.escape, sorted(map(half_width, labels), key=len, reverse=True))) or "(?!)"


def _label(written: str, question: Question) -> str | None:
    """The label that was written, in upper or lower case."""
    return next((label for label in question.labels if half_width(label).casefold() == written.casefold()), None)


RULES: dict[str, Rule] = {"stated": stated, "leading": leading, "parenthesised": parenthesised, "chosen_text": chosen_text}
"""The rules in the order in which they are tried."""


def recover(text: str, question: Question) -> tuple[str, str] | None:
    """The label that the first successful rule finds, and the name of that rule.

    Parameters
    ----------
    text : str
        The response.
    question : Question
        The question, whose labels are looked for.

    Returns
    -------
    (str, str) or None
        None if no rule finds a label.
    """
    narrow = half_width(text)
    for name, rule in RULES.items():
        label = rule(narrow, question)
        if label is not None:
            return label, name
    return None
