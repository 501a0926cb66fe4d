"""Pages in a real browser: Debian's Chromium, through Playwright. Tests are skipped where one of them is not installed."""

import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SERIOUS = ("serious", "critical")
PATIENCE = 180_000
"""Milliseconds for what takes a moment on a machine that has nothing else to do."""


@dataclass
class Seen:
    """A page that is open, and what it said and asked for."""

    page: "Page"
    faults: list[str] = field(default_factory=list)

    def texts(self, selector: str) -> list[str]:
        return [text.strip() for text in self.page.locator(selector).all_text_contents()]

    def count(self) -> str:
        return self.page.locator("#count").inner_text()

    def wait(self, count: str) -> None:
        self.page.locator("#count", has_text=re.compile(f"^{count}$")).wait_for()

    def choose(self, name: str, value: str) -> None:
        self.page.select_option(f"#{name}", label=value)


class Visits:
    """Opens pages, each in a context of its own; any message on the console, error or request is a fault."""

    def __init__(self, browser: "Browser"):
        self._browser, self._seen = browser, list[Seen]()

    def open(self, own: Path | str, at: str = "", **settings: Any) -> Seen:
        """A file, or an address; what lies at another one is a fault to ask for."""
        own = own if isinstance(own, str) else own.as_uri()
        context = self._browser.new_context(**settings)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        seen = Seen(page)
        page.on("console", lambda message: seen.faults.append(message.text))
        page.on("pageerror", lambda error: seen.faults.append(str(error)))
        page.on("dialog", lambda dialog: seen.faults.append(dialog.message))
        page.on("request", lambda asked: None if asked.url.startswith(own) else seen.faults.append(asked.url))
        page.goto(f"{own}{at}")
        self._seen.append(seen)
        return seen

    def close(self) -> None:
        for seen in self._seen:
            seen.page.context.close()
        faults = [seen.faults for seen in self._seen if seen.faults]
        assert faults == []


def serious(page: "Page") -> list[Any]:
    """What axe finds in a page that keeps people from using it; the page must be open with ``bypass_csp``."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    found = axe.Axe().run(page).response["violations"]
    return [each for each in found if each["impact"] in SERIOUS]
