"""What holds for all tests: no deadline, since speed is measured in benchmarks/ and a busy machine is no fault; and Ctrl-C.

A shell that starts the tests in the background lets them ignore Ctrl-C, and with them all programs that they start.
"""

import signal
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from browsing import CHROMIUM, PATIENCE, Visits
from hypothesis import settings
from small import Run

import selfamplify
from selfamplify.cli import main

if TYPE_CHECKING:
    from playwright.sync_api import Browser

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


LONGEST = "docs real_model replicas determinism kills store embedded explainers models generation cli".split()
"""The files of tests that take longest. One worker runs a whole file, so these begin first, and none is left at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {f"test_{name}": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


@pytest.fixture(scope="session", autouse=True)
def own_checks() -> None:
    """Let functions that check their arguments do so: the run-time type checks of all other functions would come first."""
    for function in (selfamplify.load_model,):
        vars(function)["__no_type_check__"] = True


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line, in this process."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["selfamplify", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "100")
        with pytest.raises(SystemExit) as end:
            main()
        code = int(end.value.code or 0)
        del end  # its traceback holds this frame, which would keep all that the command made: replicas, for one
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    if CHROMIUM is None:
        pytest.skip("needs chromium: apt install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install playwright")
    with playwright.sync_playwright() as tools:
        browser = tools.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"], timeout=PATIENCE
        )
        yield browser
        browser.close()


@pytest.fixture
def visits(browser: "Browser") -> Iterator[Visits]:
    visits = Visits(browser)
    yield visits
    visits.close()
