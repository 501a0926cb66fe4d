"""Questions that differ only in names or numbers: which ones are found, where a split leaves them, and what is said."""

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfamplify import Choice, Question, load_task, overview
from selfamplify.tasks.copies import near_key, template_note, templates
from selfamplify.tasks.splitting import split

LABELS = (Choice("A", "negative"), Choice("B", "positive"))


def questions(*texts: str, answers: str = "", choices: tuple[Choice, ...] = LABELS) -> list[Question]:
    """One question per text, all with the answer A unless ``answers`` has a letter for each."""
    letters = answers or "A" * len(texts)
    return [Question(f"q{number}", text, choices, letters[number]) for number, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("I bought 2 of these at Smith's.", "I bought 3 of these at Jones's."),
        ("I bought 2 of these at Smith's.", "i bought 1,250.50 of these at Van Buren's"),
        ("We asked Mr. Smith for help twice.", "We asked Anna-Lena for help twice."),
        ("We met James' brother at the lake.", "We met O'Brien's brother at the lake."),
        ("Als ich in München war, hat es geregnet.", "Als ich in Łódź war, hat es geregnet."),
        ("Мы ездили в Москву прошлым летом.", "Мы ездили в Киев прошлым летом."),
        ("我们昨天买了2个苹果。", "我们昨天买了15个苹果。"),
        ("Order 17 has not arrived yet, and I'm upset.", "Order 90210 has not arrived yet, and I'm upset."),
    ],
)
def test_texts_that_differ_only_in_names_or_numbers_share_a_template(first: str, second: str):
    found = templates(questions(first, second, "Something else that is here."))
    assert found.keys() == {"q0", "q1"} and len(set(found.values())) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("I bought 2 of these at Smith's.", "I returned 2 of these at Smith's."),  # another word
        ("Smith sold me two of these.", "Jones sold me two of these."),  # a name that begins a sentence
        ("It came. Smith sold me this one.", "It came. Jones sold me this one."),
        ("I did say GOOD about this film.", "I did say BAD about this film."),  # not names
        ("What is 2 + 3?", "What is 4 + 9?"),  # too little remains
        ("Ask Tom, Ann and Bob about it, please.", "Ask Eva, Udo and Kai about it, please."),
        ("When I bought it, it was new.", "When Tom bought it, it was new."),
    ],
)
def test_other_texts_share_none(first: str, second: str):
    assert templates(questions(first, second)) == {}


def test_what_decides_the_answer_makes_another_question():
    texts = [f"Is the number {number} greater than {other}?" for number, other in ((5, 3), (9, 4), (2, 7))]
    assert templates(questions(*texts, answers="BBA")) == {}
    assert len(templates(questions(*texts, answers="BBB"))) == 3


def test_other_choices_make_another_question_and_their_order_does_not():
    first, second = questions("I met my friend in Paris in 1999.", "I met my friend in Rome in 2004.")
    turned = Question("q2", "I met my friend in Bonn in 2010.", (Choice("A", "Positive"), Choice("B", "negative")), "B")
    other = Question("q3", "I met my friend in Bern in 2011.", (Choice("A", "negative"), Choice("B", "neutral")), "A")
    assert templates([first, second, turned, other]).keys() == {"q0", "q1", "q2"}


WORDS = st.lists(st.sampled_from("sold broke liked fine poor again never at with".split()), min_size=1, max_size=6)
NAMES = st.sampled_from(["Smith", "Jones", "New York", "Zoë", "O'Hara"])


@st.composite
def filled(draw: st.DrawFn) -> list[Question]:
    """Questions made of a few patterns, each with a name and a number."""
    patterns = draw(st.lists(WORDS, min_size=1, max_size=4, unique_by=tuple))
    made: dict[str, Question] = {}
    for number in range(draw(st.integers(2, 30))):
        words = draw(st.sampled_from(patterns))
        text = f"we {' '.join(words)} {draw(NAMES)} it {draw(st.integers(0, 99))}"
        made.setdefault(text, Question(f"q{number}", text, LABELS, draw(st.sampled_from("AB"))))
    return list(made.values())


def _pattern(question: Question) -> str:
    """What the question was made of, found without regular expressions."""
    return " ".join(word for word in question.text.split() if word.islower())


@pytest.mark.long
@given(asked=filled())
def test_templates_are_the_patterns_whose_answers_agree(asked: list[Question]):
    found = templates(asked)
    for question in asked:
        same = [other for other in asked if _pattern(other) == _pattern(question)]
        alike = len(same) > 1 and len({other.answer for other in same}) == 1 and len(_pattern(question).split()) >= 4
        assert (question.id in found) == alike
        assert not alike or {other.id for other in asked if found.get(other.id) == found[question.id]} == {
            other.id for other in same
        }


@given(asked=filled(), size=st.integers(1, 15), seed=st.integers(0, 9), data=st.data())
def test_a_split_with_templates_is_like_one_without_them(asked: list[Question], size: int, seed: int, data: st.DataObject):
    found = templates(asked)
    train, test = split(asked, size, seed, found)
    assert sorted(q.id for q in (*train, *test)) == sorted(q.id for q in asked) and len(test) <= size
    for side, usual in zip((train, test), split(asked, size, seed), strict=True):
        counts, expected = (Counter(question.answer for question in each) for each in (side, usual))
        assert 2 * len(side) >= len(usual) and all(counts[answer] >= count // 2 for answer, count in expected.items())
    crossing = {found[q.id] for q in train if q.id in found} & {found[q.id] for q in test if q.id in found}
    assert bool(crossing) == any("says little" in note for note in template_note(train, test, found))
    again = data.draw(st.permutations(asked))
    assert split(again, size, seed, templates(again)) == (train, test)


def test_a_near_copy_is_on_the_side_of_its_template():
    texts = ["I bought 2 of these at Smith's.", "i bought 2 of these at smith's", "I bought 3 of these at Jones's."]
    asked = questions(*texts, *(f"another {word} here" for word in "one two three four five six seven".split()))
    found = templates(asked)
    assert near_key(asked[0]) == near_key(asked[1]) and found.keys() == {"q0", "q1", "q2"}
    for seed in range(20):
        sides = [{question.id for question in side} for side in split(asked, 5, seed, found)]
        assert any({"q0", "q1", "q2"} <= side for side in sides)


def test_templates_that_are_all_of_a_label_are_split():
    texts = [f"I bought {number} of these and loved them all." for number in range(20)]
    texts += [f"I bought {number} of these and hated them all." for number in range(20)]
    asked = questions(*texts, answers="B" * 20 + "A" * 20)
    train, test = split(asked, 20, 0, templates(asked))
    assert len(test) == 20 and {q.answer for q in train} == {q.answer for q in test} == {"A", "B"}
    assert template_note(train, test, templates(asked))[0].startswith("20 test questions differ from training questions only")


def test_small_templates_stay_together_where_large_ones_are_split():
    texts = [f"I bought {number} of these and {how} them all." for how in ("loved", "hated") for number in range(20)]
    small = [f"Their {thing} came on day {day} of our stay." for thing in ("soap", "towel", "lamp", "bed") for day in range(3)]
    asked = questions(*texts, *small, answers="B" * 20 + "A" * 20 + "AAABBB" * 2)
    found = templates(asked)
    for seed in range(10):
        train, test = split(asked, 26, seed, found)
        crossing = {found[q.id] for q in train} & {found[q.id] for q in test}
        assert len(found) == len(asked) and len(crossing) == 2 and all("of these" in key[0] for key in crossing)


def _file(folder: Path, lines: list[str], name: str = "reviews.csv") -> Path:
    (folder / name).write_text("text,label\n" + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder / name


OTHERS = [
    f"{'A very good' if number % 2 else 'A very bad'} {word},{'pos' if number % 2 else 'neg'}"
    for number, word in enumerate("film book tool meal trip song game play walk talk".split())
]
ALIKE = ["I bought 2 of these at Smith's.,pos", "I bought 3 of these at Jones's.,pos"]


def test_a_task_says_how_many_there_are_and_keeps_them_together(tmp_path: Path):
    path = _file(tmp_path, [*OTHERS, *ALIKE])
    notes = {note for seed in range(10) for note in load_task("file", path, split_seed=seed).notes if "differ" in note}
    assert len(notes) <= 2 and all(note.startswith("2 questions differ from others only in names or numbers") for note in notes)
    assert all(note.endswith("those that are alike are on the same side.") for note in notes)
    assert any("a split keeps those that are alike on the same side" in note for note in overview("file", path).warnings)
    for seed in range(10):
        task = load_task("file", path, split_seed=seed)
        assert len({question in task.test for question in (*task.train, *task.test) if "bought" in question.text}) == 1


def test_a_test_file_that_has_some_of_them_is_noted(tmp_path: Path):
    train, test = _file(tmp_path, [*OTHERS, ALIKE[0]]), _file(tmp_path, [ALIKE[1], "It broke.,neg"], "test.csv")
    task = load_task("file", train, test_data=test)
    assert len(task.train) == 11 and not task.skipped
    assert task.notes[-1].startswith(
        "1 test question differs from training questions only in names or numbers, such as 'I bought 3"
    )


def test_exact_copies_are_left_out_and_counted(tmp_path: Path):
    lines = [*OTHERS, OTHERS[0], OTHERS[3], OTHERS[0]]
    random.Random(0).shuffle(lines)
    path = _file(tmp_path, lines)
    (note,) = [note for note in load_task("file", path).notes if "word for word" in note]
    first = next(number for number, line in enumerate(lines) if line in lines[:number]) + 2
    assert note == f"3 rows repeat others word for word and are left out; the first: {path}:{first}."
    assert note in overview("file", path).warnings
    one = overview("file", _file(tmp_path, [*OTHERS, OTHERS[5]], "one.csv")).warnings
    assert any(each.startswith("1 row repeats another word for word and is left out") for each in one)
    assert not any("word for word" in each for each in overview("file", _file(tmp_path, OTHERS, "none.csv")).warnings)
