"""The form of the endpoint: hostile texts stay texts, and what it shows is what the endpoint answers; questions as texts."""

import base64
import hashlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from browsing import Visits, serious
from endpoint import Endpoint, endpoint
from hostile import HOSTILE
from hypothesis import given
from hypothesis import strategies as st
from small import scripted

from selfamplify import Choice, Prompt, Question, amplify, attribute, load_model, load_task
from selfamplify.records import AnswerStyle
from selfamplify.serving.questions import question_of
from selfamplify.serving.refusals import Refusal
from selfamplify.text.printable import printable

LABELS = {label: f"name {label}" for label in "ABCD"}
TAGS = {
    *"html head meta title style body main h1 h2 h3 p form label textarea div button section dl dt dd span u".split(),
}  # fmt: skip


class Seen(HTMLParser):
    """The elements of a page, and the texts of those that have an id."""

    def __init__(self, page: str):
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.texts: dict[str, str] = {}
        self._inside: list[tuple[str, str]] = []
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "meta":
            self._inside.append((tag, dict(attrs).get("id") or ""))

    def handle_endtag(self, tag: str) -> None:
        assert self._inside.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        for _, name in self._inside:
            if name:
                self.texts[name] = self.texts.get(name, "") + data


@pytest.fixture(scope="module")
def hostile() -> Iterator[Endpoint]:
    prompt = Prompt("zero_shot", "Choose <b>.", (), {"A": "<script>alert(1)</script>", "B": "good"}, answer_style="label")
    with endpoint(scripted(lambda chat: f"{chat.question} the answer is good", "<img src=x onerror=alert(1)>"), prompt) as made:
        yield made


@pytest.mark.long
@pytest.mark.parametrize("text", [text for text in HOSTILE if text.strip()])
def test_hostile_texts_stay_texts(hostile: Endpoint, text: str):
    reply = hostile.client.post("/", data={"question": text})
    assert reply.status_code == 200
    seen = Seen(reply.text)
    assert seen.tags <= TAGS and not any(name.startswith("on") for name in seen.attributes)
    sent = printable(text.replace("\r\n", "\n"))
    assert seen.texts["question"].removeprefix("\n") == sent
    assert "good" in seen.texts["reply"]
    api = hostile.ask(text.replace("\r\n", "\n")).json()
    assert seen.texts["reply"] == printable(api["choices"][0]["message"]["content"])


def test_the_page_has_a_policy_that_allows_its_own_style_and_nothing_else(hostile: Endpoint):
    page = hostile.client.get("/")
    policy = page.headers["Content-Security-Policy"]
    style = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
    assert len(style) == 1
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    for name in ("X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Cache-Control"):
        assert page.headers[name]
    assert "explain" not in page.text  # a scripted model shows no tokens
    refused = hostile.client.post("/", data={"question": "x", "explain": "1"})
    assert refused.status_code == 200 and "local models only" in refused.text, "it is answered all the same"


@pytest.mark.parametrize("body", [b"question=%ff", b"\xff", b"a=1&" * 50, b"=", b""])
def test_forms_that_no_browser_sends_are_refused(hostile: Endpoint, body: bytes):
    assert hostile.client.post("/", content=body).status_code == 400 and hostile.faults == []


styles: st.SearchStrategy[AnswerStyle] = st.sampled_from(["letter", "label", "text"])
words = st.text(st.characters(codec="utf-8", exclude_characters="()\n"), min_size=1, max_size=12)
plain_words = words.filter(lambda text: text == text.strip())


@given(style=styles, text=plain_words, texts=st.lists(plain_words, min_size=2, max_size=4))
def test_a_question_is_read_back_from_its_text(style: AnswerStyle, text: str, texts: list[str]):
    prompt = Prompt("zero_shot", "Choose.", (), LABELS, answer_style=style)
    texts = list(LABELS.values()) if style == "label" else texts
    choices = tuple(Choice(label, each) for label, each in zip(LABELS, texts, strict=False))
    question = Question("q", text, choices, "A", answer_style=style)
    found = question_of(prompt, question.render(), "q")
    assert found == question
    assert prompt.chat(found) == prompt.chat(question)


@given(style=styles, text=st.text() | st.text("()AB CD-\n"))
def test_any_text_is_asked_as_it_is_or_refused(style: AnswerStyle, text: str):
    prompt = Prompt("zero_shot", "Choose.", (), LABELS, answer_style=style)
    try:
        found = question_of(prompt, text, "q")
    except Refusal as refusal:
        assert refusal.status == 400
    else:
        assert prompt.chat(found).messages == prompt.chat(text).messages


@pytest.fixture(scope="module")
def embedded() -> Iterator[Endpoint]:
    model = load_model("embedded")
    prompt = amplify(model, load_task("planted_arc"), "random", selection="random", shots=2)
    with endpoint(model, prompt) as made:
        yield made


@pytest.mark.long
def test_the_words_that_are_shown_are_those_of_an_attribution_of_the_reply(embedded: Endpoint):
    question = load_task("planted_arc").test[0]
    text, prompt = question.render(), embedded.service.prompt
    assert prompt is not None
    seen = Seen(embedded.client.post("/", data={"question": text, "explain": "1"}).text)
    reply = embedded.ask(text).json()
    assert seen.texts["reply"] == reply["choices"][0]["message"]["content"]
    assert seen.texts["said"] == reply["selfamplify"]["answer"]
    assert seen.texts["scored"] == text
    page = embedded.client.post("/", data={"question": text, "explain": "1"}).text
    shown = re.findall(r'<(u|span)[^>]* title="score ([+-][\d.]+)(, keyword)?">([^<]*)</', page)
    expected = attribute(embedded.service.model, prompt.messages(text), seen.texts["reply"], span=text)
    assert [word for *_, word in shown] == list(expected.words)
    assert [float(score) for _, score, *_ in shown] == pytest.approx(list(expected.scores), abs=2e-3)
    assert all((tag == "u") == bool(keyword) for tag, _, keyword, _ in shown)
    named = [(float(score), word.lower()) for tag, score, _, word in shown if tag == "u"]
    assert 0 < len({word for _, word in named}) <= 6 and all(score > 0 for score, _ in named)


def test_the_words_of_a_shot_are_not_explained(embedded: Endpoint):
    prompt = embedded.service.prompt
    assert prompt is not None
    refused = embedded.client.post("/", data={"question": prompt.shots[1].question.render(), "explain": "1"})
    assert refused.status_code == 200 and "also part of a shot" in refused.text
    assert Seen(refused.text).texts["said"] in [choice.text for choice in prompt.shots[1].question.choices], "it is answered"


@pytest.mark.long
def test_the_form_works_in_a_browser(embedded: Endpoint, visits: Visits):
    seen = visits.open(embedded.url, bypass_csp=True)  # for axe

    page = seen.page
    example = page.input_value("#question")
    assert example and page.locator("#reply").count() == 0
    page.get_by_role("button", name="Answer", exact=True).click()
    page.locator("#reply").wait_for()
    assert page.input_value("#question") == example
    own = embedded.ask(example).json()
    assert page.locator("#reply").inner_text() == own["choices"][0]["message"]["content"]
    assert page.locator("#said").inner_text() == own["selfamplify"]["answer"]
    assert page.locator("p.muted").first.inner_text().startswith("Questions are asked after a prompt of ")
    page.fill("#question", load_task("planted_arc").test[0].render())
    page.get_by_role("button", name="words that led").click()
    page.locator("#scored").wait_for()
    coloured = page.evaluate("""[...document.querySelectorAll("#scored .for5, #scored .for4")]
        .map(word => getComputedStyle(word).backgroundColor)""")
    assert coloured and all(colour.startswith("rgba(30, 120, 220") for colour in coloured)
    assert serious(page) == []
    page.fill("#question", "No choices")
    page.get_by_role("button", name="Answer", exact=True).click()
    assert "offers no choices" in page.locator(".reason").inner_text()
    seen.faults[:] = [fault for fault in seen.faults if "status of 400" not in fault]


@pytest.mark.long
def test_hostile_texts_do_nothing_in_a_browser(hostile: Endpoint, visits: Visits):
    seen = visits.open(hostile.url)
    for text in HOSTILE[:8]:
        seen.page.fill("#question", text)
        seen.page.get_by_role("button", name="Answer", exact=True).click()
        seen.page.locator("#reply", has_text=text).wait_for()
        assert text in seen.page.locator("#reply").inner_text()
