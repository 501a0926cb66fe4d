"""Generated question files are read with the gold texts with which they were written, or refused: never with another one."""

import random
import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from tables import (
    ANSWERS,
    KINDS,
    LAYOUTS,
    MARKING,
    NAMES,
    PLAIN,
    QUOTED,
    Item,
    Names,
    bare,
    base,
    holds,
    items,
    representable,
    rows,
    saved,
)

from selfamplify import Question, load_task
from selfamplify.errors import DataError
from selfamplify.tasks.overview import overview
from selfamplify.tasks.source import LeftOut, Reading

often = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
)


def gold(question: Question) -> str:
    return next(choice.text for choice in question.choices if choice.label == question.answer)


def read(table: Sequence[dict[str, Any]], kind: str = "jsonl", **options: Any) -> Reading:
    with tempfile.TemporaryDirectory() as folder:
        header = options.get("header") is not False
        return overview("file", saved(Path(folder), kind, table, header, options.get("encoding")), **options).reading


def pairs(reading: Reading) -> set[tuple[str, str]]:
    return {(question.id, gold(question)) for question in reading.train}


def check(reading: Reading, written: Sequence[Item]) -> None:
    """Every question has the gold text and the choices with which it was written; every other row is bad."""
    known = {item.id: item for item in written}
    for question in reading.train:
        item = known["id" + question.text.partition("number")[2].split()[0]]
        assert bare(gold(question)) == bare(item.right), (question, item)
        assert {bare(choice.text) for choice in question.choices} == set(map(bare, item.choices)), (question, item)
        assert bare(item.text) in bare(question.text) and bare(item.context) in bare(question.text)
    assert len(reading.train) + len(reading.bad) >= len(written), "a row has vanished"


def decided(written: Sequence[Item], answer: str) -> bool:
    """Whether numbers say themselves where they begin."""
    first = base(answer)
    return first is None or any(item.gold == 0 if first == 0 else item.gold == len(item.choices) - 1 for item in written)


def follows_names(answer: str, layout: str, names: Names, written: Sequence[Item]) -> bool:
    """Numbers that do not say where they begin follow the numbers in the names of columns, if there are any."""
    first = "1" if layout == "numbered" else names.series(0)[-1] if layout == "columns" else ""
    return decided(written, answer) or not first.isdecimal() or int(first) == base(answer)


@pytest.mark.long
@given(
    items(wild=True), st.sampled_from(LAYOUTS), st.sampled_from(sorted(ANSWERS)), NAMES, st.sampled_from(KINDS), st.randoms()
)
@settings(often, max_examples=400)
def test_nothing_is_read_with_another_gold(
    written: list[Item], layout: str, answer: str, names: Names, kind: str, order: random.Random
):
    assume(all(representable(item, layout) for item in written))
    assume(follows_names(answer, layout, names, written))
    table = rows(written, layout, answer, names)
    assume(holds(kind, table))
    order.shuffle(table)
    try:
        reading = read(table, kind)
    except DataError:
        event("refused")
        return
    event("read" if reading.train else "bad")
    check(reading, written)


@pytest.mark.long
@given(items(wild=False, least=2), st.sampled_from(LAYOUTS), st.sampled_from(sorted(ANSWERS)), NAMES, st.sampled_from(KINDS))
@settings(often, max_examples=150)
def test_plain_questions_are_read_whole_unless_nothing_says_where_numbers_begin(
    written: list[Item], layout: str, answer: str, names: Names, kind: str
):
    assume(follows_names(answer, layout, names, written))
    assume(layout != "numbered" or base(answer) != 0)  # choices that are numbered from 1 contradict a 0: refused
    table = rows(written, layout, answer, names)
    assume(holds(kind, table))
    if layout in MARKING or decided(written, answer) or _names_decide(layout, names):
        reading = read(table, kind)
        assert reading.bad == () and pairs(reading) == {(item.id, item.right) for item in written}
        check(reading, written)
    else:
        with pytest.raises(DataError, match="answers_from=0"):
            read(table, kind)


def _names_decide(layout: str, names: Names) -> bool:
    """Whether the names of columns, or the labels of choices, have numbers."""
    spoken = not any(word in names.answer.casefold() for word in ("index", "label", "gold", "target"))
    return layout == "numbered" or layout == "columns" and (names.series(0)[-1] == "0" or names.series(0)[-1] == "1" and spoken)


@given(st.sampled_from(("literal.csv", "literal.tsv")), st.sampled_from(("letter", "text", "from 0", "from 1")), st.data())
@settings(often, max_examples=80)
def test_stray_quotes_in_cells_cost_only_rows_that_are_named(kind: str, answer: str, data: st.DataObject):
    pieces = [text for text in QUOTED + PLAIN if holds(kind, [{"cell": text}])]
    offered = st.lists(st.sampled_from(pieces), min_size=2, max_size=4, unique=True).map(tuple)
    written = [
        Item(f"id{place}", f"Which of number{place} stones?", texts, data.draw(st.integers(0, len(texts) - 1)))
        for place, texts in enumerate(data.draw(st.lists(offered, min_size=1, max_size=9)))
    ]
    assume(follows_names(answer, "columns", Names(), written))
    try:
        reading = read(rows(written, "columns", answer, Names()), kind, shuffle_choices="off")
    except DataError:
        return
    known = {item.id: item for item in written}
    assert all(gold(question) == known[question.id].right for question in reading.train)
    assert all(question.id in known and texts_of(question) == known[question.id].choices for question in reading.train)
    named = {line for row in reading.bad for line in range(row.line, last_line(row) + 1)}
    assert {line for line in range(2, len(written) + 2) if f"id{line - 2}" not in dict(pairs(reading))} <= named


def texts_of(question: Question) -> tuple[str, ...]:
    return tuple(choice.text for choice in question.choices)


def last_line(row: LeftOut) -> int:
    """The last line that the reason of a bad row names as lost with it."""
    lost = re.search(r"on lines \d+ to (\d+)|lines \d+ to (\d+) are lost|line (\d+) is lost", row.reason)
    return int(next(filter(None, lost.groups()))) if lost else row.line


NUMBERS = sorted(name for name in ANSWERS if base(name) is not None)


@pytest.mark.long
@given(items(wild=False, least=2), st.sampled_from(("columns", "list", "dots", "nested")), st.sampled_from(NUMBERS), NAMES)
@settings(often, max_examples=40)
def test_a_base_that_is_given_is_used(written: list[Item], layout: str, answer: str, names: Names):
    first = base(answer)
    table = rows(written, layout, answer, names)
    assert pairs(read(table, answers_from=first)) == {(item.id, item.right) for item in written}
    other = read(table, answers_from=1 - (first or 0))
    moved = {item.id: item.gold + (first or 0) - (1 - (first or 0)) for item in written}
    good = {(item.id, item.choices[moved[item.id]]) for item in written if 0 <= moved[item.id] < len(item.choices)}
    assert pairs(other) == good and len(other.bad) == len(written) - len(good)


@given(items(wild=False, least=2), st.sampled_from(("columns", "list", "dots", "nested", "flat")), NAMES)
@settings(often, max_examples=25)
def test_numbers_from_both_0_and_1_are_refused(written: list[Item], layout: str, names: Names):
    table = rows(written, layout, "from 0", names)
    answers = [len(item.choices) if place else 0 for place, item in enumerate(written)]
    for row, number in zip(table, answers, strict=True):
        row[names.answer] = number
    with pytest.raises(DataError, match="seem to count from 0"):
        read(table)


@pytest.mark.long
@given(items(wild=True, least=2), st.sampled_from(LAYOUTS), st.sampled_from(sorted(ANSWERS)), st.randoms())
@settings(often, max_examples=60)
def test_the_order_of_rows_changes_nothing(written: list[Item], layout: str, answer: str, order: random.Random):
    table = rows(written, layout, answer, Names())
    found = []
    for _ in range(2):
        try:
            reading = read(table)
            found.append((pairs(reading), Counter(row.reason for row in reading.bad)))
        except DataError:
            found.append(None)
        order.shuffle(table)
    assert found[0] == found[1]


@pytest.mark.long
@given(items(wild=False, least=3), st.sampled_from(("columns", "list", "nested")), st.sampled_from(sorted(ANSWERS)), st.data())
@settings(often, max_examples=60)
def test_a_bad_row_changes_no_other(written: list[Item], layout: str, answer: str, data: st.DataObject):
    assume(decided(written, answer))
    table = rows(written, layout, answer, Names())
    spoilt = data.draw(st.integers(0, len(written) - 1))
    rest = [item for item in written if item.id != f"id{spoilt}"]
    assume(decided(rest, answer))
    table[spoilt]["answer"] = data.draw(st.sampled_from(("", "Z", "unknown", "99", None)))
    expected = {(item.id, item.right) for item in rest}
    assert pairs(read(table)) == expected
    with tempfile.TemporaryDirectory() as folder:
        path = saved(Path(folder), "jsonl", table)
        with pytest.raises(DataError, match="1 row can't be used"):
            load_task("file", path)
        task = load_task("file", path, skip_bad=True)
    assert {(question.id, gold(question)) for question in (*task.train, *task.test)} == expected and len(task.skipped) == 1


@pytest.mark.long
@given(
    items(wild=True, least=2, most=4, context=False),
    st.sampled_from(("csv", "semicolons.csv", "tsv")),
    st.sampled_from(("cp1252", "latin-1", "utf-16-le")),
)
@settings(often, max_examples=40)
def test_a_file_in_the_encoding_that_is_named_is_read(written: list[Item], kind: str, encoding: str):
    table = rows(written, "columns", "(letter)", Names())
    everything = "".join(str(value) for row in table for value in row.values())
    assume(everything.encode(encoding, "replace").decode(encoding) == everything)
    check(read(table, kind, encoding=encoding), written)


@pytest.mark.long
@given(
    items(wild=True, least=2, context=False),
    st.sampled_from(("csv", "semicolons.csv", "tsv", "xlsx")),
    st.sampled_from(("letter", "text", "from 0", "from 1")),
)
@settings(often, max_examples=60)
def test_a_file_without_names_of_columns_is_read_right_or_refused(written: list[Item], kind: str, answer: str):
    try:
        reading = read(rows(written, "columns", answer, Names()), kind, header=False)
    except DataError:
        return
    check(reading, written)


LABELS = st.sampled_from(
    (("negative", "positive"), ("no", "maybe", "yes"), (0, 1), (1, 2, 3), (False, True), (-1.5, 0.5), ("x, y", "a|b"))
)


@given(LABELS, st.lists(st.integers(0, 5), min_size=6, max_size=20), st.sampled_from(KINDS), st.randoms())
@settings(often, max_examples=60)
def test_the_labels_of_texts_are_read_as_written(labels: tuple[Any, ...], drawn: list[int], kind: str, order: random.Random):
    right = [labels[number % len(labels)] for number in [*range(len(labels)), *drawn]]
    table = [{"id": f"id{place}", "text": f"Words number{place} (A) x, y", "label": label} for place, label in enumerate(right)]
    order.shuffle(table)
    reading = read(table, kind)
    assert reading.classification and reading.bad == ()
    assert {(name, text.casefold()) for name, text in pairs(reading)} == {
        (row["id"], str(row["label"]).casefold()) for row in table
    }
    assert all(len(question.choices) == len(labels) for question in reading.train)


@pytest.mark.long
@given(items(wild=True, least=5, most=9, context=False), st.integers(0, 9), st.randoms())
@settings(often, max_examples=40)
def test_shuffled_choices_keep_the_gold_and_depend_on_content_alone(written: list[Item], seed: int, order: random.Random):
    written = [Item(item.id, item.text, (*item.choices, "All of the above"), item.gold) for item in written]
    table = rows(written, "list", "(letter)", Names())
    found = {question.id: question for question in read(table, shuffle_choices=seed).train}
    assert {(name, gold(question)) for name, question in found.items()} <= {(item.id, item.right.strip()) for item in written}
    assert all(question.choices[-1].text == "All of the above" for question in found.values())
    order.shuffle(table)
    assert {question.id: question for question in read(table[1:], shuffle_choices=seed).train}.items() <= found.items()


@pytest.mark.long
@given(items(wild=False, least=2, context=True), st.sampled_from(("columns", "list", "arc", "dots")), st.sampled_from(KINDS))
@settings(often, max_examples=30)
def test_the_same_question_about_two_contexts_is_two_questions(written: list[Item], layout: str, kind: str):
    same = [
        Item(item.id, "What is meant?", written[0].choices, place % 2, f"{item.id} {item.context}")
        for place, item in enumerate(written)
    ]
    table = [row for row in rows(same, layout, "letter", Names(question="question"))]
    assume(holds(kind, table))
    reading = read(table, kind)
    assert pairs(reading) == {(item.id, item.right) for item in same}
    assert all(question.text.startswith(question.id) for question in reading.train)


@pytest.mark.long
@given(items(wild=False, least=4, most=8, context=False), st.data())
@settings(often, max_examples=40)
def test_near_copies_of_test_questions_leave_the_training_side_and_are_counted(written: list[Item], data: st.DataObject):
    copied = data.draw(st.lists(st.sampled_from(written[1:]), unique=True, max_size=3))
    near = [_near(item, data.draw(st.permutations(range(len(item.choices))))) for item in copied]
    own = Item("own", "What else?", ("this", "that"), 0)
    with tempfile.TemporaryDirectory() as folder:
        train = saved(Path(folder), "jsonl", rows(written, "list", "letter", Names()))
        test = saved(Path(folder), "json", rows([own, *near], "list", "text", Names()))
        found = overview("file", train, test_data=test, shuffle_choices="off")
        task = load_task("file", train, test_data=test)
    assert {question.id for question in found.reading.train} == {item.id for item in written if item not in copied}
    assert len(found.reading.repeated) == len(task.skipped) == len(copied)
    assert any(f"{len(copied)} training question" in line for line in found.warnings) == bool(copied)
    assert len(task.train) == len(written) - len(copied)


def _near(item: Item, order: Sequence[int]) -> Item:
    """The item with other capitals, spaces, last mark and order of choices."""
    text = item.text.upper().removesuffix("?").replace(" ", "  ") + " ."
    return Item(f"near-{item.id}", text, tuple(item.choices[place].title() for place in order), list(order).index(item.gold))


@given(st.integers(40, 90), st.sampled_from(("csv", "jsonl", "xlsx")), st.randoms())
@settings(often, max_examples=8)
def test_a_rare_label_is_asked_about_and_accepted_if_named(count: int, kind: str, order: random.Random):
    table = [
        {"id": f"id{place}", "text": f"words number{place}", "label": ("negative", "positive")[place % 2]}
        for place in range(count)
    ]
    table.append({"id": "rare", "text": "other words", "label": "positve"})
    order.shuffle(table)
    reading = read(table, kind)
    assert len(reading.train) == count and "'positve' occurs only once" in reading.bad[0].reason and len(reading.bad) == 1
    named = read(table, kind, labels=("negative", "positive", "positve"))
    assert named.bad == () and ("rare", "positve") in pairs(named)
