"""The finished prompt: its messages, and prompt.json."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small import question

from selfamplify import Choice, Decoding, Prompt, Question
from selfamplify.errors import DataError, RunError, SettingsError
from selfamplify.prompting import demonstrations
from selfamplify.prompting.origins import of_another
from selfamplify.records import (
    AnswerStyle,
    Baseline,
    Cost,
    Counts,
    DecisiveWords,
    Explanation,
    Layout,
    NamedWords,
    Provenance,
    ScoredPairs,
    ScoredWords,
    Shot,
    WrittenText,
)
from selfamplify.text.sealing import seal
from selfamplify.text.words import candidate_words

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ['{"} {label}', "{{x}}", "\u2028", '\\"']
)
SCORE = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def explanations(draw: st.DrawFn, asked: str) -> Explanation | None:
    cost = Cost(draw(st.integers(0, 9)), draw(st.floats(0, 9)))
    scored = ScoredWords(asked, "x", ("a", draw(TEXT)), (draw(SCORE), draw(SCORE)), "logit", 0.25, (0.5, 0.0), cost)
    pairs = ScoredPairs(asked, "x", ("a", draw(TEXT)), (draw(SCORE), draw(SCORE)), (draw(SCORE),), "margin", 0.5, cost)
    pairs = replace(pairs, pair_errors=draw(st.sampled_from([None, (0.5,)])))
    decisive = DecisiveWords(asked, "x", (draw(TEXT), "b"), draw(TEXT), draw(TEXT), draw(st.booleans()), cost, Baseline("_"))
    decisive = replace(decisive, instead=draw(st.sampled_from([(), ("c", draw(TEXT))])))
    named = NamedWords(asked, draw(TEXT), (draw(TEXT), "b"), draw(TEXT), cost)
    return draw(st.sampled_from([None, scored, pairs, decisive, named, WrittenText(asked, "z", draw(TEXT), cost)]))


@st.composite
def provenances(draw: st.DrawFn) -> Provenance:
    optional: dict[str, Any] = {name: draw(st.none() | st.integers(1, 9)) for name in ("keywords", "steps")}
    optional |= {"order": draw(st.sampled_from(["xry", "xyr"])), "own_instruction": draw(st.none() | TEXT)}
    return Provenance(
        task=draw(TEXT), model=draw(TEXT), model_fingerprint=draw(TEXT), profile="default", labels=("A", draw(TEXT)),
        selection="error", counts=Counts(3, 1, 1, 1, 2), seed=draw(st.integers()), sample_sha256="0", selfamplify="0.1",
        explainer=draw(st.none() | TEXT), engine=draw(st.none() | TEXT), dropped_shots=draw(st.integers(0, 3)), **optional,
    )  # fmt: skip


@st.composite
def prompts(draw: st.DrawFn) -> Prompt:
    shots: list[Shot] = []
    style: AnswerStyle = draw(st.sampled_from(["letter", "label", "text"]))
    for number in range(draw(st.integers(0, 3))):
        offered = (Choice("A", draw(TEXT)), Choice("B", draw(TEXT)))
        asked = Question(f"q{number}", draw(TEXT), offered, "A", (draw(TEXT),), "both", style)
        shots.append(Shot(asked, draw(TEXT), "A", draw(explanations(asked.id))))
    made = draw(st.none() | provenances())
    own: dict[str, Any] = {"answer_style": style, "system": draw(st.just("") | TEXT), "similar_last": draw(st.booleans())}
    return Prompt("io", draw(TEXT), tuple(shots), {"A": draw(TEXT)}, Decoding(7), draw(TEXT), made, **own)


@pytest.mark.long
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(prompts())
def test_a_prompt_survives_its_file_whatever_the_texts(tmp_path: Path, prompt: Prompt):
    file = prompt.save(tmp_path)
    assert file == tmp_path / "prompt.json"
    assert Prompt.load(tmp_path) == prompt == Prompt.load(file)
    assert json.loads(file.read_text(encoding="utf-8"))["messages"] == prompt.context
    assert [item.name for item in tmp_path.iterdir()] == ["prompt.json"]


@pytest.mark.long
@given(prompts(), TEXT)
def test_messages_alternate_and_end_with_the_question(prompt: Prompt, text: str):
    messages = prompt.messages(text)
    if prompt.system:
        assert messages.pop(0) == {"role": "system", "content": prompt.system}
    assert [message["role"] for message in messages] == ["user", "assistant"] * len(prompt.shots) + ["user"]
    opening = f"{prompt.instruction}\n" if prompt.instruction else ""
    shown = replace(prompt.shots[0].question, answer_style=prompt.answer_style).render() if prompt.shots else text
    assert prompt.similar_last or messages[0]["content"] == opening + shown
    assert messages[-1]["content"].endswith(text)
    replies = [message["content"] for message in messages[1::2]]
    assert sorted(replies) == sorted(shot.reply for shot in prompt.shots)
    assert prompt.similar_last or replies == [shot.reply for shot in prompt.shots]
    assert prompt.chat(text).question == text


@given(prompts(), st.integers(0, 4))
def test_dropping_shots_keeps_the_first_and_is_recorded(prompt: Prompt, count: int):
    shorter = prompt.with_shots(count)
    assert shorter.shots == prompt.shots[:count]
    if count >= len(prompt.shots):
        assert shorter == prompt
    elif prompt.provenance is not None:
        dropped = prompt.provenance.dropped_shots + len(prompt.shots) - count
        assert shorter.provenance == replace(prompt.provenance, dropped_shots=dropped)


def test_a_prompt_without_shots_is_the_instruction_and_the_question():
    prompt = Prompt("zero_shot", "Choose.", (), {})
    asked = question()
    assert prompt.messages(asked) == [{"role": "user", "content": f"Choose.\n{asked.render()}"}]
    assert prompt.context == []


@pytest.mark.long
@given(prompts(), provenances())
def test_the_digest_covers_what_a_model_is_shown(prompt: Prompt, made: Provenance):
    shown = replace(prompt, shots=(Shot(question(), "The answer is (B)", "B"), *prompt.shots))
    assert shown.digest() != prompt.digest()
    assert replace(prompt, instruction=prompt.instruction + ".").digest() != prompt.digest()
    assert replace(prompt, prefill=prompt.prefill + "So").digest() != prompt.digest()
    assert replace(prompt, provenance=made).digest() == prompt.digest()
    assert replace(prompt, system=prompt.system + ".").digest() != prompt.digest()
    assert replace(prompt, similar_last=not prompt.similar_last).digest() != prompt.digest()
    styles = {replace(prompt, answer_style=style).digest() for style in ("letter", "label", "text")}
    assert len(styles) == 3
    layouts = {replace(prompt, layout=layout).digest() for layout in (None, Layout(), Layout(("Q: ", "")), Layout(shots=False))}
    assert len(layouts) == 4


def test_an_edited_file_of_an_earlier_version_is_refused(tmp_path: Path):
    prompt = Prompt("io", "Choose.", (Shot(question(), "The answer is (B)", "B"),), {})
    file = prompt.save(tmp_path / "mine.json")
    data = json.loads(file.read_text()) | {"version": 4}
    hashes = data.pop("hashes")
    whole = json.dumps(data | {"hashes": {"prompt_sha256": hashes["prompt_sha256"], "file_sha256": seal(data)}})
    file.write_text(whole)
    assert Prompt.load(file) == prompt
    for old, new in [("Choose.", "Choose!"), ("answer is (B)", "answer is (C)"), ("dry palms", "dry hands")]:
        assert old in whole
        file.write_text(whole.replace(old, new))
        with pytest.raises(DataError, match="was edited, .*build it again"):
            Prompt.load(file)


def test_any_other_file_is_refused_in_one_line(tmp_path: Path):
    file = Prompt("io", "Choose.", (), {}).save(tmp_path / "mine.json")
    good = json.loads(file.read_text())
    assert good["version"] == 6
    incomplete = [{key: value for key, value in good.items() if key != left} for left in ("messages", "version", "shots")]
    others = [[], 3, None, {"rows": []}, {"hashes": 3}, {"hashes": {"prompt_sha256": "x"}}, good | {"shots": 3}, *incomplete]
    others.append(good | {"provenance": {"seed": 0}})
    for bad in [b"", b"{", b"\xff\xfe", *(json.dumps(data).encode() for data in others)]:
        file.write_bytes(bad)
        with pytest.raises(
            DataError, match="is not (a prompt.json of this package|JSON .line 1, column .*correct it there)"
        ) as error:
            Prompt.load(file)
        assert "\n" not in str(error.value)
    with pytest.raises(DataError, match="There is no prompt at .*selfamplify build"):
        Prompt.load(tmp_path / "nowhere")
    made = Prompt("io", "Choose.", (), {}).save(tmp_path / "table" / "prompts" / "io-error-seed0.json")
    with pytest.raises(DataError, match=f"is a comparison with 1 prompt; name one of them, such as {made}"):
        Prompt.load(tmp_path / "table")
    for path in (made.parent, made.with_name("io.json")):
        with pytest.raises(DataError, match=f"There is no prompt at .*; name one of the 1 in that folder, such as {made}"):
            Prompt.load(path)
    (questions := tmp_path / "quiz.csv").write_text("question,answer\n")
    with pytest.raises(DataError, match="quiz.csv is not a prompt; give the folder of one"):
        Prompt.load(questions)


def test_results_of_the_prompt_before_an_edit_are_told_from_its_own():
    prompt = Prompt("io", "Choose.", (), {})
    edited = prompt.with_texts(replace(prompt.texts, instruction="Pick."))
    assert of_another(prompt, {"prompt_sha256": prompt.digest()}) == of_another(edited, {}) == of_another(None, {}) == ""
    assert "before it was edited" in of_another(edited, {"prompt_sha256": prompt.digest()})
    assert "belong to another prompt" in of_another(edited, {"prompt_sha256": "0" * 64})


@pytest.mark.parametrize(("version", "remedy"), [(1, "build it again"), (7, "update selfamplify"), ("2", "build it again")])
def test_another_version_of_the_file_is_refused(version: object, remedy: str, tmp_path: Path):
    file = Prompt("io", "Choose.", (), {}).save(tmp_path)
    file.write_text(json.dumps(json.loads(file.read_text()) | {"version": version}))
    with pytest.raises(DataError, match=f"has version {version}.*{remedy}"):
        Prompt.load(file)


@pytest.mark.parametrize(
    ("part", "value"),
    [("answer", "Z"), ("choices", [{"label": "B", "text": "x"}, {"label": "B", "text": "y"}])],
)
def test_a_file_with_an_invalid_question_is_refused(part: str, value: object, tmp_path: Path):
    file = Prompt("io", "Choose.", (Shot(question(), "The answer is (B)", "B"),), {}).save(tmp_path)
    data = json.loads(file.read_text())
    data["shots"][0]["question"][part] = value
    file.write_text(json.dumps(data))
    with pytest.raises(DataError) as error:
        Prompt.load(file)
    assert "\n" not in str(error.value)


def test_a_prompt_that_can_not_be_written_raises_an_error(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunError, match="[Cc]an't .*write.*prompt.json|prompt.json.*can't be written"):
        Prompt("io", "Choose.", (), {}).save(tmp_path / "file" / "prompt.json")


def test_the_length_of_replies_can_be_changed():
    prompt = Prompt("io", "Choose.", (), {})
    assert prompt.with_length(None) is prompt
    assert prompt.with_length(9).decoding.max_new_tokens == 9
    with pytest.raises(SettingsError, match="`max_new_tokens=0`"):
        prompt.with_length(0)


def jaccard(one: str, other: str) -> float:
    first, second = set(one.lower().split()), set(other.lower().split())
    return len(first & second) / len(first | second)


WORDS = st.lists(st.sampled_from("warm Warm cold dry palms skin heat".split()), min_size=1, max_size=6).map(" ".join)


@given(st.lists(WORDS, max_size=5), WORDS, st.sampled_from(["label", "letter"]))
def test_the_most_similar_shot_comes_last(texts: list[str], asked: str, style: AnswerStyle):
    offered = (Choice("A", "oil"), Choice("B", "ice"))
    made = [Question(f"q{place}", text, offered, "A", answer_style=style) for place, text in enumerate(texts)]
    shots = tuple(Shot(each, f"reply {place}", "A") for place, each in enumerate(made))
    prompt = Prompt("io", "Choose.", shots, {"A": "oil", "B": "ice"}, answer_style=style, similar_last=True)
    turns = prompt.messages(Question("q", asked, offered, "B"))
    order = [int(turn["content"].split()[1]) for turn in turns[1::2]]
    more = " A oil B ice" if style == "letter" else ""
    found = [jaccard(texts[place] + more, asked + more) for place in order]
    assert found == sorted(found) and sorted(order) == list(range(len(texts)))
    assert all(one < other for one, other, same in zip(order, order[1:], zip(found, found[1:], strict=False), strict=False)
               if same[0] == same[1]), "shots that are equally similar keep their order"  # fmt: skip
    assert prompt.context == replace(prompt, similar_last=False).context, "the file shows the shots as they are"
    assert sum("Choose." in turn["content"] for turn in turns) == 1 and turns[0]["content"].startswith("Choose.\n")


def test_shots_are_divided_into_words_once_for_all_questions(monkeypatch: pytest.MonkeyPatch):
    divided: list[str] = []
    monkeypatch.setattr(demonstrations, "candidate_words", lambda text: divided.append(text) or candidate_words(text))
    shots = tuple(Shot(question(number), f"reply {number}", "A") for number in range(3))
    prompt = Prompt("io", "Choose.", shots, {"A": "oil"}, similar_last=True)
    for number in range(10, 15):
        prompt.chat(question(number))
    assert len(divided) == len(set(divided)) == 3 + 5


def test_a_file_of_version_2_is_read_as_letters(tmp_path: Path):
    prompt = Prompt("io", "Choose.", (Shot(question(), "The answer is (B)", "B"),), {"A": "A"}, Decoding(9), "The")
    data = json.loads(prompt.save(tmp_path).read_text())
    for name in ("answer_style", "system", "similar_last"):
        del data[name]
    for shot in data["shots"]:
        del shot["question"]["answer_style"]
    (tmp_path / "prompt.json").write_text(json.dumps(data | {"version": 2}))
    assert Prompt.load(tmp_path) == prompt


def test_what_an_instruction_names_is_what_was_recorded_or_the_label_map():
    prompt = Prompt("mine", "?", (), {"A": "bad", "B": "good"})
    named = {style: replace(prompt, answer_style=style).named for style in ("letter", "label", "text")}
    assert named == {"letter": ("A", "B"), "label": ("bad", "good"), "text": ()}


def test_a_question_is_shown_in_the_style_of_the_prompt():
    asked = question(choices=("wet", "dry"), answer="A", text="Which?")
    for style, shown in {"letter": "Which? (A) wet (B) dry", "label": "Which?", "text": "Which?\n- wet\n- dry"}.items():
        prompt = Prompt("io", "Choose.", (Shot(asked, "So.", "A"),), {}, answer_style=style)  # pyright: ignore
        assert [turn["content"] for turn in prompt.messages(asked)] == [f"Choose.\n{shown}", "So.", shown]
