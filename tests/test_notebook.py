"""What a notebook shows: everything that a record says, hostile texts as text, scores in titles, and no imports downwards."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hostile import HOSTILE
from hypothesis import given
from hypothesis import strategies as st
from small import question, scripted, talker, task

from selfamplify import (
    AnswerAttribution,
    Choice,
    DecisiveWords,
    Message,
    NamedWords,
    Plan,
    Prompt,
    Question,
    Response,
    Result,
    ScoredPairs,
    ScoredWords,
    Shot,
    Table,
    Task,
    Unit,
    WrittenText,
    build,
    compare,
    evaluate,
)
from selfamplify.cli.listing import listing
from selfamplify.page.words import pieces
from selfamplify.records import Baseline, Cost, Provenance
from selfamplify.records.shown import html_repr
from selfamplify.report.marks import marks
from selfamplify.runs.table import Row
from selfamplify.text.lines import one_line, shortened
from selfamplify.text.printable import printable

TEXTS = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
VOID = {"br", "hr", "img", "meta", "link", "input"}


class Page(HTMLParser):
    """The elements and the text of a piece of HTML, which must be well nested."""

    def __init__(self, html: str):
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.values: list[str] = []
        self.text = ""
        self.open: list[str] = []
        self.underlined: list[str] = []
        self.titles: dict[str, list[str]] = {}
        self._span: dict[str, str | None] = {}
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.values += [value or "" for _, value in attrs]
        self._span = dict(attrs) if tag == "span" else {}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self._span = {}

    def handle_data(self, data: str) -> None:
        self.text += data
        if "underline" in (self._span.get("style") or ""):
            self.underlined.append(data)
        if title := self._span.get("title"):
            self.titles.setdefault(data, []).append(title)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")


ALLOWED = {"div", "b", "span", "details", "summary", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "small"}


def page(record: Any) -> Page:
    """What a notebook shows of a record, checked for what it may hold at all."""
    html = record._repr_html_()
    assert type(html) is str
    found = Page(html)
    assert found.tags <= ALLOWED and found.attributes <= {"style", "class", "title", "scope"}
    styles = [
        value for value in found.values if ":" in value and value.endswith((";", ")", "left", "right", "bold", "%", "px"))
    ]
    assert not any("url(" in value or "expression" in value for value in styles)
    assert printable(found.text) == found.text
    return found


def records(text: str) -> list[Any]:
    """A record of every kind, with a text wherever one may be."""
    asked = Question(text, text, (Choice("A", text), Choice("B", f"{text} no")), "A", (text,))
    words = (text, "moss")
    explained = [
        ScoredWords(text, text, words, (0.5, -0.2), "logit", 0.01, (0.1, 0.1), Cost(3, 0.1), Baseline(text, 3, text)),
        ScoredPairs(text, text, words, (0.5, -0.2), (0.1,), "logprob"),
        DecisiveWords(text, text, words, text, f"{text}!", True),
        NamedWords(text, text, words, text),
        WrittenText(text, text, text),
    ]
    shots = tuple(Shot(asked, text, "A", each) for each in (*explained, None))
    responses = (Response(text, text, "A", text, Cost(1, 0.1)), Response(text, text, None, "none", Cost(1, 0.1), False))
    result = Result(text, text, text, (asked, asked), responses)
    row = Row(text, text, text, 6, text, text, 0, 8, 2, 1, 0.5, 0.1, 0.9, None, 0.0, 1.0)
    unit = Unit("moss", len(text) + 1, len(text) + 5, 1.0)
    attributed = AnswerAttribution((Message("user", f"{text} moss"),), text, (unit,), text, text, "logprob", 1.0, 0.0)
    return [
        asked, *explained, *shots, Prompt(text, text, shots, {"A": text}, prefill=text, system=text), result, attributed,
        Table((row, replace(row, explainer="b", accuracy=0.6)), failed={text: text}),
        Task(text, (asked,), (asked,), {"A": text, "B": text}, (text,), {}, (text,)),
    ]  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_stay_text_in_every_record(text: str):
    for record in records(text):
        found = page(record)
        said = {shortened(one_line(shown), limit) for shown in (text, printable(text)) for limit in (159, 6000)}
        flat = one_line(found.text)
        assert any(one_line(printable(each))[:150] in flat for each in said), type(record)


@given(TEXTS, TEXTS)
def test_any_text_of_a_question_is_shown_as_it_is(text: str, choice: str):
    asked = Question("q", text, (Choice("A", choice), Choice("B", "no")), "A")
    assert printable(asked.render()).replace("\r\n", "\n") in page(asked).text.replace("\r\n", "\n")
    shot = Shot(asked, text, "A", ScoredWords("q", "x", ("no",), (1.0,)))
    assert printable(text) in page(shot).text


def test_words_are_coloured_with_the_score_in_the_title_and_keywords_underlined():
    asked = question(text="George rubs the warm palms")
    words = ("George", "rubs", "the", "warm", "palms")
    scores = ScoredWords("q0", "kernel_shap", words, (0.5, -0.25, 0.9, 1.0, 0.0), "logit", standard_errors=(0.1,) * 5)
    shot = Shot(asked, 'The 2 keywords "George" and "warm" are important to predict that the answer is (B)', "B", scores)
    found = page(shot)
    assert found.titles["George"] == ["+0.5000 ± 0.1000 logit"] and found.titles["rubs"] == ["-0.2500 ± 0.1000 logit"]
    assert set(found.underlined) == {"George", "warm"}, "those of the reply, whose first is also that of a choice"
    html = shot._repr_html_()
    assert re.search(r"rgba\(30,120,220,0\.\d+\)[^>]*>warm<", html) and re.search(r"rgba\(230,120,0,0\.\d+\)[^>]*>rubs<", html)
    alone = page(scores)
    assert alone.titles["warm"] == ["+1.0000 ± 0.1000 logit"] and "warm" in alone.underlined and "the" not in alone.underlined


def test_pairs_and_decisive_words_are_underlined():
    asked = question(text="George rubs warm palms")
    pairs = ScoredPairs("q0", "x", ("George", "rubs", "warm"), (0.1, 0.0, 0.2), (0.0, 3.0, 0.1), "logit")
    assert {word.text for word in marks(asked, pairs, 2).chosen} == {"George", "warm"}
    assert {"George", "warm"} <= set(page(Shot(asked, "", "B", pairs)).underlined)
    decisive = DecisiveWords("q0", "x", ("rubs",), "B", "A", True)
    assert page(Shot(asked, "", "B", decisive)).underlined == ["rubs"]
    assert "no smaller set" in page(decisive).text
    other = DecisiveWords("q0", "x", ("rubs",), "B", "A", True, instead=("paints",))
    assert "rubs → paints" in page(other).text and "with the others A (no fewer replacements" in page(other).text
    assert [(piece.text, piece.said) for piece in pieces(Shot(asked, "", "B", other), 2) if piece.chosen] == [
        ("rubs", "replaced by paints")
    ]


def test_real_records_are_shown(tmp_path: Path):
    model = scripted(talker)
    table = compare(model, task(), Plan(("random", "self_topk"), ("random",), seeds=(0, 1), shots=2), tmp_path / "a")
    shown = page(table).text
    assert all(line in shown for line in table.conclusions()) and "±" in shown and "self_topk" in shown
    prompt = build(model, task(), tmp_path / "b", method="self_topk", selection="random", shots=3)
    assert all(one_line(shot.reply) in one_line(page(prompt).text) for shot in prompt.shots)
    assert "1 more shot" in page(prompt).text and "1 more shots" not in page(prompt).text
    result = evaluate(model, task(), prompt, io=True)
    assert f"{result.correct}/{result.n}" in page(result).text and "against IO" in page(result).text
    assert "12 training questions" in page(task()).text and "4 (A), 4 (B), 4 (C)" in page(task()).text


def test_what_has_no_drawing_is_refused():
    with pytest.raises(TypeError, match="Provenance has no drawing|function has no drawing"):
        html_repr(listing)


@pytest.mark.parametrize("text", ["x" * 9000, "word " * 2000])
def test_no_repr_is_long(text: str):
    named = (Prompt, Result, Table, Task)  # names are not as long as texts
    asked = [each for each in records(text[:8000].strip()) if not isinstance(each, named)]
    asked = [replace(each, **{name: "x" for name in ("explainer", "model") if hasattr(each, name)}) for each in asked]
    prompt = Prompt("io", text, tuple(Shot(question(), text, "B") for _ in range(8)), {"A": text})
    chat = prompt.chat(text)
    long = [*asked, prompt, chat, *chat.messages, Response("q", text, "A", "stated", Cost(1, 0.1))]
    for record in long:
        assert len(repr(record)) < 2000, repr(record)[:200]
    assert "..." in repr(Response("q", text, "A", "stated", Cost(1, 0.1)))
    assert repr(Message("user", "Hello")) == "Message(role='user', content='Hello')"


def test_provenance_is_plain_data():
    assert not hasattr(Provenance, "_repr_html_")
