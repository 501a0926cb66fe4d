"""The layouts of question files that people have, in miniature: what is read from each."""

import json
from pathlib import Path
from typing import Any

import pytest
from question_files import FIN, HOOF, golds, read, saved

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


@pytest.mark.long
def test_many_blank_lines_in_a_text_take_linear_time(tmp_path: Path):
    gap = "\n \n" * 50_000
    texts = [f"A page.{gap}Film {n}" for n in range(4)]
    found = read(saved(tmp_path, "q.json", [{"text": text, "label": ("bad", "good")[n % 2]} for n, text in enumerate(texts)]))
    assert [example["question"] for example in found["examples"]] == texts
    offered = [f"Which is {n}?{gap}Options:{gap}(A) x{gap}(B) y{gap}The correct answer is:" for n in range(4)]
    found = read(saved(tmp_path, "q.json", [{"text": text, "answer": "AB"[n % 2]} for n, text in enumerate(offered)]))
    assert [example["question"] for example in found["examples"]] == [f"Which is {n}?" for n in range(4)]
    assert golds(found) == ["x", "y", "x", "y"]
