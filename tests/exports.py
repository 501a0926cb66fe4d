"""Prompts, questions and replies that are hard to export: shared by the tests of exporters and of the tools themselves."""

from collections.abc import Sequence

from hostile import HOSTILE

from selfamplify import Choice, Prompt, Question, Shot
from selfamplify.answering.recovery import recover
from selfamplify.records import Decoding
from selfamplify.text.replies import through_last_line, without_thinking

TEXTS = tuple(
    text
    for text in (
        *HOSTILE,
        "\n---\n", "{{z}}", "{question}", "{{question}}", "{% endraw %}", "{# no comment #}", "${shots} $shots",
        "!function task.shots", "- a: [b, {c: d}]", "key: |\n  block", "'\"`\\n\\\"", "file://task.py", "package:x:y",
        "<<CUSTOM-TYPE-START-IDENTIFIER>>", "[[ ## answer ## ]]", "%question%", "trailing line\n", "  spaces  ", "\x85 next",
    )
    if text
)  # fmt: skip
"""Texts that mean something to YAML, JSON, a template or one of the tools."""
LABELS = {"A": "negative", "B": "positive"}
WORDINGS = (
    "The answer is {right}",
    "The keywords are clear, therefore the answer is {right}.",
    "**{right}**",
    "<think>It might be {wrong}. The answer is {wrong}</think>The answer is {right}",
    "I would say that the answer is {wrong}",
    "The answer is {right}\n\nReview: another one\nThe answer is {wrong}",
    "The answer is not {wrong}, it is {right}.",
    "Hm, both are possible",
    "",
    "{right} or {wrong}?",
)
"""Replies of varied wording, some of which name no label."""


def named(number: int, text: str) -> Question:
    """A review that is negative or positive; its number makes it unlike all others."""
    choices = tuple(Choice(*each) for each in LABELS.items())
    return Question(f"q{number}", f"{number}: {text}", choices, "AB"[number % 2], answer_style="label")


def lettered(number: int, text: str) -> Question:
    """A question with choices that are hostile, too."""
    offered = (text.strip() or "x", "dry palms", "{{ palms }}")
    choices = tuple(Choice(label, choice) for label, choice in zip("ABC", offered, strict=True))
    return Question(f"q{number}", f"{number}: {text}", choices, "ABC"[number % 3])


def hostile_prompt(label: bool = True, shots: int = len(TEXTS), prefill: str = "", system: str = "") -> Prompt:
    """A prompt whose every part is hostile; its answers are labels' names or letters."""
    made = [(named if label else lettered)(1000 + number, text) for number, text in enumerate(TEXTS[:shots])]
    replies = [f"{text} {prefill} the answer is {each.written(each.answer)}" for text, each in zip(TEXTS, made, strict=False)]
    return Prompt(
        method="self_amplify",
        instruction="Is the review {{ negative }} or positive? {question} {% raw %}\nExample: \"The answer is 'x'\"",
        shots=tuple(Shot(each, reply, each.answer) for each, reply in zip(made, replies, strict=True)),
        label_map=LABELS if label else {label: label for label in "ABC"},
        decoding=Decoding(max_new_tokens=37, last_line=r"\banswer is\b"),
        prefill=prefill,
        answer_style="label" if label else "letter",
        system=system,
    )


def hostile_questions(label: bool = True, count: int = 50) -> tuple[Question, ...]:
    """As many questions, whose texts are hostile in turn."""
    return tuple((named if label else lettered)(number, TEXTS[number % len(TEXTS)]) for number in range(count))


def replies(questions: Sequence[Question]) -> list[str]:
    """A reply to each question, by its wording right, wrong or without a label."""
    said = []
    for number, each in enumerate(questions):
        other = next(label for label in each.labels if label != each.answer)
        right, wrong = each.written(each.answer), each.written(other)
        said.append(WORDINGS[number * 7 % len(WORDINGS)].format(right=right, wrong=wrong))
    return said


def label_of(prompt: Prompt, reply: str, question: Question) -> str | None:
    """The label that our rules read in what our own models return of a reply."""
    own = through_last_line(without_thinking(reply).strip(), prompt.decoding.last_line).strip()
    found = recover(prompt.reply(own), question)
    return found[0] if found else None
