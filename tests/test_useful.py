"""Useful rationales: which candidates are kept, in which order they are tried, and that nothing gives the answer away."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small import number_of, question, right, scripted, talker, task, wrong

from selfamplify import (
    DEFAULT,
    AbstractExplainer,
    Chat,
    ContextError,
    KeywordFormat,
    NamedWords,
    Plan,
    Prompt,
    Question,
    RandomWords,
    Sample,
    SelfAmplify,
    Session,
    Shot,
    StepFormat,
    Store,
    Usefulness,
    UsefulRationales,
    Wording,
    WrittenText,
    build,
    compare,
    make_method,
    select,
)
from selfamplify.errors import ExplanationError, SelectionError, SettingsError
from selfamplify.methods.design import sample_digest
from selfamplify.methods.selection import pool_of
from selfamplify.methods.useful import keeping, up_to_answer

TASK = task(40, 6)
PROFILE = replace(DEFAULT, balance=False)
METHOD = UsefulRationales(SelfAmplify(RandomWords(), keywords=2))
Script = Callable[[Chat], str]


def helped(chat: Chat) -> str:
    """Wrong on its own; after shots, right about each fourth question; with a rationale, right about each third one."""
    if "keywords" in chat.prefill:
        return right(chat) if number_of(chat) % 3 == 0 else wrong(chat)
    after_shots = len(chat.messages) > 1
    return right(chat) if after_shots and number_of(chat) % 4 == 0 else wrong(chat)


def is_useful(asked: Question) -> bool:
    number = int(asked.id[1:])
    return number % 3 == 0 and number % 4 != 0


def prompt_of(script: Script, shots: int = 3, seed: int = 0, method: UsefulRationales = METHOD, **given: Any) -> Prompt:
    session = Session(scripted(script), PROFILE, **given)
    return method.prompt(session, TASK, select(session, TASK, "error", shots, seed))


def usefulness(prompt: Prompt) -> Usefulness:
    assert prompt.provenance is not None and prompt.provenance.usefulness is not None
    return prompt.provenance.usefulness


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("shots", [2, 3, 5])
def test_shots_are_the_first_candidates_with_a_useful_rationale(shots: int, seed: int) -> None:
    prompt = prompt_of(helped, shots, seed)
    pool = pool_of(TASK, seed)
    expected = [each for each in pool if is_useful(each)][:shots]
    assert [shot.question for shot in prompt.shots] == expected
    tried = pool[: pool.index(expected[-1]) + 1]
    right_without = sum(int(each.id[1:]) % 4 == 0 for each in tried)
    wrong_with = len(tried) - right_without - shots
    assert usefulness(prompt) == Usefulness(tried=len(tried), useful=shots, right_without=right_without, wrong_with=wrong_with)
    assert all(shot.reply.startswith('The 2 keywords "') for shot in prompt.shots)
    assert prompt.provenance is not None and prompt.provenance.sample_sha256 == sample_digest(expected)


def test_a_candidate_is_asked_after_the_other_questions_of_the_sample_and_its_answer_is_not_shown() -> None:
    asked: list[Chat] = []

    def script(chat: Chat) -> str:
        if len(chat.messages) > 1:
            asked.append(chat)
        return helped(chat)

    prompt_of(script, 4)
    sample = pool_of(TASK, 0)[:4]
    assert asked
    for chat in asked:
        own = number_of(chat)
        before = "".join(message.content for message in chat.messages[:-1])
        others = [each for each in sample if int(each.id[1:]) != own]
        assert f"#{own}#" not in before and all(each.render() in before for each in others)
        assert ("keywords" in before) == ("keywords" in chat.prefill)
        assert chat.prefill.endswith("the answer is (") or chat.prefill == "The answer is ("


def test_too_few_useful_rationales_are_an_error_with_the_counts() -> None:
    possible = sum(map(is_useful, TASK.train))
    with pytest.raises(SelectionError) as refused:
        prompt_of(helped, possible + 1)
    said = str(refused.value)
    assert f"Only {possible} of {possible + 1} shots" in said and f"{len(TASK.train)} tried, {possible} useful" in said
    assert f"`shots={possible}`" in said and '`keep_rationales="all"`' in said and "\n" not in said
    assert len(prompt_of(helped, possible).shots) == possible
    session = Session(scripted(right), PROFILE)
    with pytest.raises(SelectionError, match=r'40 right without, 0 wrong with.*`selection="error"`'):
        METHOD.prompt(session, TASK, select(session, TASK, "success", 2, 0))


def test_a_candidate_that_can_not_be_explained_is_passed_over() -> None:
    sample = {each.id for each in pool_of(TASK, 0)[:2]}
    failing = next(each.id for each in pool_of(TASK, 0)[2:] if is_useful(each))

    class Failing(AbstractExplainer):
        name = "failing"

        def explain(self, model: Any, question: Question, wording: Wording, seed: int) -> NamedWords:
            if question.id == failing:
                raise ExplanationError("not this one")
            return NamedWords(question.id, self.name, ("thing", "warm"))

    prompt = prompt_of(helped, 2, method=UsefulRationales(SelfAmplify(Failing(), keywords=2)))
    assert failing not in {shot.question.id for shot in prompt.shots} | sample
    assert usefulness(prompt).failed == 1


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Rubbing warms. Palms are skin. So it is (B)", "Rubbing warms. Palms are skin"),
        ("Rubbing warms. The correct choice is B. Palms.", "Rubbing warms"),
        ("Rubbing (A) is not it. Vitamin B helps.", "Rubbing (A) is not it. Vitamin B helps"),
        ("It is (B), as palms are skin.", None),
        ("Answer: B", None),
    ],
)
def test_a_rationale_is_cut_before_it_names_the_answer(text: str, left: str | None) -> None:
    asked, explanation = question(answer="B"), WrittenText("q0", "self_exp", text)
    shot = Shot(asked, StepFormat(DEFAULT.wording).reply(explanation, "B"), "B", explanation)
    begun = up_to_answer(shot)
    assert begun == (None if left is None else f"3-step rationale: {left}, therefore the answer is (")


def test_a_label_that_a_rationale_names_is_seen_in_any_case() -> None:
    asked = replace(question(choices=("negative", "positive"), answer="B"), answer_style="label", attributed="text")
    for words, expected in ((("warm", "Positive"), False), (("warm", "positively"), True)):
        explanation = NamedWords("q0", "self_topk", words)
        layout = KeywordFormat(DEFAULT.asking("label", asked.answers).wording, 2)
        shot = Shot(asked, layout.reply(explanation, "positive"), "B", explanation)
        begun = up_to_answer(shot)
        assert (begun is not None) == expected
        assert begun is None or begun.endswith("the answer is")


def test_a_negative_number_does_not_name_another_label() -> None:
    asked = replace(question(choices=("-1", "1"), answer="B"), answer_style="label", attributed="text")
    for words, given_away in ((("warm", "-1"), False), (("warm", "1"), True)):
        explanation = NamedWords("q0", "self_topk", words)
        layout = KeywordFormat(DEFAULT.asking("label", asked.answers).wording, 2)
        assert (up_to_answer(Shot(asked, layout.reply(explanation, "1"), "B", explanation)) is None) == given_away


def test_what_was_tested_is_found_in_the_store(tmp_path: Path) -> None:
    def made(session: Session) -> Prompt:
        return METHOD.prompt(session, TASK, select(session, TASK, "error", 3, 0))

    with Store(tmp_path) as store:
        first, again = scripted(helped), scripted(helped)
        assert made(Session(first, PROFILE, store)) == made(Session(again, PROFILE, store))
    assert first.answered > 0 and again.answered == 0


def test_questions_that_do_not_fit_are_no_shots() -> None:
    session = Session(scripted(helped), PROFILE)
    short = prompt_of(helped, 3)
    longest = max(session.model.encode(short.chat(each)).length for each in TASK.train)
    with pytest.raises((SelectionError, ContextError), match="not explained or too long"):
        narrow = Session(scripted(helped, context=longest // 2), PROFILE)
        METHOD.prompt(narrow, TASK, select(narrow, TASK, "error", 3, 0))


def test_build_keeps_useful_rationales_and_records_it(tmp_path: Path) -> None:
    prompt = build(scripted(helped), TASK, tmp_path, method=RandomWords(), shots=3, profile=PROFILE, keep_rationales="useful")
    assert all(map(is_useful, (shot.question for shot in prompt.shots)))
    assert usefulness(Prompt.load(tmp_path)) == usefulness(prompt)
    assert "useful" in json.loads((tmp_path / "prompt.json").read_text())["provenance"]["usefulness"]


def test_a_row_without_enough_useful_rationales_fails_and_the_others_go_on(tmp_path: Path) -> None:
    plan = Plan(("random", "auto_cot"), ("error",), shots=3, keep_rationales="useful")
    table = compare(scripted(talker), TASK, plan, tmp_path / "fails", profile=PROFILE)
    assert {row.method for row in table.rows} == {"io", "auto_cot"}
    assert "useful rationale" in table.failed["random-error-k6-seed0"]
    table = compare(scripted(helped), TASK, replace(plan, methods=("random",)), tmp_path / "works", profile=PROFILE)
    assert [row.explainer for row in table.rows] == [None, "random"] and table.settings["keep_rationales"] == "useful"


def test_what_has_no_rationales_to_test_is_refused() -> None:
    with pytest.raises(SettingsError, match="io uses none"):
        keeping(make_method("io"), "useful")
    with pytest.raises(SettingsError, match="auto_cot uses none"):
        Plan(("auto_cot", "io"), keep_rationales="useful")
    assert keeping(make_method("io"), "all") == make_method("io")
    assert keeping(METHOD, "useful") is METHOD
    session = Session(scripted(helped), replace(PROFILE, order="xyr"))
    with pytest.raises(SettingsError, match='`order="xry"`'):
        METHOD.prompt(session, TASK, Sample.of(TASK.train[:2], 0))
