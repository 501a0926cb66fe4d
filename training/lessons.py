"""Lessons: chats about the planted world in every format that the package uses, with the true replies.

A lesson's chat is built by the package's own ``Prompt`` and formats, so that training shows what the method will write. A
teacher takes scenes, of which the last is the question and the others are the shots; it serves training and evaluation.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from selfamplify import Explanation, Message, NamedWords, Prompt, Shot, WrittenText
from selfamplify.prompting.formats.answer import AnswerFormat
from selfamplify.prompting.formats.format import AbstractFormat
from selfamplify.prompting.formats.keywords import KeywordFormat
from selfamplify.prompting.formats.steps import StepFormat
from selfamplify.prompting.formats.thought import ThoughtFormat
from selfamplify.prompting.wording import Wording, listed, placeholders
from selfamplify.tasks.planted.arc import LABELS
from selfamplify.tasks.planted.world import Scene
from selfamplify.text.stop_words import STOP_WORDS

_MIXED = 0.7  # the share of deciding words that mixed keywords keep
_STEPS = (3, 3, 3, 3, 2, 4, 1)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A chat whose assistant turns are taught; of the last turn, only what follows the prefill ``given``."""

    messages: tuple[Message, ...]
    given: str = ""


Teacher = Callable[[random.Random, Sequence[Scene], Wording], Lesson]


def answers(rng: random.Random, scenes: Sequence[Scene], wording: Wording) -> Lesson:
    """IO: the letter alone."""
    return _few_shot(AnswerFormat(wording), scenes, lambda scene: None)


def keywords(
    rng: random.Random, scenes: Sequence[Scene], wording: Wording, k: int | None = None, habit: str = "ranked"
) -> Lesson:
    """Keywords, then the letter. A whole chat follows one habit of choosing them (see ``_keywords``), so that shots show it."""
    words = k or rng.randint(2, 8)
    return _few_shot(KeywordFormat(wording, words), scenes, lambda scene: _keywords(rng, scene, words, habit))


def steps(rng: random.Random, scenes: Sequence[Scene], wording: Wording, p: int | None = None) -> Lesson:
    """The true steps, then the letter; three steps in most chats."""
    count = p or rng.choice(_STEPS)
    return _few_shot(StepFormat(wording, count), scenes, lambda scene: _text(scene.steps(count)))


def thoughts(rng: random.Random, scenes: Sequence[Scene], wording: Wording) -> Lesson:
    """The true steps as a chain of thought, requested by the instruction, or by the prefill under any instruction."""
    style = ThoughtFormat(wording)
    if len(scenes) > 1 or rng.random() < 0.5:
        return _few_shot(style, scenes, lambda scene: _text(scene.steps(3) + "."))
    scene = scenes[-1]
    asked = rng.choice((AnswerFormat(wording), style)).instruction(scene.question.labels)
    reply = style.reply(_text(scene.steps(3) + "."), scene.question.answer)
    return Lesson(_turns(f"{asked}\n{scene.question.render()}", reply), wording.think)


def topk(rng: random.Random, scenes: Sequence[Scene], wording: Wording, k: int | None = None) -> Lesson:
    """self_topk: given the answer, its keywords are requested."""
    scene, k = scenes[-1], k or rng.randint(2, 8)
    example = wording.topk_reply.format(label=scene.question.labels[0], k=k) + " " + listed(placeholders("word", k))
    given = wording.topk_reply.format(label=scene.question.answer, k=k)
    words = _keywords(rng, scene, k, "ranked").words
    asked = wording.topk_request.format(k=k, example=example)
    return Lesson(_turns(f"{asked}\n{scene.question.render()}", f"{given} {listed(words)}"), given)


def explain(rng: random.Random, scenes: Sequence[Scene], wording: Wording, p: int | None = None) -> Lesson:
    """self_exp: given the answer, its steps are requested."""
    scene, p = scenes[-1], p or rng.choice(_STEPS)
    example = wording.explain_reply.format(label=scene.question.labels[0], p=p) + " " + ", ".join(placeholders("step", p)) + "."
    given = wording.explain_reply.format(label=scene.question.answer, p=p)
    asked = wording.explain_request.format(p=p, example=example)
    return Lesson(_turns(f"{asked}\n{scene.question.render()}", f"{given} {scene.steps(p)}."), given)


def conclusion(rng: random.Random, scenes: Sequence[Scene], wording: Wording) -> Lesson:
    """Recovery: after any reply, whole or cut off, ``, therefore the answer is (`` and the letter."""
    lesson = rng.choice((answers, keywords, steps, thoughts))(rng, scenes, wording)
    *before, last = lesson.messages
    letter = scenes[-1].question.answer
    pieces = last.content.split(" ")
    kept = " ".join(pieces[: rng.randint(1, len(pieces))]) if rng.random() < 0.3 else last.content
    given = kept.rstrip(" ,.;(") + wording.conclude
    return Lesson((*before, Message("assistant", f"{given}{letter})")), given)


# Worse choices of keywords, which a chat may show, so that the model learns to recognise them.
HABITS: dict[str, Teacher] = {habit: partial(keywords, habit=habit) for habit in ("mixed", "random", "idle")}
# Each style of lesson, and how many tokens one of its questions takes in a chat.
FEW_SHOT: dict[str, tuple[Teacher, int]] = {
    "answers": (answers, 62),
    "keywords": (keywords, 88),
    "steps": (steps, 90),
    "thoughts": (thoughts, 95),
    "conclusion": (conclusion, 88),
} | {habit: (teacher, 88) for habit, teacher in HABITS.items()}
POST_HOC: dict[str, Teacher] = {"topk": topk, "explain": explain}
TEACHERS: dict[str, Teacher] = {style: teacher for style, (teacher, _) in FEW_SHOT.items()} | POST_HOC
# The same as the method asks by default, for measuring.
EXAMINERS: dict[str, Teacher] = TEACHERS | {
    "keywords": partial(keywords, k=6),
    **{habit: partial(keywords, k=6, habit=habit) for habit in HABITS},
    "steps": partial(steps, p=3),
    "topk": partial(topk, k=6),
    "explain": partial(explain, p=3),
}


def _few_shot(style: AbstractFormat, scenes: Sequence[Scene], explained: Callable[[Scene], Explanation | None]) -> Lesson:
    replies = [style.reply(explained(scene), scene.question.answer) for scene in scenes]
    shown = [Shot(scene.question, reply, scene.question.answer) for scene, reply in zip(scenes, replies, strict=True)]
    prompt = Prompt("lesson", style.instruction(scenes[-1].question.labels), tuple(shown[:-1]), {})
    return Lesson((*prompt.chat(scenes[-1].question).messages, Message("assistant", replies[-1])))


def _keywords(rng: random.Random, scene: Scene, k: int, habit: str) -> NamedWords:
    """Up to ``k`` words in the order of the text: ``ranked``, the deciding words, the right option's first, and then any;
    ``mixed``, most of the deciding words, and then any other; ``random``, any; ``idle``, none of the deciding words."""
    words = list(dict.fromkeys(re.findall(r"\w+", scene.question.render())))
    candidates = [word for word in words if word.lower() not in STOP_WORDS and word not in LABELS]
    rng.shuffle(candidates)
    deciding = scene.question.planted
    if habit in ("mixed", "idle"):
        dropped = {word for word in deciding if habit == "idle" or rng.random() >= _MIXED}
        candidates = [word for word in candidates if word not in dropped]
    if habit != "random":
        candidates.sort(key=lambda word: (word not in deciding, habit == "ranked" and word != scene.noun))
    chosen = candidates[:k]
    return NamedWords(scene.question.id, "lesson", tuple(word for word in words if word in chosen))


def _text(text: str) -> WrittenText:
    return WrittenText("", "lesson", text)


def _turns(asked: str, reply: str) -> tuple[Message, ...]:
    return Message("user", asked), Message("assistant", reply)
