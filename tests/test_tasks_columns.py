"""Which column holds what: right and wrong answers that are apart, columns without names, texts beside the question."""

import json
from pathlib import Path

import pytest
from question_files import FIN, HOOF, golds, read, saved
from small import Run

from selfamplify import Columns, load_task, overview
from selfamplify.errors import DataError

APART = {
    "sciq": [
        {"question": "Hoof?", "distractor1": "cod", "distractor2": "owl", "correct_answer": "horse", "support": ""},
        {"question": "Fin?", "distractor1": "goat", "distractor2": "kite", "correct_answer": "carp", "support": ""},
    ],
    "opentdb": {
        "response_code": 0,
        "results": [
            {
                "type": "multiple",
                "category": "A",
                "question": "Hoof?",
                "correct_answer": "horse",
                "incorrect_answers": ["a", "b"],
            },
            {"type": "boolean", "category": "B", "question": "Fin?", "correct_answer": "carp", "incorrect_answers": ["False"]},
        ],
    },
    "truthful_qa": [
        {"Question": "Hoof?", "Best Answer": "horse", "Correct Answers": "horse; mare", "Incorrect Answers": "cod; owl"},
        {"Question": "Fin?", "Best Answer": "carp", "Correct Answers": "carp; cod", "Incorrect Answers": "goat; kite; owl"},
    ],
    "german": [
        {"nr": 1, "frage": "Hoof?", "antwort": "horse", "falseAnswers": ["cod", "owl"]},
        {"nr": 2, "frage": "Fin?", "antwort": "carp", "falseAnswers": ["goat"]},
    ],
    "targets": [
        {"question": "Hoof?", "mc1_targets": {"choices": ["horse", "cod"], "labels": [1, 0]}},
        {"question": "Fin?", "mc1_targets": {"choices": ["carp", "goat"], "labels": [1, 0]}},
    ],
}


@pytest.mark.parametrize("name", APART)
def test_right_and_wrong_answers_that_are_apart_are_shuffled(tmp_path: Path, name: str):
    found = read(saved(tmp_path, "q.json", APART[name]))
    assert not found["bad"] and golds(found) == ["horse", "carp"]
    assert any("shuffled with seed" in warning for warning in found["warnings"])


NAMELESS = {
    "free answers by topic": "".join(f"{topic},What is it in case {n}?,a{n}\n" for n, topic in enumerate(["land", "sea"] * 4)),
    "right and wrong answers by topic": "".join(
        f"{topic},Which of these is it in case {n}?,a{n},b{n},c{n}\n" for n, topic in enumerate(["land", "sea"] * 4)
    ),
    "an explanation after the answer": "".join(
        f"The horse number {n} has a hoof.\t{'true' if n % 2 else 'false'}\tThat is what horse {n} has.\n" for n in range(6)
    ),
}


@pytest.mark.parametrize("name", NAMELESS)
def test_columns_without_names_that_may_be_anything_are_refused(tmp_path: Path, name: str):
    with pytest.raises(DataError, match="have no names, and it is not clear which of them holds what"):
        read(saved(tmp_path, "q.tsv" if "\t" in NAMELESS[name] else "q.csv", NAMELESS[name]), header=False)


def test_columns_without_names_may_have_topics_before_and_remarks_after(tmp_path: Path):
    lines = [
        f"{topic}|Which of these is it in case {n}?|a{n}|b{n}|c{n}|{1 + n % 3}" for n, topic in enumerate(["land", "sea"] * 4)
    ]
    found = read(saved(tmp_path, "q.txt", "\n".join(lines)), header=False)
    assert golds(found) == ["a0", "b1", "c2", "a3", "b4", "c5", "a6", "b7"] and found["unused"] == ["1"]
    lines = [f"Which is it in case {n}?;a{n};b{n};c{n};{'ABC'[n % 3]};Ann {n};{1 + n % 3}" for n in range(6)]
    found = read(saved(tmp_path, "q.csv", "\n".join(lines)), header=False)
    assert golds(found) == ["a0", "b1", "c2", "a3", "b4", "c5"] and found["unused"] == ["6", "7"]


def test_columns_without_names_may_have_a_first_choice_that_is_always_right(tmp_path: Path):
    lines = [f"{n + 1},Which of these is it in case {n}?,a{n},b{n},c{n},d{n},a{n},," for n in range(6)]
    found = read(saved(tmp_path, "q.csv", "\n".join(lines)), shuffle_choices="off")
    assert found["columns"]["choices"] == ["3", "4", "5", "6"] and found["columns"]["answer"] == "7"


def test_texts_without_spaces_are_texts(tmp_path: Path):
    lines = ["好\t这部电影很好看", "坏\t这部电影不好看", "好\t我很喜欢这个演员", "坏\t我不喜欢这个演员"]
    assert golds(read(saved(tmp_path, "q.tsv", "\n".join(lines)), header=False)) == ["好", "坏", "好", "坏"]
    found = read(
        saved(tmp_path, "q.json", [{"question": "什么？", "options": HOOF, "answer": "A", "备注": "在动物园里看到的马"}])
    )
    assert "The column '备注' holds texts and is not used" in "".join(found["warnings"])


def test_choices_with_captions_and_ids(tmp_path: Path):
    choices = [{"a_id": 1, "caption": "cod"}, {"a_id": 2, "caption": "horse"}]
    row = {"title": "Hoof?", "possible_answers": choices, "correct_answer": 2}
    assert golds(read(saved(tmp_path, "q.json", [row]))) == ["horse"]


def test_a_text_beside_the_question_is_its_context_and_an_answers_text_is_not(tmp_path: Path):
    more = {"text": "A horse is what one rides.", "answerText": "it is the horse here", "remark": "seen in a zoo"}
    found = read(saved(tmp_path, "q.json", [{"question": "Hoof?", "options": HOOF, "answer": "A", **more}] * 2))
    assert found["examples"][0]["question"] == "A horse is what one rides.\nHoof?"
    assert [note for note in found["warnings"] if "not used" in note] == [
        "The column 'remark' holds texts and is not used; if it belongs before the question, use "
        "`columns=Columns(context=('remark',))`."
    ]


def test_flags_for_each_choice_come_before_another_column_of_answers(tmp_path: Path):
    flags = {"answer_a_correct": "false", "answer_b_correct": "true"}
    row = {"answers": {"answer_a": "cod", "answer_b": "horse"}, "correct_answer": "answer_a", "correct_answers": flags}
    found = read(saved(tmp_path, "q.json", [{"question": "Hoof?", **row}]))
    assert golds(found) == ["horse"] and found["columns"]["answer"] == "correct_answers"
    assert "'correct_answer' has others" in "".join(found["warnings"])


def test_a_list_of_right_answers_is_no_text(tmp_path: Path):
    apart = [
        {"question": f"Q{n}?", "correct_answers": right, "incorrect_answers": "['c', 'd']"} for n, right in enumerate(RIGHT)
    ]
    found = read(saved(tmp_path, "q.json", apart))
    assert golds(found) == ["a"] and [row["reason"] for row in found["bad"]] == ["2 answers; there must be exactly one"]


RIGHT = ("['a']", "['a', 'b']")


@pytest.mark.parametrize(
    "wrong", [("wrong_one", "wrong_two"), ("Wrong answer one", "Wrong answer two"), ("distractor1", "distractor2")]
)
def test_wrong_answers_may_be_numbered_in_words(tmp_path: Path, wrong: tuple[str, str]):
    text = f"question,right_answer,{wrong[0]},{wrong[1]}\nHoof?,horse,cod,owl\nFin?,carp,goat,kite\n"
    found = read(saved(tmp_path, "q.csv", text))
    assert golds(found) == ["horse", "carp"] and found["columns"]["distractors"] == list(wrong)


@pytest.mark.parametrize(
    ("question", "answer", "choices"),
    [
        ("Spørsmål", "Riktig svar", "Alternativer"),
        ("Fråga", "Rätt svar", "Svarsalternativ"),
        ("Nội dung câu hỏi", "Đáp án đúng", "Lựa chọn"),
        ("Texto_Pregunta", "Respuesta_Correcta", "Opciones"),
        ("السؤال", "الإجابة", "الخيارات"),
        ("질문", "정답", "보기"),
    ],
)
def test_columns_in_other_languages(tmp_path: Path, question: str, answer: str, choices: str):
    found = read(
        saved(
            tmp_path,
            "q.json",
            [{question: "Hoof?", choices: HOOF, answer: "horse"}, {question: "Fin?", choices: FIN, answer: "carp"}],
        )
    )
    assert golds(found) == ["horse", "carp"]


def test_one_question_with_choices_as_objects_is_a_question_and_not_its_choices(tmp_path: Path):
    choices = [{"text": "the river", "correct": True}, {"text": "the stone", "correct": False}]
    file = tmp_path / "q.json"
    file.write_text(json.dumps({"question": "What flows?", "options": choices}))
    (question,) = overview("file", file).reading.train
    assert [choice.text for choice in question.choices] == ["the river", "the stone"] and question.answer == "A"


def test_a_choice_that_is_a_letter_is_not_taken_for_the_answer_if_another_column_may_be(tmp_path: Path):
    file = tmp_path / "q.csv"
    file.write_text("q0,Which of these rivers?,0,1,the river,A,1\nq1,Which of those rivers?,0,1,,,0\n")
    with pytest.raises(DataError, match="The numbers in '7' may be the texts of choices or their positions"):
        overview("file", file, header=False)


def test_a_cell_with_backticks_leaves_the_remedy_as_it_is(tmp_path: Path, run: Run):
    rows = [{"ticket_body": f"what does `isinstance {n} of this long text` do", "queue_name": "ab"[n % 2]} for n in range(8)]
    file = saved(tmp_path, "rows.json", json.dumps(rows))
    err = run("data", file)[2]
    assert "use --question-column ticket_body --answer-column queue_name, or with other names" in err and "Columns(" not in err


def test_a_public_task_says_which_task_has_columns(tmp_path: Path):
    rows = [{"ticket_body": f"order {n} is late", "queue_name": "ab"[n % 2]} for n in range(8)]
    file = saved(tmp_path, "rows.json", json.dumps(rows))
    with pytest.raises(DataError, match='Columns are named with `task="file"`.$'):
        load_task("arc_challenge", file)


def test_the_remedy_names_the_columns_that_may_be_meant(tmp_path: Path):
    rows = [{"ref": n, "ticket_body": f"my order {n} is late", "queue_name": "ab"[n % 2]} for n in range(8)]
    file = saved(tmp_path, "rows.json", json.dumps(rows))
    cells = r"among 'ref' .'0'., 'ticket_body' .'my order 0 is late'., 'queue_name' .'a'.;"
    with pytest.raises(DataError, match=cells) as error:
        overview("file", file)
    assert "`columns=Columns(question='ticket_body', answer='queue_name')`" in str(error.value)
    recognised = [{"question": row["ticket_body"], "queue_name": row["queue_name"]} for row in rows]
    with pytest.raises(DataError, match="question='question', answer='queue_name'"):
        overview("file", saved(tmp_path, "recognised.json", json.dumps(recognised)))
    several = [row | {"came_by": "xyz"[n % 3]} for n, row in enumerate(rows)]
    with pytest.raises(DataError, match="question='ticket_body', answer='NAME'"):
        overview("file", saved(tmp_path, "several.json", json.dumps(several)))
    with pytest.raises(DataError, match="There is no column 'Ticket_bod' .* did you mean 'ticket_body'?"):
        overview("file", file, columns=Columns("Ticket_bod", "queue_name"))
    with pytest.raises(DataError, match="There is no column 'zzz' .*; use one of these names"):
        overview("file", file, columns=Columns("zzz", "queue_name"))


def test_an_empty_cell_is_not_the_text_of_an_empty_choice(tmp_path: Path):
    """A column of last choices, which some questions lack, was taken for the answers."""
    lines = ["id0,Which of these is a river?,Elbe,Rome,,,0", "id1,Which of these is a letter?,A,B,D,C,0"]
    found = read(saved(tmp_path, "q.csv", "\n".join(lines)), header=False)
    assert golds(found) == ["Elbe", "A"] and found["columns"]["answer"] == "7" and found["bad"] == []
