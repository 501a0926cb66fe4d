"""A file of results that was changed by hand is refused in one line, wherever the change is."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import Run, scripted, talker, task

from selfamplify import (
    DataError,
    Faithfulness,
    Plan,
    Prompt,
    SearchSpace,
    SelfAmplifyWarning,
    Table,
    Tuning,
    build,
    compare,
    faithfulness,
    tune,
)
from selfamplify.runs.responses import load_responses
from selfamplify.text.sealing import seal, sealed, unsealed

Place = tuple[str | int, ...]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A finished folder of each command."""
    at = {name: tmp_path_factory.mktemp(name) for name in ("compare", "build", "tune", "faithfulness")}
    model = scripted(talker)
    compare(model, task(), Plan(("random", "self_topk"), ("random",), shots=2), at["compare"])
    build(model, task(), at["build"], method="self_topk", selection="random", shots=2)
    space = SearchSpace(("random",), ("random",), (0,), shots=(2,), keywords=(2,), orders=("xry",))
    tune(model, task(60, 30), at["tune"], budget="calls=200", space=space)
    faithfulness(
        scripted(lambda chat: "B" if chat.prefill.endswith("(") else '"thing" and "warm"'),
        task(),
        ["self_topk"],
        limit=4,
        out=at["faithfulness"],
    )
    return at


LOAD: dict[tuple[str, str], Callable[[Path], object]] = {
    ("compare", "results.json"): Table.load,
    ("build", "prompt.json"): Prompt.load,
    ("tune", "prompt.json"): Prompt.load,
    ("tune", "tuning.json"): Tuning.load,
    ("faithfulness", "results.json"): Faithfulness.load,
}


def leaves(data: Any, place: Place = ()) -> Iterator[Place]:
    """The place of every number, text and flag in JSON data."""
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inside:
        yield from leaves(value, (*place, key))
    if not isinstance(data, dict | list):
        yield place


def is_text(place: Place) -> bool:
    """Whether a place of a prompt.json is a text, which may be edited, and no part of its record."""
    match place:
        case ("instruction" | "system" | "prefill",) | ("messages", _, "content") | ("shots", _, "reply"):
            return True
        case ("shots", _, "question", "text") | ("shots", _, "question", "choices", _, "text"):
            return True
    return False


def forged(data: Any, place: Place) -> Any:
    """The data with another value at a place."""
    whole = deepcopy(data)
    within = whole
    for key in place[:-1]:
        within = within[key]
    old = within[place[-1]]
    within[place[-1]] = not old if isinstance(old, bool) else old + 1 if isinstance(old, int | float) else f"{old or ''}!"
    return whole


@pytest.mark.long
@pytest.mark.parametrize(("command", "name"), LOAD, ids=lambda part: part)
def test_a_change_of_any_value_is_found(command: str, name: str, folders: dict[str, Path], tmp_path: Path):
    copytree(folders[command], tmp_path, dirs_exist_ok=True)
    load, file = LOAD[command, name], tmp_path / name
    data = json.loads(file.read_text())
    load(tmp_path)
    places = [place for place in leaves(data) if place[-1] != "seconds"]
    assert len(places) > 20
    for place in places:
        file.write_text(json.dumps(forged(data, place)))
        if name == "prompt.json" and is_text(place):
            with pytest.warns(SelfAmplifyWarning, match="was edited by hand"):
                edited = Prompt.load(tmp_path)
            assert edited.edits and edited.evidence is None, "evidence is not that of an edited prompt"
            continue
        with pytest.raises(DataError) as error:
            load(tmp_path)
        assert "\n" not in str(error.value) and str(file) in str(error.value)
    file.write_text(json.dumps(data, indent=7))
    load(tmp_path)  # the same data, written in another way


def test_a_measured_time_is_no_result(folders: dict[str, Path], tmp_path: Path):
    data = json.loads((folders["compare"] / "results.json").read_text())
    data["rows"][0]["seconds"] = 12345.5
    (tmp_path / "results.json").write_text(json.dumps(data))
    assert Table.load(tmp_path).digest() == Table.load(folders["compare"]).digest() == data["digest"]


def test_a_changed_answer_is_found(folders: dict[str, Path], tmp_path: Path):
    copytree(folders["compare"], tmp_path, dirs_exist_ok=True)
    file = tmp_path / "responses.jsonl"
    whole = file.read_text()
    assert load_responses(tmp_path)
    for forgery in (whole.replace('"correct": false', '"correct": true', 1), whole.replace("It seems", "It is clear", 1),
                    whole.partition("\n")[2], whole + whole.partition("\n")[0] + "\n"):  # fmt: skip
        assert forgery != whole
        file.write_text(forgery)
        with pytest.raises(DataError, match="responses.jsonl does not match its digest"):
            load_responses(tmp_path)
    (tmp_path / "results.json").unlink()
    assert load_responses(tmp_path), "before the results there is nothing to hold them against"


FORGERIES = {
    "accuracy": ("compare", "results.json", '"accuracy": 0.', '"accuracy": 1.', "the original command"),
    "p": ("compare", "results.json", '"p_holm": 1.0', '"p_holm": 0.01', "the original command"),
    "conclusion": ("compare", "results.json", "No difference", "A difference", "the original command"),
    "answer": ("compare", "responses.jsonl", '"correct": false', '"correct": true', "the original command"),
    "explanation": ("build", "prompt.json", '"forward_passes": ', '"forward_passes": 9', "build it again"),
    "evidence": ("tune", "prompt.json", '"validation_accuracy": 0.', '"validation_accuracy": 1.', "build it again"),
    "race": ("tune", "tuning.json", '"correct": ', '"correct": 9', "`selfamplify tune`"),
    "faithfulness": ("faithfulness", "results.json", '"mean": ', '"mean": 9', "`selfamplify faithfulness`"),
}


@pytest.mark.long
@pytest.mark.parametrize("what", FORGERIES)
def test_show_says_in_one_line_that_a_file_was_edited(what: str, run: Run, folders: dict[str, Path], tmp_path: Path):
    command, name, old, new, remedy = FORGERIES[what]
    copytree(folders[command], tmp_path, dirs_exist_ok=True)
    assert run("show", tmp_path)[0] == 0
    file = tmp_path / name
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    code, _, err = run("show", tmp_path)
    assert code == 2 and err.count("\n") == 1 and name in err and "edited" in err and remedy.strip("`") in err


def test_show_prints_the_race(run: Run, folders: dict[str, Path]):
    code, out, _ = run("show", folders["tune"])
    evidence = Tuning.load(folders["tune"]).evidence
    assert code == 0 and evidence.arm in out and evidence.conclusion in " ".join(out.split()) and "chosen" in out


def test_a_race_with_the_prompt_of_another_one_is_refused(folders: dict[str, Path], tmp_path: Path):
    copytree(folders["tune"], tmp_path, dirs_exist_ok=True)
    (tmp_path / "prompt.json").write_text((folders["build"] / "prompt.json").read_text())
    with pytest.raises(DataError, match="tuning.json does not match"):
        Tuning.load(tmp_path)


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_seals_hold_for_any_data(data: dict[str, Any]):
    data.pop("digest", None)
    read = json.loads(json.dumps(sealed(data)))
    assert unsealed(read, Path("x.json"), "it") == json.loads(json.dumps(data))
    assert seal(data | {"seconds": 1.5}) == seal({key: value for key, value in data.items() if key != "seconds"})
    assert seal(data | {"seconds": 2}) != seal(data | {"seconds": 3}), "a count of answers that are called seconds"
