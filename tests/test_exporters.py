"""Prompts in other tools: Ollama, a model's own text, the Hugging Face hub, MLflow and Langfuse."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hostile import HOSTILE
from hypothesis import assume, example, given
from hypothesis import strategies as st
from serving import Reply, Served, document, serving
from small import scripted, talker, task
from zoo import save, tiny_model

from selfamplify import Choice, Export, Prompt, Question, SettingsError, Shot, amplify, export, load_model
from selfamplify.errors import DataError
from selfamplify.export import exporter
from selfamplify.export.exporting import _check, as_exporter, differs  # pyright: ignore[reportPrivateUsage]
from selfamplify.export.langfuse import PROMPT as REQUEST
from selfamplify.export.mlflow import MLflowPrompt
from selfamplify.export.modelfile import Instruction, parsed
from selfamplify.export.openai import asker
from selfamplify.export.text import PROMPT
from selfamplify.records import Decoding

SMALL = task()
CHOICES = Choice("A", "one"), Choice("B", "two")
MARKS = (
    "{question}",
    "{{question}}",
    "{{z}}",
    "{% endraw %}",
    "@@@langfusePrompt:name=x@@@",
    '"""',
    "</s>",
    "x\r\ny",
    "``` x ````",
)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.lists(
    st.sampled_from(['"', '"""', "\n", " ", "x", "\r", "\t", "MESSAGE user y", "PARAMETER seed 1", "#", "{{", "}}", "{%", "%}"])
).map("".join)


def prompt(*texts: str, **given: Any) -> Prompt:
    """A prompt with the texts as its shots, or with two questions of the small task."""
    if texts:
        shots = tuple(Shot(Question(f"s{place}", text, CHOICES, "A"), f"{text} (A)", "A") for place, text in enumerate(texts))
        return replace(Prompt("io", f"Choose. {texts[-1]}", shots, {"A": "A", "B": "B"}, Decoding(max_new_tokens=20)), **given)
    return replace(amplify(scripted(talker), SMALL, "random", selection="random", shots=2), **given)


def written(name: str, made: Export, folder: Path) -> Path:
    for file, content in as_exporter(name).files(made).items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(content.encode())
    return folder


# Ollama


def read_by_character(text: str) -> list[Instruction]:
    """What Ollama reads, character by character: an oracle for ``parsed``.

    A value ends with a line whose quotes are closed, and characters that can't be printed are dropped as they come.
    """
    found: list[Instruction] = []
    words: list[str] = []
    word, value = "", ""
    state = "outside"
    for character in [*text, None]:
        line = character in ("\n", "\r", None)
        if state == "outside" and character is not None and character not in " \t\r\n":
            state, word, words = ("comment", "", []) if character == "#" else ("word", character, [])
        elif state == "comment":
            state = "outside" if line else state
        elif state == "word":
            if not words and not re.fullmatch(r"[A-Za-z]* ?", word + (character or "").replace("\t", " ")):
                raise ValueError("no name of an instruction")
            if character is not None and character in " \t":
                words.append(word)
                keyed = words[0].lower() in ("parameter", "message") and len(words) == 1
                state, word, value = ("word" if keyed else "value"), "", ""
            elif line:
                raise ValueError("an instruction without a value")
            elif character is not None and character.isprintable():
                word += character
        elif state == "value":
            bare = value.strip()
            quote = next((each for each in ('"""', '"') if bare.startswith(each)), "")
            closed = not quote or (len(bare) >= 2 * len(quote) and bare.endswith(quote))
            if line and closed:
                inner = bare[len(quote) : len(bare) - len(quote)]
                found.append(Instruction(words[0].lower(), words[1] if len(words) > 1 else "", inner))
                state = "outside"
            elif character is None:
                raise ValueError("quotes that are not closed")
            elif character.isprintable() or character in " \t\r\n":
                value += character
    return found


@given(st.lists(st.tuples(st.sampled_from(["user", "assistant", "system"]), ANY), max_size=4))
@example([("user", '"""\nPARAMETER temperature 2\nMESSAGE user """x')])
def test_a_modelfile_is_read_character_by_character(turns: list[tuple[str, str]]):
    made = [Instruction("from", "", "llama3"), Instruction("parameter", "num_ctx", "9")]
    made += [
        Instruction("message", role, text) if role != "system" else Instruction("system", "", text) for role, text in turns
    ]
    text = "# said\n" + "\n".join(map(str, made)) + "\n"
    results = []
    for read in (parsed, read_by_character):
        try:
            results.append(read(text))
        except ValueError:
            results.append(None)
    assert results[0] == results[1]
    safe = all(each.isprintable() or each in "\n\r\t " for _, text in turns for each in text)
    if safe and not any('"""' in text for _, text in turns):
        assert results[0] == made


@given(ANY, ANY)
def test_a_modelfile_says_what_we_say_or_is_refused(tmp_path_factory: pytest.TempPathFactory, text: str, system: str):
    made = Export(prompt(text, system=system), model="ollama:llama3")
    try:
        (content,) = as_exporter("ollama").files(made).values()
    except SettingsError as error:
        assert "A Modelfile can't hold the text" in str(error) and "\n" not in str(error)
        assert any('"""' in each or not each.replace("\n", "").replace("\r", "").replace("\t", "").isprintable()
                   for each in (text, system))  # fmt: skip
        return
    folder = tmp_path_factory.mktemp("ollama")
    (folder / "Modelfile").write_bytes(content.encode())
    (found,) = as_exporter("ollama").sent(folder, made, ["Which?"])
    assert differs(made.messages("Which?"), found) == ""
    assert [each.name for each in parsed(content)].count("from") == 1


@pytest.mark.parametrize(
    "text", ['x"""\nPARAMETER temperature 2\nMESSAGE user """y', "zero\u200bwidth", "\u202eback", 'end """\n']
)
def test_ollama_refuses_texts_that_it_would_change(tmp_path: Path, text: str):
    with pytest.raises(SettingsError, match=r'A Modelfile can\'t hold the text .*`to="openai"`'):
        export(prompt(text), "ollama", tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_quotes_inside_a_line_are_no_obstacle_to_ollama(tmp_path: Path):
    export(prompt('say """ here', '"quoted"', '""', "x\r\n\ty", ' "'), "ollama", tmp_path / "x", check=True)


def parameters(folder: Path) -> dict[str, float]:
    read = parsed((folder / "Modelfile").read_text(encoding="utf-8"))
    return {each.key: float(each.value) for each in read if each.name == "parameter"}


def test_ollama_has_room_for_the_prompt_and_the_reply(tmp_path: Path):
    model = load_model("embedded")
    made = amplify(model, "planted_arc", "random", selection="random", shots=4)
    longest = "What " + "long " * 300
    asked = (Question("q", longest, CHOICES, "A"),)
    export(made, "ollama", tmp_path / "known", questions=asked, check=True)
    limit = made.decoding.max_new_tokens
    assert parameters(tmp_path / "known")["num_ctx"] >= model.encode(made.chat(asked[0])).length + limit
    assert parameters(tmp_path / "known") | {"num_predict": limit, "temperature": 0.0, "repeat_penalty": 1.0} == parameters(
        tmp_path / "known"
    )
    head = (tmp_path / "known" / "Modelfile").read_text(encoding="utf-8")
    assert "by the tokenizer of 'embedded'" in head and str(Path(head.split("FROM ")[-1].split("\n")[0]).is_dir()) == "True"
    assert made.provenance is not None
    unknown = replace(made, provenance=replace(made.provenance, model="served/nowhere/x"))
    export(unknown, "ollama", tmp_path / "unknown", questions=asked, model="ollama:llama3.2:1b")
    text = (tmp_path / "unknown" / "Modelfile").read_text(encoding="utf-8")
    assert "FROM llama3.2:1b\n" in text and "a token has a byte or more" in text
    size = sum(len(turn["content"].encode()) for turn in made.messages(asked[0]))
    assert parameters(tmp_path / "unknown")["num_ctx"] >= size + limit


def test_ollama_draws_as_we_do(tmp_path: Path):
    drawn = prompt("x", decoding=Decoding(do_sample=True, temperature=0.5))
    export(drawn, "ollama", tmp_path / "x")
    found = parameters(tmp_path / "x")
    assert (found["temperature"], found["top_p"], found["min_p"], found["top_k"]) == (0.5, 1.0, 0.0, 50.0)


@pytest.mark.parametrize("given", [{"shots": ()}, {"prefill": "Let me think."}])
@pytest.mark.parametrize("prefilled", [False, True])
def test_ollama_refuses_what_belongs_into_the_turn_of_the_question(tmp_path: Path, given: dict[str, Any], prefilled: bool):
    with pytest.raises(SettingsError, match=r"A Modelfile holds the turns before the question's.*`to=\"openai\"`"):
        export(replace(prompt("x"), **given), "ollama", tmp_path / "x", prefilled=prefilled)


# The text of a model's own template


@pytest.mark.long
@pytest.mark.parametrize("given", [{}, {"prefill": "So the answer is ("}, {"shots": ()}, {"system": "Be brief."}])
@pytest.mark.parametrize("name", ["embedded", "plain", "templated"])
def test_the_text_has_the_tokens_that_our_engine_feeds(tmp_path: Path, name: str, given: dict[str, Any]):
    stops = name == "plain"
    if name != "embedded":
        name = str(save(tiny_model(template=not stops), tmp_path / "tiny"))
    made = replace(prompt("x\r\ny", "see {question}"), **given)
    if given.get("system") and (stops or name == "embedded"):
        with pytest.raises(SettingsError, match="can't be written as a text of .*: .*system turn"):
            export(made, "text", tmp_path / "x", model=name)
        return
    export(made, "text", tmp_path / "x", model=name, questions=SMALL.test, check=True)
    model, ask = load_model(name), asker(tmp_path / "x")
    text = ask.text("Which one?")
    ids = model.tokenizer(text, add_special_tokens=False)["input_ids"]
    encoded = model.encode(made.chat("Which one?"))
    assert tuple(ids) == (*encoded.prefix, *encoded.suffix)
    assert text.count("Which one?") == 1 and ask.settings["add_special_tokens"] is False
    assert bool(ask.settings["stop"]) == stops
    file = tmp_path / "x" / PROMPT
    file.write_bytes(file.read_bytes().replace(b"x\r\ny", b"x\ny").replace(b"Choose", b"choose"))
    with pytest.raises(DataError, match="has other tokens than this package feeds the model"):
        _check(as_exporter("text"), tmp_path / "x", Export(made, SMALL.test, name))


class Completing(Served):
    """A server of texts, not of chats."""

    def chat(self, body: dict[str, Any]) -> Reply:
        self.asked.append(body)
        return document(200, {"choices": [{"text": " The answer is (B)"}]})


def test_ask_completes_a_text(tmp_path: Path):
    made = prompt()
    export(made, "text", tmp_path / "x", model="embedded")
    with serving(Completing(talker)) as served:
        env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            [sys.executable, str(tmp_path / "x" / "ask.py"), "Which? (A) one (B) two"],
            env=env | {"OPENAI_BASE_URL": f"{served.url}/v1"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stdout == " The answer is (B)\n\nlabel: B\n", done.stderr
    text = (tmp_path / "x" / PROMPT).read_bytes().decode().replace("{question}", "Which? (A) one (B) two")
    limit = made.decoding.max_new_tokens
    same = {"model": "embedded", "temperature": 0.0, "max_tokens": limit, "prompt": text, "add_special_tokens": False}
    assert served.asked == [same]


def test_a_text_needs_a_tokenizer(tmp_path: Path):
    with pytest.raises(
        SettingsError,
        match=r"needs the model's tokenizer: There is no model folder at .*; name the model's.*`model=\"models/mine\"`",
    ):
        export(prompt(), "text", tmp_path / "x", model=str(tmp_path / "nowhere"))
    with pytest.raises(SettingsError, match="can't be written as a text of embedded: .*control token"):
        export(prompt("<eos> " + "".join(load_model("embedded").tokenizer.all_special_tokens)), "text", tmp_path / "x",
               model="embedded")  # fmt: skip


# The hub


@pytest.mark.parametrize("texts", [(), tuple(text for text in (*HOSTILE, *MARKS) if text)])
def test_a_card_is_a_data_set_with_the_whole_prompt(tmp_path: Path, texts: tuple[str, ...], monkeypatch: pytest.MonkeyPatch):
    datasets = pytest.importorskip("datasets")
    hub = pytest.importorskip("huggingface_hub")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    made = prompt(*texts)
    questions = tuple(Question(f"q{place}", text, CHOICES, "B") for place, text in enumerate(texts)) or SMALL.test
    export(made, "card", tmp_path / "x", questions=questions, check=True)
    assert Prompt.load(tmp_path / "x") == made
    card = hub.DatasetCard.load(tmp_path / "x" / "README.md")
    assert [each["config_name"] for each in card.data.to_dict()["configs"]] == ["messages", "shots", "questions"]
    load = {
        part: datasets.load_dataset(str(tmp_path / "x"), part, cache_dir=str(tmp_path / "cache"))
        for part in ("shots", "questions")
    }
    assert [row["reply"] for row in load["shots"]["train"]] == [shot.reply for shot in made.shots]
    rows = load["questions"]["test"].to_list()
    assert rows == Export(made, questions).rows
    body = card.text
    fence = re.search(r"^(`{3,})text$", body, re.MULTILINE)
    assert fence is not None and f"\n{fence[1]}\n" in body
    assert all(len(run) < len(fence[1]) for turn in made.context for run in re.findall("`+", turn["content"]))


def test_the_code_of_a_card_puts_the_question_into_no_shot(tmp_path: Path):
    made = prompt("What does {question} mean?", system="Not {{question}}.")
    export(made, "card", tmp_path / "x", check=True)
    (code,) = re.findall(r"^turns = .*$", (tmp_path / "x" / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    rows = [json.loads(line) for line in (tmp_path / "x/data/messages.jsonl").read_text(encoding="utf-8").splitlines()]
    found: dict[str, Any] = {"messages": rows, "question": "Why?"}
    exec(code, found)
    assert found["turns"] == made.messages("Why?")


def test_a_card_of_a_bare_prompt_loads(tmp_path: Path):
    pytest.importorskip("datasets")
    export(replace(prompt("x"), shots=()), "card", tmp_path / "x", check=True)
    assert sorted(file.name for file in (tmp_path / "x" / "data").iterdir()) == ["messages.jsonl"]
    assert "carries no measurement" in (tmp_path / "x" / "README.md").read_text(encoding="utf-8")


# MLflow and Langfuse


@pytest.mark.long
def test_mlflow_keeps_the_prompt_in_its_registry(tmp_path: Path):
    pytest.importorskip("mlflow")
    pytest.importorskip("sqlalchemy")
    made = prompt(*(text for text in (*HOSTILE, *MARKS) if text and len(text) < 100))
    export(made, "mlflow", tmp_path / "x", check=True)
    assert not list(Path().glob("mlflow*.db"))  # what is checked leaves no registry here


@given(ANY, ANY, ANY, st.booleans())
@example("{{question}}", "{% if x %}", "{{ z }}\n", True)
@example("{", "}", "{{question}}", False)
def test_mlflow_renders_any_text_as_it_is(text: str, asked: str, system: str, shots: bool):
    entities = pytest.importorskip("mlflow.entities.model_registry")
    made = Export(replace(prompt(text, system=system), prefill=text, **({} if shots else {"shots": ()})))
    data = json.loads(MLflowPrompt().files(made)["prompt.json"])
    version = entities.PromptVersion("x", 1, data["template"], model_config=data["model_config"])
    assert differs(made.messages(asked), version.format(question=asked)) == ""


@pytest.mark.parametrize("text", ["{{z}}", "{{question}}", "x {{ y", "see @@@langfusePrompt:name=x@@@"])
def test_langfuse_refuses_what_it_would_replace(tmp_path: Path, text: str):
    with pytest.raises(SettingsError, match="Langfuse would take .* for one of its own marks"):
        export(prompt(text), "langfuse", tmp_path / "x")
    with pytest.raises(SettingsError, match="Langfuse would take"):
        export(replace(prompt("x"), system=text), "langfuse", tmp_path / "x")


@given(ANY, ANY, st.booleans())
def test_langfuse_gets_a_chat_prompt(text: str, asked: str, prefilled: bool):
    assume("{{" not in text and "{{" not in f"Choose. {text}\n{text}")
    made = Export(prompt(text, prefill=text), prefilled=prefilled)
    request = json.loads(as_exporter("langfuse").files(made)[REQUEST])
    assert (request["type"], request["name"], request["labels"]) == ("chat", "io", [])
    assert request["config"] == {"model": "model", "temperature": 0.0, "max_tokens": 20}
    # Its documentation: a variable is a name in double braces, and is replaced by the value's text.
    found = [turn | {"content": re.sub(r"{{\s*question\s*}}", lambda _: asked, turn["content"])} for turn in request["prompt"]]
    assert differs(made.messages(asked), found) == ""


def test_langfuse_renders_what_we_send(tmp_path: Path):
    api = pytest.importorskip("langfuse.api")
    made = prompt(*(text for text in HOSTILE if text and "{{" not in text))
    export(made, "langfuse", tmp_path / "x", check=True)
    api.CreateChatPromptRequest.model_validate_json((tmp_path / "x" / REQUEST).read_bytes())


def test_langfuse_is_needed_to_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exporter, "find_spec", lambda name: None)
    with pytest.raises(
        SettingsError, match="`check=True` renders the files with langfuse, which is not installed: pip install langfuse"
    ):
        export(prompt(), "langfuse", tmp_path / "x", check=True)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(("task", "method", "title"), [("my task/ü", "random", "my-task-random"), ("@", None, "io")])
def test_titles_suit_every_tool(task: str, method: str | None, title: str):
    made = prompt("x")
    known = amplify(scripted(talker), SMALL, "random", selection="random", shots=1).provenance
    assert known is not None
    named = Export(replace(made, provenance=replace(known, task=task, explainer=method)))
    assert named.title == title and re.fullmatch(r"[A-Za-z0-9_-]+", named.title)
    assert Export(made).title == "io" and Export(replace(made, method="\u00fc")).title == "prompt"
