"""How fast the page of a large run is made, opens and scrolls, in Chromium.

``python -m benchmarks.page`` makes a run of 2,000 questions and 12 methods with answers drawn at random, and measures.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from playwright.sync_api import Page, sync_playwright

from .large_run import many

_SCROLL = """
async () => {
  const frames = [];
  const start = performance.now();
  let last = start;
  while (performance.now() - start < 4000) {
    scrollBy(0, 400);
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    frames.push(now - last);
    last = now;
  }
  frames.sort((a, b) => a - b);
  const at = share => frames[Math.min(frames.length - 1, Math.floor(share * frames.length))];
  return [frames.length, at(0.5), at(0.95), frames[frames.length - 1], document.querySelectorAll('.drawn').length];
}
"""
_TIMES = "() => (own => [own.domContentLoadedEventEnd, own.loadEventEnd])(performance.getEntriesByType('navigation')[0])"


def main() -> None:
    """Print what each step takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=2000)
    parser.add_argument("--methods", type=int, default=12)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = many(Path(place) / "run", given.questions, given.methods)
        start = perf_counter()
        code = "import sys, selfamplify; print(selfamplify.write_report(sys.argv[1]))"
        file = subprocess.run([sys.executable, "-c", code, folder], check=True, capture_output=True, text=True).stdout.strip()
        print(f"made in {perf_counter() - start:.1f} s, {Path(file).stat().st_size / 1e6:.1f} MB")
        measure(Path(file), given.questions)


def measure(file: Path, questions: int) -> None:
    """Open the page three times, filter and search in it, and scroll through it for four seconds."""
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        pages = [_opened(browser.new_page(viewport={"width": 1440, "height": 900}), file, questions) for _ in range(3)]
        page = pages[-1]
        page.evaluate("location.hash = '#questions'")
        count, middle, high, most, drawn = page.evaluate(_SCROLL)
        print(f"scrolled {count} frames: median {middle:.0f} ms, 95 % {high:.0f} ms, longest {most:.0f} ms; {drawn} rows drawn")
        start = perf_counter()
        page.fill("#search", f"#{questions - 1}#")
        page.locator("#count", has_text=f"1 of {questions:,}").wait_for()
        print(f"searched in {perf_counter() - start:.2f} s")
        start = perf_counter()
        page.goto(f"{file.as_uri()}#q-{questions - 10}")
        page.reload()
        page.wait_for_selector(f"#q-{questions - 10}.drawn")
        print(f"permalink in {perf_counter() - start:.2f} s")
        browser.close()


def _opened(page: Page, file: Path, questions: int) -> Page:
    start = perf_counter()
    page.goto(file.as_uri())
    page.locator("#count", has_text=f"{questions:,} of").wait_for()
    parsed, loaded = page.evaluate(_TIMES)
    print(f"opened in {perf_counter() - start:.2f} s (document {parsed / 1000:.2f} s, load {loaded / 1000:.2f} s)")
    return page


if __name__ == "__main__":
    main()
