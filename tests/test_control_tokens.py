"""Control tokens of the model in questions: found with their places before any weights are loaded, or left out."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import Run, question, scripted, talker, task

import selfamplify
from selfamplify import Plan, Prompt, amplify, build, check_task, compare, demo, evaluate, load_model, load_task
from selfamplify.cli.model_options import ModelOptions
from selfamplify.errors import DataError, ModelError, SettingsError
from selfamplify.tasks.control_tokens import without_control_tokens

EOS = "</s>"
"""A control token of the embedded model."""
PROMPT = Prompt("zero_shot", "Choose.", (), {"A": "A", "B": "B"})


@pytest.fixture
def weightless(tmp_path: Path) -> Path:
    """The embedded model with weights that can't be loaded."""
    folder = tmp_path / "weightless"
    shutil.copytree(Path(demo.__file__).parent, folder)
    for file in folder.glob("*.safetensors"):
        file.write_bytes(b"no weights")
    with pytest.raises(ModelError, match="could not be loaded"):
        load_model(folder)
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Ten questions, of which those in lines 4 and 7 hold a control token, one in its text and one in a choice."""
    rows = [f"What do cows eat {number}?,hay|mice,hay" for number in range(10)]
    rows[2] = f"What do {EOS} cows eat?,hay|mice,hay"
    rows[5] = "What do owls eat?,hay|<s>mice,hay"
    path = tmp_path / "q.csv"
    path.write_text("\n".join(["question,choices,answer", *rows, ""]))
    return path


@pytest.fixture(scope="module")
def tokens() -> frozenset[str]:
    return load_model().control_tokens


def test_rows_are_listed_with_their_lines_before_the_weights_are_loaded(file: Path, weightless: Path):
    loaded = load_task("file", file)
    with pytest.raises(DataError) as caught:
        check_task(loaded, weightless)
    assert str(caught.value).splitlines() == [
        "2 rows can't be used:",
        f"  {file}:4: contains '</s>', a control token of weightless",
        f"  {file}:7: contains '<s>', a control token of weightless",
        "Fix them, or leave them out: `check_task(task, model, skip_bad=True)`.",
    ]


STARTS: dict[str, Callable[[Any, Any, Path], object]] = {
    "amplify": lambda model, questions, out: amplify(model, questions),
    "build": lambda model, questions, out: build(model, questions, out),
    "evaluate": lambda model, questions, out: evaluate(model, questions, PROMPT, out=out),
    "compare": lambda model, questions, out: compare(model, questions, Plan(("random",)), out),
}


@pytest.mark.parametrize("start", STARTS)
def test_every_function_checks_at_its_start(start: str, file: Path, weightless: Path, tmp_path: Path):
    with pytest.raises(DataError, match=r"q\.csv:4: contains"):
        STARTS[start](weightless, load_task("file", file), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("start", ["evaluate", "compare"])
def test_the_judge_reads_the_questions_too(start: str, file: Path, weightless: Path, tmp_path: Path):
    questions = load_task("file", file)
    asks: dict[str, Callable[[], object]] = {
        "evaluate": lambda: evaluate(scripted(talker), questions, PROMPT, judge=weightless),
        "compare": lambda: compare(scripted(talker), questions, Plan(("random",)), tmp_path / "out", judge=weightless),
    }
    with pytest.raises(DataError, match=r"token of weightless[\s\S]*`check_task\(task, judge, skip_bad=True\)`"):
        asks[start]()


def test_rows_are_left_out_on_request_and_the_others_stay_where_they_are(file: Path, weightless: Path):
    loaded = load_task("file", file)
    found = check_task(loaded, weightless, skip_bad=True)
    assert [line.split(": ")[0] for line in found.skipped] == [f"{file}:4", f"{file}:7"]
    kept = {asked.id for asked in (*found.train, *found.test)}
    assert len(kept) == 8
    for before, after in ((loaded.train, found.train), (loaded.test, found.test)):
        assert after == tuple(asked for asked in before if asked.id in kept)
    assert check_task(found, weightless) is found
    assert check_task(found, load_model()) is found


@pytest.mark.long
def test_without_control_tokens_a_task_stays_as_it_is():
    assert check_task("planted_arc", "embedded") == load_task("planted_arc")
    assert check_task(whole := task(), load_model()) is whole


def test_nothing_is_checked_for_a_model_without_a_known_tokenizer(file: Path):
    assert scripted(talker).control_tokens == frozenset()
    assert check_task(loaded := load_task("file", file), scripted(talker)) is loaded


def test_a_question_without_a_place_is_named_by_its_id():
    whole = task()
    asked = question(99, text=f"Cows {EOS} eat")
    with pytest.raises(DataError, match="^1 row can't be used:\n  q99: contains '</s>'"):
        check_task(replace(whole, test=(*whole.test, asked)), "embedded")


@pytest.mark.parametrize("model", [None, 3, type(talker)], ids=repr)
def test_what_is_no_model_is_refused(model: object):
    with pytest.raises(SettingsError, match="The model is .*load_model"):
        check_task(task(), model)


def test_of_many_rows_the_first_few_are_listed():
    whole = task()
    asked = tuple(question(number, text=f"Cows {EOS} eat {number}") for number in range(100, 130))
    with pytest.raises(DataError, match="30 rows can't be used") as caught:
        check_task(replace(whole, train=asked), "embedded")
    assert len(str(caught.value).splitlines()) == 9 and "… and 25 more" in str(caught.value)


@given(data=st.data(), names=st.sets(st.text("<|/s>ab.(*", min_size=1, max_size=4), max_size=5))
def test_exactly_the_questions_that_hold_a_token_are_left_out(data: st.DataObject, names: set[str]):
    texts = data.draw(st.lists(st.text("<|/s>ab.(* ", max_size=9), min_size=4, max_size=8))
    asked = tuple(replace(question(number), text=text) for number, text in enumerate(texts))
    whole = replace(task(), train=asked[:2], test=asked[2:])
    kept = tuple(each for each in asked if not any(name in each.render() for name in names))
    if not (set(kept) & set(whole.train) and set(kept) & set(whole.test)):
        with pytest.raises(DataError, match="at least one"):
            without_control_tokens(whole, names, "small", None)
        return
    found = without_control_tokens(whole, names, "small", None)
    assert (*found.train, *found.test) == kept
    for line in found.skipped:
        name, token = re.fullmatch(r"(q\d+): contains '(.*)', a control token of small", line).groups()  # pyright: ignore
        text = next(each for each in asked if each.id == name).render()
        assert token in names and token in text and text.index(token) == min(text.index(each) for each in names if each in text)


def test_places_are_those_of_the_file_also_for_renamed_test_questions(tmp_path: Path):
    first, second = tmp_path / "train.csv", tmp_path / "test.jsonl"
    first.write_text("id,question,choices,answer\na,Who?,x|y,x\nb,What?,x|y,y\na2,Where?,x|y,y\n")
    second.write_text(
        '{"id": "a", "question": "When?", "choices": ["x", "y"], "answer": "x"}\n'
        '{"id": "c", "question": "What?", "choices": ["x", "y"], "answer": "y"}\n'
    )
    loaded = load_task("file", first, test_data=second)
    places = {asked.text: loaded.places[asked.id] for asked in (*loaded.train, *loaded.test)}
    assert places == {"Who?": f"{first}:2", "Where?": f"{first}:4", "When?": f"{second}:1", "What?": f"{second}:2"}
    assert {asked.id for asked in loaded.test} == {"test-a", "c"}


def test_the_command_line_checks_before_the_weights_are_loaded(run: Run, file: Path, weightless: Path, tmp_path: Path):
    given = ["--task", "file", "--data", file, "--selection", "random", "--shots", "1", "--method", "io"]
    code, _, err = run("build", *given, "--model", weightless, "--out", tmp_path / "out")
    assert code == 2 and "\nerror: 2 rows can't be used" in err and f"{file}:4: contains '</s>'" in err
    assert err.splitlines()[-1] == "Fix them, or leave them out: --skip-bad."
    code, _, err = run("build", *given, "--out", tmp_path / "out", "--skip-bad")
    assert code == 0 and f"2 rows left out; the first: {file}:4: contains" in err
    code, out, err = run("explain", "--task", "file", "--data", file, "--skip-bad", "--explainer", "random")
    assert code == 0 and "2 rows left out" in err and "keywords" in out
    data = ["--task", "file", "--data", file]
    code, _, err = run("evaluate", tmp_path / "out", *data, "--skip-bad", "--judge", weightless)
    assert code == 2 and "could not be loaded" in err and "2 rows left out" in err


def test_a_folder_on_the_machines_of_the_cluster_only_is_checked_when_the_replicas_are_loaded(
    file: Path, monkeypatch: pytest.MonkeyPatch
):
    loads: list[str] = []

    def load_replicas(folder: str, **options: object) -> object:
        loads.append(folder)
        model = load_model()
        for name, value in {"replicas": 2, "share": "1 CPU"}.items():
            setattr(model, name, value)
        return model

    monkeypatch.setattr(selfamplify, "load_replicas", load_replicas)
    options = ModelOptions(model="/only/there", ray="local")
    with pytest.raises(DataError, match=r"q\.csv:4"):
        options.check(load_task("file", file), None, False)
    assert len(options.check(load_task("file", file), None, True).skipped) == 2
    assert options.load().name == "embedded" and loads == ["/only/there"]
    with pytest.raises(ModelError, match="no model folder"):
        ModelOptions(model="/only/there").check(task(), None, False)


def test_the_tokens_are_all_special_ones(tokens: frozenset[str]):
    assert {EOS, "<s>"} <= tokens
