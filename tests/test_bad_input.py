"""Bad input: whatever a file or a server says, the result is a sound record or one of this package's errors."""

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from serving import Reply, Served, document, serving
from small import scripted, talker, task
from spoiling import ODD, cut_or_flipped, mangled, spoilt
from test_damaged_files import run

from fuzzing import loaders, recovery, rendering
from fuzzing.loaders import KINDS
from selfamplify import Columns, Limits, Prompt, Question, build, evaluate, import_prompt, load_server, overview
from selfamplify.errors import SelfAmplifyError, SelfAmplifyWarning
from selfamplify.models.served.model import ServerModel
from selfamplify.records import Chat, Decoding, Message
from selfamplify.runs.begun import begun
from selfamplify.text.lines import sha256
from selfamplify.text.sealing import seal

CORPUS = Path(loaders.__file__).parent / "corpus"
FINDINGS = Path(loaders.__file__).parent / "findings"
OFTEN = settings(
    max_examples=80,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much,
                           HealthCheck.function_scoped_fixture],
)  # fmt: skip
TARGETS: dict[str, Callable[[bytes], str]] = {
    each.__name__.split(".")[-1]: each.check for each in (loaders, recovery, rendering)
}


# --- what fuzzing began with, and what it found ---


@pytest.mark.parametrize("target", TARGETS)
def test_the_corpus_and_the_findings_of_fuzzing(target: str):
    files = sorted((*(CORPUS / target).iterdir(), *(FINDINGS / target).glob("[!.]*")))
    assert len(files) > 10
    results = {TARGETS[target](file.read_bytes()) for file in files}
    assert len(results) > 1 or target == "loaders"


# --- question files ---

FILES = {file.name: file.read_bytes() for file in sorted((CORPUS / "loaders").iterdir())}
DOCUMENTS = [name for name, content in FILES.items() if KINDS[content[0]] in (".json", ".jsonl")]


@OFTEN
@given(st.data(), st.sampled_from(sorted(FILES)))
def test_a_mangled_question_file_is_read_or_refused(data: st.DataObject, name: str):
    start, content = FILES[name][:2], FILES[name][2:]
    loaders.check(start + data.draw(mangled(content) | st.just(cut_or_flipped(content, data.draw))))


def parsed(content: bytes, kind: str) -> Any:
    return [json.loads(line) for line in content.splitlines()] if kind == ".jsonl" else json.loads(content)


def written(found: Any, kind: str) -> bytes:
    if kind == ".jsonl" and isinstance(found, list):
        return "\n".join(json.dumps(row) for row in found).encode()
    return json.dumps(found).encode()


@OFTEN
@given(st.data(), st.sampled_from(DOCUMENTS), st.integers(1, 3))
def test_a_document_with_spoilt_values_is_read_or_refused(data: st.DataObject, name: str, times: int):
    kind = KINDS[FILES[name][0]]
    found = parsed(FILES[name][2:], kind)
    with suppress(IndexError, KeyError, TypeError):  # nothing is left to spoil
        for _ in range(times):
            found = spoilt(found, data.draw)
    loaders.check(FILES[name][:2] + written(found, kind))


CELLS = ODD | st.text(max_size=5) | st.integers() | st.floats() | st.binary(max_size=4) | st.datetimes() | st.decimals()
ROWS = parsed(FILES["jsonl"][2:], ".jsonl")


@pytest.mark.long
@OFTEN
@given(st.data(), st.sampled_from([".parquet", ".feather", ".xlsx"]))
def test_a_binary_table_with_odd_cells_is_read_or_refused(data: st.DataObject, kind: str):
    rows = deepcopy(ROWS)
    for _ in range(data.draw(st.integers(1, 3))):
        row = data.draw(st.sampled_from(rows))
        row[data.draw(st.sampled_from(sorted(row)))] = data.draw(CELLS)
    loaders.check(bytes([KINDS.index(kind), data.draw(st.sampled_from([0, 0, 4, 6]))]) + binary(rows, kind, None))


FEATURES: dict[str, Any] = {"info": {"features": {
    "answer": {"names": ["A", "B"], "_type": "ClassLabel"},
    "question": {"dtype": "string", "_type": "Value"},
    "choices": {"feature": {"names": ["x", "y"], "_type": "ClassLabel"}, "_type": "Sequence"},
}}}  # fmt: skip


@OFTEN
@given(st.data())
def test_a_parquet_file_with_a_spoilt_description_is_read_or_refused(data: st.DataObject):
    pytest.importorskip("pyarrow", reason="the package pyarrow is not installed")
    rows = [{"question": f"Which {n}?", "choices": [0, 1], "answer": n % 2} for n in range(4)]
    described = json.dumps(spoilt(deepcopy(FEATURES), data.draw)).encode()
    described = data.draw(st.sampled_from([described, cut_or_flipped(described, data.draw), b"[1]", b'{"info": null}']))
    loaders.check(bytes([KINDS.index(".parquet"), 0]) + binary(rows, ".parquet", described))


def binary(rows: list[dict[str, Any]], kind: str, described: bytes | None) -> bytes:
    """A binary file of rows; those that the library that writes it refuses are no example."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"q{kind}"
        try:
            if kind == ".xlsx":
                openpyxl = pytest.importorskip("openpyxl", reason="the package openpyxl is not installed")
                book = openpyxl.Workbook()
                for cells in ([*rows[0]], *([*row.values()] for row in rows)):
                    book.active.append(cells)
                book.save(file)
            else:
                pyarrow = pytest.importorskip("pyarrow", reason="the package pyarrow is not installed")
                feather, parquet = import_module("pyarrow.feather"), import_module("pyarrow.parquet")
                table = pyarrow.Table.from_pylist(rows)
                if described is not None:
                    table = table.replace_schema_metadata({b"huggingface": described})
                write = parquet.write_table if kind == ".parquet" else feather.write_feather
                write(table, file)
        except (Exception, RecursionError):
            assume(False)
        return file.read_bytes()


def plain_rows(questions: tuple[Question, ...]) -> list[dict[str, Any]]:
    answers = [next(choice.text for choice in each.choices if choice.label == each.answer) for each in questions]
    return [
        {"id": each.id, "question": each.text, "choices": [choice.text for choice in each.choices], "answer": answer}
        for each, answer in zip(questions, answers, strict=True)
    ]


@OFTEN
@given(st.data(), st.sampled_from(sorted(FILES)))
def test_what_is_read_of_a_mangled_file_survives_another_file(data: st.DataObject, name: str):
    kind, content = KINDS[FILES[name][0]], data.draw(mangled(FILES[name][2:], 2))
    adapter = TypeAdapter(tuple[Question, ...])
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"q{kind}").write_bytes(content)
        try:
            found = overview("file", Path(folder) / f"q{kind}").reading
        except SelfAmplifyError:
            return
        questions = (*found.train, *(found.test or ()))
        assert adapter.validate_json(adapter.dump_json(questions)) == questions
        again = Path(folder) / "again.jsonl"
        again.write_text("\n".join(json.dumps(row) for row in plain_rows(questions)))
        columns = Columns(question="question", choices=("choices",), answer="answer", id="id")
        try:
            read = overview("file", again, columns=columns, shuffle_choices="off", answers_from="text").reading
        except SelfAmplifyError:
            return
        known = {row["id"]: row for row in plain_rows(questions)}
        assert all(row == known[row["id"]] for row in plain_rows((*read.train, *(read.test or ()))))


# --- prompt.json, and prompts of other tools ---


@pytest.fixture(scope="module")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders with a prompt of each kind, and a finished run."""
    made = tmp_path_factory.mktemp("prompts")
    for method in ("io", "self_exp", "self_topk", "random"):
        build(scripted(talker), task(), made / method, method=method, selection="random", shots=2, check=0)
    evaluate(scripted(talker), task(), made / "io", out=made / "io")
    return made


def resealed(data: dict[str, Any]) -> dict[str, Any]:
    """A document whose own digests fit, so that it is read further: what someone does who knows the format."""
    with suppress(KeyError, TypeError, AttributeError, RecursionError, ValueError):
        hashes = data.pop("hashes")
        data["hashes"] = hashes | {"record_sha256": seal(data)}
    return data


@OFTEN
@given(st.data(), st.sampled_from(["io", "self_exp", "self_topk", "random"]))
def test_a_spoilt_prompt_is_refused_or_can_be_used(prompts: Path, data: st.DataObject, method: str):
    content = (prompts / method / "prompt.json").read_text()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "prompt.json"
        found = data.draw(st.sampled_from(["values", "values", "bytes"]))
        if found == "values":
            changed = spoilt(json.loads(content), data.draw)
            changed = resealed(changed) if data.draw(st.booleans()) else changed
            file.write_text(json.dumps(changed))
        else:
            file.write_bytes(cut_or_flipped(content.encode(), data.draw))
        usable(file)


def usable(file: Path) -> None:
    """Check that a prompt is refused in one line, or can be shown, asked and saved."""
    try:
        prompt = Prompt.load(file)
    except SelfAmplifyError as error:
        assert "\n" not in str(error) and str(error).endswith((".", "`."))
        return
    except SelfAmplifyWarning:
        return
    prompt.messages("Which?")
    assert repr(prompt) and prompt._repr_html_()
    assert Prompt.load(prompt.save(file.parent / "again")) == prompt


ROLES = ("system", "user", "assistant", "user")
FEW_SHOTS = """Answer.

Question: What? (A) a (B) b
Answer: A

Question: Who? (A) c (B) d
Answer: B

Question: {question}
Answer:"""
SIGNATURE = {"instructions": "Answer.", "fields": [
    {"prefix": "Question:", "description": "${question}"}, {"prefix": "Answer:", "description": "${answer}"}]}  # fmt: skip
PROMPT_FILES = {
    "chat.json": json.dumps([{"role": role, "content": "What? (A) a (B) b"} for role in ROLES]),
    "dspy.json": json.dumps({"predict": {"demos": [{"question": "What?", "answer": "a"}], "signature": SIGNATURE}}),
    "few.txt": FEW_SHOTS,
}


@OFTEN
@given(st.data(), st.sampled_from(sorted(PROMPT_FILES)))
def test_a_mangled_prompt_of_another_tool_is_imported_or_refused(data: st.DataObject, name: str):
    content = PROMPT_FILES[name]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        if name.endswith(".json") and data.draw(st.booleans()):
            file.write_text(json.dumps(spoilt(json.loads(content), data.draw)))
        else:
            file.write_bytes(data.draw(mangled(content.encode())))
        try:
            found = import_prompt(file)
        except SelfAmplifyError as error:
            loaders.refused(str(error))
        except SelfAmplifyWarning:
            return
        else:
            assert found.messages("Which?")


# --- run.toml ---

TOML = (
    '"x"', '""', "4", "-1", "1" * 30, "0x10", "1e999", "nan", "true", "[]", "[1, 2]", '["a"]', "[[1]]", "{}", "{a = 1}",
    "1979-05-27", "07:32:00", '"""\nx"""', "'\\'", '"\\u0000"', '"\\uD800"', "\x00", "[" * 300, "{a = {a = {a = 1}}}",
)  # fmt: skip
NAMES = (
    "limit", "data", "task", "seed", "skip_bad", "json", "separator", "label-names", "columns", "config", "help", "x", "",
    "a.b", '"a b"', "labels", "test-size", "[data]", "[evaluate]", "[[data]]",
)  # fmt: skip


@pytest.mark.long
@OFTEN
@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(TOML)), min_size=1, max_size=3), st.booleans())
@example([("task", '"\\u0000"')], False)
def test_a_config_file_of_any_values_is_told_in_one_line(lines: list[tuple[str, str]], tabled: bool):
    with tempfile.TemporaryDirectory() as folder:
        questions, file = Path(folder) / "q.jsonl", Path(folder) / "run.toml"
        questions.write_bytes(FILES["jsonl"][2:])
        text = "".join(f"{name}\n" if name.startswith("[") else f"{name} = {value}\n" for name, value in lines)
        file.write_text(("[data]\n" if tabled else "") + text)
        code, said = run("data", questions, "--config", file)
        errors = [line for line in said.splitlines() if line.startswith("error:")]
        assert code in (0, 2) and len(errors) == (code == 2) and "unexpected" not in said, said


# --- the store ---


@pytest.mark.long
@OFTEN
@given(st.data())
def test_a_store_with_spoilt_rows_gives_the_same_results(prompts: Path, data: st.DataObject):
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "run"
        shutil.copytree(prompts / "io", folder)
        before = json.loads((folder / "results.json").read_text())
        (folder / "results.json").unlink()
        file = sqlite3.connect(folder / "run.sqlite")
        key, record = data.draw(st.sampled_from(sorted(file.execute("SELECT key, record FROM units").fetchall())))
        changed = json.loads(record)
        kind = data.draw(st.sampled_from(["values", "text", "blob", "number"]))
        if kind == "values":
            text: Any = json.dumps(spoilt(changed, data.draw))
        elif kind == "text":
            text = cut_or_flipped(record.encode(), data.draw).decode(errors="replace")
        else:
            text = {"blob": record.encode(), "number": 7}[kind]
        signed = sha256(str(text)) if data.draw(st.booleans()) and kind != "values" else "0"
        with file:
            file.execute("UPDATE units SET record = ?, checksum = ? WHERE key = ?", (text, signed, key))
        file.close()
        begun(folder)
        evaluate(scripted(talker), task(), folder, out=folder)
        after = json.loads((folder / "results.json").read_text())
        assert after["responses_sha256"] == before["responses_sha256"] or kind == "text"


# --- replies of servers ---


def completion(text: str) -> dict[str, Any]:
    top = [{"token": token, "logprob": value, "bytes": [65]} for token, value in (("A", -0.5), (" B", -1.5), ("C", -9.0))]
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop",
              "logprobs": {"content": [{"token": "A", "logprob": -0.5, "top_logprobs": top}]}}  # fmt: skip
    used = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
    return {"id": "x", "object": "chat.completion", "model": "tiny", "choices": [choice], "usage": used}


@pytest.fixture(scope="module")
def server() -> Any:
    """A server, its model, and the list whose last reply it gives."""
    replies: list[Reply] = []
    served = Served(talker, trouble=lambda number, body: replies[-1] if replies else None)
    with serving(served):
        yield load_server(served.url, limits=Limits(retries=0, pause=0.0, timeout=20.0)), replies


@pytest.mark.long
@OFTEN
@given(st.data(), st.integers(1, 3))
def test_a_spoilt_reply_is_text_or_an_error(server: tuple[ServerModel, list[Reply]], data: st.DataObject, times: int):
    model, replies = server
    found = completion("The answer is (B)")
    with suppress(IndexError, KeyError, TypeError):
        for _ in range(times):
            found = spoilt(found, data.draw)
    body = json.dumps(found).encode()
    if data.draw(st.booleans()):
        body = cut_or_flipped(body, data.draw)
    status = data.draw(st.sampled_from([200, 200, 200, 400, 429, 500]))
    replies.append((status, {"Content-Type": data.draw(st.sampled_from(["application/json", "text/html", ""]))}, body))
    chat = Chat((Message("user", "number 0"),), "The answer is (")
    for ask in (lambda: [*model.generate([chat], Decoding(), [0])], lambda: model.next_token([chat], [("A", "B")])):
        try:
            answers = ask()
        except SelfAmplifyError as error:
            assert "\n" not in str(error) and str(error).endswith(".") and len(str(error)) < 2000
            str(error).encode()
        else:
            TypeAdapter(list[Any]).dump_json(answers)


@pytest.mark.long
@OFTEN
@given(st.data())
def test_a_spoilt_description_of_a_server_is_understood_or_refused(data: st.DataObject):
    class Odd(Served):
        def get(self, path: str) -> tuple[int, Any]:
            status, found = super().get(path)
            return data.draw(st.sampled_from([status, 200, 500])), spoilt(deepcopy(found), data.draw)

        def completion(self, body: dict[str, Any]) -> Reply:
            return document(200, spoilt(completion("Hi"), data.draw))

    with serving(Odd(talker)) as served, suppress(SelfAmplifyError, SelfAmplifyWarning):
        load_server(served.url, limits=Limits(retries=0, pause=0.0, timeout=20.0))
