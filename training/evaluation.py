"""What a model can do: it answers freely and greedily in every format, and its replies are compared with the truth.

There are three figures for each format, since each can hide the failure of another: the share of right letters, of replies in
the requested form, and of replies whose text names the right option.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerBase

from selfamplify.prompting.wording import Wording
from selfamplify.prompting.wordings import OURS
from selfamplify.tasks.planted.world import Scene

from .lessons import EXAMINERS, HABITS, Lesson

_QUOTED = re.compile(r'"([^"]+)"')
_LETTER = re.compile(r"\(([A-D])\)")
_MAX_NEW_TOKENS = 100


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts over ``asked`` questions."""

    asked: int
    right: int
    formed: int
    named: int

    def __str__(self) -> str:
        shares = (100 * count / self.asked for count in (self.right, self.formed, self.named))
        return "right {:.1f} %, well-formed {:.1f} %, names the right option {:.1f} %".format(*shares)


def measure(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerBase,
    style: str,
    asked: Sequence[Scene],
    pool: Sequence[Scene],
    shots: int,
    seed: int,
    wording: Wording = OURS,
) -> Figures:
    """Ask every scene of ``asked`` after ``shots`` true demonstrations, drawn from ``pool`` anew for each question."""
    lessons = []
    for number, scene in enumerate(asked):
        rng = random.Random(f"{seed}/{style}/{shots}/{number}")
        lessons.append(EXAMINERS[style](rng, [*rng.sample(pool, shots), scene], wording))
    replies = generate(model, tokenizer, lessons)
    right = formed = named = 0
    for scene, lesson, reply in zip(asked, lessons, replies, strict=True):
        letters = _LETTER.findall(reply or "")
        right += bool(letters) and letters[-1] == scene.question.answer
        formed += reply is not None and well_formed(style, lesson, reply, scene.question.render())
        named += reply is not None and re.search(rf"\b{scene.noun}\b", reply) is not None
    return Figures(len(asked), right, formed, named)


@torch.no_grad()
def generate(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerBase, lessons: Sequence[Lesson], batch: int = 50
) -> list[str | None]:
    """The model's reply to the last question of each lesson, including the prefill; None if the reply did not end."""
    replies: list[str | None] = []
    for start in range(0, len(lessons), batch):
        part = lessons[start : start + batch]
        prompts = []
        for lesson in part:
            messages = [{"role": message.role, "content": message.content} for message in lesson.messages[:-1]]
            prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
            prompts.append(f"{prompt}{lesson.given}")
        inputs = tokenizer(prompts, add_special_tokens=False, padding=True, padding_side="left", return_tensors="pt").to(
            model.device
        )
        written = cast(Any, model).generate(**inputs, do_sample=False, max_new_tokens=_MAX_NEW_TOKENS)
        for lesson, ids in zip(part, written[:, inputs["input_ids"].shape[1] :].tolist(), strict=True):
            ended = tokenizer.eos_token_id in ids
            replies.append(f"{lesson.given}{tokenizer.decode(ids, skip_special_tokens=True)}" if ended else None)
    return replies


def well_formed(style: str, lesson: Lesson, reply: str, question: str) -> bool:
    """Whether a reply has the form of the true reply, as many keywords or steps, and only keywords from the question."""
    model = lesson.messages[-1].content
    frame, wanted = _frame(style, model), _frame(style, reply)
    if frame is None or wanted is None or frame[0] != wanted[0] or len(frame[1]) != len(wanted[1]):
        return False
    words = set(re.findall(r"\w+", question))
    return style not in (*_LISTS, "topk") or words.issuperset(wanted[1])


def _steps(text: str) -> list[str]:
    return text.rstrip(".").split(". ")


_LISTS = ("keywords", *HABITS)
_KEYWORDS = r"(The \d keywords? ).+ (?:are|is) important to predict that the answer is \([A-D]\)"
_FRAMES: dict[str, tuple[str, Callable[[str], list[str]]]] = {
    "answers": (r"(The answer is \()[A-D]\)()", list),
    **dict.fromkeys(_LISTS, (_KEYWORDS, _QUOTED.findall)),
    "steps": (r"(\d-step rationale: )(.+), therefore the answer is \([A-D]\)", _steps),
    "thoughts": (r"(Let's think step by step\. )(.+) Therefore, the answer is \([A-D]\)", _steps),
    "topk": (r"(The answer is \([A-D]\), the \d most important keywords to make the prediction are ).+", _QUOTED.findall),
    "explain": (r"(The answer is \([A-D]\), \d-step explanation: )(.+\.)", _steps),
    "conclusion": (r"(.*), therefore the answer is \([A-D]\)()", list),
}


def _frame(style: str, reply: str) -> tuple[str, list[str]] | None:
    """The fixed opening of a reply and the parts of its body, or None if the reply does not have the form of ``style``."""
    pattern, parts = _FRAMES[style]
    match = re.fullmatch(pattern, reply, flags=re.DOTALL)
    if match is None:
        return None
    return match[1], parts(match[2] if match.re.groups > 1 else reply)
