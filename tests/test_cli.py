"""The command line: every misuse in one line with its remedy, and the road end to end on a CSV of one's own."""

import csv
import io
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from small import Run, shared

from selfamplify import PRESETS, AnswerAttribution, Table
from selfamplify.cli.app import COMMANDS

COLUMNS = "--question-column question --answer-column answer --choice-columns a,b,c --id-column id".split()


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 questions in columns."""
    file = tmp_path_factory.mktemp("own") / "questions.csv"
    animals = ["cat", "dog", "cow", "hen", "owl", "bee", "ant", "fox"]
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["id", "question", "a", "b", "c", "answer"])
        for number in range(40):
            names = [animals[(number + step) % 8] for step in range(3)]
            writer.writerow([f"own{number}", f'Who said "{{}}" {number} times at home?', *names, "ABC"[number % 3]])
    return file


@pytest.fixture(scope="module")
def stories() -> Path:
    return shared("models", "stories260K")


CHAT = '{"messages": [{"role": "user", "content": "What do cats chase?"}, {"role": "assistant", "content": "The answer is ("}]}'


def own(rows: Path, model: Path | str) -> list[object]:
    return ["--task", "file", "--data", rows, *COLUMNS, "--model", model]


def test_own_csv_goes_the_whole_road(run: Run, rows: Path, stories: Path, tmp_path: Path):
    given = own(rows, stories)
    short = ["--max-new-tokens", "12"]
    build = ["build", *given, *short, "--select", "random", "--shots", "2", "--samples", "40", "--keywords", "3"]
    code, out, _ = run(*build, "--out", tmp_path)
    assert code == 0 and "The 3 keywords " in out and f"wrote {tmp_path / 'prompt.json'}" in out
    code, out, err = run("evaluate", tmp_path, *given, "--limit", "4")
    assert (
        code == 0
        and "answering with kernel_shap (random): 4/4" in err
        and "answering with io (random): 4/4" in err
        and "kernel_shap" in out
        and " io " in out
    )
    code, out, _ = run("show", tmp_path, "--responses", "1")
    assert code == 0 and "⟨question⟩" in out and "the answer is (" in out and "selection: random" in out
    code, out, _ = run("explain", *given, "--explainer", "gradient_x_activation", "--question", "own7", "--keywords", "2")
    assert code == 0 and "The 2 keywords " in out and 'Who said "{}" 7 times' in out
    compare = ["compare", *given, *short, "--methods", "random,self_exp,zero_shot", "--shots", "1", "--limit", "3"]
    code, out, err = run(*compare, "--out", tmp_path / "grid", "--select", "random")
    assert code == 0 and "answering with io (random): 3/3" in err
    table = Table.load(tmp_path / "grid")
    assert {row.explainer or row.method for row in table.rows} | {cell.split("-")[0] for cell in table.failed} == {
        "io", "random", "self_exp", "zero_shot",
    }  # fmt: skip
    code, again, err = run(*compare, "--out", tmp_path / "grid", "--select", "random")
    assert (code, again) == (0, out) and "answering" not in err


def test_any_answer_to_any_prompt_is_explained(run: Run, stories: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    chat, text = tmp_path / "chat.json", tmp_path / "prompt.txt"
    chat.write_text(CHAT)
    text.write_text("What do cats chase?\n")
    given = ["--model", stories, "--answer", "mice)", "--explainer", "feature_ablation"]
    saved = tmp_path / "deep" / "mice.json"
    code, out, _ = run("explain", "--prompt", chat, *given, "--out", saved)
    assert code == 0 and "assistant: The answer is (mice)" in out and "score (logprob)" in out and f"wrote {saved}" in out
    found = AnswerAttribution.load(saved)
    assert found.words == ("What", "do", "cats", "chase", "The", "answer", "is") and found.value == "logprob"
    assert f"{found.cost.forward_passes} forward passes" in out
    code, out, _ = run("explain", "--prompt", text, *given, "--units", "token", "--span", "cats chase", "--absent", "delete")
    assert code == 0 and "user: What do cats chase?\nassistant: mice)" in out
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CHAT.encode())))
    page = tmp_path / "mice.html"
    code, out, _ = run("explain", "--prompt", "-", "--model", stories, "--answer", "A", "--samples", "40", "--out", page)
    assert code == 0 and "standard error" in out and "(A" in out and "completeness gap" in out
    assert page.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_presets_give_the_papers_rows(run: Run, name: str, rows: Path, stories: Path, tmp_path: Path):
    tiny = ["--limit", "2", "--shots", "1", "--max-new-tokens", "4", "--samples", "120", "--seeds", "0"]
    code, out, _ = run("compare", *own(rows, stories), "--preset", name, "--out", tmp_path, *tiny, "--select", "random")
    assert code == 0
    table = Table.load(tmp_path)
    done = [(row.explainer or row.method, row.keywords) for row in table.rows]
    failed = [tuple(cell.split("-")[:1]) for cell in table.failed]
    expected = {
        "table1": ["io", "auto_cot", "deep_lift", "kernel_shap", "self_topk", "self_exp"],
        "table2": ["io", "deep_lift", "kernel_shap", "self_topk", "random"],
        "table3": ["io", "deep_lift", "deep_lift", "kernel_shap", "kernel_shap", "self_topk", "self_topk"],
        "figure4": ["io", "auto_cot", "deep_lift", "kernel_shap", "self_topk", "self_exp"],
    }[name]
    assert sorted([method for method, _ in done] + [cell[0] for cell in failed]) == sorted(expected)
    if name == "table3":
        assert {count for method, count in done if method == "kernel_shap"} == {4, 6}
    assert ("the answer is (" in out) == (name == "figure4")


def test_presets_are_the_papers_experiments():
    cells = {name: list(plan.cells()) for name, plan in PRESETS.items()}
    assert {name: len(listed) for name, listed in cells.items()} == {"table1": 12, "table2": 60, "table3": 14, "figure4": 6}
    assert all((plan.shots, plan.steps) == (8, 3) for plan in PRESETS.values())
    assert {cell.seed for cell in cells["table2"]} == set(range(6))


MISUSES = [
    ("build", "Missing option '--out'"),
    ("nonsense", "No such command 'nonsense'"),
    ("build --out OUT --shots two", "--shots"),
    ("build --out OUT --shots -1", "--shots"),
    ("build --out OUT --nope 3", "--nope"),
    ("build OWN --out OUT --data nowhere.csv", "nowhere.csv"),
    ("build OWN --out OUT --model ./nowhere", "There is no model folder at ./nowhere"),
    ("build OWN --out OUT --model HERE", "no config.json"),
    ("build OWN --out OUT --task arc_chalenge", "did you mean 'arc_challenge'"),
    ("build OWN --out OUT --question-column frage", "frage"),
    ("build --task file --data ROWS --question-column question --out OUT", "--answer-column NAME"),
    ("build OWN --out OUT --explainer kernelshap", "did you mean 'kernel_shap'"),
    ("build OWN --out OUT --explainer self_exp --samples 3", "self_exp has no setting 'samples'"),
    ("build OWN --out OUT --explainer io --value margin", "io has no setting 'value'"),
    ("build OWN --out OUT --value nonsense", "choose one of: logit, logprob, margin"),
    ("build OWN --out OUT --absent nonsense", "choose one of: mask, delete"),
    ("build OWN --out OUT --select sucess", "did you mean 'success'"),
    ("build OWN --out OUT --select success --shots 39", "shots could be selected as 'success'"),
    ("build OWN --out OUT --profile papier", "did you mean 'paper'"),
    ("build OWN --out OUT --device tpu", "--device"),
    ("build OWN --out OUT --dtype int3", "--dtype auto"),
    ("build OWN --out OUT --select random --shots 0", "--shots 8"),
    ("build OWN --out ROWS", "can't be written"),
    ("build OWN --out OUT --select random --shots 1 --samples 3", "--samples"),
    ("compare OWN --out OUT --preset table9", "did you mean 'table"),
    ("compare OWN --out OUT --methods kernel_shap,lim", "did you mean 'lime'"),
    ("compare OWN --out OUT --methods ,", "at least one method"),
    ("compare OWN --out OUT --seeds one", "--seeds 0,1,2"),
    ("compare OWN --out OUT --limit 500", "--limit 20"),
    ("compare OWN --out OUT --methods io --samples 3", "has a setting 'samples'"),
    ("compare OWN --out OUT --methods io --shots 0", "--shots 8"),
    ("compare OWN --out OUT --methods random --keywords 0", "--keywords 1"),
    ("compare OWN --out OUT --methods io --shots 15 --select random --limit 2", "--drop-shots"),
    ("explain OWN --question nobody", "try --question"),
    ("explain OWN --explainer zero_shot", "explains nothing"),
    ("explain --prompt CHAT", "write --prompt FILE --answer TEXT"),
    ("explain --answer A", "write --prompt FILE --answer TEXT"),
    ("explain OWN --span x", "--span goes with a prompt"),
    ("explain OWN --out OUT", "--out goes with a prompt"),
    ("explain --prompt CHAT --answer A --task planted_arc", "--task is about a task's questions"),
    ("explain --prompt CHAT --answer A --data ROWS", "--data is about a task's questions"),
    ("explain --prompt CHAT --answer A --question q1", "leave it out, or --prompt"),
    ("explain --prompt CHAT --answer A --keywords 6", "--keywords is about a task's questions"),
    ("explain --prompt nowhere.txt --answer A", "nowhere.txt can't be read"),
    ("explain --prompt DATABASE --answer A", "no UTF-8 text"),
    ("explain --prompt BROKEN --answer A", "holds no chat; write"),
    ("explain --prompt ROLES --answer A --model MODEL", "use one of: system, user, assistant"),
    ("explain --prompt CHAT --answer A --out x.png", "--out attribution.html"),
    ("explain --prompt CHAT --answer A --units line --model MODEL", "choose one of: word, token"),
    ("explain --prompt CHAT --answer A --span nothing --model MODEL", "occurs 0 times"),
    ("explain --prompt CHAT --answer A --explainer self_exp --model MODEL", "use one of: gradient_x_activation"),
    ("explain --prompt CHAT --answer mice --value logit --model MODEL", "use the value 'logprob'"),
    ("explain --prompt CHAT --answer <s> --model MODEL", "control token '<s>'"),
    ("evaluate nowhere OWN", "selfamplify build"),
    ("evaluate ROWS OWN", "There is no prompt at"),
    ("show nowhere", "selfamplify build"),
    ("show DATABASE", "no prompt.json"),
]


@pytest.mark.parametrize(("line", "remedy"), MISUSES, ids=[line for line, _ in MISUSES])
def test_misuse_is_one_line_with_a_remedy(run: Run, line: str, remedy: str, rows: Path, stories: Path, tmp_path: Path):
    sqlite3.connect(tmp_path / "x.json").execute("CREATE TABLE t (a)")
    for name, text in {"chat": CHAT, "broken": "[{", "roles": CHAT.replace("user", "tool")}.items():
        (tmp_path / f"{name}.json").write_text(text)
    words = {
        "CHAT": [tmp_path / "chat.json"],
        "BROKEN": [tmp_path / "broken.json"],
        "ROLES": [tmp_path / "roles.json"],
        "MODEL": [stories],
        "OWN": own(rows, stories),
        "OUT": [tmp_path / "out"],
        "HERE": [tmp_path],
        "ROWS": [rows],
        "DATABASE": [tmp_path / "x.json"],
    }
    code, out, err = run(*(word for part in line.split() for word in words.get(part, [part])))
    told = [said for said in err.splitlines() if ": " not in said or said.startswith("error:")]
    assert code == 2, err
    assert len(told) == 1 and told[0].startswith("error: ") and remedy in told[0]
    assert "Traceback" not in err + out
    assert err.splitlines()[-1] == told[0]


def test_bad_rows_are_told_with_their_lines(run: Run, rows: Path, stories: Path, tmp_path: Path):
    bad = tmp_path / "bad.csv"
    bad.write_text(rows.read_text() + 'own99,"Who?",cat,dog,cow,Z\n')
    words = ["build", *own(bad, stories), "--out", tmp_path / "out", "--select", "random", "--shots", "1", "--explainer", "io"]
    code, _, err = run(*words)
    assert code == 2 and err.startswith("error: 1 row can't be used") and "bad.csv:42" in err and "--skip-bad" in err
    code, _, err = run(*words, "--skip-bad")
    assert code == 0 and "1 rows left out" in err


def test_debug_shows_the_traceback(run: Run):
    assert run("show", "nowhere")[0] == 2
    code, _, err = run("show", "nowhere", "--debug")
    assert code == 2 and "Traceback" in err and "DataError: There is neither" in err


def test_unexpected_errors_are_ours(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("selfamplify.cli.show.selfamplify", None)
    code, _, err = run("show", Path(__file__).parent / "x.json")
    assert code == 1 and err.startswith("error: unexpected AttributeError") and "--debug" in err and "Traceback" not in err


def test_interrupt_ends_with_130(run: Run, monkeypatch: pytest.MonkeyPatch):
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("selfamplify.catalogue", stop)
    code, _, err = run("list")
    assert code == 130 and err.startswith("error: interrupted; the same command goes on")


def test_list_names_everything(run: Run):
    code, out, _ = run("list", "--json")
    listed = json.loads(out)
    assert code == 0
    assert {"tasks", "explainers", "selections", "competitors", "presets", "profiles"} == set(listed)
    assert {"kernel_shap", "deep_lift", "random", "self_topk", "self_exp"} <= set(listed["explainers"])
    assert {"io", "auto_cot", "auto_cot_clustered", "zero_shot", "zero_shot_cot"} == set(listed["competitors"])
    assert all(summary for kind in listed.values() for summary in kind.values())
    code, plain, _ = run("list")
    assert code == 0 and all(name in plain for kind in listed.values() for name in kind)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_says_what_a_command_does(run: Run, command: str):
    code, out, _ = run(*command.split(), "--help")
    assert code == 0 and "Usage: selfamplify" in out


def test_help_does_not_wait_for_torch():
    code = (
        "import sys; sys.argv = ['selfamplify', 'compare', '--help']\nfrom selfamplify.cli import main\n"
        "try: main()\nexcept SystemExit as end: assert not end.code\nassert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, capture_output=True)
