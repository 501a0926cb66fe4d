"""Damaged and hostile files of run folders: every command that reads them succeeds, or says in one line what is wrong."""

import contextlib
import io
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small import scripted, talker, task
from spoiling import cut_or_flipped, spoilt

from selfamplify import Plan, SearchSpace, build, compare, evaluate, faithfulness, load_task, tune
from selfamplify.cli import app
from selfamplify.errors import DataError
from selfamplify.runs.run_toml import tables
from selfamplify.text.documents import read_json
from selfamplify.text.lines import sha256
from selfamplify.text.sealing import seal, sealed


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small folders of every kind."""
    made = tmp_path_factory.mktemp("folders")
    compare(scripted(talker), task(), Plan(("random",), shots=2), made / "compare")
    build("embedded", "planted_arc", made / "build", method="io", selection="random", shots=2, check=0)
    evaluate("embedded", load_task("planted_arc"), made / "build", limit=2, out=made / "build")
    faithfulness("embedded", "planted_arc", ("random", "feature_ablation"), limit=3, out=made / "faithful")
    space = SearchSpace(methods=("io", "random"), selections=("random",), shots=(2,), seeds=(0,))
    tune(scripted(talker), task(120, 90), made / "tune", budget="calls=600", space=space)
    (made / "build" / "run.toml").write_text('[evaluate]\nlimit = 2\nmodel = "embedded"\n')
    return made


def rewritten(file: Path, draw: Callable[..., Any]) -> None:
    """Damage a file; half of the time with a digest that fits, so that it is read further."""
    content = file.read_bytes()
    if file.suffix == ".toml" or draw(st.booleans()):
        file.write_bytes(cut_or_flipped(content, draw))
    elif file.suffix == ".jsonl":
        lines = content.decode().split("\n")
        lines[0] = json.dumps(spoilt(json.loads(lines[0]), draw))
        file.write_text("\n".join(lines))
        results = json.loads((file.parent / "results.json").read_text())
        del results["digest"]
        (file.parent / "results.json").write_text(json.dumps(sealed(results | {"responses_sha256": sha256("\n".join(lines))})))
    else:
        data = spoilt(json.loads(content), draw)
        data.pop("digest", None)
        with contextlib.suppress(RecursionError):
            data["digest"] = seal(data)
        file.write_text(json.dumps(data))


def run(*line: object) -> tuple[int, str]:
    """The exit code of a command in this process, and what it wrote to standard error."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        code = app._run([str(each) for each in line], debug=False)
    return code, said.getvalue()


QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
FILES = ["compare/results.json", "compare/responses.jsonl", "faithful/results.json", "tune/tuning.json", "build/run.toml"]


@pytest.mark.long
@settings(max_examples=60, suppress_health_check=QUIET)
@given(data=st.data(), name=st.sampled_from(FILES))
def test_a_damaged_file_is_told_in_one_line_or_does_no_harm(folders: Path, data: st.DataObject, name: str):
    with TemporaryDirectory() as made:
        folder = Path(made) / "run"
        shutil.copytree(folders / Path(name).parent, folder)
        rewritten(folder / Path(name).name, data.draw)
        for line in (["show", folder, "--responses", 1], ["report", folder, "--out", folder / "page.html"]):
            code, said = run(*line)
            errors = [each for each in said.splitlines() if each.startswith("error:")]
            assert code in (0, 2) and len(errors) == (code == 2), said
        tables(folder)


@pytest.mark.long
@settings(max_examples=8, suppress_health_check=QUIET)
@given(data=st.data(), name=st.sampled_from(["results.json", "responses.jsonl", "run.toml"]))
def test_a_damaged_result_never_keeps_a_prompt_from_being_evaluated(folders: Path, data: st.DataObject, name: str):
    with TemporaryDirectory() as made:
        folder = Path(made) / "run"
        shutil.copytree(folders / "build", folder)
        rewritten(folder / name, data.draw)
        code, said = run("evaluate", folder, "--limit", 1, "--out", Path(made) / "out")
        assert code in (0, 2) and "unexpected" not in said, said
        assert code == 0 or name == "run.toml"


@pytest.mark.long
@pytest.mark.parametrize("name", FILES)
def test_a_folder_in_place_of_a_file_is_no_surprise(folders: Path, name: str, tmp_path: Path):
    shutil.copytree(folders / Path(name).parent, tmp_path / "run")
    (tmp_path / "run" / Path(name).name).unlink()
    (tmp_path / "run" / Path(name).name).mkdir()
    for command in ("show", "report"):
        assert run(command, tmp_path / "run")[0] in (0, 2)


@given(st.integers(1, 3000), st.sampled_from(["list", "object"]))
def test_documents_are_read_up_to_a_hundred_levels(levels: int, kind: str):
    text = "[" * levels + "]" * levels if kind == "list" else '{"a":' * levels + "1" + "}" * levels
    with TemporaryDirectory() as folder:
        file = Path(folder) / "file.json"
        file.write_text(text)
        if levels <= 100:
            assert read_json(file) == json.loads(text)
        else:
            with pytest.raises(ValueError, match="more than 100 levels"):
                read_json(file)
    assert sys.getrecursionlimit() >= 1000


def test_half_a_surrogate_is_refused_and_a_whole_pair_is_text(tmp_path: Path):
    file = tmp_path / "file.json"
    file.write_text('{"a": "\\ud83d\\ude00", "b": "\\\\ud83d"}')
    assert read_json(file) == {"a": "\U0001f600", "b": "\\ud83d"}
    file.write_text('{"a": "\\ud83d"}')
    with pytest.raises(ValueError, match="half a surrogate"):
        read_json(file)
    assert issubclass(DataError, ValueError)
