"""The part of a question whose words are scored: both, or, of a classification, the text alone."""

from dataclasses import replace
from pathlib import Path

import pytest
from small import Run, right, scripted
from zoo import ANIMAL, model_of

from selfamplify import FeatureAblation, Question, RandomWords, SelfTopk, load_task
from selfamplify.games.question import question_game, text_game
from selfamplify.prompting.wordings import OURS
from selfamplify.records import Attributed, NamedWords, ScoredWords
from selfamplify.report.words import coloured_question
from selfamplify.text.question_words import question_words

TEXT, CHOICES = ["Which", "animal", "gives", "milk"], ["a", "brown", "cow", "the", "snake"]
PARTS: dict[Attributed, list[str]] = {"both": [*TEXT, *CHOICES], "text": TEXT, "choices": CHOICES}


def reviews(folder: Path) -> Path:
    """A file of texts to classify."""
    file = folder / "reviews.csv"
    rows = [
        f"a {word} film about number {number},{label}"
        for number, (word, label) in enumerate([("warm", "good"), ("dull", "bad")] * 8)
    ]
    file.write_text("\n".join(["text,label", *rows]))
    return file


@pytest.mark.parametrize("part", PARTS)
def test_all_games_and_the_control_score_the_words_of_that_part(part: Attributed) -> None:
    question, model = replace(ANIMAL, attributed=part), model_of("llama")
    assert [word.text for word in question_words(question)] == PARTS[part]
    assert list(question_game(model, question, OURS).words) == PARTS[part]
    assert list(text_game(scripted(right), question, OURS, "logprob").words) == PARTS[part]
    for explainer in (FeatureAblation(), RandomWords()):
        explanation = explainer.explain(model, question, OURS, 0)
        assert isinstance(explanation, ScoredWords) and list(explanation.words) == PARTS[part]


def test_words_outside_the_part_keep_their_tokens_when_all_words_are_absent() -> None:
    model = model_of("llama")
    whole, text = (question_game(model, replace(ANIMAL, attributed=part), OURS) for part in ("both", "text"))
    assert whole.ends()[0] == pytest.approx(text.ends()[0], abs=1e-5)
    changed = set(sum(whole.positions, ())) - set(sum(text.positions, ()))
    assert changed and not changed & set(sum(text.positions, ()))


def test_a_classification_scores_its_texts_unless_told_otherwise(tmp_path: Path) -> None:
    file = reviews(tmp_path)
    for given, expected in {"auto": "text", "text": "text", "choices": "choices", "both": "both"}.items():
        task = load_task("file", file, attribute=given)  # pyright: ignore[reportArgumentType]
        assert {question.attributed for question in (*task.train, *task.test)} == {expected}
    assert {question.attributed for question in load_task("planted_arc").test} == {"both"}


def test_names_of_labels_are_no_keywords_of_a_classification() -> None:
    for style in ("letter", "label"):
        question = Question("q", "a warm film", ANIMAL.choices, "A", attributed="text", answer_style=style)
        said = SelfTopk(keywords=2).explanation(question, '"warm", "A brown cow" and "film"')
        assert isinstance(said, NamedWords) and said.words == ("warm", "film")


def test_only_the_scored_words_are_coloured() -> None:
    question = replace(ANIMAL, text="Which snake gives milk?", attributed="choices")
    words = [word.text for word in question_words(question)]
    shown = coloured_question(question, ScoredWords("animal", "x", tuple(words), tuple(1.0 for _ in words)), 0)
    stem = len(question.text)
    assert all(span.start > stem for span in shown.spans) and shown.spans


def test_the_command_line_takes_the_part(run: Run, tmp_path: Path) -> None:
    on = ["--task", "file", "--data", reviews(tmp_path), "--explainer", "feature_ablation"]
    code, text, err = run("explain", *on)
    assert code == 0 and "film" in text and "good" not in text.split("score")[1], err
    code, both, _ = run("explain", *on, "--attribute", "both", "--answer-style", "letter")
    assert code == 0 and "good" in both.split("score")[1]
    code, both, _ = run("explain", *on, "--attribute", "both")
    assert code == 0 and "good" not in both.split("score")[1], "label names are not shown in a question"
    code, _, err = run("explain", *on, "--attribute", "words")
    assert code == 2 and "--attribute" in err
