"""Plain arguments of the wrong kind, and what each refusal must say (test_arguments.py, without run-time type checks)."""

# pyright: basic, reportArgumentType=false, reportCallIssue=false

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from small import scripted, talker, task

import selfamplify
from selfamplify import (
    DEFAULT,
    Budget,
    KernelShap,
    Plan,
    Prompt,
    SearchSpace,
    SelfAmplify,
    Task,
    amplify,
    build,
    contrast,
    evaluate,
    faithfulness,
    tune,
)

Call = Callable[[Path], object]
SCRIPTED, SMALL = scripted(talker), task()
PROMPT = Prompt("zero_shot", "Choose.", (), SMALL.label_map)
RESULT = evaluate(scripted(talker), SMALL, PROMPT)
_NO_BUDGETS: list[dict[str, Any]] = [
    {"seconds": "5"}, {"seconds": float("nan")}, {"seconds": float("inf")}, {"calls": 2.5}, {"calls": True}
]  # fmt: skip


def _read(folder: Path, name: str = "quiz.csv", **given: Any) -> Task:
    (folder / name).write_text("question,a,b,answer\nq,x,y,A\nr,x,y,B\n")
    return selfamplify.load_task("file", folder / name, **given)


WRONG: list[tuple[str, Call, str]] = [
    ("amplify shots", lambda _: amplify(SCRIPTED, SMALL, "random", shots=2.5), "`shots=8`"),
    ("amplify keywords", lambda _: amplify(SCRIPTED, SMALL, "random", keywords="6"), "`keywords=6`"),
    ("amplify seed", lambda _: amplify(SCRIPTED, SMALL, "random", seed="x"), "`seed=0`"),
    ("amplify selection", lambda _: amplify(SCRIPTED, SMALL, "random", selection=None), "error, random, success"),
    ("amplify progress", lambda _: amplify(SCRIPTED, SMALL, "random", selection="random", progress=True), "`progress=print`"),
    ("amplify file", lambda _: amplify(SCRIPTED, "quiz.csv", "random"), 'load_task("file", "quiz.csv")'),
    ("evaluate limit", lambda _: evaluate(SCRIPTED, SMALL, PROMPT, limit="3"), "`limit="),
    ("evaluate decide", lambda _: evaluate(SCRIPTED, SMALL, PROMPT, decide="vote"), '`decide="likelihood"`'),
    (
        "evaluate calibrate",
        lambda _: evaluate(SCRIPTED, SMALL, PROMPT, decide="likelihood", calibrate="yes"),
        "use one of: off, content_free, batch",
    ),
    (
        "evaluate votes",
        lambda _: evaluate(SCRIPTED, SMALL, PROMPT, self_consistency=5, decide="likelihood"),
        '`decide="generate"`',
    ),
    ("evaluate temperature", lambda _: evaluate(SCRIPTED, SMALL, PROMPT, temperature=0.5), "`self_consistency=5`"),
    ("evaluate io", lambda _: evaluate(SCRIPTED, SMALL, PROMPT, io="no"), "`io=True`"),
    ("evaluate out", lambda _: evaluate(SCRIPTED, SMALL, PROMPT, out=5), '`out="runs/mine"`'),
    ("build out", lambda _: build(SCRIPTED, SMALL, "", method="random", selection="random", shots=2), '`out="runs/mine"`'),
    ("plan text", lambda _: Plan("random"), "`methods=('random',)`"),
    ("plan number", lambda _: Plan(("random",), keywords=6), "`keywords=(6,)`"),
    ("plan seed", lambda _: Plan(("random",), seeds=("0",)), "`seed=0`"),
    ("plan seed twice", lambda _: Plan(("random",), seeds=(0, 1, 0)), "use `seeds=(0, 1)`"),
    ("plan limit", lambda _: Plan(("random",), limit=-1), "`limit=350`"),
    ("plan no keywords", lambda _: Plan(("io",), keywords=(0,)), "`keywords=6`"),
    ("plan keywords as a text", lambda _: Plan(("io",), keywords=("6",)), "`keywords=6`"),
    ("plan steps", lambda _: Plan(("io",), steps=0), "`steps=3`"),
    ("space orders", lambda _: SearchSpace(orders=("foo",)), "xry, xyr"),
    ("space styles", lambda _: SearchSpace(answer_styles=("bar",)), "auto, letter, label, text"),
    ("space instructions", lambda _: SearchSpace(instructions=(None, 3)), "`instruction=3` is not a text"),
    ("profile instruction", lambda _: replace(DEFAULT, instruction=3), "`instruction=3` is not a text"),
    *((f"budget {own}", lambda _, own=own: Budget(**own), "`Budget(calls=2000)`") for own in _NO_BUDGETS),
    ("tune space", lambda folder: tune(SCRIPTED, SMALL, folder, space="x"), "`space=SearchSpace("),
    ("tune begun", lambda folder: tune(SCRIPTED, SMALL, folder, begun="x"), "`time.monotonic()`"),
    ("contrast of numbers", lambda _: contrast(5, 6), "`contrast([first], [second])`"),
    ("contrast of results", lambda _: contrast(RESULT, RESULT), "`contrast([first], [second])`"),
    ("plan settings", lambda _: Plan(("random",), settings=[1]), "`settings="),
    ("plan rationales", lambda _: Plan(("random",), keep_rationales="some"), '`keep_rationales="useful"`'),
    ("preset", lambda _: selfamplify.preset(SMALL, "table1"), "table1"),
    ("make_explainer", lambda _: selfamplify.make_explainer(KernelShap), "kernel_shap"),
    ("settings", lambda _: selfamplify.make_explainer("lime", ["samples"]), "`settings="),
    ("explainer of a method", lambda _: SelfAmplify("kernel_shap"), "`KernelShap()`"),
    ("session", lambda _: selfamplify.Session("embedded"), '`load_model("embedded")`'),
    ("no session", lambda _: selfamplify.select(SCRIPTED, SMALL, "error", 2, 0), "`Session(model)`"),
    ("question", lambda _: PROMPT.messages(None), "as a text"),
    ("length", lambda _: PROMPT.with_length("9"), "`max_new_tokens=300`"),
    ("explainers", lambda _: faithfulness(SCRIPTED, SMALL, "kernel_shap"), "`explainers=['kernel_shap']`"),
    ("explainer twice", lambda _: faithfulness(SCRIPTED, SMALL, ["lime", "lime"]), "name each once"),
    ("only random words", lambda _: faithfulness(SCRIPTED, SMALL, ["random"]), "no other explainer is named"),
    ("a competitor", lambda _: faithfulness(SCRIPTED, SMALL, ["auto_cot"]), "auto_cot"),
    ("removal", lambda _: faithfulness(SCRIPTED, SMALL, removal=""), '`removal="delete"`'),
    ("removal by a number", lambda _: faithfulness(SCRIPTED, SMALL, removal=0), '`removal="delete"`'),
    ("faithfulness limit", lambda _: faithfulness(SCRIPTED, SMALL, limit=0), "`limit="),
    ("faithfulness keywords", lambda _: faithfulness(SCRIPTED, SMALL, keywords=0), "`keywords=6`"),
    ("faithfulness seed", lambda _: faithfulness(SCRIPTED, SMALL, seed="x"), "`seed=0`"),
    ("faithfulness out", lambda _: faithfulness(SCRIPTED, SMALL, ["self_topk"], out=5), '`out="runs/mine"`'),
    ("faithfulness tables", lambda _: selfamplify.faithfulness_tables("runs/mine"), "`Faithfulness.load(folder)`"),
    ("common settings", lambda _: selfamplify.make_explainers(["lime"], {"steps": 3}), "has a setting 'steps'"),
    ("marks", lambda _: selfamplify.with_marks(SMALL, ""), '`marks="marks.jsonl"`'),
    ("marks of no task", lambda _: selfamplify.with_marks("planted_arc", "marks.jsonl"), '`load_task("commonsenseqa")`'),
    ("exporter", lambda folder: selfamplify.export(PROMPT, 5, folder / "x"), '`to="openai"`'),
    ("exporter task", lambda folder: selfamplify.export(PROMPT, "openai", folder / "x", task=5), '`task="snarks"`'),
    ("few checks", lambda folder: selfamplify.build("embedded", "planted_arc", folder, check=9), "use `check=10` or more"),
    ("exporter check", lambda folder: selfamplify.export(PROMPT, "openai", folder / "x", check="yes"), "`check=True`"),
    ("exporter prefill", lambda folder: selfamplify.export(PROMPT, "openai", folder / "x", prefilled=1), "`prefilled=True`"),
    ("run", lambda _: selfamplify.Run(None), '`out="runs/mine"`'),
    ("table", lambda _: selfamplify.comparison_table("runs/mine"), "`Table.load(folder)`"),
    ("task name", lambda _: selfamplify.load_task(SMALL), '`load_task("snarks")`'),
    ("unknown option", lambda folder: _read(folder, separators=";"), "`separator`"),
    (
        "question column",
        lambda folder: _read(folder, question_column="text"),
        'use `from selfamplify import Columns` and `load_task("file", ',
    ),
    (
        "columns as on the command line",
        lambda folder: _read(folder, answer_column="label", question="text", choice_columns="a, b", context_column="why"),
        'columns=Columns(answer="label", question="text", choices=("a", "b"), context=("why",)))`',
    ),
    ("columns", lambda folder: _read(folder, columns={"question": "q"}), "Columns(question="),
    ("one choice column", lambda folder: _read(folder, columns=selfamplify.Columns(choices="abc")), "choices=('abc',)"),
    ("answers_from", lambda folder: _read(folder, answers_from=2), "`answers_from=0`"),
    ("labels", lambda folder: _read(folder, labels="yes"), '`labels=("no", "yes")`'),
    ("settings of a method", lambda _: selfamplify.make_method("amplify_proxy", settings=["epochs"]), "`settings="),
    ("one label", lambda folder: _read(folder, labels=("yes",)), '`labels=("no", "yes")`'),
    ("label_names", lambda folder: _read(folder, label_names="no"), '`label_names={"0": "negative", "1": "positive"}`'),
    ("shuffle_choices", lambda folder: _read(folder, shuffle_choices="x"), "`shuffle_choices=0`"),
    ("encoding", lambda folder: _read(folder, encoding=8), '`encoding="cp1252"`'),
    ("separator", lambda folder: _read(folder, separator=5), '`separator=";"`'),
    ("header", lambda folder: _read(folder, header="yes"), "`header=True`"),
    ("test_size", lambda folder: _read(folder, test_size=0.2), "`test_size=100`"),
    ("split_seed", lambda folder: _read(folder, split_seed=[1]), "`split_seed=0`"),
    ("data", lambda _: selfamplify.load_task("file", ["a.csv"]), '`data="questions.csv"`'),
    (
        "attributed part",
        lambda _: selfamplify.load_task("planted_arc", attribute="words"),
        "use one of: auto, text, choices, both",
    ),
    ("web address", lambda _: selfamplify.load_task("file", "https://x.org/a.csv"), '`data="hub:owner/name"`'),
    ("JSON header", lambda folder: _read(folder, "quiz.json", header=True), "leave it out"),
]
