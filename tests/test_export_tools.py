"""The files for lm-evaluation-harness, Inspect, DSPy and promptfoo, read without these tools, which ``tests/tools`` runs."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest
import yaml
from exports import TEXTS, WORDINGS, hostile_prompt, hostile_questions, label_of, named, replies
from hypothesis import given
from hypothesis import strategies as st

from selfamplify import Export, Prompt, export
from selfamplify.errors import SettingsError
from selfamplify.export.bundle import QUESTIONS
from selfamplify.export.exporting import as_exporter
from selfamplify.export.rendering import apart, copied_with

EVALUATE = ("lm_eval", "inspect", "promptfoo")
NAMES = (*EVALUATE, "dspy")
PROMPTS: dict[str, Callable[[], Prompt]] = {
    "label": hostile_prompt,
    "letter": lambda: hostile_prompt(label=False),
    "no shots": lambda: hostile_prompt(shots=0, system="Be {{ brief }}."),
    "prefill": lambda: hostile_prompt(prefill="So {{it}} is", system="Be\n---\nbrief."),
}


@pytest.fixture(params=[(name, prefilled) for name in PROMPTS for prefilled in (False, True)], ids=str)
def made(request: pytest.FixtureRequest) -> Export:
    """A hard prompt with hard questions."""
    name, prefilled = request.param
    return Export(PROMPTS[name](), hostile_questions(name != "letter", len(TEXTS)), 'a "model": {{x}}', prefilled)


def written(made: Export, to: str, folder: Path) -> Path:
    """The folder of an export."""
    export(made.prompt, to, folder, questions=made.questions, model=made.model, prefilled=made.prefilled)
    return folder


@pytest.fixture(scope="module")
def standalone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a written prompting.py defines."""
    folder = written(Export(hostile_prompt(), ()), "dspy", tmp_path_factory.mktemp("standalone") / "out")
    return program(folder / "prompting.py")


def program(file: Path) -> dict[str, Any]:
    """What a written program defines; its folder is the first on the path, as when it is run."""
    with apart():
        sys.path.insert(0, str(file.parent))
        return run_path(str(file))


@pytest.mark.long
@pytest.mark.parametrize("to", NAMES)
def test_files_are_deterministic_and_render_as_ours(to: str, made: Export, tmp_path: Path):
    folder = written(made, to, tmp_path / to)
    assert as_exporter(to).files(made) == as_exporter(to).files(made)
    for name, content in as_exporter(to).files(made).items():
        assert (folder / name).read_bytes().decode() == content
    prompting = program(folder / "prompting.py")
    prompt = prompting["Prompt"].of(folder)
    assert prompt.rows(folder / QUESTIONS) == made.rows
    assert [prompt.messages(row["question"]) for row in made.rows] == [made.messages(row["question"]) for row in made.rows]
    assert prompt.settings == json.loads(json.dumps(made.settings))


@pytest.mark.long
def test_lm_eval_task_has_the_turns_as_data(made: Export, tmp_path: Path):
    pytest.importorskip("datasets")
    folder = written(made, "lm_eval", tmp_path / "out")
    functions = program(folder / "task.py")
    yaml.SafeLoader.add_constructor("!function", lambda loader, node: functions[node.value.removeprefix("task.")])
    task = yaml.safe_load((folder / "selfamplify.yaml").read_text())
    shots, documents = task["fewshot_config"]["samples"](), task["custom_dataset"]()[task["test_split"]]
    assert len(shots) == task["num_fewshot"] == len(made.prompt.shots)
    assert task["generation_kwargs"] == {"until": [], "do_sample": False, "temperature": 0.0, "max_gen_toks": 37}
    for row, document in zip(made.rows, documents, strict=True):
        # The harness takes a template that is the name of a field as that field, and renders nothing.
        turns = [("system", document[task["description"]])] if document[task["description"]] else []
        for shot in shots:
            asked, said = shot[task["doc_to_text"]], shot[task["fewshot_config"]["doc_to_target"]]
            turns += [("user", asked), ("assistant", said)]
        turns.append(("user", document[task["doc_to_text"]]))
        turns += [("assistant", document[task["gen_prefix"]])] if document[task["gen_prefix"]] else []
        assert [{"role": role, "content": content} for role, content in turns] == made.messages(row["question"])
        assert document[task["doc_to_target"]] == row["answer"]
    judged = [task["process_results"](each, [reply]) for each, reply in zip(documents, replies(made.questions), strict=True)]
    assert sum(each["acc"] for each in judged) == right(made)
    assert task["process_results"](documents[0], [None]) == {"acc": 0.0, "unparsed": 1.0}


@pytest.mark.long
def test_promptfoo_functions_give_the_turns_and_judge(made: Export, tmp_path: Path):
    folder = written(made, "promptfoo", tmp_path / "out")
    config, functions = json.loads((folder / "promptfooconfig.json").read_text()), program(folder / "functions.py")

    def function(reference: str) -> Any:
        return functions[reference.removeprefix("file://functions.py:")]

    tests = function(config["tests"])()
    asked = [function(config["prompts"][0]["id"])({"vars": test["vars"]}) for test in tests]
    assert asked == [made.messages(row["question"]) for row in made.rows]
    judge = function(config["defaultTest"]["assert"][0]["value"])
    judged = [judge(reply, {"vars": test["vars"]}) for reply, test in zip(replies(made.questions), tests, strict=True)]
    assert sum(each["pass"] for each in judged) == right(made)
    (provider,) = config["providers"]
    assert provider["id"] == f"openai:chat:{made.model}"
    assert (provider["config"]["temperature"], provider["config"]["max_tokens"]) == (0, 37)


def right(made: Export) -> int:
    """How many replies name the true label by our rules."""
    said = zip(replies(made.questions), made.questions, strict=True)
    return sum(label_of(made.prompt, reply, each) == each.answer for reply, each in said)


def test_promptfoo_asks_a_question_of_ones_own(tmp_path: Path):
    made = Export(hostile_prompt(), hostile_questions())
    functions = program(written(made, "promptfoo", tmp_path / "out") / "functions.py")
    own = {"question": "A {{fine}} film"}
    assert functions["messages"]({"vars": own}) == made.messages("A {{fine}} film")
    verdicts = [
        functions["named_label"]("The answer is positive", {"vars": own | answer})["pass"]
        for answer in ({}, {"answer": "B"}, {"answer": "A"})
    ]
    assert verdicts == [True, True, False]


def test_dspy_plain_program_holds_the_shots_and_says_that_it_sends_other_turns(tmp_path: Path):
    made = Export(hostile_prompt(), ())
    folder = written(made, "dspy", tmp_path / "out")
    (plain,) = folder.glob("*other_turns.json")
    state = json.loads(plain.read_text())["predict"]
    shots = [(each["question"], each["reasoning"], each["answer"]) for each in state["demos"]]
    assert shots == [
        (made.prompt.shown(shot.question), shot.reply, shot.question.written(shot.label)) for shot in made.prompt.shots
    ]
    assert state["signature"]["instructions"] == made.prompt.instruction
    usage = as_exporter("dspy").usage(folder, made)
    assert any("DSPy sends other turns" in line for line in usage)
    assert not any(QUESTIONS in line for line in usage)  # there are none


@given(st.text(), st.sampled_from(WORDINGS), st.booleans(), st.sampled_from(["", "So it is"]))
def test_standalone_label_is_that_of_the_rules(standalone: dict[str, Any], text: str, wording: str, after: bool, prefill: str):
    question, said = named(1, text), wording.format(right="positive", wrong="negative")
    reply = f"{said} {text}" if after else said
    made = Export(hostile_prompt(prefill=prefill, shots=1), (question,))
    prompt = standalone["Prompt"](made.messages(made.slot), made.settings)
    assert prompt.label(reply, made.rows[0]) == label_of(made.prompt, reply, question)
    assert prompt.messages(text) == made.messages(text)


def test_standalone_files_need_nothing_but_python(tmp_path: Path):
    made = Export(hostile_prompt(label=False), hostile_questions(label=False))
    folder = written(made, "dspy", tmp_path / "out")
    text = "Which {{one}}? (A) dry (x) palms (B) wet moss"
    code = (
        "import json, sys; from pathlib import Path; folder = Path(sys.argv[1]); sys.path.insert(0, str(folder))\n"
        "from prompting import Prompt; prompt = Prompt.of(folder); row = prompt.row(sys.argv[2])\n"
        "print(json.dumps([prompt.messages(sys.argv[2]), row['choices'], prompt.label('The answer is (B)', row)]))"
    )
    alone = subprocess.run([sys.executable, "-I", "-S", "-c", code, folder, text], capture_output=True, text=True, check=True)
    choices = [{"label": "A", "text": "dry (x) palms"}, {"label": "B", "text": "wet moss"}]
    assert json.loads(alone.stdout) == [made.messages(text), choices, "B"]


def test_a_copied_folder_has_texts_in_place_of_the_questions(tmp_path: Path, standalone: dict[str, Any]):
    folder = written(Export(hostile_prompt(), hostile_questions()), "inspect", tmp_path / "out")
    with copied_with(folder, TEXTS) as copied:
        assert [row["question"] for row in standalone["Prompt"].of(copied).rows(copied / QUESTIONS)] == list(TEXTS)
        assert (copied / "task.py").read_bytes() == (folder / "task.py").read_bytes()
    assert not copied.exists()


def test_check_needs_the_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        SettingsError, match="renders the files with promptfoo, which is not installed: npm install --global promptfoo"
    ):
        export(hostile_prompt(), "promptfoo", tmp_path / "out", questions=hostile_questions(), check=True)


@pytest.mark.parametrize("to", EVALUATE)
def test_tools_that_evaluate_need_questions(to: str, tmp_path: Path):
    with pytest.raises(SettingsError, match=f"{to} needs test questions; give them, as in `questions=task.test`"):
        export(hostile_prompt(), to, tmp_path / "out")
    assert not (tmp_path / "out").exists()
