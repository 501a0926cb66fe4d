"""The finished prompt: its messages, and prompt.json."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small import question

from selfamplify import Choice, Decoding, Explanation, Prompt, Question
from selfamplify.errors import DataError, RunError
from selfamplify.records import Cost, Shot

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ['{"} {label}', "{{x}}", "\u2028", '\\"']
)


@st.composite
def prompts(draw: st.DrawFn) -> Prompt:
    shots = []
    for number in range(draw(st.integers(0, 3))):
        asked = Question(f"q{number}", draw(TEXT), (Choice("A", draw(TEXT)), Choice("B", draw(TEXT))), "A", (draw(TEXT),))
        why = Explanation(asked.id, "x", ("a", draw(TEXT)), (1.5, -0.25), value="logit", cost=Cost(3, 0.5))
        shots.append(Shot(asked, draw(TEXT), "A", draw(st.sampled_from([None, why]))))
    provenance = {"seed": 0, "note": draw(TEXT), "counts": {"asked": 3}}
    return Prompt("io", draw(TEXT), tuple(shots), {"A": draw(TEXT)}, Decoding(7), draw(TEXT), provenance)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(prompts())
def test_prompt_survives_the_file_whatever_its_texts(tmp_path: Path, prompt: Prompt):
    file = prompt.save(tmp_path)
    assert file == tmp_path / "prompt.json"
    assert Prompt.load(tmp_path) == prompt == Prompt.load(file)
    assert json.loads(file.read_text(encoding="utf-8"))["messages"] == prompt.context
    assert [item.name for item in tmp_path.iterdir()] == ["prompt.json"]


@given(prompts(), TEXT)
def test_messages_alternate_and_end_with_the_question(prompt: Prompt, text: str):
    messages = prompt.messages(text)
    assert [message["role"] for message in messages] == ["user", "assistant"] * len(prompt.shots) + ["user"]
    assert messages[0]["content"].startswith(prompt.instruction + "\n")
    assert messages[-1]["content"].endswith(text)
    assert [message["content"] for message in messages[1::2]] == [shot.reply for shot in prompt.shots]
    assert prompt.chat(text).question == text


def test_prompt_without_shots_is_the_instruction_and_the_question():
    prompt = Prompt("zero_shot", "Choose.", (), {})
    asked = question()
    assert prompt.messages(asked) == [{"role": "user", "content": f"Choose.\n{asked.render()}"}]
    assert prompt.context == []


def test_digest_covers_what_a_model_is_shown():
    prompt = Prompt("io", "Choose.", (Shot(question(), "The answer is (B)", "B"),), {})
    for changed in (replace(prompt, instruction="Choose"), replace(prompt, prefill="So"), replace(prompt, shots=())):
        assert changed.digest() != prompt.digest()
    assert replace(prompt, provenance={"seed": 1}).digest() == prompt.digest()


def test_edited_prompt_is_refused(tmp_path: Path):
    prompt = Prompt("io", "Choose.", (Shot(question(), "The answer is (B)", "B"),), {})
    file = prompt.save(tmp_path / "mine.json")
    whole = file.read_text()
    for old, new in [("Choose.", "Choose!"), ("answer is (B)", "answer is (C)"), ("dry palms", "dry hands")]:
        data = whole.replace(old, new)
        assert data != whole
        file.write_text(data)
        with pytest.raises(DataError, match="it was edited; build it again"):
            Prompt.load(file)
    data = json.loads(whole)
    data["messages"][0]["content"] += "!"
    file.write_text(json.dumps(data))
    with pytest.raises(DataError, match="it was edited"):
        Prompt.load(file)


def test_a_file_that_is_no_prompt_is_refused_in_one_line(tmp_path: Path):
    file = Prompt("io", "Choose.", (), {}).save(tmp_path / "mine.json")
    good = json.loads(file.read_text())
    incomplete = [{key: value for key, value in good.items() if key != left} for left in ("messages", "version", "shots")]
    others = [[], 3, None, {"rows": []}, {"hashes": 3}, {"hashes": {"prompt_sha256": "x"}}, good | {"shots": 3}, *incomplete]
    for bad in [b"", b"{", b"\xff\xfe", *(json.dumps(data).encode() for data in others)]:
        file.write_bytes(bad)
        with pytest.raises(DataError, match="is no prompt.json of this package") as error:
            Prompt.load(file)
        assert "\n" not in str(error.value)
    file.write_text(json.dumps(good | {"version": 2}))
    with pytest.raises(DataError, match="has version 2"):
        Prompt.load(file)
    with pytest.raises(DataError, match="There is no prompt at .*selfamplify build"):
        Prompt.load(tmp_path / "nowhere")


def test_prompt_that_can_not_be_written_says_so(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunError, match="can't be written"):
        Prompt("io", "Choose.", (), {}).save(tmp_path / "file" / "prompt.json")


def test_length_is_changed_where_asked():
    prompt = Prompt("io", "Choose.", (), {})
    assert prompt.with_length(None) is prompt
    assert prompt.with_length(9).decoding.max_new_tokens == 9
