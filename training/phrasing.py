"""Wordings of the instructions: the two of the package, paraphrases that training shows, and one that it never shows."""

import random
from dataclasses import replace

from selfamplify.prompting.wording import Wording
from selfamplify.prompting.wordings import APPENDIX, OURS

_PREAMBLES = (
    OURS.preamble,
    APPENDIX.preamble,
    "Here is a question with several choices. They look like {choices}.",
    "Read the question and its choices, given as {choices}.",
    "You will see a question. Its possible answers are marked {choices}.",
)
_ASKS = (
    ("Generate the right single answer.", "Generate {k} keywords providing hints and generate the right single answer.")
    + (
        "Generate a concise {p}-step explanation, with only one sentence per step, and generate the right single answer.",
        "Think step by step and generate the right single answer.",
    ),
    ("Give the right answer.", "Name {k} keywords that help, then give the right answer.")
    + ("Explain in {p} short steps, then give the right answer.", "Think step by step, then give the right answer."),
    ("Choose one answer.", "List the {k} most important keywords and choose one answer.")
    + ("Write {p}-step reasoning, one sentence per step, and choose one answer.", "Reason step by step and choose one answer."),
)
_REQUESTS = (
    (OURS.topk_request, OURS.explain_request),
    (
        "Give the right answer and the {k} keywords that it rests on.\nExample: {example}",
        "Give the right answer and explain it in {p} short steps.\nExample: {example}",
    ),
)
_SHOW = "{preamble} {ask}\nOutput example: {{example}}"
_OWN_SHARE = {OURS.name: 0.45, APPENDIX.name: 0.15}


def paraphrase(preamble: str, asks: tuple[str, ...], requests: tuple[str, str], name: str = "paraphrase") -> Wording:
    answer, keywords, steps, thought = (_SHOW.format(preamble="{preamble}", ask=ask) for ask in asks)
    return replace(
        OURS,
        name=name,
        preamble=preamble,
        ask_answer=answer,
        ask_keywords=keywords,
        ask_steps=steps,
        ask_thought=thought,
        topk_request=requests[0],
        explain_request=requests[1],
    )


TAUGHT = tuple(paraphrase(*wording) for wording in ((a, b, c) for a in _PREAMBLES for b in _ASKS for c in _REQUESTS))
UNSEEN = paraphrase(
    "Below you find one multiple choice question whose choices read {choices}.",
    (
        "Tell which single answer is right.",
        "Provide {k} hints as keywords and tell which single answer is right.",
        "Provide an explanation of {p} concise steps and tell which single answer is right.",
        "Explain step by step and tell which single answer is right.",
    ),
    (
        "Tell which answer is right, with the {k} words most important for it.\nExample: {example}",
        "Tell which answer is right, with a concise explanation of {p} steps.\nExample: {example}",
    ),
    "unseen",
)


def draw_wording(rng: random.Random) -> Wording:
    """One of the wordings that training shows, most often the package's own."""
    drawn = rng.random()
    for wording in (OURS, APPENDIX):
        drawn -= _OWN_SHARE[wording.name]
        if drawn < 0:
            return wording
    return rng.choice(TAUGHT)
