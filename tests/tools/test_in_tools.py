"""Exported prompts in the tools themselves: what they send to a real server, and the accuracy that they report.

``make test-tools`` installs the tools and runs this file; the tests of a tool that is missing are skipped.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from exports import hostile_prompt, hostile_questions, label_of, replies
from serving import Served, serving

from selfamplify import Export, Prompt, Question, amplify, evaluate, export, load_task
from selfamplify.records import Chat

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
TOOLS = Path(os.environ.get("SELFAMPLIFY_TOOLS", ROOT / ".venv-tools"))
NAMES = ("lm_eval", "inspect", "dspy", "promptfoo")
MODEL = "tiny"
CHECK = """
import sys
from selfamplify import export
from exports import hostile_prompt, hostile_questions
for number, how in enumerate(({}, {"label": False}, {"shots": 0}, {"prefill": "So {{it}} is", "system": "Be {{brief}}."})):
    questions = hostile_questions(how.get("label", True))
    for prefilled in (False, True) if "prefill" in how else (False,):
        name = f"{sys.argv[2]}/{number}{prefilled}"
        export(hostile_prompt(**how), sys.argv[1], name, questions=questions, prefilled=prefilled, check=True)
        print("checked", name)
"""
"""Renders hard prompts by the tool itself, in its own environment, and compares the turns with ours."""


PLAIN = """
import json, sys, dspy
from dspy.utils import DummyLM
program = dspy.ChainOfThought("question -> answer")
program.load(sys.argv[1])
with dspy.context(lm=DummyLM([{"reasoning": "r", "answer": "a"}])):
    program(question="q")
    print(json.dumps([program.predict.demos, dspy.settings.lm.history[-1]["messages"]]))
"""
"""Loads a plain program state, and prints its demos and what DSPy sends for them."""


@dataclass(frozen=True)
class Asked:
    """A prompt with its questions, the replies to them, and how many of these name the true label."""

    prompt: Prompt
    questions: Sequence[Question]
    replies: Sequence[str]
    right: int


@cache
def embedded() -> Asked:
    """What the embedded model says to 50 questions, and our own judgement of it."""
    task = load_task("planted_arc")
    prompt = amplify("embedded", task, "self_exp", selection="error", shots=4)
    result = evaluate("embedded", task, prompt, limit=50)
    return Asked(prompt, result.questions, [each.text for each in result.responses], result.correct)


@cache
def hostile() -> Asked:
    """A prompt and questions that mean something to templates, and replies of many wordings, some of which name no label."""
    prompt, questions = hostile_prompt(prefill="So {{it}} is", system="Be {{brief}}."), hostile_questions()
    said = replies(questions)
    found = [label_of(prompt, text, each) for text, each in zip(said, questions, strict=True)]
    right = sum(label == each.answer for label, each in zip(found, questions, strict=True))
    assert 5 < right < 45 and None in found
    return Asked(prompt, questions, said, right)


def _lm_eval(folder: Path, url: str, out: Path) -> list[str | Path]:
    served = f"model={MODEL},base_url={url}/v1/chat/completions,num_concurrent=8"
    chat = ["--apply_chat_template", "--fewshot_as_multiturn", "true", "--output_path", out]
    return ["lm_eval", "run", "--model", "local-chat-completions", "--model_args", served, "--include_path", folder] + [
        *("--tasks", "selfamplify", *chat)
    ]


def _lm_eval_accuracy(out: Path, printed: str) -> float:
    (results,) = out.glob("**/results*.json")
    return json.loads(results.read_text())["results"]["selfamplify"]["acc,none"]


def _inspect(folder: Path, url: str, out: Path) -> list[str | Path]:
    logged = ["--log-dir", out, "--log-format", "json", "--display", "plain"]
    return ["inspect", "eval", "task.py", "--model", f"openai-api/local/{MODEL}", *logged]


def _inspect_accuracy(out: Path, printed: str) -> float:
    (log,) = out.glob("*.json")
    (score,) = json.loads(log.read_text())["results"]["scores"]
    return score["metrics"]["accuracy"]["value"]


def _dspy(folder: Path, url: str, out: Path) -> list[str | Path]:
    return [TOOLS / "dspy/bin/python", folder / "adapter.py"]


def _dspy_accuracy(out: Path, printed: str) -> float:
    right, count = re.findall(r"(\d+) of (\d+) right", printed)[-1]
    return int(right) / int(count)


def _promptfoo(folder: Path, url: str, out: Path) -> list[str | Path]:
    return ["promptfoo", "eval", "--config", folder / "promptfooconfig.json", "--no-cache", "--output", out / "results.json"]


def _promptfoo_accuracy(out: Path, printed: str) -> float:
    stats = json.loads((out / "results.json").read_text())["results"]["stats"]
    assert not stats["errors"]
    return stats["successes"] / (stats["successes"] + stats["failures"])


COMMANDS: dict[str, Callable[[Path, str, Path], list[str | Path]]] = {
    "lm_eval": _lm_eval,
    "inspect": _inspect,
    "dspy": _dspy,
    "promptfoo": _promptfoo,
}
ACCURACIES: dict[str, Callable[[Path, str], float]] = {
    "lm_eval": _lm_eval_accuracy,
    "inspect": _inspect_accuracy,
    "dspy": _dspy_accuracy,
    "promptfoo": _promptfoo_accuracy,
}


def programs(tool: str) -> Path:
    """Where a tool's programs are; the test is skipped if it is not installed."""
    folder = TOOLS / tool / ("node_modules/.bin" if tool == "promptfoo" else "bin")
    if not folder.is_dir():
        pytest.skip(f"{tool} is not installed in {TOOLS.name}: make test-tools")
    return folder


def ran(tool: str, command: Sequence[str | Path], folder: Path, own: Path, **more: str) -> str:
    """What a command of a tool prints; it must succeed."""
    path = f"{programs(tool)}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    quiet = {
        "HF_HUB_OFFLINE": "1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "PROMPTFOO_CONFIG_DIR": str(own),
        "PROMPTFOO_DISABLE_TELEMETRY": "1",
        "PROMPTFOO_DISABLE_UPDATE": "1",
        "PROMPTFOO_FAILED_TEST_EXIT_CODE": "0",
    }
    ended = subprocess.run(command, cwd=folder, env=os.environ | {"PATH": path} | quiet | more, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    return ended.stdout


@pytest.mark.parametrize("tool", NAMES)
def test_tool_renders_hard_prompts_as_ours(tool: str, tmp_path: Path):
    python = sys.executable if tool == "promptfoo" else programs(tool) / "python"
    paths = os.pathsep.join(map(str, (ROOT / "src", ROOT / "tests")))
    printed = ran(tool, [python, "-c", CHECK, tool, tmp_path / "out"], tmp_path, tmp_path / "own", PYTHONPATH=paths)
    assert printed.count("checked") == 5


@pytest.mark.parametrize("made", [embedded, hostile], ids=["embedded", "hostile"])
@pytest.mark.parametrize("tool", NAMES)
def test_tool_sends_our_turns_and_reports_our_accuracy(made: Callable[[], Asked], tool: str, tmp_path: Path):
    programs(tool)
    asked = made()
    folder, out = tmp_path / "exported", tmp_path / "out"
    out.mkdir()
    ours = Export(asked.prompt, tuple(asked.questions), MODEL)
    export(asked.prompt, tool, folder, questions=asked.questions, model=MODEL)
    expected = [ours.messages(row["question"]) for row in ours.rows]
    said = {turns[-1]["content"]: reply for turns, reply in zip(expected, asked.replies, strict=True)}

    def script(chat: Chat) -> str:
        return said[chat.messages[-1].content]

    with serving(Served(script, model=MODEL)) as served:
        url = {name: f"{served.url}/v1" for name in ("OPENAI_BASE_URL", "LOCAL_BASE_URL")}
        keys = {"OPENAI_API_KEY": "none", "LOCAL_API_KEY": "none"}
        printed = ran(tool, COMMANDS[tool](folder, served.url, out), folder, tmp_path / "own", **url, **keys)
    sent = [body["messages"] for body in served.asked]
    assert sorted(map(json.dumps, sent)) == sorted(map(json.dumps, expected))
    limit = asked.prompt.decoding.max_new_tokens
    assert {(body["temperature"], body["max_tokens"]) for body in served.asked} == {(0, limit)}
    assert ACCURACIES[tool](out, printed) == pytest.approx(asked.right / len(expected), abs=1e-9)


def test_dspy_loads_the_plain_program_and_sends_other_turns_for_it(tmp_path: Path):
    python, made = programs("dspy") / "python", hostile_prompt()
    export(made, "dspy", tmp_path / "out")
    (state,) = (tmp_path / "out").glob("*other_turns.json")
    demos, sent = json.loads(ran("dspy", [python, "-c", PLAIN, state], tmp_path, tmp_path / "own"))
    assert [each["reasoning"] for each in demos] == [shot.reply for shot in made.shots]
    assert len(sent) == 2 + 2 * len(made.shots) and sent[0]["role"] == "system"
    assert all(shot.reply in turn["content"] for shot, turn in zip(made.shots, sent[2::2], strict=True))


def test_the_dspy_adapter_asks_nobody_if_no_server_is_named(tmp_path: Path):
    python, out = programs("dspy") / "python", tmp_path / "out"
    export(hostile_prompt(), "dspy", out)
    env = {name: value for name, value in os.environ.items() if name != "OPENAI_BASE_URL"}
    done = subprocess.run([python, out / "adapter.py", "Who?"], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and "no server is named; set OPENAI_BASE_URL" in done.stderr
