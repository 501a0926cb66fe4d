"""Reading labels from what models write."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from small import LETTERS, question, shared

from selfamplify import Choice, Question
from selfamplify.answering import own, plain, rules
from selfamplify.answering.recovery import recover
from selfamplify.answering.rules import RULES
from selfamplify.records import AnswerStyle

PALMS = question(choices=("wet palms", "dry palms", "palms covered with oil", "palms"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The answer is (B)", ("B", "stated")),
        ("the answer is (b).", ("B", "stated")),
        ("Therefore, the correct answer is: **(B)** dry palms", ("B", "stated")),
        ("Answer: C", ("C", "stated")),
        ("answer: c", ("C", "stated")),
        ("Answer: **D**", ("D", "stated")),
        ('The answer is "B".', ("B", "stated")),
        ("The answer is option C", ("C", "stated")),
        ("The answer is B dry palms", ("B", "stated")),
        ("The answer is A because wet is wet", ("A", "stated")),
        ("The answer is A", ("A", "stated")),
        ("the answer is not (A). No: the answer is (B)", ("B", "stated")),
        ("At first the answer is (A), but then the answer is (C), clearly.", ("C", "stated")),
        ('The 2 keywords "dry", and "heat" are important to predict that the answer is (B)', ("B", "stated")),
        ('The 2 keywords "thing" and "warm" are the reason why the answer is (B)', ("B", "stated")),
        ("The keywords “wet palms”, “oil” and 'ice' suggest dry palms.", ("B", "chosen_text")),
        ('The keyword "oil is important to predict that the answer is (C)', ("C", "stated")),
        ('The 2 keywords "dry palms", "wet palms" are important', None),
        ('The 2 keywords "ice", "dry palms', None),
        ("The answer is (E) or so", None),
        ("The answer is a plant", None),
        ("The answer is A plant, they say", None),
        ("The answer isn't known", None),
        ("(B) dry palms", ("B", "leading")),
        ("(b) dry palms", ("B", "leading")),
        ("**(B)** is my choice", ("B", "leading")),
        ("**B**", ("B", "leading")),
        ("B) dry palms", ("B", "leading")),
        ("C. Because", ("C", "leading")),
        ("D: yes", ("D", "leading")),
        (" b ", ("B", "leading")),
        ("B\n\nDry skin rubs best.", ("B", "leading")),
        ("A plant grows.", None),
        ("a hand is warm", None),
        ("A.M. radio", None),
        ("E. None of these", None),
        ("I would go for (C), since oil is slippery", ("C", "stated")),
        ("Not (A), rather (B)", ("B", "parenthesised")),
        ("The answer is not (A).", None),
        ("It cannot be (C), nor", None),
        ('The 6 keywords "oil", "ice"', None),
        ("The right choice is B", ("B", "stated")),
        ("Answer - B", ("B", "stated")),
        ("Not (E), rather (B)", ("B", "parenthesised")),
        ("Dry palms make the most heat", ("B", "chosen_text")),
        ("It is the palms covered with oil.", ("C", "concluded")),
        ("Just palms", ("D", "chosen_text")),
        ("Dry palms, not wet palms", ("B", "chosen_text")),
        ("Dry palms, or palms of any kind", None),
        ("palmsy", None),
        ("", None),
        ("I don't know", None),
    ],
)
def test_recover_reads_realistic_responses(text: str, expected: tuple[str, str] | None):
    assert recover(text, PALMS) == expected


def test_recover_ignores_labels_that_the_question_does_not_have():
    two = question(choices=("yes", "no"), answer="A")
    assert recover("The answer is (C)", two) is None
    assert recover("C) maybe", two) is None
    assert recover("(C) or rather (A)", two) == ("A", "parenthesised")


def test_recover_ignores_choices_without_text():
    empty = question(choices=("...", "", "moss"))
    assert recover("what?", empty) is None
    assert recover("moss", empty) == ("C", "chosen_text")


NUMBERS = question(choices=("-1", "0", "1", "-5.5"))
NUMBERED = [
    ("The answer is -1", "A"),
    ("The answer is: -1.", "A"),
    ("Answer: −1", "A"),
    ("I choose -1", "A"),
    ("-1 is the correct answer", "A"),
    ("答案是-1", "A"),
    ("The answer is -5.5", "D"),
    ("It looks like −1", "A"),
    ("answer - 1", "C"),
    ("The answer is: 1", "C"),
    ("The answer -> 1", "C"),
    ("Answer – 0", "B"),
    ("The answer is -0", None),
    ("It looks like -0", None),
]
"""Replies about numbers, and the labels that they name."""


@pytest.mark.parametrize(("text", "label"), NUMBERED)
@pytest.mark.parametrize("style", ["label", "text"])
def test_a_minus_sign_belongs_to_its_number(text: str, label: str | None, style: AnswerStyle):
    found = recover(text, replace(NUMBERS, answer_style=style))
    assert (found and found[0]) == label


def test_numbers_are_told_apart_where_answers_are_letters():
    found = question(choices=("-5", "5", "10"))
    assert recover("The answer is -5", found) == recover("The answer is −5", found) == ("A", "stated")
    assert recover("The answer is 5", found) == ("B", "stated")
    assert recover("The answer is -10", found) is None
    assert recover("Answer -B", found) == ("B", "stated")


LABELS = st.lists(st.sampled_from([*LETTERS, "a", "1", "]", "^", "AB", "ſ"]), min_size=1, max_size=8, unique_by=str.casefold)


@pytest.mark.long
@given(
    st.text()
    | st.lists(st.sampled_from(["answer", " is ", "(", ")", "**", "A", "k", "K", "ſ", ":", ".", "\n", "x"])).map("".join),
    LABELS,
    st.lists(st.text(max_size=5), min_size=8, max_size=8),
)
@example("the answer is (K)", ["K", "A"], ["x"] * 8)  # the Kelvin sign
def test_recover_never_fails_and_returns_only_labels_of_the_question(text: str, labels: list[str], texts: list[str]):
    asked = Question("q", "?", tuple(Choice(*pair) for pair in zip(labels, texts, strict=False)), labels[0])
    found = recover(text, asked)
    assert found is None or (found[0] in labels and found[1] in RULES)


@given(st.sampled_from("ABCD"), st.text(st.characters(exclude_characters="aA"), max_size=40))
def test_recover_takes_the_closing_statement_whatever_comes_before(label: str, before: str):
    assert recover(f"{before}, therefore the answer is ({label})", PALMS) == (label, "stated")


WRAPPINGS = (
    "The answer is ({})",
    "ANSWER: ${}$",
    "The final answer is \\boxed{{{}}}.",
    "So \\( \\boxed{{\\text{{{}}}}} \\)",
    "Answer: [{}]",
    "Answer: `{}`",
    "The answer is (**{}**)",
    "The answer is **{}**.",
    "__Answer__: {}",
    '{{"answer": "{}"}}',
    "<answer>{}</answer>",
    "**Answer: {}**",
    "Option {} is correct.",
    "Option {} is correct, I think",
    "{} is the correct answer.",
    "({}) is the most appropriate choice",
    "The answer must be {}.",
    "The correct answer would be {}",
    "The correct answer to this hard question is: {}",
    "The answer is:\n\n{}",
    "I would choose ({}).",
    "I'll go with option {}.",
    "答案是{}",
    "正确答案：（{}）。",
    "我选{}。",
    "选项{}正确",
    "答えは（{}）です",
)
CHATTER = ("", "Let me think about skin and heat first.\n", "Rubbing warms.\n\n", "A hand is warm. ", "I think so. ", "So, ")
LABEL_SETS = ("ABCD", "ABCDEFGHIJ", "12", "abc", ("AA", "AB", "B"))


@given(
    st.sampled_from(WRAPPINGS),
    st.sampled_from(LABEL_SETS).flatmap(lambda labels: st.tuples(st.just(labels), st.sampled_from(labels))),
    st.sampled_from(CHATTER),
    st.booleans(),
)
def test_recover_reads_a_label_in_any_wrapping(wrapping: str, chosen: tuple[Sequence[str], str], before: str, wide: bool):
    labels, label = chosen
    asked = Question("q", "?", tuple(Choice(each, f"thing {each * 3}") for each in labels), labels[0])
    written = "".join(chr(ord(each) + 0xFEE0) for each in label) if wide else label
    found = recover(before + wrapping.format(written), asked)
    assert found is not None and found[0] == label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Dry", None),
        ("dry palms", "B"),
        ("The answer is dry palms.", "B"),
        ('The correct answer is: "Palms covered with oil"', "C"),
        ("The answer is A wet palms", "A"),
        ("The answer is a wet palms", "A"),
        ("A: dry palms", "B"),
        ("A: wet palms", "A"),
        ("(A) wet palms slip. (B) dry palms rub. Therefore, it is dry palms.", "B"),
        ("A. wet palms: no.\nB. dry palms: yes.", None),
        ("It isn't wet palms but dry palms.", "B"),
        ("Neither wet palms nor dry palms", None),
        ("wet palms is wrong, dry palms", "B"),
        ("I don't think B is correct.", None),
        ("I'm not sure whether (B) is the right answer", None),
        ("(A) is incorrect, (B)", "B"),
        ("The wrong answer is (A).", None),
        ("The answer is A or B.", None),
        ("Choose from A, B, C and D.", None),
        ("The answer is C-shaped, I think.", None),
        ("The answer is C++", None),
        ("The answer is D.C. or so", None),
        ("The answer isn't (C)", None),
        ("B-52 bombers", None),
        ("A dog is an animal.", None),
        ("I think so", None),
        ("Vitamin C is good.", None),
        ("The answer is (B)\n\nThe answer is (C", "B"),
        ("Look like (A) or (B). Generate the right single answer.\nOutput example: The answer is (A)", None),
        ("Generate the right single answer. Ouput example: The answer is (A)", None),
        ("Output example: Let's think. Therefore, the answer is (A)\nSo the answer is (D)", "D"),
        ("Rubbing warms.\n\nB", "B"),
        ("Rubbing warms.\n**(C)**", "C"),
        ("assistant\nThe answer is (B)", "B"),
        ("<|im_start|>assistant\nThe answer is (B)<|im_end|>", "B"),
        ("不选A，选B", "B"),
        ("答案不是（A），应该选（C）", "C"),
        ("A不正确，B正确", "B"),
    ],
)
def test_recover_weighs_what_is_said(text: str, label: str | None):
    found = recover(text, PALMS)
    assert (found and found[0]) == label


TURNS = (
    "\nQuestion: next? (C) x\nThe answer is (C)",
    "\n\nQ: next?\nA: (C)",
    "\nQuestion 2: next? The answer is (C)",
    "\nuser\nnext?\nassistant\nThe answer is (C)",
    "<|im_end|>\n<|im_start|>user\nnext? The answer is (C)",
    "<|eot_id|>The answer is (C)",
    "\n### Instruction: next\n(C)",
    "\nHuman: next? The answer is (C)",
    "\n问题：下一个？答案是（C）",
    "</s>The answer is (C)",
    "<end_of_turn>\nThe answer is (C)",
)


@given(st.sampled_from(TURNS), st.sampled_from(["The answer is (B)", "B", "Dry palms", "**B**", "(B) dry palms"]))
def test_an_invented_turn_never_decides(turn: str, reply: str):
    found = recover(reply + turn, PALMS)
    assert found is not None and found[0] == "B"
    assert recover("I can't say." + turn, PALMS) is None


WORDS = ("a", "I", "think", "plant", "palm", "answer", "the", "is", "hot", "dog", "not", "sure", ",", "1990", "C-shaped")


@given(st.lists(st.sampled_from(WORDS)).map(" ".join))
def test_texts_without_a_statement_give_no_label(text: str):
    assume(not re.search(r"answer (is )?a ,", text))  # states A
    assert recover(f"{text} plant", PALMS) is None


def test_recover_reads_the_outside_trial():
    for line in shared("cases", "k10_replies.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        choices = tuple(Choice(*each) for each in row["choices"].items())
        found = recover(row["reply"], Question("q", row["question"], choices, choices[0].label))
        assert (found and found[0]) == row["label"], row["reply"]


def test_no_pattern_repeats_without_a_bound(monkeypatch: pytest.MonkeyPatch):
    """A pattern that matches a bounded stretch takes bounded time at each character, and so linear time in all."""
    seen = {each.pattern for module in (own, plain, rules) for each in vars(module).values() if isinstance(each, re.Pattern)}
    assert len(seen) >= 8

    def recorded(name: str) -> Callable[..., Any]:
        original = getattr(re, name)

        def call(pattern: Any, *given: Any, **named: Any) -> Any:
            seen.add(pattern if isinstance(pattern, str) else pattern.pattern)
            return original(pattern, *given, **named)

        return call

    for name in ("compile", "match", "fullmatch", "search", "finditer", "findall", "sub", "split"):
        monkeypatch.setattr(re, name, recorded(name))
    fresh = Question("q", "?", (Choice("Y", "yes indeed"), Choice("N", "no"), Choice("Z", "perhaps")), "Y")
    assert recover("(Y) perhaps, I can't say", fresh) == ("Y", "leading")
    assert recover("nothing", fresh) is None
    assert len(seen) >= 14
    monkeypatch.undo()
    for pattern in seen:
        bare = re.sub(r"\[\^?\]?[^\]]*\]", "x", re.sub(r"\\.", "x", pattern))
        assert not re.search(r"[*+]|\{\d*,\}", bare), pattern
