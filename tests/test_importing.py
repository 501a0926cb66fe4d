"""Prompts of other tools: what is sent is what their files say, whatever the texts; what is guessed is said."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from hostile import HOSTILE
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small import Run, number_of, question, scripted, task, wrong

from selfamplify import (
    Choice,
    DataError,
    Plan,
    Prompt,
    Question,
    SelfAmplifyWarning,
    SettingsError,
    Task,
    compare,
    evaluate,
    import_prompt,
)
from selfamplify.cli.given import baseline
from selfamplify.importing.binding import bound
from selfamplify.importing.labels import guessed
from selfamplify.records import Chat, Layout
from selfamplify.runs.given import given_prompts
from selfamplify.runs.responses import load_responses
from selfamplify.runs.tested import row_name
from selfamplify.text.replies import through_last_line

DATA = Path(__file__).parent / "data"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=25) | st.sampled_from(
    [*HOSTILE, "Q: x\nA: y", "Review: good\nSentiment:", "{question}", "{{x}}", "(A) one (B) two", "a\n\nb", "a\r\nb", "\n"]
)
UNTOUCHED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
REVIEWS = ["a feast for the eyes", "two dull hours", "clever and warm", "a mess"]
SENTIMENTS = ["positive", "negative", "positive", "negative"]


def written(folder: Path, content: object, name: str = "mine.json") -> Path:
    """A file with JSON, or with a text."""
    file = folder / name
    file.write_bytes((content if isinstance(content, str) else json.dumps(content)).encode())
    return file


def turns(pairs: list[tuple[str, str]]) -> list[dict[str, str]]:
    """The messages of shots."""
    return [{"role": role, "content": text} for pair in pairs for role, text in zip(("user", "assistant"), pair, strict=True)]


def sentiments(before: str = "Review: ", after: str = "\nSentiment:") -> list[tuple[str, str]]:
    """Four reviews with their sentiments, in a frame."""
    return [(f"{before}{text}{after}", label) for text, label in zip(REVIEWS, SENTIMENTS, strict=True)]


def reviews(names: tuple[str, str] = ("negative", "positive"), train: int = 12, test: int = 6) -> Task:
    """A task of two labels."""
    choices = tuple(map(Choice, "AB", names))
    made = [Question(f"r{n}", f"film #{n}# is {'good' if n % 2 else 'bad'}", choices, "AB"[n % 2]) for n in range(train + test)]
    return Task("reviews", tuple(made[:train]), tuple(made[train:]), dict(zip("AB", names, strict=True)))


def critic(chat: Chat) -> str:
    """Says the right sentiment of a review of ``reviews``; to a third of them in a whole sentence."""
    label = "positive" if number_of(chat) % 2 else "negative"
    return label if number_of(chat) % 3 else f"I would say that the answer is {label}."


@UNTOUCHED
@given(
    system=st.none() | TEXT,
    pairs=st.lists(st.tuples(TEXT, TEXT), max_size=4),
    slot=st.sampled_from([None, "{question}", "{{question}}", "{{ input }}", "{input}", "{text}", "{review}"]),
    around=st.tuples(TEXT, TEXT),
    asked=TEXT,
    how=st.sampled_from(["list", "object", "line"]),
)
def test_the_messages_that_are_sent_are_those_of_the_file(
    system: str | None, pairs: list[tuple[str, str]], slot: str | None, around: tuple[str, str], asked: str, how: str,
    tmp_path: Path,
):  # fmt: skip
    around = (around[0].replace("{", "").replace("}", ""), around[1].replace("{", "").replace("}", ""))
    pairs = [(shot.replace("{question}", "?"), reply) for shot, reply in pairs]
    original = [] if system is None else [{"role": "system", "content": system}]
    original += turns(pairs)
    last = [] if slot is None else [{"role": "user", "content": slot.join(around)}]
    content: object = [*original, *last] if how == "list" else {"messages": [*original, *last]}
    if not original and not last:
        return
    prompt = import_prompt(written(tmp_path, f"\n{json.dumps(content)}\n\n" if how == "line" else content))
    wanted = {"role": "user", "content": asked if slot is None else asked.join(around)}
    kept = [turn for turn in original if turn["role"] != "system" or turn["content"]]  # an empty system turn says nothing
    assert prompt.messages(asked) == [*kept, wanted]
    assert prompt.prefill == "" and prompt.imported is not None and prompt.imported.notes
    prompt.save(tmp_path / "out")
    assert Prompt.load(tmp_path / "out") == prompt


@UNTOUCHED
@given(pairs=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=3), start=TEXT)
def test_a_begun_reply_is_begun_everywhere(pairs: list[tuple[str, str]], start: str, tmp_path: Path):
    pairs = [(shot.replace("{question}", "?"), reply) for shot, reply in pairs]
    prompt = import_prompt(written(tmp_path, turns([*pairs, ("Now: {question}", start)])))
    assert prompt.prefill == start and prompt.messages("x") == [*turns(pairs), {"role": "user", "content": "Now: x"}]


def test_what_was_guessed_of_chat_messages_is_said(tmp_path: Path):
    shots = sentiments()
    shots[0] = (f"Say one word.\n\n{shots[0][0]}", shots[0][1])
    file = written(tmp_path, [{"role": "developer", "content": "Be brief."}, *turns(shots),
                              {"role": "user", "content": "Review: {question}\nSentiment:"}])  # fmt: skip
    prompt = import_prompt(file)
    assert prompt.instruction == "Say one word.\n" and prompt.system == "Be brief."
    assert [shot.question.text for shot in prompt.shots] == REVIEWS
    assert [prompt.label_map[shot.label] for shot in prompt.shots] == SENTIMENTS and prompt.answer_style == "label"
    assert prompt.layout == Layout(("Review: ", "\nSentiment:"))
    assert prompt.imported is not None
    notes = " ".join(prompt.imported.notes)
    for part in ("4 shots", "developer", 'up to "Review:"', "names of labels: positive", "Review: ⟨question⟩ Sentiment:"):
        assert part in notes
    without = import_prompt(written(tmp_path, turns(shots)))
    assert without.imported is not None
    assert 'without the "Review:" and the "Sentiment:" of the shots' in " ".join(without.imported.notes)
    assert r'"Review: {question}\nSentiment:" to add it' in " ".join(without.imported.notes)
    ended = import_prompt(written(tmp_path, turns(sentiments(before=""))))
    assert ended.imported is not None and 'without the "Sentiment:" of the shots' in " ".join(ended.imported.notes)


@pytest.mark.parametrize("between", [(" (", ") "), ("\n(", ") "), ("\n", ". "), ("\n", ") "), ("\n", ": ")])
@pytest.mark.parametrize("framed", [False, True])
def test_choices_are_shown_to_new_questions_as_in_the_shots(between: tuple[str, str], framed: bool, tmp_path: Path):
    before, after = between
    around = ("Question: ", "\nAnswer:") if framed else ("", "")

    def asked(text: str, *choices: str) -> str:
        offered = "".join(f"{before}{letter}{after}{each}" for letter, each in zip("ABCD", choices, strict=False))
        return f"{text}{offered}".join(around)

    pairs = [(asked("What is wet?", "sand", "rain"), "Rain is, so the answer is (B)"),
             (asked("What barks?", "a dog", "a cat", "a cow"), "The answer is (A)")]  # fmt: skip
    prompt = import_prompt(written(tmp_path, [*turns(pairs), {"role": "user", "content": "{question}".join(around)}]))
    assert [shot.label for shot in prompt.shots] == ["B", "A"] and prompt.answer_style == "letter"
    own = bound(prompt, task()).prompt
    sent = own.messages(question(choices=("one", "two", "three"), text="New?"))
    assert sent[:-1] == turns(pairs) and sent[-1]["content"] == asked("New?", "one", "two", "three")


FEW_SHOT = {
    "Q:": ("Q:", "A:"), "Question:": ("Question:", "Answer:"), "Input:": ("Input:", "Output:"),
}  # fmt: skip


@pytest.mark.parametrize("asks", FEW_SHOT)
@pytest.mark.parametrize("end", ["", "\n\n{0} {{question}}\n{1}", "\n\n{0}\n{1}", "\n\n{0} {{{{question}}}}"])
def test_a_few_shot_text_keeps_its_lines(asks: str, end: str, tmp_path: Path):
    _, answers = FEW_SHOT[asks]
    blocks = [f"{asks} {text}\n{answers} {label}" for text, label in zip(REVIEWS, SENTIMENTS, strict=True)]
    text = "Rate the reviews.\n\n" + "\n\n".join(blocks) + end.format(asks, answers)
    for content in (text, f"\ufeff{text}\n", text.replace("\n", "\r\n")):
        prompt = import_prompt(written(tmp_path, content, "few.txt"))
        assert prompt.instruction == "Rate the reviews." and prompt.prefill == (answers if end.endswith("{1}") else "")
        sent = [message["content"] for message in prompt.messages("x y")]
        assert "\n\n".join("\n".join(pair) for pair in zip(sent[:-1:2], sent[1::2], strict=True)) == "\n".join(
            ["Rate the reviews.", *"\n\n".join(blocks).split("\n")]
        )
        assert sent[-1] == f"{asks} x y"
        assert [prompt.label_map[shot.label] for shot in prompt.shots] == SENTIMENTS


def test_speakers_become_roles(tmp_path: Path):
    text = "User: Hello,\nis this good?\nAssistant: The answer is positive.\n\nUser: and this?\n\nAssistant: negative\n"
    prompt = import_prompt(written(tmp_path, text, "few.txt"))
    assert prompt.messages("x") == [
        *turns([("Hello,\nis this good?", "The answer is positive."), ("and this?", "negative")]),
        {"role": "user", "content": "x"},
    ]


def test_a_dspy_program_as_dspy_saves_it():
    prompt = import_prompt(DATA / "dspy_chain_of_thought.json")
    assert prompt.instruction == "Classify the sentiment of a movie review as negative or positive."
    assert [prompt.label_map[shot.label] for shot in prompt.shots] == ["positive", "negative", "negative"]
    assert prompt.shots[0].reply == "Reasoning: Gripping and beautifully are praise.\nAnswer: positive"
    assert prompt.shots[2].reply == "Answer: negative"
    assert prompt.messages("x")[-1] == {"role": "user", "content": "Question: x"}
    assert prompt.imported is not None and "Without reasoning, which is left out there: shot 3." in prompt.imported.notes
    other = import_prompt(DATA / "dspy_predict.json")
    assert other.shots[1].reply == "Topic: business"
    assert other.shots[1].question.text == "Passage Text: The bank raised rates.\nHint: money"
    assert other.imported is not None and any("several input fields" in note for note in other.imported.notes)


@UNTOUCHED
@given(demos=st.lists(st.fixed_dictionaries({"question": TEXT, "reasoning": TEXT, "answer": TEXT}), max_size=3), said=TEXT)
def test_dspy_demonstrations_survive_whatever_their_texts(demos: list[dict[str, str]], said: str, tmp_path: Path):
    fields = [{"prefix": f"{name.title()}:", "description": f"${{{name}}}"} for name in ("question", "reasoning", "answer")]
    state = {"traces": [], "train": [], "demos": demos, "signature": {"instructions": said, "fields": fields}, "lm": None}
    prompt = import_prompt(written(tmp_path, {"predict": state, "metadata": {"dependency_versions": {}}}))
    assert prompt.instruction == said
    sent = [message["content"] for message in prompt.messages("x")]
    for place, demo in enumerate(demos):
        opened = f"{said}\n" if said and place == 0 else ""
        assert sent[2 * place] == f"{opened}Question: {demo['question']}"
        assert sent[2 * place + 1] == f"Reasoning: {demo['reasoning']}\nAnswer: {demo['answer']}"


USER, REPLY = {"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}
REFUSED: dict[str, tuple[object, str]] = {
    "nothing": ("", "is none of these: chat messages"),
    "prose": ("Please rate the review.", "is none of these"),
    "another JSON": ({"rows": []}, "is none of these"),
    "no JSON": ("{", "is not JSON"),
    "two lines": (f"{json.dumps([USER])}\n{json.dumps([USER])}\n", "holds 2 lines of JSON"),
    "empty": ([], "holds no list of messages"),
    "no object": ([3], "has a message 1 that is not an object"),
    "a tool": ([USER, {"role": "tool", "content": "z"}], "has the role 'tool' in message 2"),
    "a call": ([USER, {**REPLY, "tool_calls": [{"id": 1}]}], 'has "tool_calls" in message 2'),
    "a name": ([{**USER, "name": "Ann"}, REPLY], 'has "name" in message 1'),
    "an image": ([{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}, REPLY], "content is not a text"),
    "two users": ([USER, USER, REPLY], "must alternate"),
    "assistant first": ([REPLY, USER], "must alternate"),
    "system later": ([USER, REPLY, {"role": "system", "content": "z"}], "has a system turn as message 3"),
    "no place": ([USER, REPLY, USER], "has no reply and no place for a question .*write {question}"),
    "two places": ([USER, REPLY, {"role": "user", "content": "{passage} {question}"}], "has several places"),
    "two predictors": (
        {name: {"signature": {"fields": []}, "demos": []} for name in ("first.predict", "second.predict")},
        "several predictors .first.predict, second.predict.",
    ),
    "no fields": ({"signature": {"instructions": "x"}, "demos": []}, "has a signature without an input and an output field"),
    "no answer": ("Q: a\nQ: b\nA: c", 'has no "A:" after question 1'),
    "two answers": ("Q: a\nA: b\nA: c", "has 2 lines that begin"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_can_not_be_sent_as_it_is_is_refused_in_one_line(what: str, tmp_path: Path):
    content, said = REFUSED[what]
    file = written(tmp_path, content)
    with pytest.raises(DataError, match=said) as error:
        import_prompt(file)
    assert "\n" not in str(error.value) and str(file) in str(error.value)


def test_other_files_are_refused_in_one_line(tmp_path: Path):
    (tmp_path / "latin.txt").write_bytes("Q: für\nA: ja".encode("latin-1"))
    Prompt("io", "Choose.", (), {}).save(tmp_path / "own.json")
    for name, said in {"latin.txt": "is not UTF-8", "own.json": "Prompt.load", "none.json": "can't be read"}.items():
        with pytest.raises(DataError, match=said):
            import_prompt(tmp_path / name)


@pytest.mark.parametrize(
    ("replies", "names", "letters"),
    [
        (["positive", "Negative.", "positive"], ["positive", "Negative"], "ABA"),
        (["It soars. The answer is positive", "Sentiment: negative"], ["positive", "negative"], "AB"),
        (["(B)", "The answer is (A).", "B"], ["A", "B"], "BAB"),
        (["It is a long story that I will not tell here", "Another long story, and no label in it"], [], ["", ""]),
        (["18", "42", "7", "1,024", "3", "99"], [], [""] * 6),
        (["yes", "no", "what do you mean by that, my friend?"], ["yes", "no"], ["A", "B", ""]),
        ([], [], []),
    ],
)
def test_labels_are_guessed_from_the_replies(replies: list[str], names: list[str], letters: str | list[str]):
    found = guessed(replies)
    assert list(found.names.values()) == names and list(found.given) == list(letters)


def test_a_task_says_what_the_labels_are(tmp_path: Path):
    prompt = import_prompt(written(tmp_path, turns(sentiments())))
    assert prompt.label_map == {"A": "positive", "B": "negative"}, "in the order of the shots"
    own = bound(prompt, reviews()).prompt
    assert own.label_map == {"A": "negative", "B": "positive"} and [shot.label for shot in own.shots] == ["B", "A", "B", "A"]
    assert own.context == prompt.context
    for decoding in (prompt.decoding, own.decoding):  # a reply ends with the line that gives a label by its name
        assert through_last_line("So the answer is positive\nand more", decoding.last_line) == "So the answer is positive"
    assert bound(prompt, reviews(("Negative", "Positive"))).prompt.answer_style == "label"
    with pytest.raises(DataError, match="No reply of mine.json gives a label of reviews .*label_names"):
        bound(prompt, reviews(("schlecht", "gut")))
    partly = import_prompt(written(tmp_path, turns([*sentiments(), ("x", "I can't say")])))
    assert bound(partly, reviews()).notes == ("4 of 5 replies of mine.json give a label.",)
    with pytest.raises(DataError, match="choices of the shots of mine.json were not recognised"):
        bound(prompt, task())


def test_letters_must_be_said_to_mean_the_labels(tmp_path: Path):
    pairs = [("a feast", "(B)"), ("a mess", "(A)")]
    unsaid = import_prompt(written(tmp_path, turns(pairs)))
    swapped = import_prompt(written(tmp_path, [{"role": "system", "content": "(A) positive (B) negative"}, *turns(pairs)]))
    for prompt in (unsaid, swapped):
        with pytest.raises(DataError, match=r"does not say .*: \(A\) negative \(B\) positive"):
            bound(prompt, reviews())
    said = import_prompt(written(tmp_path, [{"role": "system", "content": "A: negative, B = positive"}, *turns(pairs)]))
    assert [shot.label for shot in bound(said, reviews()).prompt.shots] == ["B", "A"]


@pytest.mark.parametrize("framed", [True, False])
def test_a_shot_that_is_a_test_question_is_found(framed: bool, tmp_path: Path):
    leaked = reviews().test[0].text.upper()
    frame = ("Review: ", "\nSentiment:") if framed else ("Read this!\nReview: ", "\nSay it.")
    pairs = [*sentiments(), (leaked.join(frame), "negative")]
    last = [{"role": "user", "content": "Review: {question}\nSentiment:"}] if framed else []
    prompt = import_prompt(written(tmp_path, [*turns(pairs), *last]))
    with pytest.raises(DataError, match="Shot 5 of mine.json is also among the 6 test questions"):
        bound(prompt, reviews())
    with pytest.raises(DataError, match="Shot 5"):
        evaluate(scripted(critic), reviews(), prompt)


def test_an_imported_prompt_is_evaluated(tmp_path: Path):
    file = written(tmp_path, turns([(text, f"{text[8:14]} decides: {label}") for text, label in sentiments()]))
    with pytest.warns(SelfAmplifyWarning, match="io has the questions of mine.json with their answers alone"):
        result = evaluate(scripted(critic), reviews(test=24), file, io=True, out=tmp_path / "run")
    assert result.correct == result.n == 24 and result.unparsed == 0 and result.io is not None
    assert {line.cell.selection for line in load_responses(tmp_path / "run")} == {"given"}
    recorded = json.loads((tmp_path / "run" / "results.json").read_text())["settings"]
    assert recorded["imported"] == "mine.json (OpenAI chat messages)"
    unread = written(tmp_path, turns([*sentiments(), ("x", "I can't say")]), "unread.json")
    with pytest.warns(SelfAmplifyWarning, match="4 of 5 replies"):
        with pytest.warns(SelfAmplifyWarning, match="1 of 5 shots of unread.json gives no label"):
            assert evaluate(scripted(critic), reviews(), unread, io=True).io is None, "IO needs the answers of all shots"


@pytest.mark.parametrize("written_as", ["{}", "Sentiment: {}.", "The answer is {}"])
def test_shots_with_answers_alone_are_not_tested_against_the_same_shots(written_as: str, tmp_path: Path):
    file = written(tmp_path, turns([(text, written_as.format(label)) for text, label in sentiments()]))
    with pytest.warns(SelfAmplifyWarning, match="have no rationales, only answers"):
        assert evaluate(scripted(critic), reviews(), file, io=True).io is None


def test_a_comparison_tests_everything_against_a_prompt(tmp_path: Path):
    file = written(tmp_path, turns(sentiments()))
    seen: list[Chat] = []

    def counting(chat: Chat) -> str:
        seen.append(chat)
        return critic(chat)

    plan = Plan(("random", "zero_shot"), ("random", "success"), shots=2, seeds=(0, 1))
    table = compare(scripted(counting), reviews(test=20), plan, tmp_path / "run", prompts={"mine": file})
    rows = [row for row in table.rows if row.method == "mine"]
    assert {(row.selection, row.seed) for row in rows} == {(s, n) for s in ("random", "success") for n in (0, 1)}
    assert all(row.correct == 20 and row.shots == 4 for row in rows)
    assert {each.second for each in table.against("mine")} == {"mine"}
    assert {each.first for each in table.against("mine")} == {"io", "random", "zero_shot"}
    sent = import_prompt(file).messages(reviews(test=20).test[0].text)
    asked = [chat for chat in seen if [asdict(message) for message in chat.messages] == sent]
    assert len(asked) == 1, "answered once for all samples"
    count = len(seen)
    assert (
        compare(scripted(counting), reviews(test=20), plan, tmp_path / "run", prompts={"mine": file}).digest() == table.digest()
    )
    assert len(seen) == count, "a finished run is only read"
    other = written(tmp_path, turns(sentiments()[:3]), "other.json")
    with pytest.raises(Exception, match="other `prompts`"):
        compare(scripted(critic), reviews(test=20), plan, tmp_path / "run", prompts={"mine": other})


def test_a_prompt_of_ours_can_be_the_baseline(tmp_path: Path):
    model, questions = scripted(wrong), task()
    own = compare(model, questions, Plan(("random",), ("random",), shots=2), tmp_path / "first")
    prompt = Prompt.load(tmp_path / "first" / "prompts" / "random-random-k6-seed0.json")
    table = compare(model, questions, Plan(("io",), ("random",), shots=2), tmp_path / "second", prompts={"best": prompt})
    first, second = (next(row for row in each.rows if row.called == name) for each, name in ((own, "random"), (table, "best")))
    assert (first.correct, first.keywords) == (second.correct, second.keywords)


@pytest.mark.parametrize("begun", ["[Instructions] Answer.", "{Task} Answer."])
def test_a_few_shot_text_may_begin_like_json(begun: str, tmp_path: Path):
    prompt = import_prompt(written(tmp_path, f"{begun}\r\n\r\nQ: a?\r\nA: yes\r\n\r\nQ: b?\r\nA: no\r\n", "mine.txt"))
    assert prompt.instruction == begun and [shot.reply for shot in prompt.shots] == ["A: yes", "A: no"]
    with pytest.raises(DataError, match="is not JSON"):
        import_prompt(written(tmp_path, '[{"role": "user", "content": "Q: a?", ]'))


@given(around=st.lists(TEXT, min_size=2, max_size=4), asked=TEXT)
def test_the_question_of_a_turn_is_found_again(around: list[str], asked: str):
    layout = Layout(tuple(around))
    assert layout.asked(layout.written(asked)) == asked


@pytest.mark.parametrize(
    ("prompts", "said"),
    [
        ("runs/mine", "names no prompts"), ({"io": "x"}, "is a method"), ({"a/b": "x"}, "can't name a row"),
        ({"": "x"}, "can't name a row"), ({"mine": 3}, "is a Prompt, its file or its run folder"),
    ],
)  # fmt: skip
def test_prompts_that_can_not_be_rows_are_refused(prompts: object, said: str):
    with pytest.raises(SettingsError, match=said):
        given_prompts(prompts, ("io",), reviews())


@pytest.mark.long
@pytest.mark.filterwarnings("always::selfamplify.SelfAmplifyWarning")
def test_the_command_line_imports_evaluates_and_compares(run: Run, tmp_path: Path):
    text = "\n\n".join(
        f"Q: {asked}\n(A) {one}\n(B) {two}\nA: The answer is ({label})"
        for asked, one, two, label in [("What do cats chase?", "mice", "stones", "A"), ("What is wet?", "sand", "rain", "B")]
    )
    file = written(tmp_path, f"Answer.\n\n{text}\n\nQ: {{question}}\nA:", "few shots.txt")
    code, out, err = run("import", file, "--out", tmp_path / "mine")
    assert code == 0 and "Q: ⟨question⟩" in out and "Every reply is begun with 'A:'" in err
    code, _, err = run("import", file, "--out", tmp_path / "mine")
    assert code == 2 and "exists already" in err and "--out" in err and err.count("\n") == 1
    code, out, err = run("show", tmp_path / "mine")
    assert code == 0 and "Imported from few shots.txt." in out
    code, _, err = run("evaluate", tmp_path / "mine", "--model", "embedded")
    assert code == 2 and "imported from few shots.txt" in err and "--model embedded and --task planted_arc" in err
    code, out, err = run(
        "evaluate", tmp_path / "mine", "--model", "embedded", "--task", "planted_arc", "--limit", 3, "--max-new-tokens", 12
    )
    assert code == 0 and "imported" in out and "note: Not tested against IO: the shots of few shots.txt" in err, err
    options = ("compare", "--model", "embedded", "--methods", "zero_shot", "--selections", "random", "--shots", 2, "--limit", 3)
    options += ("--max-new-tokens", 12)
    folder = tmp_path / "out"
    code, out, err = run(*options, "--against", file, "--out", folder)
    assert code == 0 and "tested against few_shots" in " ".join(out.split()) and "zero_shot" in out, err
    for further in ((), ("--against", "few_shots")):
        code, shown, err = run("show", folder, *further)
        assert code == 0 and "tested against few_shots" in " ".join(shown.split()), err
    assert "tested against" not in run("show", folder, "--against", "io")[1]
    assert run("report", folder, "--markdown", tmp_path / "table.md")[0] == 0
    assert "Gain over few\\_shots" in (tmp_path / "table.md").read_text()
    assert run("report", folder)[0] == 0 and "few_shots, given" in (page := (folder / "report.html").read_text())
    assert "tested against few_shots" in page and "won against few_shots" in page and "Gain over few_shots" in page
    assert run("report", folder, "--against", "io")[0] == 0
    assert "tested against io" in (page := (folder / "report.html").read_text()) and "Gain over IO" in page
    code, _, err = run("report", folder, "--against", "nowhere")
    assert code == 2 and "'nowhere' is not a method of this table" in err
    code, _, err = run(*options, "--against", "nowhere", "--out", tmp_path / "none")
    assert code == 2 and "'nowhere' is neither a method of this comparison (io, zero_shot)" in err.splitlines()[-1]


def test_a_baseline_may_be_a_file_a_folder_or_a_prompt_json(tmp_path: Path):
    file = written(tmp_path, turns(sentiments()), "my present.json")
    prompt = import_prompt(file)
    prompt.save(tmp_path / "mine")
    plan = Plan(("random",), keywords=(4, 6))
    for against, name in ((file, "my_present"), (tmp_path / "mine", "mine"), (tmp_path / "mine" / "prompt.json", "mine")):
        assert baseline(str(against), plan) == (name, {name: prompt})
    assert row_name(Path("random.txt")) == "my_random" and row_name(Path("日本.txt")) == "mine"
    assert baseline("random-k4", plan) == ("random-k4", {}) and baseline("io", plan) == ("io", {})
