"""How a notebook shows a question with its words coloured by score, and a task."""

from markupsafe import Markup

from ...records import Question
from ...tasks.task import Task
from ...text.label_counts import bracketed, in_words, label_counts
from ...text.lines import counted
from ...text.shading import html_style
from ..marks import Marking, marks, score_text
from .pieces import block, bold, dim, folded, items, joined, paragraph, text

_SHOWN = 3
"""How many questions of each side of a task are shown."""
KEYWORD = "text-decoration:underline;text-decoration-thickness:2px;font-weight:bold"


def question(asked: Question) -> Markup:
    """A question, its choices and its answer."""
    planted = f"deciding words: {', '.join(asked.planted)}" if asked.planted else ""
    return block(asked.id, planted, paragraph(text(asked.render())), answer(asked))


def answer(asked: Question) -> Markup:
    """The true answer, by its label and its text."""
    right = next(choice.text for choice in asked.choices if choice.label == asked.answer)
    return Markup("<div>{} {}</div>").format(dim("answer:"), bold(text(f"{bracketed(asked.answer)} {right}".rstrip())))


def marked(asked: Question, explanation: Marking, k: int) -> Markup:
    """The text of a question, its words coloured by their scores and the keywords underlined; a word's title has its score."""
    found, shown, done = marks(asked, explanation, k), asked.render(), 0
    parts: list[Markup] = []
    for word in sorted({*found.shares, *found.chosen}, key=lambda word: word.start):
        scored = [html_style(found.shares[word])] if word in found.shares else []
        title = score_text(explanation, found.places[word]) if word in found.places else ""
        styles = [*scored, *([KEYWORD] if word in found.chosen else [])]
        parts += [text(shown[done : word.start]), span(word.text, styles, title)]
        done = word.end
    return paragraph(joined([*parts, text(shown[done:])]))


def span(word: str, styles: list[str], title: str) -> Markup:
    """A word with a style and a title."""
    named = Markup(' title="{}"').format(text(title)) if title else Markup()
    return Markup('<span style="{}"{}>{}</span>').format(";".join(styles), named, text(word))


def task(own: Task) -> Markup:
    """What a task holds: how many questions, the balance of its labels, its notes, and the first questions."""
    sides = {"training": own.train, "test": own.test}
    counts = {name: label_counts(each.called(each.answer) for each in questions) for name, questions in sides.items()}
    balance = [f"{name} answers: {in_words(count)}" for name, count in counts.items()]
    left_out = [f"{counted(len(own.skipped), 'row')} left out; the first: {own.skipped[0]}"] if own.skipped else []
    examples = [
        folded(f"First {name} questions", joined(question(each) for each in questions[:_SHOWN]))
        for name, questions in sides.items()
    ]
    size = f"{counted(len(own.train), 'training question')}, {counted(len(own.test), 'test question')}"
    return block(own.name, size, items([*balance, *own.notes, *left_out]), *examples)
