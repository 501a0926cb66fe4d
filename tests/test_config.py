"""Options from a file: every option, the command line wins, and a run folder's own run.toml gives the same run again."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import Run, shared
from typer.main import get_command

import selfamplify
from selfamplify import Prompt, Table
from selfamplify.cli.app import COMMANDS, app
from selfamplify.cli.config import _toml  # pyright: ignore[reportPrivateUsage]
from selfamplify.cli.groups import PANELS, options_of
from selfamplify.runs.changes import changes
from selfamplify.runs.run_toml import FILE_NAME, tables

GROUPED = [name for name, command in COMMANDS.items() if "config" in options_of(command)]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
SMALL = ["--selections", "random", "--shots", "2", "--limit", "4", "--max-new-tokens", "12"]


@pytest.mark.long
def test_a_run_is_repeated_by_its_own_file(run: Run, tmp_path: Path):
    given = ["compare", "--methods", "random,self_topk", "--seeds", "0,1", *SMALL, "--keywords", "3", "--no-balance"]
    code, _, err = run(*given, "--out", tmp_path / "a")
    assert code == 0, err
    assert run("compare", "--config", tmp_path / "a" / FILE_NAME, "--out", tmp_path / "b")[0] == 0
    first, second = (Table.load(tmp_path / name) for name in "ab")
    assert first.digest() == second.digest() and first.responses_sha256
    own, again = (tables(tmp_path / name)["compare"] for name in "ab")
    assert own.pop("out") != again.pop("out") and own == again
    assert (own["methods"], own["seeds"], own["balance"], own["shots"]) == ("random,self_topk", "0,1", False, 2)
    code, out, _ = run("compare", "--config", tmp_path / "a" / FILE_NAME)
    assert code == 0 and f"wrote the results to {tmp_path / 'a'}" in out
    code, _, err = run("compare", "--config", tmp_path / "a" / FILE_NAME, "--shots", "3")
    assert code == 2 and "--shots 2 then, --shots 3 now" in err
    assert tables(tmp_path / "a")["compare"]["shots"] == 2, "a refused command leaves the file as it was"


@pytest.mark.long
@pytest.mark.parametrize("command", GROUPED)
def test_every_option_may_stand_in_a_file(command: str, tmp_path: Path):
    file = tmp_path / "x.toml"
    for name, option in options_of(COMMANDS[command]).items():
        if name == "config":
            continue
        key = option.flag.lstrip("-") if option.flag.startswith("-") else name
        for spelling in {key, key.replace("-", "_")}:
            file.write_text(f'{spelling} = {{ an = "impossible value" }}\n')
            done = called("--config", str(file), command=command)
            assert "has no option" not in done, f"{spelling} of {command}"


@cache
def commands() -> Callable[..., Any]:
    """The command line, put together once for over a thousand calls."""
    return get_command(app)


def called(*arguments: str, command: str) -> str:
    """What a command says to arguments that are only parsed: a last one is wrong."""
    try:
        commands()(args=[command, *arguments, "--nope"], standalone_mode=False)
    except Exception as error:
        return str(error)
    raise AssertionError("--nope was taken")


@pytest.mark.long
@pytest.mark.parametrize(
    ("text", "reason"),
    {
        "shotz = 3": "did you mean shots?",
        "max_new_token = 3": "did you mean max-new-tokens",
        "xyzzy = 3": "see: selfamplify compare --help",
        "limit = true": "limit = true in FILE is not a value of this option",
        "prefill = 'yes'": "write true or false",
        "limit = 'two'": "--limit",
        "limit = 2.5": "--limit",
        "shots = 1979-05-27": "is not a value of this option",
        "limit = ": "is not TOML",
        "[build]\nshots = 3": "holds options of build, and none of compare; add a table [compare]",
        "[compare]\nshotz = 3": "did you mean shots?",
        "[compare]\nseed = 3\nseeds = '1,2'": "seed and seeds in FILE are the same option of compare; leave one out",
        "config = 'x.toml'": "no option 'config'",
    }.items(),
)
def test_what_can_not_be_used_is_one_line(text: str, reason: str, run: Run, tmp_path: Path):
    file = tmp_path / "x.toml"
    file.write_text(text)
    code, _, err = run("compare", "--config", file, "--out", tmp_path / "out")
    assert code == 2 and err.count("\n") == 1 and reason.replace("FILE", str(file)) in err
    assert not (tmp_path / "out").exists()
    assert "can't be read" in run("compare", "--config", tmp_path / "nowhere.toml")[2]


@pytest.mark.long
def test_the_command_line_wins_and_lists_may_be_lists(run: Run, tmp_path: Path):
    file = tmp_path / "x.toml"
    file.write_text('methods = ["random", "io"]\nshots = 1\nlimit = 9\nselections = "random"\n[data]\nexamples = 1\n')
    done = run("compare", "--config", file, "--limit", "3", "--max-new-tokens", "4", "--out", tmp_path / "out")
    assert done[0] == 0
    table = Table.load(tmp_path / "out")
    assert {row.explainer or row.method for row in table.rows} == {"random", "io"}
    assert {(row.shots, row.n) for row in table.rows} == {(1, 3)}


@pytest.mark.long
def test_evaluate_knows_the_model_and_the_data_of_the_build(run: Run, tmp_path: Path):
    stories = shared("models", "stories260K")
    data = tmp_path / "own.csv"
    data.write_text("frage,antwort,a,b\n" + "".join(f"Who is {n}?,{'AB'[n % 2]},cat {n},dog {n}\n" for n in range(40)))
    read = ["--task", "file", "--data", data, "--question-column", "frage", "--answer-column", "antwort"]
    built = ["--selection", "random", "--shots", "1", "--method", "io", "--check", "0", "--max-new-tokens", "8"]
    out = tmp_path / "built"
    code, _, err = run("build", *read, "--choice-columns", "a,b", "--model", stories, *built, "--out", out)
    assert code == 0, err
    code, printed, err = run("evaluate", out, "--limit", "3")
    taken = f"--model {stories} --task file --data {data} --question-column frage --answer-column antwort --choice-columns a,b"
    assert code == 0 and f"as in {out / FILE_NAME}: {taken}" in err and "stories260K" in printed
    assert set(tables(out)) == {"build", "evaluate"} and tables(out)["evaluate"]["limit"] == 3
    again = tmp_path / "again"
    code, printed, err = run("evaluate", "--config", out / FILE_NAME, "--out", again)
    assert code == 0 and "stories260K" in printed and Table.load(again).digest() == Table.load(out).digest()
    more = tmp_path / "more.csv"
    more.write_text(data.read_text().replace("Who is", "Who was"))
    code, printed, err = run("evaluate", out, "--data", more, "--limit", "3", "--out", tmp_path / "more")
    assert code == 0 and "--task file" in err and "stories260K" in printed, err
    assert tables(tmp_path / "more")["evaluate"]["data"] == str(more)
    code, _, err = run("evaluate", out, "--limit", "3", "--model", "embedded", "--out", tmp_path / "other")
    assert code == 0 and "was built by stories260K, and is used with embedded (--model)" in err
    (out / FILE_NAME).unlink()
    code, _, err = run("evaluate", out, *read, "--choice-columns", "a,b", "--limit", "3", "--out", tmp_path / "third")
    assert code == 2 and f"so there is no {out / FILE_NAME} to say what is asked; add --model stories260K." in err
    code, _, err = run("evaluate", out, "--model", stories, "--limit", "3", "--out", tmp_path / "fourth")
    assert code == 2 and "to say what is asked; add --task file --data FILE." in err


def test_a_file_that_is_taken_over_and_is_not_there_is_said_to_come_from_the_run(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    Path("own.csv").write_text("frage,antwort\n" + "".join(f"Who is {n}?,{('cat', 'dog')[n % 2]}\n" for n in range(40)))
    words = ["--data", "own.csv", "--question-column", "frage", "--answer-column", "antwort", "--header"]
    code, _, err = run("build", *words, "--method", "zero_shot", "--max-new-tokens", "4", "--out", "out")
    assert code == 0 and "own.csv: 20 training questions" in err, err
    monkeypatch.chdir(tmp_path)
    code, _, err = run("evaluate", "here/out", "--limit", "1")
    assert code == 2 and "--question-column frage --answer-column antwort --header" in err
    assert "run.toml has --data own.csv, and there is no such file here; run this command where" in err
    code, _, err = run("evaluate", "here/out", "--limit", "1", "--data", "here/own.csv")
    assert code == 0, err


@pytest.mark.long
def test_changed_settings_of_a_build_name_options(run: Run, tmp_path: Path):
    given = ["build", "--selection", "random", "--shots", "1", "--check", "0", "--max-new-tokens", "8", "--out", tmp_path]
    assert run(*given, "--samples", "200")[0] == 0
    for more, said in (
        (["--samples", "150"], "(--samples 200 then, --samples 150 now)"),
        (["--samples", "200", "--keywords", "3"], "(--keywords 6 then, --keywords 3 now)"),
        (["--method", "random"], "(--method kernel_shap then, --method random now)"),
        (["--samples", "200", "--split-seed", "1"], "other training questions (--data, --split-seed, --test-size, --skip-bad)"),
        (["--samples", "200", "--instruction", "Say it."], "--instruction 'Say it.' now"),
    ):
        code, _, err = run(*given, *more)
        assert code == 2 and said in err and "KernelShap(" not in err, err


@given(
    st.dictionaries(
        st.sampled_from(["shots", "limit", "instruction", "methods", "judge"]), st.none() | st.integers() | st.text()
    )
)
def test_a_change_is_named_by_its_argument_and_nothing_else_is_said(wanted: dict[str, Any]):
    made: dict[str, Any] = {"shots": 8, "limit": None}
    found = changes(made, wanted)
    different = {key for key in made.keys() | wanted.keys() if made.get(key) != wanted.get(key)}
    assert len(found) == len(different) and all(any(f"`{key}" in line for line in found) for key in different)
    assert changes(made, made) == []


@given(TEXTS | st.integers(-(2**60), 2**60) | st.booleans() | st.floats(allow_nan=False) | st.lists(TEXTS))
def test_values_are_written_as_toml(value: Any):
    assert tomllib.loads(f"x = {_toml(value)}")["x"] == value


def test_help_has_the_headings_and_each_option_one_of_them(run: Run):
    out = run("compare", "--help")[1]
    places = [out.index(f"─ {panel}") for panel in ("Model", "Data", "Method", "Answers", "Server", "Cluster", "Output")]
    assert places == sorted(places)
    options = [name for names in PANELS.values() for name in names]
    assert len(set(options)) == len(options)
    below = out[out.index("─ Options") : out.index("─ Model")]
    assert [word for word in below.split() if word.startswith("--")] == ["--config", "--help"]


@pytest.mark.long
def test_version_and_completion(run: Run):
    assert run("--version") == (0, f"selfamplify {selfamplify.__version__}\n", "")
    code = "from selfamplify.cli import main; main()"
    asked = {"_SELFAMPLIFY_COMPLETE": "complete_bash", "COMP_WORDS": "selfamplify fai", "COMP_CWORD": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | asked, capture_output=True, timeout=60, check=False)
    assert done.stdout.decode().split() == ["faithfulness"]


@pytest.mark.long
def test_a_folder_keeps_the_options_of_each_command(run: Run, tmp_path: Path):
    assert run("build", "--method", "io", "--selection", "random", "--shots", "1", "--check", "0", "--out", tmp_path)[0] == 0
    assert run("evaluate", tmp_path, "--limit", "2")[0] == 0
    found = tables(tmp_path)
    assert list(found) == ["build", "evaluate"] and found["evaluate"]["prompt"] == str(tmp_path)
    assert run("evaluate", "--config", tmp_path / FILE_NAME)[0] == 0
    assert Prompt.load(tmp_path).method == "io"
