"""Reading labels from what models write."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from small import LETTERS, question

from selfamplify import Choice, Question
from selfamplify.answering.rules import RULES, recover

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
        ("I would go for (C), since oil is slippery", ("C", "parenthesised")),
        ("Not (A), rather (B)", ("B", "parenthesised")),
        ("The answer is not (A).", None),
        ("It cannot be (C), nor", None),
        ('The 6 keywords "oil", "ice"', None),
        ("The right choice is B", ("B", "stated")),
        ("Answer - B", ("B", "stated")),
        ("Not (E), rather (B)", ("B", "parenthesised")),
        ("Dry palms make the most heat", ("B", "chosen_text")),
        ("It is the palms covered with oil.", ("C", "chosen_text")),
        ("Just palms", ("D", "chosen_text")),
        ("Dry palms, not wet palms", None),
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


LABELS = st.lists(st.sampled_from([*LETTERS, "a", "1", "]", "^", "AB", "ſ"]), min_size=1, max_size=8, unique_by=str.casefold)


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
