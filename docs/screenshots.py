"""Makes the pictures of docs/images again from the page of a run: ``python docs/screenshots.py runs/demo/report.html``.

It needs Chromium and Playwright. Each picture is smaller than 200 kB.
"""

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PIL import Image
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Page

IMAGES = Path(__file__).parent / "images"
WIDTHS = (390, 900, 1440)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PARTS = {"results": ".said", "prompt": ".prompt[open]", "questions": "#questions"}
"""Each part of the page with the element that is at the top of its picture."""
_HEIGHT, _LARGEST = 900, 200_000


def main(file: Path) -> None:
    """Take the results at all widths in both schemes, and the other parts in one of them."""
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for width in WIDTHS:
            for scheme in SCHEMES:
                page = browser.new_page(viewport={"width": width, "height": _HEIGHT}, color_scheme=scheme)
                page.goto(file.resolve().as_uri())
                for part, top in PARTS.items():
                    if part == "results" or scheme == ("dark" if part == "prompt" else "light"):
                        take(page, top, IMAGES / f"report-{part}-{width}-{scheme}.png")
                page.close()
        browser.close()


def take(page: "Page", top: str, picture: Path) -> None:
    """Take the screen with an element at its top."""
    page.evaluate("top => document.querySelector(top).scrollIntoView()", top)
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.screenshot(path=picture)
    with Image.open(picture) as taken:
        taken.convert("RGB").quantize(128).save(picture, optimize=True)
    size = picture.stat().st_size
    print(f"{picture.name} {size / 1000:.0f} kB")
    assert size < _LARGEST, f"{picture} is larger than {_LARGEST / 1000:.0f} kB"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
