"""Lessons: chats about the planted world, in every format that the package asks a model for, with their true replies.

A lesson's chat is built by the package's own ``Prompt`` and formats, so that training reads what the method will write. A
teacher is given the scenes, the last of which is the question and the others the shots: it serves training and evaluation.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from selfamplify.prompt import Prompt
from selfamplify.rationale import AbstractFormat, AnswerFormat, KeywordFormat, StepFormat, ThoughtFormat
from selfamplify.records import Explanation, Message, Shot
from selfamplify.stopwords import STOP_WORDS
from selfamplify.tasks.planted_world import DAYS, LABELS, MEETINGS, PLACES, Scene
from selfamplify.wording import APPENDIX, OURS, Wording, listed, placeholders

_APPENDIX_SHARE = 0.25
# How keywords are chosen; see ``_keywords``. One habit rules a whole chat, so that shots show which.
_HABITS = {"ranked": 0.75, "mixed": 0.15, "random": 0.1}


@dataclass(frozen=True, slots=True)
class Lesson:
    """A chat whose assistant turns are taught; of the last one, what follows the prefill ``given``."""

    messages: tuple[Message, ...]
    given: str = ""


Teacher = Callable[[random.Random, Sequence[Scene]], Lesson]


def answers(rng: random.Random, scenes: Sequence[Scene]) -> Lesson:
    """IO: the letter alone."""
    return _few_shot(AnswerFormat(_wording(rng)), scenes, lambda scene: None)


def keywords(rng: random.Random, scenes: Sequence[Scene], k: int | None = None, habit: str | None = None) -> Lesson:
    """The deciding words, then the letter; in some chats the words are random, so that the question must be read as well."""
    words = k or rng.randint(2, 8)
    kinds = habit or _habit(rng)
    return _few_shot(KeywordFormat(_wording(rng), words), scenes, lambda scene: _keywords(rng, scene, words, kinds))


def steps(rng: random.Random, scenes: Sequence[Scene], p: int | None = None) -> Lesson:
    """The true steps, then the letter; three steps in most chats."""
    count = p or rng.choice((3, 3, 3, 3, 2, 4, 1))
    return _few_shot(StepFormat(_wording(rng), count), scenes, lambda scene: _text(scene.steps(count)))


def thoughts(rng: random.Random, scenes: Sequence[Scene]) -> Lesson:
    """The true steps as a chain of thought, asked for by the instruction, or under any instruction by the prefill."""
    wording = _wording(rng)
    style = ThoughtFormat(wording)
    if len(scenes) > 1 or rng.random() < 0.5:
        return _few_shot(style, scenes, lambda scene: _text(scene.steps(3) + "."))
    scene = scenes[-1]
    asked = rng.choice((AnswerFormat(wording), style)).instruction(LABELS)
    reply = style.reply(_text(scene.steps(3) + "."), scene.question.answer)
    return Lesson(_turns(f"{asked}\n{scene.question.render()}", reply), wording.think)


def topk(rng: random.Random, scenes: Sequence[Scene], k: int | None = None) -> Lesson:
    """self_topk: the answer is given, its keywords are asked for."""
    wording, scene, k = _wording(rng), scenes[-1], k or rng.randint(2, 8)
    example = wording.topk_reply.format(label=LABELS[0], k=k) + " " + listed(placeholders("word", k))
    given = wording.topk_reply.format(label=scene.question.answer, k=k)
    words = _keywords(rng, scene, k, "ranked").words
    asked = wording.topk_request.format(k=k, example=example)
    return Lesson(_turns(f"{asked}\n{scene.question.render()}", f"{given} {listed(words)}"), given)


def explain(rng: random.Random, scenes: Sequence[Scene], p: int | None = None) -> Lesson:
    """self_exp: the answer is given, its steps are asked for."""
    wording, scene, p = _wording(rng), scenes[-1], p or rng.choice((3, 3, 3, 2, 4))
    example = wording.explain_reply.format(label=LABELS[0], p=p) + " " + ", ".join(placeholders("step", p)) + "."
    given = wording.explain_reply.format(label=scene.question.answer, p=p)
    asked = wording.explain_request.format(p=p, example=example)
    return Lesson(_turns(f"{asked}\n{scene.question.render()}", f"{given} {scene.steps(p)}."), given)


def conclusion(rng: random.Random, scenes: Sequence[Scene]) -> Lesson:
    """Recovery: behind any reply, whole or cut, ``, therefore the answer is (`` and the letter."""
    lesson = rng.choice((answers, keywords, steps, thoughts))(rng, scenes)
    *before, last = lesson.messages
    letter = re.findall(r"\((\w)\)", last.content)[-1]
    pieces = last.content.split(" ")
    kept = " ".join(pieces[: rng.randint(1, len(pieces))]) if rng.random() < 0.3 else last.content
    given = kept.rstrip(" ,.;(") + _wording(rng).conclude
    return Lesson((*before, Message("assistant", f"{given}{letter})")), given)


TEACHERS: dict[str, Teacher] = {
    "answers": answers,
    "keywords": keywords,
    "steps": steps,
    "thoughts": thoughts,
    "topk": topk,
    "explain": explain,
    "conclusion": conclusion,
}
# The same as the method asks by default, for measuring.
EXAMINERS: dict[str, Teacher] = TEACHERS | {
    "keywords": partial(keywords, k=6, habit="ranked"),
    "steps": partial(steps, p=3),
    "topk": partial(topk, k=6),
    "explain": partial(explain, p=3),
}


def _few_shot(style: AbstractFormat, scenes: Sequence[Scene], explained: Callable[[Scene], Explanation | None]) -> Lesson:
    replies = [style.reply(explained(scene), scene.question.answer) for scene in scenes]
    shown = [Shot(scene.question, reply, scene.question.answer) for scene, reply in zip(scenes, replies, strict=True)]
    prompt = Prompt("lesson", style.instruction(LABELS), tuple(shown[:-1]), {})
    return Lesson((*prompt.chat(scenes[-1].question).messages, Message("assistant", replies[-1])))


def _keywords(rng: random.Random, scene: Scene, k: int, habit: str) -> Explanation:
    """``k`` words in the order of the text: ``ranked``, the deciding words first and then always the same kinds of words;
    ``mixed``, the deciding words and then any; ``random``, any."""
    words = list(dict.fromkeys(re.findall(r"\w+", scene.question.render())))
    candidates = [word for word in words if word.lower() not in STOP_WORDS and word not in LABELS]
    rng.shuffle(candidates)
    if habit != "random":
        candidates.sort(key=lambda word: word not in scene.question.planted)
    if habit == "ranked":
        candidates.sort(key=lambda word: _rank(word, scene))
    chosen = candidates[:k]
    return Explanation(scene.question.id, "lesson", tuple(word for word in words if word in chosen))


def _rank(word: str, scene: Scene) -> int:
    kinds = (
        (scene.noun,),
        (scene.animal,),
        (scene.adjective,),
        (scene.verb,),
        (scene.season,),
        PLACES,
        DAYS,
        MEETINGS,
        (word,),
    )
    return next(rank for rank, kind in enumerate(kinds) if word in kind)


def _habit(rng: random.Random) -> str:
    return rng.choices(list(_HABITS), weights=list(_HABITS.values()))[0]


def _text(text: str) -> Explanation:
    return Explanation("", "lesson", text=text)


def _turns(asked: str, reply: str) -> tuple[Message, ...]:
    return Message("user", asked), Message("assistant", reply)


def _wording(rng: random.Random) -> Wording:
    return APPENDIX if rng.random() < _APPENDIX_SHARE else OURS
