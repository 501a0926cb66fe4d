"""Exported prompts: what their files say, what their program asks and reads, and how exports are refused."""

import ast
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from runpy import run_path
from textwrap import dedent
from typing import Any, ClassVar

import pytest
import test_recovery
from hostile import HOSTILE
from hypothesis import given
from hypothesis import strategies as st
from serving import Served, document, serving
from small import Run, number_of, scripted, shared, talker, task

from selfamplify import (
    AbstractExporter,
    Choice,
    DataError,
    Export,
    Plan,
    Prompt,
    Question,
    RunError,
    SettingsError,
    Shot,
    amplify,
    compare,
    evaluate,
    export,
    load_server,
    load_task,
)
from selfamplify.answering.recovery import recover
from selfamplify.cli.continued import note_continued
from selfamplify.errors import SelfAmplifyError, SelfAmplifyWarning
from selfamplify.export.bundle import reading
from selfamplify.export.exporting import MANIFEST, _check, as_exporter, differs  # pyright: ignore[reportPrivateUsage]
from selfamplify.export.openai import asker
from selfamplify.names import NAMES
from selfamplify.prompting.wording import APPENDED
from selfamplify.records import AnswerStyle, Chat, Decoding
from selfamplify.serving.questions import question_of
from selfamplify.serving.refusals import Refusal
from selfamplify.text.offered import lettered, listed
from selfamplify.text.replies import through_last_line, without_thinking

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
TRAPS = (
    "{question}", "{{question}}", "{{z}}", "{% endraw %}", '"""', "'''", "</s>", "<|im_end|>", "\\", "\\n", "- a: [b, {c: d}]",
    "key: |\n  block", "\u202eright to left\u202c", "x\r\ny", "\x85z", "\u2028", "  spaces  ", "trailing\n",
)  # fmt: skip
BAD = tuple(text for text in (*HOSTILE, *TRAPS) if text)
SMALL = task()


def prompt(**given: Any) -> Prompt:
    """A prompt with two shots of the small task, by a model that is called tiny."""
    made = amplify(scripted(talker), SMALL, "random", selection="random", shots=2)
    return replace(made, decoding=Decoding(max_new_tokens=50), **given)


def hostile(style: AnswerStyle = "letter", **given: Any) -> Prompt:
    """A prompt whose every text means something to a format of files."""
    choices = Choice("A", "{% raw %} one"), Choice("B", 'two "three" {question}')
    shots = [
        Shot(Question(f"q{place}", text, choices, "A"), f"{text} The answer is (A)", "A") for place, text in enumerate(BAD)
    ]
    instruction = "Choose {question}, {{question}} or {{z}}:\r\n# one\n"
    labels = {choice.label: choice.text for choice in choices}
    return Prompt("self_amplify", instruction, tuple(shots), labels, Decoding(max_new_tokens=9), answer_style=style, **given)


# reading.py


@pytest.fixture(scope="module")
def label(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, dict[str, Any], dict[str, Any]], str | None]:
    """The function of a reading.py that lies in a folder of its own."""
    file = tmp_path_factory.mktemp("alone") / "reading.py"
    file.write_text(reading(), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("reading_alone", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["reading_alone"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module.label


def row(question: Question) -> dict[str, Any]:
    return {"choices": [{"label": choice.label, "text": choice.text} for choice in question.choices]}


def settings(**given: Any) -> dict[str, Any]:
    return {"last_line": "", "prefill": "", "answer_style": "letter"} | given


def ours(reply: str, question: Question, last_line: str = "", prefill: str = "") -> str | None:
    """The label that this package reads, as for a model on a server."""
    said = through_last_line(without_thinking(reply).strip(), last_line).strip()
    found = recover(Prompt("io", "", (), {}, prefill=prefill).reply(said), question)
    return found and found[0]


def cases() -> list[tuple[str, Question]]:
    """Every reply of the tests of recovery, with its question."""
    tests = (test_recovery.test_recover_reads_realistic_responses, test_recovery.test_recover_weighs_what_is_said)
    marked = [case for test in tests for mark in vars(test)["pytestmark"] for case in mark.args[1]]
    made = [*(case[0] for case in marked), *(wrapping.format("B") for wrapping in test_recovery.WRAPPINGS)]
    made += [f"The answer is (B){turn}" for turn in test_recovery.TURNS]
    found = [(text, test_recovery.PALMS) for text in made]
    found += [(text, test_recovery.NUMBERS) for text, _ in test_recovery.NUMBERED]
    for line in shared("cases", "k10_replies.jsonl").read_text(encoding="utf-8").splitlines():
        data = json.loads(line)
        choices = tuple(Choice(*each) for each in data["choices"].items())
        found.append((data["reply"], Question("q", data["question"], choices, choices[0].label)))
    return found


def test_reading_alone_reads_every_reply_as_this_package_does(tmp_path: Path):
    (tmp_path / "reading.py").write_text(reading(), encoding="utf-8")
    code = (
        "import json, sys; sys.path.insert(0, sys.argv[1]); from reading import label\n"
        "print(json.dumps([label(*case) for case in json.load(sys.stdin)]))\n"
        "assert not {'selfamplify', 'numpy', 'torch'} & set(sys.modules)"
    )
    found = cases()
    sent = json.dumps([(text, row(question), settings()) for text, question in found])
    # Isolated (-I) and without packages (-S), so that nothing but Python can be imported.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(tmp_path)], input=sent, capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    assert read == [ours(*each) for each in found] and len(read) > 130 and len(set(read)) > 4


STYLES: dict[AnswerStyle, Question] = {
    "letter": test_recovery.PALMS,
    "label": replace(test_recovery.PALMS, answer_style="label"),
    "text": replace(test_recovery.PALMS, answer_style="text"),
}
SAID = st.lists(
    st.sampled_from([
        "The answer is", " (B)", " dry palms", "wet palms", "\n", "<think>", "</think>", "not ", "So,", " (", "A", ")", "**",
        ". ", "Let us see", "C", "\nQuestion: next? (C)", "palms", "答案是B", "\u2028", "I think",
    ]),
    max_size=12,
).map("".join)  # fmt: skip


@given(SAID | TEXTS, st.sampled_from(sorted(STYLES)), st.sampled_from(["", r"(?i)\banswer is\b"]))
def test_reading_agrees_on_any_text(label: Callable[..., str | None], text: str, style: AnswerStyle, last_line: str):
    asked = STYLES[style]
    assert label(text, row(asked), settings(answer_style=style, last_line=last_line)) == ours(text, asked, last_line)


@given(
    SAID.filter(lambda text: "think" not in text),
    st.sampled_from(["Let us see", "The answer is (", 'Keywords: "']),
    st.booleans(),
)
def test_reading_takes_a_repeated_prefill_off(label: Callable[..., str | None], text: str, prefill: str, repeated: bool):
    reply = f"{prefill} {text}" if repeated else f"x {text}"
    written = text if repeated else f"x {text}"
    asked = STYLES["letter"]
    assert label(reply, row(asked), settings(prefill=prefill)) == ours(written, asked, prefill=prefill)


def test_reading_defines_each_name_once():
    tree = ast.parse(reading())
    names: list[str] = []
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.append(name)
            case ast.Assign(targets=targets):
                names += [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.append(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names += [alias.asname or alias.name for alias in aliases]
            case _:
                assert isinstance(node, ast.Expr), ast.dump(node)
    assert [name for name, count in Counter(names).items() if count > 1] == []
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= sys.stdlib_module_names | {"collections.abc"} and "label" in names


# ask.py


def asked(folder: Path, served: Served, *arguments: object, **env: str) -> subprocess.CompletedProcess[str]:
    """ask.py, run as a user does."""
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "OPENAI_API_KEY")}
    return subprocess.run(
        [sys.executable, str(folder / "ask.py"), *map(str, arguments)],
        env=clean | {"OPENAI_BASE_URL": f"{served.url}/v1"} | env,
        capture_output=True,
        text=True,
        check=False,
    )


def body(made: Export, text: str) -> dict[str, Any]:
    decoding = made.prompt.decoding
    return {"model": made.model, "temperature": 0.0, "max_tokens": decoding.max_new_tokens, "messages": made.messages(text)}


def test_ask_sends_our_turns_and_counts_as_we_do(tmp_path: Path):
    made = prompt()
    export(made, "openai", tmp_path / "x", questions=SMALL.test, model="tiny", check=True)
    with serving(Served(talker, key="secret")) as served:
        done = asked(
            tmp_path / "x",
            served,
            "--file",
            tmp_path / "x" / "questions.jsonl",
            "--out",
            tmp_path / "replies.jsonl",
            "--at-once",
            1,
            OPENAI_API_KEY="secret",
        )
        assert done.returncode == 0, done.stderr
        whole = Export(made, tuple(SMALL.test), "tiny")
        assert served.asked == [body(whole, each.render()) for each in SMALL.test]
    with serving(Served(talker)) as served:
        own = evaluate(load_server(served.url), SMALL, made)
    correct = sum(outcome.correct for outcome in own.outcomes)
    assert f"{correct} of {len(SMALL.test)} right ({correct / len(SMALL.test):.1%}); 0 without a label" in done.stdout
    assert 0 < correct < len(SMALL.test)
    rows = [json.loads(line) for line in (tmp_path / "replies.jsonl").read_text(encoding="utf-8").split("\n") if line]
    assert [each["label"] for each in rows] == [each.label for each in own.responses]
    assert [each["reply"] for each in rows] == [each.text for each in own.responses]


def test_ask_repeats_what_a_busy_server_refused(tmp_path: Path):
    export(prompt(), "openai", tmp_path / "x", model="tiny")
    busy = {0: document(429, {"error": "busy"}), 1: document(500, {"error": "down"})}
    with serving(Served(lambda chat: "The answer is (B)", trouble=lambda number, body: busy.get(number))) as served:
        done = asked(tmp_path / "x", served, "Which? (A) one (B) two")
    assert done.returncode == 0 and done.stdout == "The answer is (B)\n\nlabel: B\n", done.stderr
    assert len(served.asked) == 3 and all(each == served.asked[0] for each in served.asked)


@pytest.mark.long
@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (document(400, {"error": "no such field"}), r"error: the server refuses the request \(400\): .*no such field"),
        (document(200, {"nothing": 1}), r"error: the server's answer has no reply in it: .*nothing"),
        ((200, {}, b"<html>"), "error: the server's answer has no reply in it: <html>"),
    ],
)
def test_ask_says_a_refusal_in_one_line(tmp_path: Path, reply: Any, said: str):
    export(prompt(), "openai", tmp_path / "x", questions=SMALL.test, model="tiny")
    with serving(Served(talker, trouble=lambda number, body: reply)) as served:
        done = asked(tmp_path / "x", served, "--file", tmp_path / "x" / "questions.jsonl")
    assert done.returncode == 1 and re.fullmatch(said + ".*\n", done.stderr) and not done.stdout


@dataclass
class Program:
    """ask.py in this process, where no time passes between its tries; ``waited`` has the seconds that it would have waited."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    waited: list[float] = field(default_factory=list)

    def __call__(self, *arguments: object, url: str = "http://127.0.0.1:9/v1") -> None:
        self.monkeypatch.setattr(sys, "argv", ["ask.py", *map(str, arguments)])
        self.monkeypatch.setattr("time.sleep", self.waited.append)
        self.monkeypatch.setenv("OPENAI_BASE_URL", url)
        run_path(str(self.folder / "ask.py"), run_name="__main__")


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    export(prompt(), "openai", tmp_path / "x", questions=SMALL.test, model="tiny")
    monkeypatch.syspath_prepend(str(tmp_path / "x"))
    monkeypatch.delitem(sys.modules, "reading", raising=False)
    return Program(tmp_path / "x", monkeypatch)


def test_ask_names_the_address_that_was_meant(ask: Program):
    with serving(Served(talker, trouble=lambda number, body: document(404, {"detail": "Not Found"}))) as served:
        address = served.url.removesuffix("/v1")
        with pytest.raises(SystemExit, match=rf"\(404\): .*; OPENAI_BASE_URL usually ends in /v1: {address}/v1$"):
            ask("--file", ask.folder / "questions.jsonl", url=address)


def test_ask_says_in_one_line_that_there_is_no_server(ask: Program):
    with pytest.raises(
        SystemExit,
        match=r"^error: no answer from http://127.0.0.1:9/v1/ \(.*\); check the server and OPENAI_BASE_URL.$",
    ):
        ask("--file", ask.folder / "questions.jsonl")


def test_ask_asks_nobody_if_no_server_is_named(ask: Program):
    with pytest.raises(
        SystemExit, match="^error: no server is named; set OPENAI_BASE_URL, as in: export OPENAI_BASE_URL=http://l"
    ):
        ask("--file", ask.folder / "questions.jsonl", url="")


@pytest.mark.parametrize(
    ("retry_after", "waited"),
    [
        ("7", [7, 7, 7, 7]),
        ("1", [1, 1, 2, 4]),
        ("9999", [60] * 4),
        ("soon", [0.5, 1, 2, 4]),
        ("-3", [0.5, 1, 2, 4]),
        ("Wed, 01 Jan 3000 00:00:00 GMT", [60] * 4),
        ("Wed, 21 Oct 2015 07:28:00 GMT", [0.5, 1, 2, 4]),
    ],
)
def test_ask_waits_as_long_as_a_busy_server_says_and_not_after_the_last_try(
    ask: Program, retry_after: str, waited: list[float]
):
    busy = document(429, {"error": "busy"}, Retry_After=retry_after)
    with serving(Served(talker, trouble=lambda number, body: busy)) as served:
        with pytest.raises(SystemExit, match=r"^error: .* failed 5 times, last with status 429: .*busy"):
            ask("Which? (A) one (B) two", url=f"{served.url}/v1")
    assert [seconds for seconds in ask.waited if seconds] == waited and len(served.asked) == 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give either a question or --file"),
        (["a", "--file", "b"], "give either a question or --file"),
        ([" "], "the question is empty"),
    ],
)
def test_ask_refuses_misuse(ask: Program, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str):
    given = [ask.folder / each if "." in each else each for each in arguments]
    with pytest.raises(SystemExit) as end:
        ask(*given)
    assert end.value.code == 2 and said in capsys.readouterr().err


def test_ask_says_in_one_line_that_a_file_has_no_questions(ask: Program):
    for name, said in (
        ("missing.jsonl", r"can't be read \(No such file or directory\)"),
        ("settings.json", 'line 1 is not a JSON object with a "question"; write one on each line.'),
        ("ask.py", "line 1 is not a JSON object"),
    ):
        with pytest.raises(SystemExit, match=f"^error: .*{name}:? {said}"):
            ask("--file", ask.folder / name)


FILE_FAULTS = {
    "choices": ('{"question": "x", "choices": ["one", "two"]}', 'its choices are not a list of {"label": "A", "text": "…"}'),
    "choice": ('{"question": "x", "choices": [{"label": "A", "text": 1}]}', "its choices are not a list"),
    "answer": ('{"question": "? (A) x (B) y", "answer": "z"}', "its answer 'z' is not one of its choices (A x, B y); write"),
    "unclear": ('{"question": "Which? (A) one (B) one", "answer": "one"}', "its answer 'one' is not one of its choices"),
    "no choices": ('{"question": "Which?", "answer": "A"}', "its answer 'A' is not one of its choices (none)"),
    "list": ('{"question": "Which? (A) one (B) two", "answer": ["A"]}', "its answer ['A'] is not one"),
    "text": ('["Which? (A) one (B) two"]', 'line 2 is not a JSON object with a "question"'),
    "number": ('{"question": 1}', 'line 2 is not a JSON object with a "question"'),
}  # fmt: skip


@pytest.mark.parametrize("fault", FILE_FAULTS)
def test_ask_refuses_a_line_in_a_line_before_it_asks_anything(ask: Program, fault: str):
    line, said = FILE_FAULTS[fault]
    file = ask.folder / "own.jsonl"
    file.write_text(f'{{"question": "Which? (A) one (B) two"}}\n{line}\n', encoding="utf-8")
    with serving(Served(talker)) as served:
        with pytest.raises(SystemExit) as end:
            ask("--file", file, url=f"{served.url}/v1")
    message = str(end.value)
    assert message.startswith(f"error: {file}: line 2 ") and said in message and "\n" not in message
    assert served.asked == []


def test_ask_refuses_a_file_without_lines(ask: Program):
    (ask.folder / "own.jsonl").write_text("\n\n", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"^error: .*own.jsonl: it has no lines; write a JSON object"):
        ask("--file", ask.folder / "own.jsonl")
    (ask.folder / "own.jsonl").write_bytes("é".encode("latin-1"))
    with pytest.raises(SystemExit, match=r"^error: .*own.jsonl is not UTF-8; save it in that encoding.$"):
        ask("--file", ask.folder / "own.jsonl")


def test_ask_judges_answers_by_name_and_only_where_there_is_one(tmp_path: Path):
    labels = {"A": "negative", "B": "positive"}
    export(Prompt("io", "Choose.", (), labels, answer_style="label"), "openai", tmp_path / "x", model="tiny")
    rows = [
        {"question": "Fine.", "answer": "positive"},
        {"question": "Dull.", "answer": "A"},
        {"question": "?", "answer": None},
    ]
    file = tmp_path / "own.jsonl"
    file.write_text("\ufeff" + "".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
    with serving(Served(lambda chat: "?" if "?" in chat.messages[-1].content else "The answer is positive")) as served:
        done = asked(tmp_path / "x", served, "--file", file)
    assert done.stdout == "1 of 2 right (50.0%); 0 without a label\n", done.stderr


@pytest.mark.long
@pytest.mark.parametrize(
    ("style", "text", "reply", "read"),
    [
        ("letter", "What (it) is? (A) wet (moss) (B) dry\nmoss (C) x", "Dry moss", "B"),
        ("letter", "What? (A) wet (B) dry", "The answer is (C)", "none"),
        ("label", "Where to?", "The answer is north.", "A"),
        ("text", "What?\n- wet moss\n- dry moss", "dry moss", "B"),
    ],
)
def test_ask_reads_the_choices_of_a_single_question(tmp_path: Path, style: AnswerStyle, text: str, reply: str, read: str):
    labels = {"A": "north", "B": "south", "C": "west"}
    export(Prompt("io", "Choose.", (), labels, answer_style=style), "openai", tmp_path / "x", model="tiny")
    with serving(Served(lambda chat: reply)) as served:
        done = asked(tmp_path / "x", served, text)
        shown = labels.get(read, read) if style == "label" else read
        assert done.stdout == f"{reply}\n\nlabel: {shown}\n", done.stderr
        (tmp_path / "own.jsonl").write_text(json.dumps({"question": text}) + "\n", encoding="utf-8")
        asked(tmp_path / "x", served, "--file", tmp_path / "own.jsonl", "--out", tmp_path / "out.jsonl")
    assert json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))["label"] == (None if read == "none" else read)
    assert [each["messages"] for each in served.asked] == [[{"role": "user", "content": f"Choose.\n{text}"}]] * 2


ASKED_TEXTS = (
    ("text", "Facts:\n- cats are pets\n- mice are prey\nWhat do cats chase?\n- mice\n- stones", ("mice", "stones")),
    ("text", "More than there are labels:\n- a\n- b\n- c\n- d", ()),
    ("text", "Which?\n- mice\n- stones", ("mice", "stones")),
    ("text", "- mice\n- stones", ("mice", "stones")),
    ("text", "- a list\nWhich?\n- mice\n- stones", ("mice", "stones")),
    ("letter", "Is (A) in nuts, or (B) in tea? (A) only the first (B) only the second", ("only the first", "only the second")),
    ("letter", "(A) mice (B) stones (C) tea", ("mice", "stones", "tea")),
    ("letter", "(it) is? (A) mice\n(B) or (B) stones", ("mice\n(B) or", "stones")),
    ("letter", "Which of (B) and (A)?", ()),
)  # fmt: skip
"""Questions with the choices that are read in them."""


@pytest.mark.parametrize(("style", "text", "choices"), ASKED_TEXTS)
def test_the_choices_of_a_typed_question_are_those_that_the_endpoint_reads(
    tmp_path: Path, style: AnswerStyle, text: str, choices: tuple[str, ...]
):
    made = Prompt("io", "Choose.", (), {label: label for label in "ABC"}, answer_style=style)
    export(made, "openai", tmp_path / "x", model="tiny")
    row = asker(tmp_path / "x").row(text)
    assert tuple(each["text"] for each in row["choices"]) == choices
    assert "".join(each["label"] for each in row["choices"]) == "ABC"[: len(choices)]
    if choices:
        assert tuple(choice.text for choice in question_of(made, text, "q").choices) == choices
    else:
        with pytest.raises(Refusal):
            question_of(made, text, "q")


def test_choices_are_read_in_a_time_that_grows_with_the_text():
    text = "\n- x" * 200_000 + "\ny"
    assert listed(text, "ABC") == (text, [])
    assert lettered(" (A) x" * 200_000, "ABC") == (" (A) x" * 200_000, [])


# What is written


@pytest.mark.long
@pytest.mark.parametrize("style", ["letter", "label", "text"])
def test_hostile_texts_are_sent_as_they_are(tmp_path: Path, style: AnswerStyle):
    made = hostile(style, system="Be {question} \u202e brief.")
    questions = tuple(Question(f"t{place}", text, made.shots[0].question.choices, "A") for place, text in enumerate(BAD))
    export(made, "openai", tmp_path / "x", questions=questions, model="tiny", check=True)
    with serving(Served(lambda chat: "The answer is (A)")) as served:
        done = asked(tmp_path / "x", served, "--file", tmp_path / "x" / "questions.jsonl", "--at-once", 1)
    assert done.returncode == 0, done.stderr
    assert [each["messages"] for each in served.asked] == [made.messages(question) for question in questions]


@pytest.mark.long
@given(TEXTS, TEXTS, TEXTS, st.booleans(), st.booleans())
def test_any_texts_are_sent_as_they_are(
    tmp_path_factory: pytest.TempPathFactory, text: str, instruction: str, prefill: str, shots: bool, prefilled: bool
):
    shot = Shot(Question("s", instruction, (Choice("A", text), Choice("B", "b")), "A"), text, "A")
    made = Export(Prompt("io", instruction, (shot,) * shots, {"A": "A"}, prefill=prefill), prefilled=prefilled)
    folder = tmp_path_factory.mktemp("any")
    exporter = as_exporter("openai")
    for name, content in exporter.files(made).items():
        (folder / name).write_bytes(content.encode())
    (found,) = exporter.sent(folder, made, [text])
    assert differs(made.messages(text), found) == ""
    turns = made.prompt.messages(text)
    if prefill and prefilled:
        turns.append({"role": "assistant", "content": prefill})
    elif prefill:
        turns[-1]["content"] += APPENDED.format(prefill=prefill)
    assert found == turns


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_an_export_can_be_repeated_and_leaves_nothing_behind(tmp_path: Path):
    made = prompt()
    written = made.export("openai", tmp_path / "x", questions=SMALL.test, model="tiny")
    first = contents(tmp_path / "x")
    assert {path.name for path in written} | {MANIFEST} == set(first)
    export(made, "openai", tmp_path / "x", questions=SMALL.test, model="tiny")
    assert contents(tmp_path / "x") == first
    (tmp_path / "x" / "mine.txt").write_text("kept", encoding="utf-8")
    export(made, "openai", tmp_path / "x")
    assert set(contents(tmp_path / "x")) == {*first, "mine.txt"} - {"questions.jsonl"}
    manifest = json.loads((tmp_path / "x" / MANIFEST).read_text(encoding="utf-8"))
    assert manifest["prompt_sha256"] == made.digest() and manifest["exporter"] == "openai" and manifest["questions"] == 0


def test_nothing_else_is_written_over(tmp_path: Path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine", encoding="utf-8")
    for folder, said in ((tmp_path / "full", "holds other files"), (tmp_path / "full" / "mine.txt", "is a file")):
        with pytest.raises(RunError, match=said):
            export(prompt(), "openai", folder)
    assert contents(tmp_path / "full") == {"mine.txt": b"mine"}
    (tmp_path / "full" / MANIFEST).write_text('{"files": ["../outside.txt"]}', encoding="utf-8")
    (tmp_path / "outside.txt").write_text("mine", encoding="utf-8")
    export(prompt(), "openai", tmp_path / "full")
    assert (tmp_path / "outside.txt").is_file() and (tmp_path / "full" / "mine.txt").is_file()


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("messages.json", "George", "Georgia", r"turn 1 has '.*Georgia.* at character \d+, and should have '.*George"),
        ("messages.json", '"assistant"', '"user"', "turn 2 is of the role user, and should be of assistant"),
        ("settings.json", '"{question}"', '"{}"', r"turn 5 has '{question}' at character 0"),
    ],
)
def test_a_changed_file_is_found(tmp_path: Path, file: str, old: str, new: str, said: str):
    made, exporter = Export(prompt()), as_exporter("openai")
    export(made.prompt, exporter, tmp_path / "x", check=True)
    _check(exporter, tmp_path / "x", made)
    path = tmp_path / "x" / file
    changed = path.read_text(encoding="utf-8").replace(old, new, 1)
    path.write_text(changed, encoding="utf-8")
    with pytest.raises(DataError, match=f"openai would not send this prompt as it is: {said}"):
        _check(exporter, tmp_path / "x", made)


@dataclass(frozen=True)
class Short(AbstractExporter):
    """Forgets the last turn."""

    name: ClassVar[str] = "short"

    def files(self, export: Export) -> dict[str, str]:
        return {"deep/er.txt": export.title}

    def usage(self, folder: Path, export: Export) -> Sequence[str]:
        return [f"cat {folder}/deep/er.txt"]

    def sent(self, folder: Path, export: Export, texts: Sequence[str]) -> list[list[dict[str, str]]]:
        return [export.messages(text)[:-1] for text in texts]


def test_a_tool_that_sends_something_else_is_found(tmp_path: Path):
    with pytest.raises(DataError, match="short would not send this prompt as it is: 4 turns where there should be 5"):
        export(prompt(), Short(), tmp_path / "x", check=True)
    assert (tmp_path / "x" / "deep" / "er.txt").read_text(encoding="utf-8") == "small-random"
    export(prompt(), Short(), tmp_path / "x")
    assert export(prompt(), "openai", tmp_path / "x")  # the folders of an earlier export are no obstacle
    assert not (tmp_path / "x" / "deep" / "er.txt").exists()


def test_what_other_tools_lose_is_said(tmp_path: Path):
    searched = replace(prompt(), decoding=Decoding(num_beams=4, no_repeat_ngram_size=2))
    with pytest.warns(SelfAmplifyWarning) as said:
        export(searched, "openai", tmp_path / "x")
    assert ["4 beams" in str(said[0].message), "repeated words" in str(said[1].message)] == [True, True]
    assert len(json.loads((tmp_path / "x" / MANIFEST).read_text(encoding="utf-8"))["left_out"]) == 2


# Misuse, plug-ins and the command line


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"to": "opnai"}, "There is no exporter named 'opnai'; did you mean 'openai'?"),
        ({"out": ""}, '`out="exported/openai"`'),
        ({"prompt": "nowhere"}, "There is no prompt at nowhere"),
    ],
)
def test_misuse_is_refused_before_anything_is_written(tmp_path: Path, given: dict[str, Any], said: str):
    with pytest.raises(SelfAmplifyError, match=re.escape(said)):
        export(**{"prompt": prompt(), "to": "openai", "out": tmp_path / "x"} | given)
    assert not (tmp_path / "x").exists()


def test_shots_that_are_ordered_for_each_question_can_not_leave(tmp_path: Path):
    with pytest.raises(SettingsError, match="`selfamplify build --shot-order drawn`"):
        export(replace(prompt(), similar_last=True), "openai", tmp_path / "x")


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installed distribution with two exporters, one of which needs questions, and a place that has none."""
    source = """
    from dataclasses import dataclass
    from selfamplify import AbstractExporter

    @dataclass(frozen=True)
    class Counted(AbstractExporter):
        name = "counted"
        needs_questions = True

        def files(self, export):
            return {"count.txt": str(len(export.questions))}

        def usage(self, folder, export):
            return [f"cat {folder / 'count.txt'}"]

        def sent(self, folder, export, texts):
            return [export.messages(text) for text in texts]

    class Other:
        pass
    """
    (tmp_path / "counted_questions.py").write_text(dedent(source), encoding="utf-8")
    info = tmp_path / "counted_questions-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: counted-questions\nVersion: 1.0\n")
    points = "counted = counted_questions:Counted\nother = counted_questions:Other\nlost = counted_questions_lost:Lost\n"
    (info / "entry_points.txt").write_text(f"[selfamplify.exporters]\n{points}")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("counted_questions", None)


@pytest.mark.long
@pytest.mark.usefixtures("plugin")
def test_an_exporter_of_another_package_is_found(tmp_path: Path, run: Run):
    assert "from counted-questions" in run("list")[1]
    export(prompt(), "counted", tmp_path / "x", questions=SMALL.test, check=True)
    assert (tmp_path / "x" / "count.txt").read_text(encoding="utf-8") == "6"
    with pytest.raises(SettingsError, match=r"counted needs test questions; give them, as in `questions=task.test`"):
        export(prompt(), "counted", tmp_path / "y")
    with pytest.raises(SettingsError, match="The exporter 'other' is not an AbstractExporter, but of the type"):
        export(prompt(), "other", tmp_path / "y")
    with pytest.raises(SettingsError, match=r"'lost' \(counted_questions_lost:Lost\) can't be imported"):
        export(prompt(), "lost", tmp_path / "y")
    assert not (tmp_path / "y").exists()


@pytest.mark.long
@pytest.mark.usefixtures("plugin")
def test_the_command_line_exports_a_run_with_its_own_task(tmp_path: Path, run: Run):
    folder = tmp_path / "mine"
    options = ["--method", "random", "--selection", "random", "--shots", "2", "--max-new-tokens", "20"]
    code, _, err = run("build", "--model", "embedded", "--task", "planted_snarks", *options, "--out", folder)
    assert code == 0, err
    code, out, err = run("export", folder, "--to", "openai", "--limit", "3", "--served-as", "tiny", "--check")
    assert code == 0, err
    written = folder / "exported" / "openai"
    rows = (written / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    test = load_task("planted_snarks").test[:3]
    assert [json.loads(each)["id"] for each in rows] == [question.id for question in test]
    made = Prompt.load(folder)
    assert "openai would send the same turns as selfamplify (compared on " in out.replace("\n", " ")
    assert json.loads((written / "settings.json").read_text(encoding="utf-8"))["model"] == "tiny"
    assert asker(written).messages(test[0].render()) == made.messages(test[0])
    code, out, err = run("export", folder / "prompt.json", "--to", "openai", "--no-questions", "--out", tmp_path / "bare")
    assert code == 0 and not (tmp_path / "bare" / "questions.jsonl").exists() and "--file" not in out, err
    code, _, err = run("export", folder, "--to", "openai", "--no-questions", "--task", "planted_arc")
    assert code == 2 and "--task is about test questions, and --no-questions leaves them out" in err
    code, out, _ = run("export", folder, "--to", "counted", "--limit", "4", "--out", tmp_path / "four")
    assert code == 0 and (tmp_path / "four" / "count.txt").read_text(encoding="utf-8") == "4"
    code, _, err = run("export", folder, "--to", "counted", "--no-questions", "--out", tmp_path / "none")
    assert code == 2 and "needs test questions; leave --no-questions out" in err.replace("\n", " ")
    shutil.copy(folder / "prompt.json", tmp_path)
    code, _, err = run("export", tmp_path, "--to", "counted", "--out", tmp_path / "none")
    assert code == 2 and "needs test questions; name their task, as in --task planted_arc" in err.replace("\n", " ")
    code, _, err = run("export", folder, "--to", "openai", "--task", "planted_arc", "--out", tmp_path / "none")
    assert code == 2 and "was built for the task planted_snarks, not for planted_arc" in err.replace("\n", " ")
    code, _, err = run("export", folder, "--to", "openai", "--out", tmp_path / "prompt.json" / "below")
    assert code == 2 and "use another folder" in err.replace("\n", " ") and not (tmp_path / "none").exists()
    for name, said in (("opnai", "did you mean 'openai'?"), ("xyz", "use one of:")):
        code, _, err = run("export", folder, "--to", name)
        assert code == 2 and said in err.replace("\n", " ")
    code, _, err = run("export", tmp_path / "nowhere", "--to", "openai")
    assert code != 0 and "There is no prompt at" in err


@pytest.mark.long
def test_a_prompt_for_a_file_is_called_by_the_name_of_the_file(tmp_path: Path, run: Run):
    file = tmp_path / "mail.csv"
    file.write_text("question,label\n" + "".join(f"bill {n},pay\ncrash {n},tech\n" for n in range(30)))
    options = ["--method", "random", "--selection", "random", "--shots", "2", "--keywords", "4", "--check", "0"]
    code, _, err = run("build", "--task", "file", "--data", file, *options, "--out", tmp_path / "mine")
    assert code == 0 and "note: 2 of 2 rationales have fewer than 4 keywords" in err.replace("\n", " "), err
    code, _, err = run("evaluate", tmp_path / "mine", "--limit", "4", "--max-new-tokens", "1")
    assert code == 0 and "replies to the prompt named no label" in err.replace("\n", " "), err
    for named, name in ((), "mail-random"), (("--name", "my prompt"), "my-prompt"):
        code, out, err = run("export", tmp_path / "mine", "--to", "langfuse", *named)
        assert code == 0 and "4 of 4 replies to the prompt named no label" in err.replace("\n", " "), err
        assert "Other tools count such replies as wrong: the accuracy is 0.0% there." in err.replace("\n", " ")
        assert json.loads((tmp_path / "mine/exported/langfuse/prompt.json").read_text())["name"] == name
    Prompt.load(tmp_path / "mine").with_texts(
        replace(Prompt.load(tmp_path / "mine").texts, instruction="Choose."), "2026-01-01T00:00:00+00:00"
    ).save(tmp_path / "mine")
    code, _, err = run("export", tmp_path / "mine", "--to", "langfuse")
    assert code == 0 and "named no label" not in err, "the answers are those to another prompt"


def test_replies_that_no_label_could_follow_are_counted_apart(capsys: pytest.CaptureFixture[str]):
    note_continued([("closing", True), ("constrained", True), ("constrained", False), ("none", False)])
    said = capsys.readouterr().err.replace("\n", " ")
    assert "3 of 4 replies to the prompt named no label; 2 of them count" in said and ", and 1 as wrong" in said
    assert "the accuracy is 25.0% there" in said
    note_continued([("constrained", True), ("stated", True)])
    assert "1 of 2 replies to the prompt named no label; it counts as" in capsys.readouterr().err.replace("\n", " ")
    note_continued([("none", False)])
    assert capsys.readouterr().err == ""


def test_a_prompt_of_a_comparison_is_exported_with_what_is_known_of_its_answers(tmp_path: Path, run: Run):
    def script(chat: Chat) -> str:
        return "I can't say." if number_of(chat) % 2 and not chat.prefill.endswith("(") else talker(chat)

    table = compare(scripted(script), task(), Plan(("random",), ("random",), shots=2), tmp_path)
    (row,) = [row for row in table.rows if row.called == "random"]
    code, _, err = run(
        "export", tmp_path / "prompts" / "random-random-k6-seed0.json", "--to", "openai", "--out", tmp_path / "x"
    )
    assert code == 0, err
    said = f"{round(row.unparsed * row.n)} of {row.n} replies to the prompt named no label"
    assert row.unparsed > 0 and said in err.replace("\n", " "), err


def test_the_command_line_writes_a_prefill_as_it_is_asked_to(tmp_path: Path, run: Run):
    made = replace(prompt(), prefill="Let me think.")
    made.save(tmp_path / "mine")
    for options, last in (([], {"role": "user"}), (["--prefilled"], {"role": "assistant", "content": "Let me think."})):
        code, _, err = run("export", tmp_path / "mine", "--to", "openai", *options, "--out", tmp_path / f"x{len(options)}")
        assert code == 0, err
        turns = asker(tmp_path / f"x{len(options)}").messages("Which?")
        assert turns[-1] | last == turns[-1] and ("write only what follows" in turns[-1]["content"]) == (not options)


@pytest.mark.parametrize("given", [{}, {"prefill": "So,"}, {"shots": ()}])
@pytest.mark.parametrize("prefilled", [False, True])
def test_the_exporter_of_the_guide_works(tmp_path: Path, given: dict[str, Any], prefilled: bool):
    guide = (Path(__file__).parents[1] / "docs" / "write-your-own.md").read_text(encoding="utf-8")
    (source,) = (block for block in re.findall(r"```python\n(.*?)```", guide, re.DOTALL) if "AbstractExporter" in block)
    defined: dict[str, Any] = {"__name__": "guide"}
    exec(source, defined)
    export(replace(hostile(), **given), defined["Markdown"](), tmp_path / "x", prefilled=prefilled, check=True)
    text = (tmp_path / "x" / "prompt.md").read_text(encoding="utf-8")
    assert text.startswith("## user\n\n")


def test_every_exporter_of_this_package_says_how_it_is_used(tmp_path: Path):
    for name in NAMES["exporter"]:
        exporter, made = as_exporter(name), Export(prompt(), tuple(SMALL.test), "tiny")
        lines = exporter.usage(tmp_path / "two words", made)
        assert lines and all(line and "\n" not in line for line in lines)
        words = [word for line in lines for word in shlex.split(line)]
        assert not any(str(tmp_path / "two") == word for word in words), f"{name} does not quote the folder"
