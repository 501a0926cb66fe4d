"""Prompts edited by hand: the form survives any text, an edit is recorded, and nothing of the prompt before is used."""

import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hostile import HOSTILE
from hypothesis import given
from hypothesis import strategies as st
from small import Run, question, right, scripted, talker, task

from selfamplify import (
    DataError,
    Edit,
    Evidence,
    InputOutput,
    Plan,
    Prompt,
    RunError,
    Sample,
    SelfAmplifyWarning,
    Session,
    Shot,
    build,
    compare,
    evaluate,
)
from selfamplify.methods.io import same_shots_io
from selfamplify.prompting.form import form, read_form
from selfamplify.prompting.texts import ShotTexts, Texts, changed_parts
from selfamplify.runs.editing import Editing
from selfamplify.runs.responses import load_responses

TEXT = st.text(st.characters(), max_size=25) | st.sampled_from(
    [*HOSTILE, "=== instruction", "===", "\\", "\\json x", '\\json "x"', "a\n\n", "\n\na", " \n", "a \nb", "a\rb\r\n", "\udc80"]
)


@st.composite
def texts(draw: st.DrawFn) -> Texts:
    shots = [
        ShotTexts(number + 1, draw(TEXT), tuple(draw(st.lists(TEXT, max_size=2))), draw(TEXT))
        for number in range(draw(st.integers(0, 3)))
    ]
    return Texts(draw(TEXT), draw(TEXT), draw(TEXT), tuple(shots))


@given(texts(), st.sampled_from(["as it is", "crlf", "bom", "no end", "trimmed", "spaced"]))
def test_a_form_survives_any_text_and_what_editors_do_to_it(own: Texts, how: str):
    content = form(own, "abc")
    content.encode()  # no half of a surrogate pair is left in it
    lines = content.split("\n")
    content = {
        "as it is": content,
        "crlf": "\r\n".join(lines),
        "bom": f"\ufeff{content}",
        "no end": content.rstrip("\n"),
        "trimmed": "\n".join(line.rstrip() for line in lines),
        "spaced": content.replace("\n\n===", "\n\n\n \n==="),
    }[how]
    assert read_form(content, own) == own


@given(texts(), st.data())
def test_shots_can_be_removed_and_put_in_another_order(own: Texts, data: st.DataObject):
    kept = data.draw(st.permutations(own.shots).map(lambda found: found[: data.draw(st.integers(0, len(found)))]))
    changed = replace(own, shots=tuple(kept))
    assert read_form(form(changed, "abc"), own) == changed
    parts = changed_parts(own, changed)
    assert sum("removed" in part for part in parts) == len(own.shots) - len(kept)
    assert ("order of the shots" in parts) == ([each.number for each in kept] != sorted(each.number for each in kept))


OWN = Texts("Choose.", "", "", (ShotTexts(1, "Is it?", ("yes", "no"), "So (A)"), ShotTexts(2, "Or?", ("a", "b"), "So (B)")))
BROKEN = {
    "an unknown heading": ("=== reply of shot 1", "=== answer of shot 1", r'line 23: "answer of shot 1" is not a heading'),
    "a heading twice": ("=== reply of shot 2", "=== reply of shot 1", 'line 35: the heading "reply of shot 1" is there twice'),
    "a heading less": ("=== choice 1 of shot 2\n", "", 'line 26: shot 2 has no "choice 1 of shot 2"'),
    "no system turn": ("=== system turn\n", "", 'the heading "=== system turn" is missing'),
    "no quotes": ("Or?", "\\json Or?", "line 27: .* is not a text in quotes"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_form_that_can_not_be_read_is_refused_with_its_line(what: str):
    old, new, said = BROKEN[what]
    content = form(OWN, "abc")
    assert content.count(old) == 1
    with pytest.raises(DataError, match=said) as error:
        read_form(content.replace(old, new), OWN)
    assert "\n" not in str(error.value)


def evidence() -> Evidence:
    return Evidence(arm="io", arms=3, validation_questions=9, validation_accuracy=0.5, test_questions=9, accuracy=0.5, low=0.2,
                    high=0.8, rivals=(), conclusion="It may be better.")  # fmt: skip


def prompt(**further: Any) -> Prompt:
    shots = tuple(Shot(question(number), f"So the answer is ({label})", label) for number, label in enumerate("BB"))
    return Prompt("io", "Choose.\nWell.", shots, {label: label for label in "ABC"}, **further)


def test_an_edit_is_recorded_and_drops_the_evidence():
    own = prompt(evidence=evidence())
    first = replace(own.texts.shots[0], reply="It is (B)")
    edited = own.with_texts(replace(own.texts, instruction="Pick.", shots=(first,)), "2026-01-01")
    assert edited.edits == (
        Edit(
            parts=("instruction", "reply of shot 1", "shot 2 removed"), before=own.digest(), at="2026-01-01", lost_evidence=True
        ),
    )
    assert edited.evidence is None and edited.digest() != own.digest() and len(edited.shots) == 1
    assert own.with_texts(own.texts) is own


def test_shots_are_not_added_by_an_edit():
    own = prompt()
    first, second = own.texts.shots
    for shots, said in (
        ((first, replace(second, number=9)), "Shot 9 of the edited texts is none of the prompt's 2 shots; .* add none"),
        ((first, second, first), "Shot 1 of the edited texts is there twice; .* add none"),
        ((first, replace(second, choices=("x",))), "Shot 2 of the edited texts has 1 choice, and the prompt shows 3 there"),
    ):
        with pytest.raises(DataError, match=said) as error:
            own.with_texts(replace(own.texts, shots=shots))
        assert "\n" not in str(error.value)


def test_fewer_shots_and_no_rationales_have_no_evidence_of_their_own():
    model = scripted(talker)
    made = InputOutput().prompt(Session(model), task(), Sample.of(task().train[:8], 0))
    own = replace(made, evidence=evidence())
    fewer = own.with_shots(6).with_shots(4)
    assert fewer.evidence is None and fewer.provenance is not None and fewer.provenance.dropped_shots == 4
    assert own.with_shots(8) is own
    assert same_shots_io(Session(model), own).evidence is None


def edited_file(file: Path, change: Any) -> None:
    """A file of JSON with a change."""
    data = json.loads(file.read_text())
    change(data)
    file.write_text(json.dumps(data))


def _shots_only(data: Any) -> None:
    data["shots"][1]["reply"] = "Surely (B)"
    data["instruction"] = "Pick."


def _both(data: Any) -> None:
    _shots_only(data)
    for place, text in ((0, data["messages"][0]["content"].replace("Choose.\nWell.", "Pick.")), (3, "Surely (B)")):
        data["messages"][place]["content"] = text


def _messages_only(data: Any) -> None:
    data["messages"][0]["content"] = data["messages"][0]["content"].replace("Choose.\nWell.", "Pick.")
    data["messages"][3]["content"] = "Surely (B)"


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (_shots_only, ("instruction", "reply of shot 2")), (_messages_only, ("instruction", "reply of shot 2")),
        (_both, ("its texts",)),
    ],
)  # fmt: skip
def test_a_prompt_json_that_was_edited_is_what_it_says(change: Any, parts: tuple[str, ...], tmp_path: Path):
    own = prompt(evidence=evidence())
    file = own.save(tmp_path)
    edited_file(file, change)
    with pytest.warns(SelfAmplifyWarning, match="prompt.json was edited by hand: .*evidence of `tune`"):
        found = Prompt.load(tmp_path)
    assert found.instruction == "Pick." and found.shots[1].reply == "Surely (B)" and found.shots[0] == own.shots[0]
    assert found.evidence is None and found.edits[-1].parts == parts and found.edits[-1].before == own.digest()
    found.save(tmp_path)
    assert Prompt.load(tmp_path) == found, "saved, it is in order"


def _question(data: Any) -> None:
    data["messages"][2]["content"] = data["messages"][2]["content"].replace("skin surface", "leather")


def test_an_edited_question_of_the_messages_is_that_of_its_shot(tmp_path: Path):
    own = prompt()
    edited_file(own.save(tmp_path), _question)
    with pytest.warns(SelfAmplifyWarning, match="edited by hand: question of shot 2"):
        found = Prompt.load(tmp_path)
    assert "leather" in found.shots[1].question.text and found.shots[1].question.choices == own.shots[1].question.choices


UNCLEAR = {
    "a turn more": lambda data: data["messages"].append({"role": "user", "content": "x"}),
    "a turn less": lambda data: data["messages"].pop(),
    "two texts of a turn": lambda data: data["messages"][0].update(content="Pick it?"),
    "two edits": lambda data: (_shots_only(data), data["messages"][3].update(content="Perhaps (B)")),
}
FORGED = {
    "evidence": lambda data: data["evidence"].update(accuracy=0.99),
    "label": lambda data: data["shots"][0].update(label="A"),
    "label and reply": lambda data: data["shots"][0].update(label="A", reply="So the answer is (A)"),
    "evidence and reply": lambda data: (data["evidence"].update(accuracy=0.9), data["shots"][0].update(reply="(B)")),
    "edits": lambda data: data["edits"].append({"parts": [], "before": ""}),
    "hash": lambda data: data["hashes"].update(prompt_sha256="0" * 64),
    "a shot less": lambda data: data["shots"].pop(),
}


@pytest.mark.parametrize("what", [*UNCLEAR, *FORGED])
def test_what_is_unclear_or_no_text_is_refused_in_one_line(what: str, tmp_path: Path):
    edited_file(prompt(evidence=evidence()).save(tmp_path), (UNCLEAR | FORGED)[what])
    with pytest.raises(DataError, match="edited" if what in UNCLEAR else "not only in its texts") as error:
        Prompt.load(tmp_path)
    assert "\n" not in str(error.value) and "selfamplify edit" in str(error.value)


def editor(folder: Path, code: str) -> str:
    """An editor that runs Python code on the path ``file``."""
    script = folder / "editor.py"
    script.write_text(f"import sys\nfrom pathlib import Path\nfile = Path(sys.argv[1])\n{code}\n")
    run = folder / "my editor"
    run.write_text(f'#!/bin/sh\nexec "{os.sys.executable}" "{script}" "$1"\n')  # pyright: ignore
    run.chmod(run.stat().st_mode | stat.S_IEXEC)
    return f"'{run}'"


def changing(old: str, new: str) -> str:
    return f"file.write_text(file.read_text().replace({old!r}, {new!r}))"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a prompt, and no editor set."""
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    prompt().save(tmp_path / "run")
    return tmp_path / "run"


def test_a_missing_prompt_is_named_before_a_missing_editor(run: Run, folder: Path):
    assert "nope" in run("edit", folder.parent / "nope")[2]
    assert "Neither $VISUAL nor $EDITOR is set" in run("edit", folder)[2]


def test_edit_shows_what_changed_and_keeps_the_original(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch):
    before = (folder / "prompt.json").read_bytes()
    monkeypatch.setenv("EDITOR", editor(folder.parent, changing("Choose.", "Pick.")))
    code, out, err = run("edit", folder)
    assert code == 0 and "instruction\n  - Choose.\n  + Pick.\n" in out, err
    assert sorted(each.name for each in folder.iterdir()) == ["prompt.before-edit.json", "prompt.json"]
    assert Prompt.load(folder).instruction == "Pick.\nWell."
    code, out, _ = run("show", folder)
    assert code == 0 and "Edited by hand at 20" in out and ": instruction." in out
    code, out, err = run("edit", folder)
    assert code == 0 and "Nothing was changed, and nothing is written." in out
    monkeypatch.setenv("VISUAL", editor(folder.parent, changing("So the answer is (B)", "So the answer is (A)")))
    code, out, err = run("edit", folder / "prompt.json")
    assert code == 0 and "reply of shot 2" in out and "gives the answer A, and the answer on record is B" in err
    assert (folder / "prompt.before-edit.json").read_bytes() == before, "the first original stays"
    assert len(Prompt.load(folder).edits) == 2


def test_a_form_that_can_not_be_read_is_kept_and_opened_again(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch):
    before = (folder / "prompt.json").read_bytes()
    monkeypatch.setenv("EDITOR", editor(folder.parent, changing("=== reply of shot 1\nSo", "=== my reply\nWell, so")))
    code, _, err = run("edit", folder)
    kept = folder / "prompt.edit.txt"
    assert code == 2 and err.count("\n") == 1 and f"{kept}, line" in err and "Your text is kept there" in err
    assert "Well, so" in kept.read_text() and (folder / "prompt.json").read_bytes() == before
    kept.write_text(kept.read_text().partition("\n\n")[2])  # what is above the first heading is lost, and with it the hash
    monkeypatch.setenv("EDITOR", editor(folder.parent, changing("=== my reply", "=== reply of shot 1")))
    code, out, err = run("edit", folder)
    assert code == 0 and "is opened again" in err and "+ Well, so" in out and not kept.exists()
    kept.write_text(form(Prompt.load(folder).texts, "0abc"))
    code, _, err = run("edit", folder)
    assert code == 2 and "is left from an edit of an earlier version of this prompt" in err
    kept.unlink()
    monkeypatch.setenv("EDITOR", editor(folder.parent, "file.write_bytes(b'\\xff\\xfe')"))
    code, _, err = run("edit", folder)
    assert code == 2 and "is not UTF-8" in err and kept.exists()


def test_a_removed_shot_is_shown_as_removed_and_a_reply_without_a_label_is_said(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    cut = """text = file.read_text()
start, end = (text.index(f'=== question of shot {number}') for number in (1, 2))
file.write_text((text[:start] + text[end:]).replace('So the answer is (B)', 'I do not know'))"""
    monkeypatch.setenv("EDITOR", editor(folder.parent, cut))
    code, out, err = run("edit", folder)
    assert code == 0 and "shot 1 removed" in out and "question of shot" not in out and "reply of shot 2" in out
    assert "The reply of shot 1 gives no answer that is a choice, and the answer on record is B." in err.replace("\n", " ")


def test_removing_all_shots_is_said(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch):
    cut = "text = file.read_text()\nfile.write_text(text[: text.index('=== question of shot 1')])"
    monkeypatch.setenv("EDITOR", editor(folder.parent, cut))
    code, out, err = run("edit", folder)
    assert code == 0 and "shot 1 removed" in out and "no shot is left" in err and Prompt.load(folder).shots == ()


def test_an_emptied_form_cancels_the_edit(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch):
    before = (folder / "prompt.json").read_bytes()
    monkeypatch.setenv("EDITOR", editor(folder.parent, 'file.write_text("\\n")'))
    code, out, err = run("edit", folder)
    assert code == 0 and "cancelled" in out, err
    assert [each.name for each in folder.iterdir()] == ["prompt.json"]
    assert (folder / "prompt.json").read_bytes() == before


def test_an_editor_that_fails_is_one_line(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch):
    before = (folder / "prompt.json").read_bytes()
    code, _, err = run("edit", folder)
    assert code == 2 and "Neither $VISUAL nor $EDITOR is set" in err
    for command, said in {
        "/no/such/editor": "can't be run", "'": "is not a command", editor(folder.parent, "sys.exit(3)"): "ended with code 3",
    }.items():  # fmt: skip
        monkeypatch.setenv("EDITOR", command)
        code, _, err = run("edit", folder)
        assert code == 2 and said in err and err.count("\n") == 1
        assert [each.name for each in folder.iterdir()] == ["prompt.json"]
    monkeypatch.setenv("EDITOR", editor(folder.parent, changing("Choose.", "Pick.") + "\nsys.exit(1)"))
    code, _, err = run("edit", folder)
    assert code == 2 and "your text is kept in" in err and "Pick." in (folder / "prompt.edit.txt").read_text()
    assert (folder / "prompt.json").read_bytes() == before
    code, _, err = run("edit", folder.parent / "nowhere")
    assert code == 2 and "There is no prompt" in err


def test_an_edited_prompt_is_answered_anew_and_never_made_again(tmp_path: Path):
    model, questions, folder = scripted(talker), task(), tmp_path / "run"
    own = build(model, questions, folder, method="self_topk", selection="random", shots=2)
    plain = evaluate(model, questions, own, out=tmp_path / "plain")
    editing = Editing.of(folder)
    assert not editing.begin()
    editing.form_file.write_text(editing.form_file.read_text().replace(own.instruction, "Pick one."))
    edited = editing.finish(editing.read())
    asked: list[str] = []

    def script(chat: Any) -> str:
        asked.append(chat.messages[0].content)
        return f"The answer is ({right(chat)})"

    other = scripted(script)
    with pytest.warns(
        SelfAmplifyWarning, match="edited by hand at .*: instruction. Answers to the prompt before the edit are not used"
    ):
        with pytest.raises(RunError, match="a prompt that was edited by hand"):
            evaluate(model, questions, folder, out=tmp_path / "plain")
    with pytest.warns(SelfAmplifyWarning, match="edited by hand"):
        result = evaluate(other, questions, folder, out=folder)
    assert len(asked) == result.n == len(plain.responses) and all(text.startswith("Pick one.") for text in asked)
    assert load_responses(folder) and "instruction" in str(
        json.loads((folder / "results.json").read_text())["settings"]["edited"]
    )
    with pytest.raises(RunError, match="prompt.json was edited by hand, and would be lost; use another `out`"):
        build(model, questions, folder, method="self_topk", selection="random", shots=2)
    assert Prompt.load(folder) == edited
    asks_a_shot = replace(questions, test=(*questions.test, edited.shots[1].question))
    said = "Shot 2 of 2 is also among .* or write another question there with `selfamplify edit`"
    with pytest.warns(SelfAmplifyWarning, match="edited by hand"), pytest.raises(DataError, match=said):
        evaluate(other, asks_a_shot, edited)


def test_an_edited_prompt_of_a_comparison_is_not_made_again(tmp_path: Path):
    plan = Plan(("random",), ("random",), shots=2)
    table = compare(scripted(talker), task(), plan, tmp_path, prompts={"mine": prompt()})
    editing = Editing.of(tmp_path / "prompts" / "random-random-k6-seed0.json")
    editing.begin()
    editing.form_file.write_text(editing.form_file.read_text().replace("=== instruction\n", "=== instruction\nListen! "))
    assert editing.finish(editing.read()).instruction.startswith("Listen! ")
    with pytest.raises(RunError, match="random-random-k6-seed0.json was edited by hand, and would be lost"):
        compare(scripted(talker), task(), plan, tmp_path, prompts={"mine": prompt()})
    editing.original.replace(editing.file)
    assert compare(scripted(talker), task(), plan, tmp_path, prompts={"mine": prompt()}).digest() == table.digest()


def test_an_edit_takes_the_texts_that_were_read(tmp_path: Path):
    prompt().save(tmp_path)
    editing = Editing.of(tmp_path)
    editing.begin()
    before = editing.form_file.read_text()
    editing.form_file.write_text(before.replace("=== instruction\n", "=== instruction\nListen! "))
    texts = editing.read()
    editing.form_file.write_text(before.replace("=== instruction\n", "=== instruction\nToo late! "))
    assert editing.finish(texts).instruction.startswith("Listen! ") and not editing.form_file.exists()
    assert Prompt.load(tmp_path).instruction.startswith("Listen! ")


def test_the_race_of_an_edited_prompt_is_about_the_one_before(run: Run, tmp_path: Path):
    from selfamplify import SearchSpace, Tuning, tune

    space = SearchSpace(("random",), ("random",), (0,), shots=(2,), keywords=(2,), orders=("xry",))
    found = tune(scripted(talker), task(60, 30), tmp_path, budget="calls=200", space=space)
    editing = Editing.of(tmp_path)
    editing.begin()
    editing.form_file.write_text(editing.form_file.read_text().replace("=== instruction\n", "=== instruction\nListen! "))
    edited = editing.finish(editing.read())
    assert edited.evidence is None and edited.edits[0].lost_evidence
    assert Tuning.load(tmp_path).prompt == found.prompt
    code, out, _ = run("show", tmp_path)
    assert (
        code == 0
        and "The race, which is about the prompt before it was edited:" in out
        and found.evidence.conclusion[:40] in out
    )
    assert run("report", tmp_path)[0] == 0 and "Edited by hand" in (tmp_path / "report.html").read_text()
    editing.original.unlink()
    with pytest.raises(DataError, match="describes the original"):
        Tuning.load(tmp_path)
    code, _, err = run("show", tmp_path)
    assert code == 0 and "the race of this folder was about the prompt before it was edited" in err
