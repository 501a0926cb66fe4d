"""The quick check of ``build``: it asks what is no shot, and speaks up only where rationales cost accuracy."""

import warnings
from dataclasses import replace
from pathlib import Path

import pytest

from selfamplify import Chat, Choice, Prompt, Question, RandomWords, ScriptedModel, SelfAmplifyWarning, Task, build
from selfamplify.prompting.origins import origins

LABELS = (Choice("A", "negative"), Choice("B", "positive"))


def reviews(count: int) -> tuple[Question, ...]:
    return tuple(Question(f"q{n}", f"review number {n} is {'AB'[n % 2]}fine", LABELS, "AB"[n % 2]) for n in range(count))


def right(chat: Chat) -> str:
    return "The answer is negative" if "Afine" in chat.question else "The answer is positive"


def worse_with_rationales(chat: Chat) -> str:
    rationales = any("keyword" in message.content for message in chat.messages[:-1])
    return "The answer is positive" if rationales else right(chat)


def checked(folder: Path, script: object, train: int = 40, check: int = 20, **settings: object) -> list[str]:
    task = Task("reviews", reviews(train), reviews(2), {"A": "negative", "B": "positive"})
    model = ScriptedModel(script, name=f"{script}")  # pyright: ignore[reportArgumentType]
    given = {"method": RandomWords(), "selection": "random", "shots": 4} | settings
    with pytest.warns(SelfAmplifyWarning) as notes:
        build(model, task, folder, check=check, **given)  # pyright: ignore[reportArgumentType]
        warnings.warn("an end", SelfAmplifyWarning, stacklevel=1)  # so that there is one in any case
    return [str(note.message) for note in notes if "training questions right" in str(note.message)]


def test_a_loss_is_noted_with_both_sides(tmp_path: Path) -> None:
    (said,) = checked(tmp_path, worse_with_rationales)
    assert "of 20 training questions right, and 20 with the same shots without rationales" in said
    assert "seem to cost accuracy" in said and 'method="io"' in said


@pytest.mark.parametrize("settings", [{"check": 0}, {"train": 12}, {"method": "io"}, {"method": "zero_shot", "shots": 0}])
def test_nothing_is_said_where_there_is_nothing_to_compare(tmp_path: Path, settings: dict[str, object]) -> None:
    assert checked(tmp_path, worse_with_rationales, **settings) == []  # pyright: ignore[reportArgumentType]


def test_no_loss_is_no_warning_but_recorded(tmp_path: Path) -> None:
    assert checked(tmp_path, right) == []
    found = Prompt.load(tmp_path).check
    assert found is not None and (found.n, found.right, found.without, found.p) == (20, 20, 20, 1)


def test_a_check_is_kept_where_the_same_build_asks_for_none(tmp_path: Path) -> None:
    checked(tmp_path, right)
    found = Prompt.load(tmp_path).check
    checked(tmp_path, right, check=0)
    assert found is not None and Prompt.load(tmp_path).check == found
    replace(Prompt.load(tmp_path), instruction="Another prompt.", edits=()).save(tmp_path)
    checked(tmp_path, right, check=0)
    assert Prompt.load(tmp_path).check is None


def test_what_was_checked_is_lost_with_an_edit_and_with_a_shot(tmp_path: Path) -> None:
    checked(tmp_path, right)
    prompt = Prompt.load(tmp_path)
    assert "20 of 20 training questions right" in "\n".join(origins(prompt))
    assert prompt.with_texts(replace(prompt.texts, instruction="Read this.")).check is None
    assert prompt.with_shots(2).check is None


def test_no_shot_and_no_test_question_is_asked(tmp_path: Path) -> None:
    asked: list[str] = []

    def script(chat: Chat) -> str:
        asked.append(chat.question)
        return right(chat)

    task = Task(
        "reviews",
        reviews(40),
        tuple(replace(each, id=f"t{each.id}", text=f"test {each.text}") for each in reviews(2)),
        {"A": "negative", "B": "positive"},
    )
    prompt = build(ScriptedModel(script), task, tmp_path, method=RandomWords(), selection="random", shots=4, check=20)
    shots = {shot.question.text for shot in prompt.shots}
    assert len(asked) == 40 and len(set(asked)) == 20
    assert not shots & set(asked) and not any(text.startswith("test") for text in asked)
