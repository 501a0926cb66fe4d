"""The command line: every misuse in one line with its remedy, and all commands end to end on a CSV of the user's own."""

import csv
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Literal, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import Run, shared
from typer.models import OptionInfo

import selfamplify
from selfamplify import PRESETS, AnswerAttribution, Table, amplify
from selfamplify.cli.app import COMMANDS
from selfamplify.cli.build import _note_against as note_against  # pyright: ignore[reportPrivateUsage]
from selfamplify.cli.evaluate import _results_of as results_of  # pyright: ignore[reportPrivateUsage]
from selfamplify.cli.groups import flags, options_of
from selfamplify.cli.model_options import ModelOptions
from selfamplify.cli.options import EngineOptions
from selfamplify.cli.translation import in_options
from selfamplify.methods.selection import SelectionName
from selfamplify.models.local.load import LoadOptions

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


@pytest.mark.long
def test_label_counts_name_the_seed_if_there_are_several(run: Run, tmp_path: Path):
    given = "compare --task planted_arc --methods random --select random --shots 1 --limit 2".split()
    code, out, err = run(*given, "--seeds", "0,1", "--out", tmp_path)
    assert code == 0, err
    table = Table.load(tmp_path)
    for seed in (0, 1):
        rows = [row for row in table.rows if row.seed == seed]
        (shot,) = rows[0].shot_answers
        (line,) = [line for line in out.splitlines() if line.startswith(f"Answers with shots by random (seed {seed}): io ")]
        assert line.endswith(f"the shots' own: 1 ({shot})") and line.count("random") == 2
    code, out, _ = run(*given, "--out", tmp_path / "one")
    assert "Answers with shots by random: io " in out


@pytest.mark.long
def test_all_commands_work_on_an_own_csv(run: Run, rows: Path, stories: Path, tmp_path: Path):
    given = own(rows, stories)
    short = ["--max-new-tokens", "12"]
    build = ["build", *given, *short, "--selection", "random", "--shots", "2", "--samples", "40", "--keywords", "3"]
    code, out, _ = run(*build, "--out", tmp_path)
    assert code == 0 and "The 3 keywords " in out and f"wrote the prompt to {tmp_path}; " in out
    code, out, err = run("evaluate", tmp_path, *given, "--limit", "4")
    assert (
        code == 0
        and "answering with kernel_shap (random, 3 keywords): 4/4" in err
        and "answering with io (random): 4/4" in err
        and "kernel_shap" in out
        and " io " in out
    )
    code, out, _ = run("show", tmp_path, "--responses", "1")
    assert code == 0 and "⟨question⟩" in out and "the answer is (" in out and "selection: random" in out
    code, out, _ = run("explain", *given, "--explainer", "gradient_x_activation", "--question", "own7", "--keywords", "2")
    assert code == 0 and "The 2 keywords " in out and 'Who said "{}" 7 times' in out
    compare = ["compare", *given, *short, "--methods", "random,self_exp,zero_shot", "--shots", "1", "--limit", "3"]
    code, out, err = run(*compare, "--out", tmp_path / "grid", "--selections", "random")
    assert code == 0 and "answering with io (random): 3/3" in err
    table = Table.load(tmp_path / "grid")
    assert {row.explainer or row.method for row in table.rows} | {cell.split("-")[0] for cell in table.failed} == {
        "io", "random", "self_exp", "zero_shot",
    }  # fmt: skip
    code, again, err = run(*compare, "--out", tmp_path / "grid", "--selections", "random")
    assert (code, again) == (0, out) and "answering" not in err
    prompts = sorted(path for path in (tmp_path / "grid" / "prompts").iterdir())
    for prompt in prompts[:2]:
        code, out, err = run("evaluate", prompt, "--limit", "3")
        assert code == 0 and f"wrote the results to {tmp_path / 'grid' / 'evaluated' / prompt.stem}" in out, err
    assert sorted((tmp_path / "grid" / "prompts").iterdir()) == prompts
    assert len(Table.load(tmp_path / "grid" / "evaluated" / prompts[0].stem).rows) == 1
    code, out, err = run("build", *given, "--method", "zero_shot", "--select", "error", "--out", tmp_path / "bare")
    assert code == 0 and out.startswith("wrote the prompt") and "until enough qualify" not in err
    assert "zero_shot has no shots, so --selection has no effect" in err


def test_any_answer_to_any_prompt_is_explained(run: Run, stories: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    chat, text = tmp_path / "chat.json", tmp_path / "prompt.txt"
    chat.write_text(CHAT)
    text.write_text("What do cats chase?\n")
    given = ["--model", stories, "--answer", "mice)", "--explainer", "feature_ablation"]
    saved = tmp_path / "deep" / "mice.json"
    code, out, _ = run("explain", "--prompt", chat, *given, "--out", saved)
    assert (
        code == 0
        and "assistant: The answer is (mice)" in out
        and "score (logprob)" in out
        and f"wrote the attribution to {saved}" in out
    )
    found = AnswerAttribution.load(saved)
    assert found.words == ("What", "do", "cats", "chase", "The", "answer", "is") and found.value == "logprob"
    assert f"{found.cost.forward_passes} forward passes" in out
    code, out, _ = run("explain", "--prompt", text, *given, "--units", "token", "--span", "cats chase", "--absent", "delete")
    assert code == 0 and "user: What do cats chase?\nassistant: mice)" in out
    code, out, _ = run("explain", "--prompt", text, *given, "--baseline", "pad")
    assert code == 0 and "(replaced by '</s>', which ends a turn)" in out
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CHAT.encode())))
    page = tmp_path / "mice.html"
    code, out, _ = run("explain", "--prompt", "-", "--model", stories, "--answer", "A", "--samples", "40", "--out", page)
    assert code == 0 and "standard error" in out and "(A" in out and "completeness gap" in out
    assert page.read_text().startswith("<!doctype html>")


@pytest.mark.long
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
    ("--nonsense", "No such option"),
    ("build --out OUT --shots two", "--shots"),
    ("build --out OUT --shots -1", "--shots"),
    ("build OWN --out OUT --data nowhere.csv", "nowhere.csv"),
    ("build OWN --out OUT --data ROWS --task planted_arc", "--task file"),
    ("build OWN --out ROWS --model x.gguf", "can't be written (not a folder); use another --out"),
    ("tune OWN --out ROWS --model x.gguf", "can't be written (not a folder); use another --out"),
    ("build OWN --out=", "--out . for the current one"),
    ("evaluate OUT --out=", "--out . for the current one"),
    ("export OUT --to openai --out=", "--out . for the current one"),
    ("build OWN --out OUT --task ROWS", "--task file with --data"),
    ("build OWN --out OUT --model ./nowhere", "There is no model folder at ./nowhere"),
    ("build OWN --out OUT --model HERE", "no config.json"),
    ("build OWN --out OUT --task arc_chalenge", "did you mean 'arc_challenge'"),
    ("build OWN --out OUT --question-column frage", "use one of these names"),
    ("build --task file --data ROWS --question-column id --context-column no --out OUT", "no column 'no' among"),
    ("build OWN --out OUT --test-size 40", "--test-size 39"),
    ("build OWN --out OUT --method kernelshap", "did you mean 'kernel_shap'"),
    ("build OWN --out OUT --method self_exp --samples 3", "self_exp has no setting 'samples'"),
    ("build OWN --out OUT --method io --value margin", "leave --value margin out"),
    ("build OWN --out OUT --method io --set ridge=1", "leave --set ridge=1 out"),
    ("build OWN --out OUT --method shapley_value_sampling --set permutations=5", "use --set permutations=6"),
    ("build OWN --out OUT --set permutations", "--set permutations=50"),
    ("build OWN --out OUT --method integrated_gradients --set steps=0", "at least --set steps=1"),
    ("build OWN --out OUT --method self_exp --set steps=few", "--set steps=few is invalid"),
    ("build OWN --out OUT --method io --set steps=2", "leave --set steps=2 out"),
    ("build OWN --out OUT --value nonsense", "--value nonsense"),
    ("build OWN --out OUT --absent nonsense", "--absent nonsense"),
    ("build OWN --out OUT --selection sucess", "'success'"),
    ("build OWN --out OUT --selection success --shots 19", "found by the selection 'success'"),
    ("build OWN --out OUT --shots 900", "use --shots 20 or fewer"),
    ("build OWN --out OUT --profile papier", "did you mean 'paper'"),
    ("build OWN --out OUT --device tpu", "--device cpu"),
    ("build OWN --out OUT --dtype int3", "--dtype"),
    ("build OWN --out OUT --replicas 2", "add --ray local"),
    ("build OWN --out OUT --cpus-per-replica 2", "--cpus-per-replica is for copies of the model; add --ray local"),
    ("build OWN --out OUT --gpus-per-replica 1", "--gpus-per-replica is for copies of the model; add --ray local"),
    ("build OWN --out OUT --in-flight 2", "add --server URL"),
    ("build OWN --out OUT --server http://localhost:1 --batch-tokens 5", "--batch-tokens is for models"),
    ("build OWN --out OUT --server nonsense", "--server http://localhost:8000"),
    ("build OWN --out OUT --selection random --shots 0", "--shots 8"),
    ("build OWN --out ROWS", "another --out"),
    ("build OWN --out OUT --selection random --shots 1 --samples 3", "--samples"),
    ("compare OWN --out OUT --preset table9", "did you mean 'table"),
    ("compare OWN --out OUT --methods kernel_shap,lim", "did you mean 'lime'"),
    ("compare OWN --out OUT --methods ,", "names nothing"),
    ("compare OWN --out OUT --seeds one", "--seeds 0,1,2"),
    ("compare OWN --out OUT --limit 500", "--limit 20"),
    ("compare OWN --out OUT --methods io --samples 3", "leave --samples 3 out"),
    ("compare OWN --out OUT --methods io --shots 0", "--shots 8"),
    ("compare OWN --out OUT --methods random --keywords 0", "--keywords 6"),
    ("data ROWS --answers-from 2", "one of: 0, 1, text"),
    ("data ROWS --labels yes", "--labels no,yes"),
    ("data ROWS --label-names 0,1", "--label-names 0=negative,1=positive"),
    ("data CHAT --header", "--header is for CSV and Excel files"),
    ("data CHAT --separator ;", "leave it out"),
    ("data https://x.org/quiz.csv", "use hub:owner/name"),
    ("data ROWS --labels ,", "--labels no,yes"),
    ("build --out OUT --question-column text", "add --data questions.csv"),
    ("data ROWS --choice-columns a,b --distractor-columns c,d", "--distractor-columns NAME,NAME"),
    ("build OWN --out OUT --replicas 2", "add --ray local"),
    ("build OWN --out OUT --selection errors", "'errors' is not one of"),
    ("build OWN --out OUT --method random --samples 3", "leave --samples 3 out"),
    ("compare OWN --out OUT --methods io --selections error --shots 19", "--selections random"),
    ("compare OWN --out OUT --methods io --shots 15 --selections random --limit 2", "--drop-shots"),
    ("explain OWN --question nobody", "--question own"),
    ("explain OWN --explainer zero_shot", "--explainer kernel_shap"),
    ("explain OWN --explainer io", "io is not an explainer"),
    ("explain --prompt CHAT", "--answer TEXT"),
    ("explain --answer A", "--prompt FILE --answer TEXT"),
    ("explain OWN --span x", "--span needs a prompt"),
    ("explain OWN --out OUT", "--out needs a prompt"),
    ("explain OWN --shot-order similar", "--shot-order similar is for prompts with shots"),
    ("faithfulness OWN --out OUT --prefill", "--prefill is for prompts with shots"),
    ("faithfulness OWN --out OUT --no-balance", "--no-balance is for prompts with shots"),
    ("explain --prompt CHAT --answer A --task planted_arc", "leave it or --prompt out"),
    ("explain --prompt CHAT --answer A --data ROWS", "--data is for the questions of a task"),
    ("explain --prompt CHAT --answer A --question q1", "--question is for the questions of a task"),
    ("explain --prompt CHAT --answer A --keywords 6", "--keywords is for the questions of a task"),
    ("explain --prompt CHAT --answer A --server http://localhost:1", "--server can't be used to explain a --prompt"),
    ("explain --prompt nowhere.txt --answer A", "nowhere.txt can't be read"),
    ("explain --prompt DATABASE --answer A", "not UTF-8 text"),
    ("explain --prompt BROKEN --answer A", "is not a chat; write"),
    ("explain --prompt ROLES --answer A --model MODEL", "tool"),
    ("explain --prompt CHAT --answer A --out x.png", "--out attribution.html"),
    ("explain --prompt CHAT --answer A --units line --model MODEL", "--units"),
    ("explain --prompt CHAT --answer A --span nothing --model MODEL", "span"),
    ("explain --prompt CHAT --answer A --explainer io", "io is not an explainer"),
    ("explain --prompt CHAT --answer A --explainer self_exp --model MODEL", "--explainer kernel_shap"),
    ("explain --prompt CHAT --answer mice --value logit --model MODEL", "use --value logprob"),
    ("explain --prompt CHAT --answer <s> --model MODEL", "control token '<s>'"),
    ("evaluate nowhere OWN", "selfamplify build"),
    ("evaluate ROWS OWN", "is not a prompt; give the folder of one"),
    ("build --answer-style label --model ./nowhere --out OUT", "--answer-style letter"),
    ("show nowhere", "selfamplify build"),
    ("show DATABASE", "prompt.json"),
    ("doctor --model ./x", "hub name such as org/model"),
    ("doctor --model x.gguf", "There is no file x.gguf"),
    ("demo --limit 0", "--limit"),
    ("list --jsn", "--json"),
    *((f"{name} --nope", "--nope") for name in COMMANDS),
]


@pytest.mark.long
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
    said = [text for text in err.splitlines() if ": " not in text or text.startswith("error:")]
    assert code == 2, err
    assert len(said) == 1 and said[0].startswith("error: ") and remedy in said[0]
    assert "Traceback" not in err + out and "`" not in err
    assert err.splitlines()[-1] == said[0]
    if line.split()[0] in COMMANDS:
        assert unknown_flags(said[0].partition(" See: selfamplify")[0], line.split()[0]) <= set(line.split())


def declared(command: str) -> list[OptionInfo]:
    """The options of a command."""
    found = [get_args(kind)[1] for kind in COMMANDS[command].__annotations__.values() if get_args(kind)]
    return [option for option in found if isinstance(option, OptionInfo)]


def unknown_flags(message: str, command: str) -> set[str]:
    """The flags in a message that a command does not take."""
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", message))
    taken = {flag for option in declared(command) for each in flags(option) for flag in each.split("/")}
    return named - taken


MESSAGES = {
    'use `selection="random"`, or `shots=3`.': "use --selection random, or --shots 3.",
    "use another `out`, or `skip_bad=True`.": "use another --out, or --skip-bad.",
    "Use smaller `cpus` or `gpus`, or `in_flight=8`.": "Use smaller --cpus-per-replica or --gpus-per-replica, or "
    "--in-flight 8.",
    'use `method="zero_shot"` or `explainer="lime"`.': "use --method zero_shot or --method lime.",
    "`IntegratedGradients(steps=0)` is invalid; use `Lime(samples=60)`, or `steps=3`.": "--set steps=0 is invalid; use "
    "--samples 60, or --steps 3.",
    "leave `settings={'keywords': 3, 'value': 'margin'}` out.": "leave --set keywords=3 --value margin out.",
    "`permutations=25` is odd; use `permutations=26`.": "--set permutations=25 is odd; use --set permutations=26.",
    "use `columns=Columns(question='the question', answer=\"answer\", choices=('a', 'b'))`.": "use --question-column "
    "'the question' --answer-column answer --choice-columns a,b.",
    'use `load_replicas("org/m")`, `load_model("org/m")` or `load_server("URL")`.': "use --model org/m --ray local, "
    "--model org/m or --server URL.",
    'read it with `load_task("file", "own.csv")`, or `load_replicas`.': "read it with --task file --data own.csv, "
    "or --ray local.",
    "run `pip install 'selfamplify[hub]'`, or `tokenizer.save_pretrained(folder)`.": "run pip install 'selfamplify[hub]', or "
    "tokenizer.save_pretrained(folder).",
    'a `Task`; write `{"role": "user", "content": "…"}`.': 'a Task; write {"role": "user", "content": "…"}.',
    "leave `quantize=None`, or `nonsense=3`.": "leave no --quantize, or nonsense=3.",
}


@pytest.mark.parametrize("message", MESSAGES)
def test_messages_are_translated_into_options(message: str):
    assert in_options(message, COMMANDS["build"]) == MESSAGES[message]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("message", MESSAGES)
def test_translated_messages_name_no_flag_that_the_command_does_not_take(message: str, command: str):
    translated = in_options(message, COMMANDS[command])
    assert "`" not in translated and not unknown_flags(translated, command)


@given(
    command=st.sampled_from(sorted(COMMANDS)),
    value=st.integers() | st.text(st.characters(exclude_characters="`\n")),
    data=st.data(),
)
def test_every_option_is_what_its_parameter_is_translated_into(command: str, value: int | str, data: st.DataObject):
    options = options_of(COMMANDS[command])
    name = data.draw(st.sampled_from(sorted(options)))
    translated = in_options(f"use `{name}={value!r}`, or another `{name}`.", COMMANDS[command])
    flag = options[name].flag
    assert translated.endswith(f"or another {flag}.")
    assert translated.startswith(f"use {flag} ") or not flag.startswith("-")  # an argument is its value alone


@pytest.mark.parametrize("name", sorted({field.name for field in fields(EngineOptions)} - {"settings"}))
def test_setting_of_an_explainer_is_translated_into_its_own_option(name: str):
    flag = options_of(COMMANDS["build"])[name].flag
    assert in_options(f"`Lime({name}=1)` or `settings={{'{name}': 2}}`", COMMANDS["build"]) == f"{flag} 1 or {flag} 2"


@given(text=st.text(st.characters(exclude_characters="`")))
def test_text_outside_of_backticks_is_not_translated(text: str):
    assert in_options(text, COMMANDS["build"]) == text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_documented(command: str):
    for option in declared(command):
        assert option.help and option.help[0].isupper() and option.help.endswith("."), option.help


def test_options_offer_what_the_functions_take():
    assert get_args(get_args(COMMANDS["build"].__annotations__["selection"])[0]) == get_args(SelectionName)
    assert {field.name for field in fields(ModelOptions)} >= set(LoadOptions.__annotations__)
    assert ModelOptions().load_local().name == selfamplify.load_model().name


def test_bad_rows_are_listed_with_their_lines(run: Run, rows: Path, stories: Path, tmp_path: Path):
    bad = tmp_path / "bad.csv"
    bad.write_text(rows.read_text() + 'own99,"Who?",cat,dog,cow,Z\n')
    words = ["build", *own(bad, stories), "--out", tmp_path / "out", "--selection", "random", "--shots", "1", "--method", "io"]
    code, _, err = run(*words)
    assert code == 2 and err.startswith("error: 1 row can't be used") and "bad.csv:42" in err and "--skip-bad" in err
    code, _, err = run(*words, "--skip-bad")
    assert code == 0 and "1 row left out" in err


def test_build_says_which_labels_have_no_shot_and_how_many_keywords_speak_against(run: Run, tmp_path: Path):
    file, kinds = tmp_path / "mails.csv", [("cow", "farm"), ("sunlight", "garden"), ("needle", "house")] * 12
    rows = (f"The {word} of case {n} is green today,{label}" for n, (word, label) in enumerate(kinds))
    file.write_text("\n".join(["text,label", *rows]))
    words = ["build", "--data", file, "--selection", "random", "--keywords", 9, "--check", 0, "--no-balance"]
    code, _, err = run(*words, "--shots", 3, "--seed", 4, "--out", tmp_path / "out")
    prompt, said = selfamplify.Prompt.load(tmp_path / "out"), " ".join(err.split())
    shown = {shot.label for shot in prompt.shots}
    missing = [name for label, name in prompt.label_map.items() if label not in shown]
    assert code == 0 and missing
    assert (
        f"note: no shot has the answer {' or '.join(missing)}, so a small model may never give it; other shots may help" in said
    )
    assert "negative scores" not in said
    assert "no shot has" not in run(*words, "--shots", 2, "--out", tmp_path / "few")[2]


def test_results_of_a_row_go_beside_its_prompts_wherever_it_is_named_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "run" / "prompts").mkdir(parents=True)
    assert results_of(tmp_path / "run" / "prompts" / "io.json") == tmp_path / "run" / "prompts", "which is no run's"
    (tmp_path / "run" / "run.sqlite").touch()
    wanted = tmp_path / "run" / "evaluated" / "io"
    for place, name in {".": "run/prompts/io.json", "run": "prompts/io.json", "run/prompts": "io.json"}.items():
        monkeypatch.chdir(tmp_path / place)
        assert results_of(Path(name)).resolve() == wanted.resolve()
    assert results_of(tmp_path / "run" / "prompt.json") == results_of(tmp_path / "run") == tmp_path / "run"


def test_the_toy_model_is_named_where_it_is_asked_about_a_file(run: Run, tmp_path: Path):
    file = tmp_path / "q.csv"
    rows = ((number, "new" if number % 2 else "old") for number in range(30))
    file.write_text("\n".join(["id,text,label", *(f"{n},thing {n} is {age},{age}" for n, age in rows)]), encoding="utf-8")
    words = ["--method", "random", "--selection", "random", "--shots", 2, "--keywords", 2, "--check", 0]
    assert "the embedded toy model" in run("build", "--data", file, *words, "--out", tmp_path / "own")[2]
    assert "the embedded toy model" not in run("build", *words, "--out", tmp_path / "planted")[2]
    other = run("build", "--data", file, *words, "--model", tmp_path / "none", "--out", tmp_path / "other")[2]
    assert "the embedded toy model" not in other and "error: " in other


def test_keywords_that_speak_against_their_answers_are_counted(capsys: pytest.CaptureFixture[str]):
    words = ("warm", "the", "Cold", "wet", "cold")
    cases: tuple[tuple[tuple[float, ...], Literal["logit", "margin"] | None, str], ...] = (
        ((-1.0, -9.0, 2.0, 1.0, -5.0), "logit", "note: 1 of 3 keywords have negative scores"),
        ((-1.0, -9.0, -2.0, 1.0, -0.5), "margin", "note: 2 of 3 keywords have negative scores"),
        ((1.0, -9.0, 2.0, 1.0, -5.0), "logit", ""),
        ((-1.0, -1.0, -1.0, -1.0, -1.0), None, ""),
    )
    made = amplify("embedded", "planted_arc", "random", selection="random", shots=1, keywords=3)
    for scores, value, said in cases:
        explanation = selfamplify.ScoredWords("q", "kernel_shap", words, scores, value)
        note_against(replace(made, shots=(replace(made.shots[0], explanation=explanation),)), "default")
        err = capsys.readouterr().err
        assert err.startswith(said) and bool(err) == bool(said)


def test_debug_shows_the_traceback(run: Run):
    assert run("show", "nowhere")[0] == 2
    code, _, err = run("show", "nowhere", "--debug")
    assert code == 2 and "Traceback" in err and "DataError: nowhere has neither" in err


def test_unexpected_errors_are_ours(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("selfamplify.catalogue", lambda: 1 / 0)
    code, _, err = run("list")
    assert code == 1 and err.startswith("error: unexpected ZeroDivisionError") and "--debug" in err and "Traceback" not in err


@pytest.mark.parametrize(("line", "stopped", "remedy"), [("list", "catalogue", False), ("demo", "load_task", True)])
def test_interrupt_ends_with_130(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str, stopped: str, remedy: bool
):
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"selfamplify.{stopped}", stop)
    monkeypatch.chdir(tmp_path)  # where the demo writes, unless it is told
    code, _, err = run(line)
    assert code == 130 and err.startswith("error: interrupted") and err.count("\n") == 1
    assert ("run the same command again" in err) == remedy


def test_list_names_everything(run: Run):
    code, out, _ = run("list", "--json")
    assert code == 0 and json.loads(out) == selfamplify.catalogue()
    code, plain, _ = run("list")
    assert code == 0
    assert all(
        name in plain and summary in plain for kind in selfamplify.catalogue().values() for name, summary in kind.items()
    )


@pytest.mark.long
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_names_every_option(run: Run, command: str, monkeypatch: pytest.MonkeyPatch):
    code, out, _ = run(*command.split(), "--help")
    assert code == 0 and "Usage: selfamplify" in out
    assert (
        all(option.flag in out for option in options_of(COMMANDS[command]).values())
        if command
        else set(COMMANDS) <= set(out.split())
    )


@pytest.mark.long
def test_light_commands_import_nothing_heavy():
    lines = ["list", "--help", *(f"{name} --help" for name in COMMANDS)]
    code = f"""import sys
from selfamplify.cli import main
for line in {lines}:
    sys.argv = ["selfamplify", *line.split()]
    try:
        main()
    except SystemExit as end:
        assert not end.code, line
    heavy = {{"torch", "transformers", "scipy", "pandas", "numpy", "captum", "sklearn"}} & set(sys.modules)
    assert not heavy, (line, heavy)"""
    done = subprocess.run([sys.executable, "-c", code], timeout=120, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.long
def test_an_encoding_without_the_characters_of_the_data_ends_no_command(tmp_path: Path):
    """A Windows console, or a pipe there: what it can't show is "?", and JSON has escapes in its place."""
    rows = tmp_path / "questions.csv"
    rows.write_text("question,A,B,answer\n" + "".join(f"什么 → {n}? 😀,猫 {n},dog,A\n" for n in range(12)), encoding="utf-8")
    main = [sys.executable, "-m", "selfamplify"]
    environment = os.environ | {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    for line in (["data", str(rows)], ["list"], ["--help"], ["show", str(tmp_path / "没有")], ["data", str(rows), "--json"]):
        done = subprocess.run([*main, *line], capture_output=True, env=environment)
        assert done.returncode == (2 if line[0] == "show" else 0) and b"unexpected" not in done.stderr, done.stderr
        done.stdout.decode("cp1252")
    shown = json.loads(subprocess.run([*main, *line], capture_output=True, env=environment).stdout)
    assert "什么" in json.dumps(shown, ensure_ascii=False) and "😀" in json.dumps(shown, ensure_ascii=False)


@pytest.mark.long
def test_output_that_nobody_reads_is_no_error():
    program = [sys.executable, "-m", "selfamplify"]
    for arguments in (["list"], ["build", "--help"]):
        with subprocess.Popen([*program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
            assert child.stdout is not None and child.stderr is not None
            child.stdout.close()
            assert child.stderr.read() == b"" and child.wait(240) == 0


@pytest.mark.long
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_behind_the_output_is_told_in_one_line():
    program = [sys.executable, "-m", "selfamplify", "list"]
    with open("/dev/full", "wb") as full:
        ended = subprocess.run(program, stdout=full, stderr=subprocess.PIPE, timeout=240, check=False)
    assert (
        ended.returncode == 2
        and ended.stderr.startswith(b"error: the output can't be written")
        and ended.stderr.count(b"\n") == 1
    )


@pytest.mark.long
@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("compare", "--methods", ""), "--methods '' names nothing; write for example --methods deep_lift, or leave it out."),
        (
            ("compare", "--methods", "random", "--select", ","),
            "--selections , names nothing; write for example --selections error",
        ),
        (("compare", "--seeds", ""), "'' is not a list of whole numbers; write for example --seeds 0,1,2."),
        (("tune", "--methods", ","), "--methods , names nothing; write for example --methods deep_lift"),
        (("tune", "--shots", "eight"), "'eight' is not a list of whole numbers; write for example --shots 4,8."),
        (("faithfulness", "--methods", ""), "--methods '' names nothing; write for example --methods deep_lift"),
        (("faithfulness", "--methods", "random"), "no other explainer is named; use for example --methods deep_lift."),
        (("faithfulness", "--methods", "lime,lime", "--limit", "2"), "name each once: --methods lime."),
        (("compare", "--set", "ridge"), "'ridge' is not a setting with a value; write for example --set ridge=50."),
    ],
)
def test_options_that_name_nothing_or_the_same_twice_are_refused(given: tuple[str, ...], said: str, run: Run, tmp_path: Path):
    code, _, err = run(*given, "--task", "planted_arc", "--out", tmp_path / "none")
    assert code == 2 and said in " ".join(err.split())
