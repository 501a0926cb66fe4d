"""The page in a real browser: Debian's Chromium, through Playwright. Skipped where one of them is not installed."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browsing import Visits, serious
from pages import TEXTS, explained, hostile_run
from small import scripted, talker, task

from benchmarks.large_run import many
from selfamplify import Plan, Table, compare, write_report
from selfamplify.runs.responses import Line, load_responses
from selfamplify.text.printable import printable

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WIDTHS = (390, 900, 1440)
FRAMES = "count => new Promise(done => (function next() { count-- ? requestAnimationFrame(next) : done() })())"
"""Waits for so many frames."""


@pytest.fixture(scope="module")
def compared(browser: "Browser", tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compared")
    compare(scripted(talker), task(12, 24), Plan(("random", "auto_cot"), ("success", "random"), shots=2), folder)
    return folder


@pytest.fixture(scope="module")
def lines(compared: Path) -> list[Line]:
    return load_responses(compared)


@pytest.fixture(scope="module")
def page(compared: Path) -> Path:
    return write_report(compared)


@pytest.fixture(scope="module")
def hostile(browser: "Browser", tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(hostile_run(tmp_path_factory.mktemp("hostile")))


def outcomes(lines: list[Line], method: str, selection: str = "success") -> dict[str, Line]:
    return {line.question_id: line for line in lines if (line.cell.method, line.cell.selection) == (method, selection)}


def test_filters_show_the_questions_that_the_responses_say(visits: Visits, page: Path, lines: list[Line]):
    seen = visits.open(page)
    assert seen.count() == "24 of 24 questions"
    io, own = outcomes(lines, "io"), outcomes(lines, "random")
    expected = {
        "won against io": [each for each in own if own[each].correct and not io[each].correct],
        "lost against io": [each for each in own if io[each].correct and not own[each].correct],
        "answered correctly": [each for each in own if own[each].correct],
        "answered wrongly": [each for each in own if not own[each].correct],
        "without a label that a rule could read": [each for each in own if own[each].rule in ("none", "constrained")],
    }
    seen.choose("method", "random")
    for name, wanted in expected.items():
        seen.choose("show", name)
        assert seen.count() == f"{len(wanted)} of 24 questions"
        assert seen.page.locator(".question:not([hidden])").count() == len(wanted)
    seen.choose("show", "all questions")
    seen.choose("label", "(B)")
    wanted = [each for each in own.values() if each.answer == "B"]
    assert seen.count() == f"{len(wanted)} of 24 questions" and 0 < len(wanted) < 24
    seen.page.click("button[type=reset]")
    seen.wait("24 of 24 questions")


def test_answers_stand_side_by_side_for_the_shots_that_are_chosen(visits: Visits, page: Path, lines: list[Line]):
    seen = visits.open(page, "#q-3")
    assert seen.texts("#q-3 .method b") == ["io", "random", "auto_cot"]
    asked = list(dict.fromkeys(line.question_id for line in lines))[2]
    for selection in ("success", "random"):
        seen.choose("context", selection)
        seen.page.wait_for_selector("#q-3 .reply")
        # A method that draws no sample of its own is in every selection.
        wanted = [line.text for line in lines if (line.question_id, line.cell.selection) == (asked, selection)]
        assert seen.texts("#q-3 .reply") == wanted


def test_search_finds_questions_and_replies(visits: Visits, page: Path):
    seen = visits.open(page)
    seen.page.fill("#search", "THING #17#")
    seen.wait("1 of 24 questions")
    seen.page.wait_for_selector(".question.drawn .asking")
    assert "#17#" in seen.texts(".question:not([hidden]) .asking")[0]
    seen.page.fill("#search", "no such words")
    seen.wait("0 of 24 questions")


def test_a_permalink_opens_its_question_even_where_a_filter_hides_it(visits: Visits, page: Path):
    seen = visits.open(page, "#q-20")
    seen.page.wait_for_selector("#q-20.drawn")
    assert seen.page.evaluate("document.activeElement.id") == "q-20"
    settled = (
        "() => new Promise(done => setTimeout(() => done(document.getElementById('q-20').getBoundingClientRect().top), 400))"
    )
    assert 0 <= seen.page.evaluate(settled) < 720, "it is in view, and stays there"
    seen.page.fill("#search", "no such words")
    seen.wait("0 of 24 questions")
    seen.page.evaluate("location.hash = '#q-7'")
    seen.page.wait_for_selector("#q-7.drawn:not([hidden])")
    assert seen.count() == "24 of 24 questions"


def test_everything_is_reached_by_keyboard(visits: Visits, page: Path):
    seen = visits.open(page)
    keys = seen.page.keyboard
    keys.press("Tab")
    assert seen.page.evaluate("document.activeElement.textContent") == "Skip to the results"
    reached: list[str] = []
    for _ in range(60):
        keys.press("Tab")
        reached.append(seen.page.evaluate("(e => e.id || e.textContent.trim() || e.tagName)(document.activeElement)"))
        if reached[-1] == "search":
            break
    assert "Results" in reached and reached[-1] == "search"
    keys.insert_text("#13#")  # at once: a search begins when nothing is typed for a moment
    seen.wait("1 of 24 questions")
    seen.page.wait_for_selector(".question.drawn h3 a")
    for _ in range(6):
        keys.press("Tab")
    reached.append(seen.page.evaluate("document.activeElement.getAttribute('href')"))
    assert reached[-1] is not None and reached[-1].startswith("#q-")
    keys.press("Enter")
    seen.page.wait_for_function("id => document.activeElement.id === id", arg=reached[-1][1:])


def test_rows_are_drawn_when_they_are_seen(visits: Visits, browser: "Browser", tmp_path: Path):
    seen = visits.open(write_report(many(tmp_path, 300, 3)))
    drawn = seen.page.locator(".question.drawn")
    assert seen.page.locator(".question").count() == 300
    assert drawn.count() < 30
    seen.page.locator("#q-300").scroll_into_view_if_needed()
    seen.page.wait_for_selector("#q-300.drawn")
    assert drawn.count() < 100 and seen.page.locator("#q-150.drawn").count() == 0


def test_a_permanent_link_gives_way_to_whoever_goes_elsewhere(visits: Visits, browser: "Browser", tmp_path: Path):
    seen = visits.open(write_report(many(tmp_path, 300, 2)))
    place = seen.page.evaluate("""async () => {
      const frame = () => new Promise(requestAnimationFrame);
      location.hash = "#q-250";
      await new Promise((done) => addEventListener("hashchange", done, { once: true }));
      document.getElementById("search").focus();
      scrollTo(0, 0);
      for (let frames = 0; frames < 15; frames += 1) await frame();
      return scrollY;
    }""")
    assert place == 0


def test_many_questions_are_shown_page_by_page_and_found_on_all(visits: Visits, browser: "Browser", tmp_path: Path):
    seen = visits.open(write_report(many(tmp_path, 1200, 2)), "#q-1130")
    previous, following = (seen.page.locator(".pages").last.get_by_role("button", name=name) for name in ("Previous", "Next"))
    seen.page.wait_for_selector("#q-1130.drawn")
    assert seen.texts(".pages span") == ["1,001 to 1,200 of 1,200"] * 2
    assert following.is_disabled() and seen.page.locator(".question").count() == 200
    previous.press("Enter")  # a click after the jump to the button can miss it, as rows above it are still being drawn
    assert seen.texts(".pages span") == ["501 to 1,000 of 1,200"] * 2
    assert seen.page.evaluate("document.activeElement.id") == "questions", "the keyboard goes on at the top of the page"
    previous.press("Enter")
    assert previous.is_disabled() and seen.page.locator(".question").first.get_attribute("id") == "q-1"
    seen.page.fill("#search", "#1150#")
    seen.wait("1 of 1,200 questions")
    assert seen.page.locator(".question").get_attribute("id") == "q-1151" and seen.page.locator(".pages:visible").count() == 0
    seen.page.evaluate("location.hash = '#q-777'")
    seen.page.wait_for_selector("#q-777.drawn")
    assert seen.count() == "1,200 of 1,200 questions" and seen.texts(".pages span")[0] == "501 to 1,000 of 1,200"


def test_what_is_printed_holds_the_questions(visits: Visits, browser: "Browser", tmp_path: Path):
    seen = visits.open(write_report(many(tmp_path, 30, 2)))
    seen.page.emulate_media(media="print")
    seen.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert seen.page.locator(".question.drawn").count() == 30
    assert not seen.page.locator("nav").is_visible() and not seen.page.locator("#filters").is_visible()


@pytest.mark.long
def test_hostile_texts_stay_text_and_run_nothing(visits: Visits, hostile: Path):
    assert len(TEXTS) >= 60
    seen = visits.open(hostile)
    for place in range(0, len(TEXTS), 4):
        seen.page.locator(f"#q-{place + 1}").scroll_into_view_if_needed()
    for place, text in enumerate(TEXTS):
        seen.page.evaluate(f"location.hash = '#q-{place + 1}'")
        seen.page.wait_for_selector(f"#q-{place + 1}.drawn")
        shown = seen.page.evaluate(f"document.querySelector('#q-{place + 1} .asking').textContent")
        assert shown.startswith(printable(text))
        replies = seen.page.evaluate(f"[...document.querySelectorAll('#q-{place + 1} .reply')].map(e => e.textContent)")
        assert all(printable(text).strip() in reply or reply.startswith("The ") for reply in replies) and replies
    for name in (
        "img",
        "script:not([type])",
        "main svg:not([role=img]):not(.bar)",
        "a[href]:not([href^='#'])",
        "iframe",
        "b b",
    ):
        expected = 1 if name.startswith("script") else 0
        assert seen.page.locator(name).count() == expected, name
    assert "<script>alert(1)</script>" in seen.page.title()


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "{{ 7*7 }}", "<svg onload=alert(1)>", "<!-- x -->"])
def test_hostile_rationales_stay_text(visits: Visits, tmp_path: Path, text: str):
    explained(text).save(tmp_path)
    seen = visits.open(write_report(tmp_path))
    assert text in seen.page.locator("main").inner_text()
    assert seen.page.locator("script").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", ["compared", "hostile"])
def test_nothing_is_wider_than_the_screen(visits: Visits, request: pytest.FixtureRequest, kind: str, width: int, scheme: Any):
    file = request.getfixturevalue("page" if kind == "compared" else kind)
    seen = visits.open(file, viewport={"width": width, "height": 900}, color_scheme=scheme)
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    ground = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")


@pytest.mark.long
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["compared", "hostile", "prompt"])
def test_axe_finds_nothing_serious(visits: Visits, request: pytest.FixtureRequest, tmp_path: Path, kind: str, scheme: Any):
    if kind == "prompt":
        explained("word").save(tmp_path)
        file = write_report(tmp_path)
    else:
        file = request.getfixturevalue("page" if kind == "compared" else kind)
    seen = visits.open(file, color_scheme=scheme, bypass_csp=True)  # axe is a script that is not the page's own
    seen.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    found = serious(seen.page)
    assert found == [], json.dumps([[each["id"], [node["html"] for node in each["nodes"]][:3]] for each in found], indent=1)


@pytest.mark.long
def test_the_table_in_the_browser_is_that_of_the_run(visits: Visits, page: Path, compared: Path):
    seen = visits.open(page)
    rows = seen.page.locator("table").first.locator("tbody tr")
    shown = [rows.nth(place).locator("td").first.inner_text() for place in range(rows.count())]
    table = Table.load(compared)
    accuracies = [f"{100 * mean.mean:.1f}" for mean in table.means]
    assert (
        shown == accuracies
        or [rows.nth(place).locator("td").nth(1).inner_text() for place in range(rows.count())] == accuracies
    )
