"""The layouts of question files that people have, in miniature: what is read from each, or why it is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from selfamplify import Columns, load_task, overview
from selfamplify.errors import DataError

CASES = Path(__file__).parents[1] / "shared" / "cases"
if not CASES.exists():
    CASES = Path(__file__).parents[2] / "shared" / "cases"


def saved(folder: Path, name: str, content: Any) -> Path:
    path = folder / name
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    return path


def read(path: Path, **options: Any) -> dict[str, Any]:
    """How a file is read, with all questions as examples."""
    return overview("file", path, **options).as_json(100)


def golds(found: dict[str, Any]) -> list[str]:
    return [example["answer_text"] for example in found["examples"]]


HOOF, FIN = ["horse", "shark", "wren"], ["goat", "carp", "kite"]

LISTS: dict[str, list[dict[str, Any]]] = {
    "mmlu": [
        {"question": "Hoof?", "subject": "zoo", "choices": HOOF, "answer": 0},
        {"question": "Fin?", "subject": "zoo", "choices": FIN, "answer": 1},
    ],
    "mmlu_pro": [
        {"question_id": 7, "question": "Hoof?", "options": HOOF, "answer": "A", "answer_index": 0, "src": "x"},
        {"question_id": 8, "question": "Fin?", "options": FIN, "answer": "B", "answer_index": 1, "src": "x"},
    ],
    "arc": [
        {"id": "q1", "question": "Hoof?", "choices": {"text": HOOF, "label": ["A", "B", "C"]}, "answerKey": "A"},
        {"id": "q2", "question": "Fin?", "choices": {"text": FIN, "label": ["1", "2", "3"]}, "answerKey": "2"},
    ],
    "commonsense_qa": [
        {
            "answerKey": key,
            "id": stem,
            "question": {"stem": stem, "choices": [{"label": "ABC"[n], "text": text} for n, text in enumerate(texts)]},
        }
        for stem, texts, key in (("Hoof?", HOOF, "A"), ("Fin?", FIN, "B"))
    ],
    "medqa": [
        {"question": "Hoof?", "answer": "horse", "options": dict(zip("ABC", HOOF, strict=True)), "answer_idx": "A"},
        {"question": "Fin?", "answer": "carp", "options": dict(zip("ABC", FIN, strict=True)), "answer_idx": "B"},
    ],
    "medmcqa": [
        {"question": "Hoof?", "exp": "It has one", "cop": 1, "opa": "horse", "opb": "shark", "opc": "wren", "id": "a"},
        {"question": "Fin?", "exp": "It has one", "cop": 2, "opa": "goat", "opb": "carp", "opc": "kite", "id": "b"},
        {"question": "Wing?", "exp": "It has one", "cop": 3, "opa": "cow", "opb": "cod", "opc": "owl", "id": "c"},
    ],
    "reclor": [
        {"context": "One runs.", "question": "Hoof?", "answers": HOOF, "label": 0, "id_string": "t0"},
        {"context": "One swims.", "question": "Fin?", "answers": FIN, "label": 1, "id_string": "t1"},
    ],
    "swag": [
        {"startphrase": "Hoof?", "sent1": "x", "gold-source": "gold", "ending0": "horse", "ending1": "shark", "label": 0},
        {"startphrase": "Fin?", "sent1": "x", "gold-source": "gold", "ending0": "goat", "ending1": "carp", "label": 1},
    ],
    "hellaswag": [
        {"ind": 1, "ctx_a": "Ho", "ctx_b": "of?", "ctx": "Hoof?", "endings": HOOF, "label": "0", "source_id": "s"},
        {"ind": 2, "ctx_a": "Fi", "ctx_b": "n?", "ctx": "Fin?", "endings": FIN, "label": "1", "source_id": "s"},
    ],
    "social_i_qa": [
        {"context": "c", "question": "Hoof?", "answerA": "horse", "answerB": "shark", "answerC": "wren", "label": "1"},
        {"context": "c", "question": "Fin?", "answerA": "goat", "answerB": "carp", "answerC": "kite", "label": "2"},
        {"context": "c", "question": "Wing?", "answerA": "cow", "answerB": "cod", "answerC": "owl", "label": "3"},
    ],
    "winogrande": [
        {"sentence": "_ has a hoof.", "option1": "horse", "option2": "shark", "answer": "1"},
        {"sentence": "_ has a fin.", "option1": "goat", "option2": "carp", "answer": "2"},
    ],
    "piqa": [
        {"goal": "Hoof?", "sol1": "horse", "sol2": "shark", "label": 0},
        {"goal": "Fin?", "sol1": "goat", "sol2": "carp", "label": 1},
    ],
    "copa": [
        {"premise": "It ran.", "choice1": "horse", "choice2": "shark", "question": "cause", "idx": 0, "label": 0},
        {"premise": "It swam.", "choice1": "goat", "choice2": "carp", "question": "effect", "idx": 1, "label": 1},
    ],
    "bbq": [
        {"example_id": 0, "context": "c", "question": "Hoof?", "ans0": "horse", "ans1": "shark", "ans2": "wren", "label": 0},
        {"example_id": 1, "context": "c", "question": "Fin?", "ans0": "goat", "ans1": "carp", "ans2": "kite", "label": 1},
    ],
    "aqua_rat": [
        {"question": "Hoof?", "options": ["A)horse", "B)shark"], "rationale": "It has one of them.", "correct": "A"},
        {"question": "Fin?", "options": ["A)goat", "B)carp"], "rationale": "It has one of them.", "correct": "B"},
    ],
    "agieval": [
        {"passage": None, "question": "Hoof?", "options": ["(A)horse", "(B)shark"], "label": "A", "answer": None},
        {"passage": None, "question": "Fin?", "options": ["(A)goat", "(B)carp"], "label": "B", "answer": None},
    ],
    "big_bench": [
        {"input": "Hoof?", "target_scores": {"horse": 1, "shark": 0}, "target": "A long text about the horse"},
        {"input": "Fin?", "target_scores": {"goat": 0, "carp": 1}, "target": "A long text about the carp"},
    ],
    "flags": [
        {"questionText": "Hoof?", "answerOptions": [{"answerText": t, "isCorrect": t == "horse"} for t in HOOF]},
        {"questionText": "Fin?", "answerOptions": [{"answerText": t, "isCorrect": t == "carp"} for t in FIN]},
    ],
    "spanish_flags": [
        {"enunciado": "Hoof?", "opciones": [{"texto": t, "correcta": t == "horse"} for t in HOOF]},
        {"enunciado": "Fin?", "opciones": [{"texto": t, "correcta": t == "carp"} for t in FIN]},
    ],
    "ids": [
        {"question": "Hoof?", "options": [{"id": "a-0", "text": "horse"}, {"id": "b-0", "text": "cod"}], "correct": "a-0"},
        {"question": "Fin?", "options": [{"id": "a-1", "text": "goat"}, {"id": "b-1", "text": "carp"}], "correct": "b-1"},
    ],
    "flagged_names": [
        {
            "question": question,
            "answers": {"answer_a": first, "answer_b": second, "answer_c": None},
            "multiple_correct_answers": "false",
            "correct_answers": {"answer_a_correct": a, "answer_b_correct": b, "answer_c_correct": "false"},
            "correct_answer": None,
        }
        for question, first, second, a, b in (
            ("Hoof?", "horse", "cod", "true", "false"),
            ("Fin?", "goat", "carp", "false", "true"),
        )
    ],
    "spanish": [
        {"pregunta": "Hoof?", "opciones": HOOF, "respuestaCorrecta": 0, "categoria": "zoo"},
        {"pregunta": "Fin?", "opciones": FIN, "respuestaCorrecta": 1, "categoria": "zoo"},
    ],
    "spanish_accents": [
        {"Enunciado": "Hoof?", "Opción A": "horse", "Opción B": "shark", "Opción correcta": "A"},
        {"Enunciado": "Fin?", "Opción A": "goat", "Opción B": "carp", "Opción correcta": "B"},
    ],
    "german": [
        {"frage": "Hoof?", "antworten": HOOF, "richtig": [0], "erklaerung": "Es steht so im Buch."},
        {"frage": "Fin?", "antworten": FIN, "richtig": [1], "erklaerung": "Es steht so im Buch."},
    ],
    "french": [
        {"question": "Hoof?", "choix": HOOF, "réponse": "horse"},
        {"question": "Fin?", "choix": FIN, "réponse": "carp"},
    ],
    "russian": [
        {"Вопрос": "Hoof?", "Ответы": HOOF, "Правильный ответ": "horse"},
        {"Вопрос": "Fin?", "Ответы": FIN, "Правильный ответ": "carp"},
    ],
    "chinese": [
        {"题目": "Hoof?", "选项A": "horse", "选项B": "shark", "答案": "A", "解析": "书上写着"},
        {"题目": "Fin?", "选项A": "goat", "选项B": "carp", "答案": "B", "解析": "书上写着"},
    ],
    "kahoot": [
        {
            "Question - max 120 characters": question,
            "Answer 1 - max 75 characters": first,
            "Answer 2 - max 75 characters": second,
            "Time limit (sec)": 20,
            "Correct answer(s) - choose at least one": right,
        }
        for question, first, second, right in (("Hoof?", "horse", "cod", "1"), ("Fin?", "goat", "carp", "2"))
    ],
    "few_columns": [
        {"id": 1, "type": "single", "content": "Hoof?", "c1": "horse", "c2": "shark", "c3": "", "answer": "A"},
        {"id": 2, "type": "single", "content": "Fin?", "c1": "goat", "c2": "carp", "c3": "kite", "answer": "B"},
    ],
    "whole_choice": [
        {"question": "Hoof?", "options": ["A. horse", "B. shark"], "answer": "A. horse"},
        {"question": "Fin?", "options": ["A. goat", "B. carp"], "answer": "B. carp "},
    ],
    "name_of_column": [
        {"question": "Hoof?", "option_a": "horse", "option_b": "shark", "answer": "option_a"},
        {"question": "Fin?", "option_a": "goat", "option_b": "carp", "answer": "Option B"},
    ],
    "floats": [
        {"question": "Hoof?", "choices": HOOF, "label": "0.0"},
        {"question": "Fin?", "choices": FIN, "label": "1.0"},
    ],
    "quoted_case": [
        {"question": "Hoof?", "choices": HOOF, "answer": " Horse "},
        {"question": "Fin?", "choices": FIN, "answer": "CARP"},
    ],
    "driving_category": [
        {"question": "Hoof?", "category": "B", "answers": HOOF, "correct_answer": "horse"},
        {"question": "Fin?", "category": "A", "answers": FIN, "correct_answer": "carp"},
    ],
    "fewer_choices": [
        {"question": "Hoof?", "A": "horse", "B": "shark", "C": "", "D": None, "answer": "A"},
        {"question": "Fin?", "A": "goat", "B": "carp", "C": "kite", "D": "wren", "answer": "B"},
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_a_layout_with_choices_is_read(tmp_path: Path, name: str):
    found = read(saved(tmp_path, "q.json", LISTS[name]), shuffle_choices="off")
    assert not found["bad"] and not found["classification"]
    assert golds(found)[:2] == ["horse", "carp"]
    assert not any("context=" in warning for warning in found["warnings"])
    assert all("has one of them" not in example["question"] for example in found["examples"])


@pytest.mark.parametrize(
    "name", [name for name in LISTS if name not in ("commonsense_qa", "flags", "spanish_flags", "ids", "flagged_names")]
)
def test_the_lines_of_a_layout_are_read_as_its_list_is(tmp_path: Path, name: str):
    lines = "".join(json.dumps(row) + "\n" for row in LISTS[name])
    assert golds(read(saved(tmp_path, "q.jsonl", lines), shuffle_choices="off"))[:2] == ["horse", "carp"]


TABLES = {
    "mmlu": ("q.csv", "Which one has a hoof?,horse,shark,A\nWhich one has a fin?,goat,carp,B\nWho flies?,owl,cow,A\n"),
    "cmmlu": ("q.csv", ",Question,A,B,Answer\n0,Hoof,horse,shark,A\n1,Fin,goat,carp,B\n"),
    "ceval": ("q.csv", "id,question,A,B,answer,explanation\n0,Hoof,horse,shark,A,\n1,Fin,goat,carp,B,\n"),
    "tags_after": (
        "q.csv",
        "Which has a hoof?,horse,shark,1,zoo,foot\nWhich has a fin?,goat,carp,2,zoo,sea\nWhich flies?,owl,cow,1,zoo,air\n",
    ),
    "answer_first": ("q.csv", "Which has a hoof?,A,horse,shark\nWhich has a fin?,B,goat,carp\nWhich flies?,A,owl,cow\n"),
    "tabs": ("q.tsv", "question\tchoices\tanswer\nHoof?\thorse|shark\thorse\nFin?\tgoat|carp\tcarp\n"),
    "lines_in_a_cell": ("q.csv", ',MCQ,Choices,Correct\n0,Hoof?,"a. horse\nb. shark",a\n1,Fin?,"a. goat\nb. carp",b\n'),
    "python_objects": (
        "q.csv",
        "question,choices,answerKey\n"
        "Hoof?,\"{'text': array(['horse', 'shark'], dtype=object), 'label': array(['A', 'B'], dtype=object)}\",A\n"
        "Fin?,\"{'text': array(['goat', 'carp'], dtype=object), 'label': array(['A', 'B'], dtype=object)}\",B\n",
    ),
    "arc": (
        "q.csv",
        "questionID,AnswerKey,isMultipleChoiceQuestion,subject,question\n"
        "x1,A,1,zoo,Hoof? (A) horse (B) shark\nx2,2,1,zoo,Fin? (1) goat (2) carp\n",
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_with_choices_is_read(tmp_path: Path, name: str):
    found = read(saved(tmp_path, *TABLES[name]), shuffle_choices="off")
    assert not found["bad"] and not found["classification"]
    assert golds(found)[:2] == ["horse", "carp"]
    assert all(len(example["choices"]) == 2 for example in found["examples"])


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


LABELLED = {
    "sst2": (
        "q.tsv",
        "a fine film indeed\t1\na dull film indeed\t0\na film one likes\t1\na film one hates\t0\n",
        ["1", "0"],
    ),
    "sms": (
        "q.tsv",
        "ham\tsee you at noon\nspam\twin a big prize\nham\tI am at home\nspam\tcall us right now\n",
        ["ham", "spam"],
    ),
    "ag_news": (
        "q.csv",
        '"3","Shares fall again","Prices fell on Monday."\n"4","New chip is out","It is a fast one."\n'
        '"3","Shares rise again","Prices rose on Friday."\n"4","Old chip is gone","It was a slow one."\n',
        ["3", "4"],
    ),
    "ag_news_header": ("q.csv", "Class Index,Title,Description\n3,Shares,They fell\n4,Chip,It is out\n", ["3", "4"]),
    "imdb": ("q.csv", "review,sentiment\nfine,positive\ndull,negative\n", ["positive", "negative"]),
    "nli": (
        "q.jsonl",
        "".join(
            json.dumps({"sentence1": f"A dog {n}", "sentence2": "It barks", "gold_label": label}) + "\n"
            for n, label in enumerate(("entailment", "neutral", "contradiction"))
        ),
        ["entailment", "neutral", "contradiction"],
    ),
    "boolq": (
        "q.jsonl",
        '{"question": "is it full", "title": "x", "answer": true, "passage": "Filled."}\n'
        '{"question": "is it full", "title": "x", "answer": false, "passage": "Emptied."}\n',
        ["true", "false"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LABELLED)
def test_labelled_texts_are_read(tmp_path: Path, name: str):
    file, text, labels = LABELLED[name]
    found = read(saved(tmp_path, file, text))
    assert found["classification"] and not found["bad"] and golds(found)[: len(labels)] == labels


def test_context_is_read_before_the_question(tmp_path: Path):
    for name in ("reclor", "copa"):
        assert "\n" in read(saved(tmp_path, "q.json", LISTS[name]))["examples"][0]["question"]
    text = read(saved(tmp_path, "q.csv", LABELLED["ag_news"][1]))["examples"][0]["question"]
    assert text == "Shares fall again\nPrices fell on Monday."


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


def rows(*answers: Any, choices: Any = ("horse", "shark", "wren"), **more: Any) -> list[dict[str, Any]]:
    return [{"question": f"Q{n}?", "options": list(choices), "answer": answer, **more} for n, answer in enumerate(answers)]


REFUSED = {
    "free answers": ([{"question": f"Q{n}?", "answer": f"free {n}"} for n in range(12)], "12 distinct answers in 12 rows"),
    "free numbers, some of them twice": (
        [{"question": f"Q{n}?", "answer": str(min(n, 60) * 3 + n % 2 if n < 60 else n % 2)} for n in range(100)],
        "61 distinct answers in 100 rows",
    ),
    "choices with unknown names": (
        [
            {"question": f"Q{n}?", "wahl eins": "x", "wahl zwei": "y", "answer": answer}
            for n, answer in enumerate(["A", "B", "AB", "B", "A", "C"])
        ],
        "are the letters A, AB, B, C, but no choices were recognised; name their columns",
    ),
    "numbers without a base": (rows(1, 2, 1), "may count from 0 or from 1"),
    "numbers of both bases": (rows(0, 3, 1), "seem to count from 0 .* and from 1"),
    "own numbers and a 0": (
        [{"question": f"Q{n}?", "options": [{"id": 1, "text": "x"}, {"id": 2, "text": "y"}], "answer": n} for n in (0, 1)],
        "but the choices have their own numbers",
    ),
    "numbers that are texts, or not": (rows(1, 2, 3, choices=("3", "2", "1")), "may be the texts of choices or"),
    "no column of answers": (
        [{"question": f"Q{n}?", "options": HOOF, "category": "A"} for n in range(3)],
        "No column for the answer was recognised",
    ),
    "one answer each": ([{"question": f"Q{n}?", "answer": f"free {n}"} for n in range(5)], "5 distinct answers in 5 rows"),
    "choices without answers": (
        [{"問題": f"Q{n}?", "解答1": "a", "解答2": "b", "解答3": "c"} for n in range(3)],
        "if '解答1' is always right, use `columns=Columns.answer='解答1', distractors=.'解答2', '解答3'..`",
    ),
    "one column": ([{"text": f"a fine film {n}"} for n in range(3)], "a single column, 'text', and need at least"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_clear_is_refused_with_the_reason(tmp_path: Path, name: str):
    content, message = REFUSED[name]
    with pytest.raises(DataError, match=message):
        read(saved(tmp_path, "q.json", content))


@pytest.mark.parametrize("answer", ["A,C", "A, C", "AC", "A;B", "1,2", ["A", "C"], "A and C", "D", "horse, shark", "", None, 7])
def test_a_row_with_several_answers_or_none_is_bad(tmp_path: Path, answer: Any):
    found = read(saved(tmp_path, "q.json", rows("A", answer, "B", "C")))
    assert [row["line"] for row in found["bad"]] == [2]
    assert golds(found) == ["horse", "shark", "wren"]


def test_answers_that_all_name_several_choices_are_not_taken_for_right_ones_that_are_apart(tmp_path: Path):
    found = read(saved(tmp_path, "q.json", rows("AC", "A,B", "BC")))
    assert len(found["bad"]) == 3 and not found["warnings"]
    assert (
        found["bad"][0]["reason"] == "the answer 'AC' is not one of the choices; if it names several of them, it must name one"
    )


@pytest.mark.parametrize(("others", "noted"), [((1, 0), True), ((0, 1), False), (("shark", "horse"), True), (("B", "C"), True)])
def test_columns_of_answers_that_contradict_each_other_are_noticed(tmp_path: Path, others: tuple[Any, ...], noted: bool):
    content = [row | {"answer_index": other} for row, other in zip(rows("A", "B"), others, strict=True)]
    warnings = "".join(read(saved(tmp_path, "q.json", content))["warnings"])
    assert ("but 'answer_index' has others" in warnings) == noted


def test_marks_out_of_order_make_a_bad_row_but_names_do_not(tmp_path: Path):
    content = rows("B", "A", choices=("(A) horse", "(C) shark", "(C) wren")) + rows(
        "B", choices=("A. Gray", "T. Hall", "K. Lee")
    )
    found = read(saved(tmp_path, "q.json", content))
    assert [row["reason"] for row in found["bad"]] == ["the choices are marked A, C, C; number them in order"] * 2
    assert golds(found) == ["T. Hall"]


def test_a_mark_without_a_text_is_a_bad_row(tmp_path: Path):
    content = rows("B", choices=("(A) horse", "(B) shark", "(C)")) + rows("B", choices=("(A)", "(B)", "(C)"))
    found = read(saved(tmp_path, "q.json", content))
    assert [row["reason"] for row in found["bad"]] == ["the choice '(C)' has no text"]


def test_the_answer_of_a_model_is_not_taken_for_the_right_one(tmp_path: Path):
    found = read(saved(tmp_path, "q.json", rows("B", "C", correct_answer="horse")))
    assert golds(found) == ["horse", "horse"]


def test_html_entities_are_noticed(tmp_path: Path):
    found = read(saved(tmp_path, "q.json", rows("A", "B", choices=("a &quot;horse&quot;", "a shark"))))
    assert "2 texts with HTML entities such as '&quot;', which are read as they are." in found["warnings"]


def test_an_answer_that_several_choices_have_is_bad(tmp_path: Path):
    content = rows("A") + rows("wren", choices=("wren", "Wren", "wren"))
    assert [row["line"] for row in read(saved(tmp_path, "q.json", content))["bad"]] == [2]


def test_wrong_choices_without_the_right_one_are_noticed(tmp_path: Path):
    path = saved(tmp_path, "q.csv", "question,optionA,optionB,answer\nHoof?,cod,owl,horse\nFin?,goat,kite,carp\n")
    found = read(path)
    assert len(found["bad"]) == 2 and "distractors=('optionA', 'optionB')" in "".join(found["warnings"])
    columns = Columns("question", "answer", distractors=("optionA", "optionB"))
    assert golds(read(path, columns=columns)) == ["horse", "carp"]


def test_what_explains_the_answer_is_never_advised_as_context(tmp_path: Path):
    for name in ("explanation", "rationale", "answer_tip", "detailedExplanation", "analysis", "Erklärung", "target", "Lösung"):
        found = read(saved(tmp_path, "q.json", rows("A", "B", **{name: "It is so because of this and that"})))
        assert name in found["unused"] and not any("context=" in warning for warning in found["warnings"])
    found = read(saved(tmp_path, "q.json", rows("A", "B", lecture="It is so because of this and that")))
    assert any("context=" in warning for warning in found["warnings"])


@pytest.mark.parametrize(
    "last",
    [
        "All of the above",
        "Todas las anteriores",
        "Ninguna de las respuestas.",
        "Keine der Antworten",
        "以上都对",
        "Все перечисленное",
    ],
)
def test_all_of_the_above_stays_last(tmp_path: Path, last: str):
    found = read(saved(tmp_path, "q.json", rows(*[0] * 8, choices=("horse", "shark", "wren", last))), answers_from=0)
    assert {example["choices"][3] for example in found["examples"]} == {last}
    assert set(golds(found)) == {"horse"}


@pytest.mark.parametrize(
    "last", ["A and B", "A y C son correctas", "Nur A und C", "both (a) and (b)", "A和B都对", "neither A nor B"]
)
def test_choices_that_name_others_by_letter_are_not_shuffled(tmp_path: Path, last: str):
    choices = ("horse", "shark", "wren", last)
    found = read(saved(tmp_path, "q.json", rows("B", "A", choices=choices)), shuffle_choices=1)
    assert [tuple(example["choices"]) for example in found["examples"]] == [choices] * 2


def test_minus_one_is_a_label_if_the_labels_say_so(tmp_path: Path):
    path = saved(tmp_path, "q.csv", "text,label\nbad,-1\ngood,1\nso so,0\nworse,-1\n")
    assert "name all `labels`" in read(path)["bad"][0]["reason"]
    assert golds(read(path, labels=("-1", "0", "1"))) == ["-1", "1", "0", "-1"]


def test_a_dash_is_no_label_of_sentence_pairs(tmp_path: Path):
    pairs = "".join(f"A {n},B,{label}\n" for n, label in enumerate(["same", "other", "-", "-", "-", "same", "other"]))
    found = read(saved(tmp_path, "q.csv", "sentence1,sentence2,gold_label\n" + pairs))
    assert found["labels"] == {"other": 2, "same": 2} and len(found["bad"]) == 3
    signs = "".join(f"text {n},{'+-'[n % 2]}\n" for n in range(6))
    assert read(saved(tmp_path, "q.csv", "text,label\n" + signs))["labels"] == {"+": 3, "-": 3}


RIVER = Columns("question", "correct_index", ("option1", "option2", "option3", "option4"))
EXPECTED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "k1_list_zero_based.json": ({}, ["four", "six", "eight", "ten", "twelve"]),
    "k1_list_zero_based_no_zero_seen.json": ({"answers_from": 0}, ["eight", "two", "two"]),
    "k1_columns_index.csv": ({"columns": RIVER}, ["Paris", "London", "Berlin", "Rome"]),
    "k2_passage_bool.jsonl": ({}, ["false", "true"] * 4),
    "k2_article_options.jsonl": ({}, ["cat", "dog", "cow", "pig"] * 2),
    "k3_gold_always_first.csv": ({}, ["red", "blue", "green", "white", "black", "pink"]),
    "k3_correct_and_distractors.json": ({}, ["helium", "oxygen", "nitrogen", "hydrogen"]),
    "k4_no_header.csv": ({}, ["carbon dioxide", "iron", "whale", "Mars"]),
    "k4_semicolon.csv": ({}, ["Stein"] * 4),
    "k4_cp1252.csv": ({"encoding": "cp1252"}, ["caviar"] * 4),
    "k4_python_lists.csv": ({}, ["pear"] * 4),
    "k4_comma_choices.csv": (
        {"columns": Columns(choices=("answers",), answer="correct"), "answers_from": 1},
        ["seven"] * 4,
    ),
    "k4_lines_named.json": ({}, ["granite"] * 4),
    "k4_incorrect_answers_list.json": ({}, ["Rhine"] * 4),
    "k4_mc1_targets.json": ({}, ["night"] * 4),
    "k4_target_and_target_scores.json": ({}, ["No"] * 6),
    "k5_options_with_letters.jsonl": ({}, ["10", "11", "12", "13"]),
    "k5_dotted_choices_in_text.jsonl": ({}, ["a", "z", "b", "c"]),
    "k9_chinese.csv": ({}, ["企鹅", "汞", "地球", "香蕉"]),
}


@pytest.mark.skipif(not CASES.exists(), reason="the folder shared/cases is not here")
class TestCases:
    @pytest.mark.parametrize("name", EXPECTED)
    def test_a_case_has_its_right_answers(self, name: str):
        options, right = EXPECTED[name]
        found = read(CASES / name, **options)
        assert not found["bad"] and golds(found)[: len(right)] == right

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("k1_list_zero_based_no_zero_seen.json", "may count from 0 or from 1"),
            ("k4_cp1252.csv", "not UTF-8"),
            ("k4_comma_choices.csv", "separated by commas"),
        ],
    )
    def test_a_case_that_does_not_decide_is_asked_about(self, name: str, message: str):
        with pytest.raises(DataError, match=message):
            read(CASES / name)

    def test_the_right_answer_is_not_always_in_one_place(self):
        for name in ("k3_gold_always_first.csv", "k3_correct_and_distractors.json", "k4_incorrect_answers_list.json"):
            assert sum(count > 0 for count in read(CASES / name)["labels"].values()) > 1
        assert sum(count > 0 for count in read(CASES / "k4_mc1_targets.json")["labels"].values()) > 1
        assert "(A) is right in 6 of 6 questions." in read(CASES / "k3_gold_always_first.csv")["warnings"]

    def test_articles_and_passages_are_read(self):
        assert read(CASES / "k2_passage_bool.jsonl")["examples"][1]["question"].startswith("Crate 1 was filled at noon.\n")
        assert read(CASES / "k2_article_options.jsonl")["examples"][0]["question"].startswith("Story 0:")

    def test_an_empty_column_is_not_taken_for_the_answers(self):
        found = read(CASES / "k7_all_bad.jsonl")
        assert found["columns"]["answer"] == "label" and golds(found) == ["brig"] * 4
        named = Columns("question", "answer", ("options",))
        with pytest.raises(DataError, match="no answer in 'answer'"):
            load_task("file", CASES / "k7_all_bad.jsonl", columns=named, skip_bad=True)

    def test_near_copies_are_left_out_of_the_train_side(self):
        found = read(CASES / "k8_train.csv", test_data=CASES / "k8_test.csv")
        assert found["questions"] == 4 and "3 training questions left out" in "".join(found["warnings"])


def test_one_question_with_choices_as_objects_is_a_question_and_not_its_choices(tmp_path: Path):
    choices = [{"text": "the river", "correct": True}, {"text": "the stone", "correct": False}]
    file = tmp_path / "q.json"
    file.write_text(json.dumps({"question": "What flows?", "options": choices}))
    (question,) = overview("file", file).reading.train
    assert [choice.text for choice in question.choices] == ["the river", "the stone"] and question.answer == "A"


def test_a_choice_that_is_a_letter_is_not_taken_for_the_answer_if_another_column_may_be(tmp_path: Path):
    file = tmp_path / "q.csv"
    file.write_text("q0,Which of these rivers?,0,1,the river,A,1\nq1,Which of those rivers?,0,1,,,0\n")
    with pytest.raises(DataError, match="not clear which of them holds what"):
        overview("file", file, header=False)
