"""Imported prompts in other tools and at the endpoint: they are asked there as ``evaluate`` asks them."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from endpoint import Endpoint, endpoint
from small import Run, scripted
from test_importing import reviews, sentiments, turns, written
from test_serving_form import Seen

from selfamplify import (
    Choice,
    DataError,
    Export,
    Prompt,
    SelfAmplifyWarning,
    SettingsError,
    Task,
    evaluate,
    export,
    import_prompt,
    load_model,
    load_task,
)
from selfamplify.export.exporting import as_exporter, differs
from selfamplify.export.openai import asker
from selfamplify.records import Chat, Layout
from selfamplify.serving.form import example

MICE = [("What do cats chase?\nA. mice\nB. stones", "A"), ("What do dogs eat?\nA. tea\nB. meat", "B")]
FRAME = {"role": "user", "content": "Review: {question}\nSentiment:"}


def framed(folder: Path) -> Prompt:
    """Reviews in a frame, with a place for a new one."""
    return import_prompt(written(folder, [*turns(sentiments()), FRAME]))


def dotted(folder: Path) -> Prompt:
    """Questions with their choices on lines of their own."""
    return import_prompt(written(folder, turns(MICE)))


def three(names: tuple[str, str, str] = ("negative", "neutral", "positive")) -> Task:
    """The task of reviews, with a third label."""
    made, choices = reviews(), tuple(map(Choice, "ABC", names))
    train, test = ([replace(each, choices=choices) for each in side] for side in (made.train, made.test))
    return Task("three", (*train[1:], replace(train[0], answer="C")), tuple(test), dict(zip("ABC", names, strict=True)))


# Exported


def sent_by(folder: Path, prompt: Prompt, task: Task) -> tuple[list[list[dict[str, str]]], list[list[dict[str, str]]]]:
    """The turns of each test question: those that ``evaluate`` sends, and those of the exported program."""
    seen: list[Chat] = []

    def said(chat: Chat) -> str:
        seen.append(chat)
        return f"The answer is {'positive' if task.classification else '(A)'}"

    evaluate(scripted(said), task, prompt)
    export(prompt, "openai", folder / "x", questions=task.test, task=task, model="tiny", check=True)
    ask = asker(folder / "x")
    rows = ask.rows(folder / "x" / "questions.jsonl")
    return [[asdict(turn) for turn in chat.messages] for chat in seen], [ask.messages(row["question"]) for row in rows]


@pytest.mark.long
@pytest.mark.parametrize(
    "file", [[{"role": "user", "content": "Pick an option. {question}"}], turns(MICE)], ids=["bare", "shots"]
)
def test_an_imported_prompt_shows_choices_where_it_is_exported_as_where_it_is_evaluated(file: object, tmp_path: Path):
    task = load_task("planted_arc").limited(3)
    ours, theirs = sent_by(tmp_path, import_prompt(written(tmp_path, file)), task)
    assert ours == theirs and len(ours) == 3
    assert all(
        choice.text in turns[-1]["content"] for turns, each in zip(ours, task.test, strict=True) for choice in each.choices
    )
    settings = json.loads((tmp_path / "x" / "settings.json").read_text(encoding="utf-8"))
    assert settings["answer_style"] == "letter" and settings["labels"] == task.label_map and settings["last_line"]
    ask = asker(tmp_path / "x")
    for row in ask.rows(tmp_path / "x" / "questions.jsonl"):
        assert ask.row(row["question"])["choices"] == row["choices"], "a typed question is read as it is written"


def test_the_labels_of_an_exported_prompt_are_those_of_the_task(tmp_path: Path):
    prompt, task = import_prompt(written(tmp_path, turns(sentiments()))), three()
    assert "neutral" not in prompt.label_map.values()
    ours, theirs = sent_by(tmp_path, prompt, task)
    assert ours == theirs
    ask = asker(tmp_path / "x")
    assert ask.settings["labels"] == {"A": "negative", "B": "neutral", "C": "positive"}
    assert ask.label("neutral", ask.row("A film")) == "B"
    assert re.search(ask.settings["last_line"], "The answer is neutral")


def test_an_imported_prompt_is_not_exported_by_guesses_in_silence(tmp_path: Path):
    prompt, task = framed(tmp_path), reviews()
    with pytest.raises(SettingsError, match=r"imported from mine.json, and only a task says .*`task=\"planted_arc\"`"):
        export(prompt, "openai", tmp_path / "x", questions=task.test)
    with pytest.raises(DataError, match="gives a label of reviews"):
        export(prompt, "openai", tmp_path / "x", task=reviews(names=("bad", "good")))
    assert not (tmp_path / "x").exists()
    with pytest.warns(
        SelfAmplifyWarning, match="imported from mine.json; without a task, its labels are those that were guessed"
    ):
        export(prompt, "openai", tmp_path / "x")


@pytest.mark.long
@pytest.mark.filterwarnings("always::selfamplify.SelfAmplifyWarning")
def test_the_command_line_exports_an_imported_prompt_for_its_task(run: Run, tmp_path: Path):
    file = written(tmp_path, [{"role": "user", "content": "Pick an option. {question}"}])
    assert run("import", file, "--out", tmp_path / "mine")[0] == 0
    task = ("--task", "planted_arc", "--limit", 2)
    code, out, err = run("export", tmp_path / "mine", "--to", "openai", *task, "--check")
    assert code == 0 and "would send the same turns" in out, err
    folder = tmp_path / "mine" / "exported" / "openai"
    (row, _) = asker(folder).rows(folder / "questions.jsonl")
    assert row["question"] == load_task("planted_arc").test[0].render()
    code, _, err = run("export", tmp_path / "mine", "--to", "openai", *task, "--no-questions")
    assert code == 2 and "--limit is about test questions, and --no-questions leaves them out" in err
    code, _, err = run("export", tmp_path / "mine", "--to", "openai", *task[:2], "--no-questions")
    assert code == 0 and asker(folder).settings["labels"] and not (folder / "questions.jsonl").exists(), err
    code, _, err = run("export", tmp_path / "mine", "--to", "openai")
    assert code == 0 and "choices are shown only if its shots show some; name one, as in --task planted_arc" in " ".join(
        err.split()
    )


@pytest.mark.parametrize("to", ["openai", "text", "card"])
def test_a_question_may_stand_in_two_places(to: str, tmp_path: Path):
    prompt = Prompt("imported", "", (), {"A": "A"}, layout=Layout(("Read: ", "\nOnce more, {question}: ", "\nAnswer:")))
    made, exporter = Export(prompt, model="embedded"), as_exporter(to)
    export(prompt, to, tmp_path / "x", model="embedded", check=True)
    (found,) = exporter.sent(tmp_path / "x", made, ["Why?"])
    assert differs(made.messages("Why?"), found) == "" and found[-1]["content"].count("Why?") == 2


def test_a_prompt_without_shots_and_questions_fits_a_modelfile(tmp_path: Path):
    prompt = import_prompt(
        written(tmp_path, [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "{question}"}])
    )
    with pytest.warns(SelfAmplifyWarning, match="without a task"):
        export(prompt, "ollama", tmp_path / "x", check=True)
    text = (tmp_path / "x" / "Modelfile").read_text(encoding="utf-8")
    assert "with no question known" in text and "SYSTEM" in text.upper()


# Served


def replying(seen: list[list[dict[str, str]]], reply: str) -> Callable[[Chat], str]:
    def said(chat: Chat) -> str:
        seen.append([asdict(turn) for turn in chat.messages])
        return reply

    return said


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize(
    ("file", "text", "reply"),
    [
        ([*turns(sentiments()), FRAME], "A great film", "positive"),
        ([*turns(sentiments()), FRAME], "Review: A great film\nSentiment:", "positive"),
        ([*turns(sentiments()), {"role": "user", "content": "{question} I say {question}!"}], "A film", "positive"),
        (turns(MICE), "Which?\nA. tea\nB. mice\nC. meat", "B"),
        (turns(MICE), "Which? (A) tea (B) mice (C) meat", "B"),
    ],
)
def test_a_question_is_asked_once_alone_or_after_the_messages_of_the_prompt(
    file: object, text: str, reply: str, whole: bool, tmp_path: Path
):
    prompt = import_prompt(written(tmp_path, file))
    seen: list[list[dict[str, str]]] = []
    shown = text.replace(" (A) ", "\nA. ").replace(" (B) ", "\nB. ").replace(" (C) ", "\nC. ")
    with endpoint(scripted(replying(seen, reply)), prompt) as made:
        sent = prompt.messages(shown) if whole else [{"role": "user", "content": text}]
        found = made.send(sent).json()
    assert seen == [prompt.messages(shown)]
    assert found["selfamplify"]["label"] == "B" or found["selfamplify"]["answer"] == "positive"


def test_a_turn_without_shots_is_taken_out_of_its_frame(tmp_path: Path):
    prompt = replace(
        import_prompt(written(tmp_path, [FRAME])), label_map={"A": "positive", "B": "negative"}, answer_style="label"
    )
    seen: list[list[dict[str, str]]] = []
    with endpoint(scripted(replying(seen, "positive")), prompt) as made:
        for sent in (prompt.messages("Fine"), [{"role": "user", "content": "Fine"}]):
            assert made.send(sent).status_code == 200
    assert seen == [prompt.messages("Fine")] * 2


def test_choices_that_the_layout_does_not_show_stay_in_the_text(tmp_path: Path):
    shots = [("Which, mice or stones?", "The answer is (A)"), ("Which, tea or meat?", "The answer is (B)")]
    prompt = import_prompt(written(tmp_path, turns(shots)))
    assert prompt.answer_style == "letter" and prompt.layout is not None and prompt.layout.choices is None
    seen: list[list[dict[str, str]]] = []
    with endpoint(scripted(replying(seen, "The answer is (B)")), prompt) as made:
        assert made.ask("Which? (A) tea (B) mice").json()["selfamplify"]["answer"] == "mice"
        assert made.ask(example(made.service)).status_code == 200
        assert made.ask("Which?").status_code == 400
    assert seen[0] == prompt.messages("Which? (A) tea (B) mice")


@pytest.fixture(scope="module", params=[framed, dotted])
def shown(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    prompt = request.param(tmp_path_factory.mktemp("shown"))
    with endpoint(load_model("embedded"), replace(prompt, decoding=replace(prompt.decoding, max_new_tokens=4))) as made:
        yield made


@pytest.mark.long
@pytest.mark.parametrize("text", ["Clever and sad", "Which is wet? (A) rain (B) sand"])
def test_the_form_shows_the_words_of_an_imported_prompt(shown: Endpoint, text: str):
    prompt = shown.service.prompt
    assert prompt is not None
    by_letters = prompt.answer_style == "letter"
    if by_letters != ("(A)" in text):
        return
    offered = Seen(shown.client.get("/").text).texts["question"].removeprefix("\n")
    assert shown.client.post("/", data={"question": offered}).status_code == 200, "the form's own example"
    seen = Seen(shown.client.post("/", data={"question": text, "explain": "1"}).text)
    written = "Which is wet?\nA. rain\nB. sand" if by_letters else f"Review: {text}\nSentiment:"
    assert seen.texts["scored"] == written


def test_a_prompt_without_labels_is_not_served(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("selfamplify.serving.running.run", lambda *given: None)
    import_prompt(written(tmp_path, [FRAME])).save(tmp_path / "mine")
    code, out, err = run("serve", tmp_path / "mine", "--model", "embedded", "--port", "0")
    assert code == 2 and out == "" and err.count("\n") == 1
    assert "The prompt has no labels" in err and "shots whose replies name their answers, or use --plain" in err
