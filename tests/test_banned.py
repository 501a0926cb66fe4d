"""The note about replies that could not begin as the shots do, since the decoding bans pairs of words that were there."""

import warnings
from dataclasses import replace

import pytest
from small import right, scripted, task

from selfamplify import (
    DEFAULT,
    Decoding,
    InputOutput,
    Plan,
    Prompt,
    Sample,
    SelfAmplifyWarning,
    Session,
    Task,
    compare,
    evaluate,
)
from selfamplify.prompting.profiles import PAPER, PROFILES
from selfamplify.records import Chat

TASK: Task = task(6, 6)
BANNING = Decoding(20, no_repeat_ngram_size=2)


def notes(script, decoding: Decoding = BANNING, shots: int = 3, prefill: bool = False) -> list[str]:
    profile = replace(DEFAULT, decoding=decoding, prefill=prefill)
    model = scripted(script)
    prompt: Prompt = InputOutput().prompt(Session(model, profile), TASK, Sample.of(TASK.train[:shots], 0))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        evaluate(model, TASK, prompt)
    return [str(each.message) for each in caught if "no_repeat_ngram_size" in str(each.message)]


def otherwise(chat: Chat) -> str:
    return f"I would say ({right(chat)})"


def like_the_shots(chat: Chat) -> str:
    return f"The answer is ({right(chat)})"


def test_replies_that_begin_otherwise_than_the_shots_under_a_ban_are_noted():
    (note,) = notes(otherwise)
    assert '6 of 6 replies of io do not begin with "The answer is …"' in note and '`profile="paper-no-ban"`' in note
    assert "\n" not in note


@pytest.mark.parametrize(
    "chosen",
    [
        {"script": like_the_shots},
        {"script": otherwise, "decoding": Decoding(20)},
        {"script": otherwise, "shots": 0},
        {"script": otherwise, "shots": 1},
        {"script": lambda chat: right(chat), "prefill": True},
        {"script": lambda chat: ""},
        {"script": lambda chat: like_the_shots(chat) if "ABC".index(right(chat)) else otherwise(chat)},
    ],
)
def test_there_is_no_note_without_a_ban_or_a_reason(chosen):
    assert notes(**chosen) == []


def test_one_note_speaks_for_all_rows(tmp_path):
    profile = replace(DEFAULT, decoding=BANNING)
    with pytest.warns(SelfAmplifyWarning, match=r"io \(random\).*the same holds for 1 more: this decoding bans"):
        compare(scripted(otherwise), TASK, Plan(("random",), ("random",), shots=2), tmp_path, profile=profile)


def test_the_papers_profile_exists_without_the_ban():
    free = PROFILES["paper-no-ban"]
    assert free.decoding.no_repeat_ngram_size == 0 < PAPER.decoding.no_repeat_ngram_size
    assert replace(free, name="paper", decoding=PAPER.decoding) == PAPER
