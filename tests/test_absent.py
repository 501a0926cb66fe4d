"""A folder holds one prompt and its results: what is refused besides, and what is said where the prompt is missing."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from small import Run, scripted, talker, task

from selfamplify import Plan, RunError, amplify, build, compare, evaluate, faithfulness, tune
from selfamplify.errors import DataError
from selfamplify.prompting.prompt import Prompt
from selfamplify.runs.absent import load_prompt

MODEL, TASK = scripted(talker), task()


def built(folder: Path, method: str = "self_topk") -> Prompt:
    return build(MODEL, TASK, folder, method=method, selection="random", shots=2)


def test_a_prompt_is_not_built_beside_results_of_another_one(tmp_path: Path):
    first, results = built(tmp_path / "first"), tmp_path / "results"
    evaluate(MODEL, TASK, first, out=results)
    with pytest.raises(
        RunError, match='results of `selfamplify evaluate`, which do not belong to this prompt; use .*results-2"`'
    ):
        built(results)
    compare(MODEL, TASK, Plan(("io",), ("random",), shots=2), tmp_path / "compared")
    with pytest.raises(RunError, match="holds results of `selfamplify compare`"):
        built(tmp_path / "compared")
    assert not (results / "prompt.json").exists()
    with pytest.raises(RunError, match="holds results of `selfamplify evaluate`"):
        tune(MODEL, TASK, results, budget="calls=50")
    evaluate(MODEL, TASK, first, out=tmp_path / "first")
    assert built(tmp_path / "first") == first, "a prompt stays beside its own results"


def test_a_comparison_is_not_made_beside_a_prompt(tmp_path: Path):
    built(tmp_path)
    with pytest.raises(RunError, match="holds a prompt, to which these results do not belong"):
        compare(MODEL, TASK, Plan(("io",), ("random",), shots=2), tmp_path)
    with pytest.raises(RunError, match="holds a prompt, to which these results do not belong"):
        faithfulness(MODEL, TASK, ["self_topk"], out=tmp_path)


def test_a_prompt_is_not_imported_beside_results(run: Run, tmp_path: Path):
    evaluate(MODEL, TASK, built(tmp_path / "first"), out=tmp_path / "results")
    (tmp_path / "few.txt").write_text("Q: Who?\nA: me\n\nQ: What?\nA: this\n\nQ: {question}\nA:")
    code, _, err = run("import", tmp_path / "few.txt", "--out", tmp_path / "results")
    assert code == 2 and "holds results of selfamplify evaluate" in err
    assert run("import", tmp_path / "few.txt", "--out", tmp_path / "imported")[0] == 0


def test_results_of_another_prompt_do_not_come_before_a_prompt_that_is_not_finished(tmp_path: Path):
    first, second = built(tmp_path / "first"), built(tmp_path / "second", "random")
    (tmp_path / "first" / "prompt.json").unlink()
    with pytest.raises(RunError, match="holds a prompt that is not finished"):
        evaluate(MODEL, TASK, second, out=tmp_path / "first")
    assert built(tmp_path / "first") == first


def test_a_folder_whose_settings_are_lost_goes_on_with_its_own_prompt(tmp_path: Path):
    prompt = built(tmp_path)
    evaluate(MODEL, TASK, prompt, out=tmp_path)
    with closing(sqlite3.connect(tmp_path / "run.sqlite")) as store, store:
        for table in ("settings", "spare_settings"):
            store.execute(f"DELETE FROM {table} WHERE what = 'prompt'")
    assert built(tmp_path) == prompt


def test_a_prompt_is_not_evaluated_in_the_folder_of_another_one(tmp_path: Path):
    first, second = built(tmp_path / "first"), built(tmp_path / "second", "random")
    with pytest.raises(RunError, match='holds another prompt, and these results would be taken for its own; .*first-2"`'):
        evaluate(MODEL, TASK, second, out=tmp_path / "first")
    assert not (tmp_path / "first" / "results.json").exists()
    evaluate(MODEL, TASK, first, out=tmp_path / "first")


def test_a_folder_without_a_prompt_says_whose_results_it_has(tmp_path: Path):
    evaluate(MODEL, TASK, built(tmp_path / "first"), out=tmp_path / "results")
    for path in (tmp_path / "results", tmp_path / "results" / "prompt.json"):
        with pytest.raises(DataError, match="results holds only the results of a prompt that is elsewhere; name its folder.$"):
            load_prompt(path)
    with pytest.raises(DataError, match="holds only the results of a prompt that is elsewhere"):
        evaluate(MODEL, TASK, tmp_path / "results")
    (tmp_path / "results" / "run.toml").write_text('[evaluate]\nprompt = "runs/first"\n')
    with pytest.raises(DataError, match="name its folder, runs/first.$"):
        load_prompt(tmp_path / "results")


def test_a_prompt_that_is_not_finished_or_lost_is_said_to_be(tmp_path: Path):
    folder = tmp_path / "run"
    prompt = built(folder)
    (folder / "prompt.json").unlink()
    with pytest.raises(DataError, match=f"Nothing in {folder} is finished yet; run the same command again"):
        load_prompt(folder)
    assert built(folder) == prompt
    evaluate(MODEL, TASK, folder, out=folder)
    (folder / "prompt.json").unlink()
    with pytest.raises(DataError, match=f"There is no prompt at .*; check the path, or make one with .* --out {folder}`"):
        load_prompt(folder)


def test_a_comparison_that_has_no_prompts_yet_is_not_finished(tmp_path: Path):
    compare(MODEL, TASK, Plan(("io",), ("random",), shots=2), tmp_path)
    for file in (*tmp_path.glob("prompts/*.json"), tmp_path / "results.json"):
        file.unlink()
    with pytest.raises(DataError, match="is finished yet; run the same command again"):
        load_prompt(tmp_path)


def test_a_prompt_of_ones_own_that_is_lost_is_not_made_again(tmp_path: Path):
    prompt = amplify(MODEL, TASK, explainer="random", selection="random", shots=2)
    prompt.save(tmp_path)
    evaluate(MODEL, TASK, prompt, out=tmp_path)
    (tmp_path / "prompt.json").unlink()
    (tmp_path / "run.toml").write_text(f"[evaluate]\nprompt = '{tmp_path}'\n")
    with pytest.raises(DataError, match="holds results, but no longer their prompt; put its prompt.json back"):
        load_prompt(tmp_path)


def test_a_damaged_store_says_no_more_than_that_there_is_no_prompt(tmp_path: Path):
    (tmp_path / "run.sqlite").write_bytes(b"no database")
    with pytest.raises(DataError, match="There is no prompt at"):
        load_prompt(tmp_path)
    with pytest.raises(DataError, match="There is no prompt at"):
        load_prompt(tmp_path / "nowhere")


@pytest.mark.parametrize("command", ["evaluate", "export", "serve", "show", "report", "edit"])
def test_an_empty_path_is_refused(run: Run, command: str):
    code, _, err = run(command, "", *(["--to", "openai"] if command == "export" else []))
    assert code == 2 and err == "error: The path is empty; name a run folder, such as runs/mine.\n"
