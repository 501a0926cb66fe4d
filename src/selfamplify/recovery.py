"""Reading a label out of a response: ordered, named rules on its text (section 4.1 lets a model do this)."""

import re
from collections.abc import Callable

from .records import Question

Rule = Callable[[str, Question], str | None]


def stated(text: str, question: Question) -> str | None:
    """ "… the answer is (B)": the last such statement, which is the conclusion."""
    letters = "".join(question.labels)
    found = re.findall(rf"\banswer(?:\s+is)?\s*:?\s*\**\s*(?:\(([{letters}])\)|([{letters}])\b(?!['’]))", text, re.IGNORECASE)
    return max(found[-1]).upper() if found else None


def leading(text: str, question: Question) -> str | None:
    """The response begins with the label: "(B) …", "B) …", "B. …", "B: …", or is the label alone."""
    letters = "".join(question.labels)
    found = re.match(rf"\s*\**(?:\(([{letters}])\)|([{letters}])(?:[).:]|\s*$))", text)
    return max(group or "" for group in found.groups()) if found else None


def parenthesised(text: str, question: Question) -> str | None:
    """Exactly one label stands in parentheses, anywhere."""
    letters = "".join(question.labels)
    found = set(re.findall(rf"\(([{letters}])\)", text))
    return found.pop() if len(found) == 1 else None


def chosen_text(text: str, question: Question) -> str | None:
    """The text of exactly one choice occurs in the response, as whole words."""
    said = text.casefold()
    found = [
        choice.label
        for choice in question.choices
        if re.search(rf"(?<!\w){re.escape(choice.text.casefold().rstrip('.'))}(?!\w)", said)
    ]
    return found[0] if len(found) == 1 else None


RULES: dict[str, Rule] = {"stated": stated, "leading": leading, "parenthesised": parenthesised, "chosen_text": chosen_text}
"""The rules in the order in which they are tried."""


def recover(text: str, question: Question) -> tuple[str, str] | None:
    """The label and the name of the first rule that finds one, or None."""
    for name, rule in RULES.items():
        label = rule(text, question)
        if label is not None:
            return label, name
    return None
