"""The wordings: ours for each answer style, and the paper's (appendix A.3)."""

from dataclasses import replace

from ..records import AnswerStyle
from .wording import Wording

OURS = Wording(
    name="default",
    preamble="You are presented with a multiple choice question, where choices will look like {choices}.",
    ask_answer="{preamble} Generate the right single answer.\nOutput example: {example}",
    ask_keywords=(
        "{preamble} Generate {k} keywords providing hints and generate the right single answer.\nOutput example: {example}"
    ),
    ask_steps=(
        "{preamble} Generate a concise {p}-step explanation, with only one sentence per step, and generate the right single "
        "answer.\nOutput example: {example}"
    ),
    ask_thought="{preamble} Think step by step and generate the right single answer.\nOutput example: {example}",
    ask_decisive=(
        "{preamble} Say without which words the answer would be another one, and generate the right single answer.\n"
        "Output example: {example}"
    ),
    ask_replaced=(
        "{preamble} Say with which other words the answer would be another one, and generate the right single answer.\n"
        "Output example: {example}"
    ),
    ask_pair=(
        "{preamble} Name two words that together give a hint and generate the right single answer.\nOutput example: {example}"
    ),
)

LABELS = Wording(
    name="labels",
    preamble="Which label fits this text: {choices}?",
    ask_answer="{preamble}",
    ask_keywords="{preamble} First name the {k} words of the text that matter most for the answer.",
    ask_steps="{preamble} First explain the answer in {p} short sentences.",
    ask_thought="{preamble} Think step by step before you answer.",
    ask_decisive="{preamble} First say without which words of the text the answer would be another one.",
    ask_replaced="{preamble} First say with which other words in the text the answer would be another one.",
    ask_pair="{preamble} First name the two words of the text that together matter most for the answer.",
    answer="The answer is {label}",
    keywords="The {k} keywords {keywords} are important to predict that the answer is {label}",
    keyword="The keyword {keywords} is important to predict that the answer is {label}",
    steps="{steps}. Therefore, the answer is {label}",
    thought="{think} {thought} Therefore, the answer is {label}",
    decisive="If {words} were {instead}, {then}. Therefore, the answer is {label}",
    misleading="If {words}, which might suggest {other}, were {instead}, {then}. Therefore, the answer is {label}",
    pair="The words {words} together are important to predict that the answer is {label}",
    topk_request="{preamble} Name the {k} words of the text that matter most for the answer.",
    topk_reply="The answer is {label}, and the {k} words that matter most are",
    explain_request="{preamble} Say in {p} short sentences what in the text shows it.",
    explain_reply="The answer is {label} because",
    explain_begins="the text",
    conclude=", therefore the answer is",
    conclude_thought=" Therefore, the answer is",
    read="The answer is",
    choice="{label}",
)
"""For the style "label". There is no output example: a small model copies it instead of reading the text."""

TEXTS = replace(
    LABELS,
    name="texts",
    preamble="Choose the right answer to the question from the list below it.",
    ask_keywords="{preamble} First name {k} words that give a hint.",
    ask_decisive="{preamble} First say without which words the answer would be another one.",
    ask_replaced="{preamble} First say with which other words the answer would be another one.",
    ask_pair="{preamble} First name two words that together give a hint.",
    topk_request="{preamble} Name the {k} words that matter most for the answer.",
    explain_request="{preamble} Explain the right answer in {p} short sentences.",
    explain_begins="",
)
"""For the style "text"."""

WORDINGS: dict[AnswerStyle, Wording] = {"letter": OURS, "label": LABELS, "text": TEXTS}
"""Our wording for each answer style."""

APPENDIX = Wording(
    name="paper",
    preamble="You are presented with multiple choice question, where choices will look like {choices},",
    ask_answer="{preamble} generate the right single answer\nOuput example: {example}",
    ask_keywords=(
        "{preamble} generate {k} keywords providing hints and generate the right single answer\nOuput example: {example}"
    ),
    ask_steps=(
        "{preamble} generate a concise {p}-step explanation, with only one sentence per step and generate the right single "
        "answer\nOuput example: {example}"
    ),
    ask_thought="{preamble} think step by step and generate the right single answer\nOuput example: {example}",
    ask_decisive=(
        "{preamble} say without which words the answer would be another one and generate the right single answer\n"
        "Ouput example: {example}"
    ),
    ask_replaced=(
        "{preamble} say with which other words the answer would be another one and generate the right single answer\n"
        "Ouput example: {example}"
    ),
    ask_pair=(
        "{preamble} name two words that together provide a hint and generate the right single answer\nOuput example: {example}"
    ),
    words_between=" ... and ",
    topk_between=", ... and ",
    steps_between=",...,",
)
"""Appendix A.3 of the paper, "Ouput" included. It words neither self_topk's and self_exp's requests without an example nor
Auto-CoT's instruction, nor decisive words and pairs; those are ours (docs/paper-map.md)."""
