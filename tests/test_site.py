"""The site of `make docs`: it is built without a warning, holds every public name, and loads nothing from elsewhere."""

import ast
import os
import re
import subprocess
import sys
import zlib
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    if missing := [name for name in ("mkdocs", "material", "mkdocstrings") if find_spec(name) is None]:
        pytest.skip(f"needs {', '.join(missing)}: pip install --group docs")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, timeout=600, check=False,
    )  # fmt: skip
    said = (done.stdout + done.stderr).decode(errors="replace")
    assert done.returncode == 0 and "WARNING" not in said, said
    return folder


def objects(site: Path) -> set[str]:
    """The names that the API pages document, from the inventory that other sites link by (Sphinx's format, version 2)."""
    compressed = (site / "objects.inv").read_bytes().split(b"\n", 4)[4]
    return {line.split()[0] for line in zlib.decompress(compressed).decode().splitlines()}


@pytest.mark.long
def test_every_public_name_is_on_an_api_page(site: Path):
    stub = ast.parse((ROOT / "src" / "selfamplify" / "__init__.pyi").read_text(encoding="utf-8"))
    public = {alias.asname for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    missing = sorted(name for name in public if name and f"selfamplify.{name}" not in objects(site))
    assert not missing, f"write ::: selfamplify.{missing[0]} on a page of docs/api"


def test_defaults_are_those_of_the_signature(site: Path):
    page = (site / "api" / "run.html").read_text(encoding="utf-8")
    table = re.sub(r"<[^>]+>", " ", page[page.index('id="selfamplify.amplify"') :])
    row = table[table.index("Which questions become shots") :].split()
    assert row[row.index("any.") + 1] == "&#39;error&#39;"


def test_no_page_loads_anything_from_elsewhere(site: Path):
    loaded = re.compile(r"<(?:script|img|iframe|link)\b[^>]*?(?:src|href)=[\"']?((?:https?:)?//[^\"'\s>]+)")
    styled = re.compile(r"(?:@import|url\()\s*[\"']?((?:https?:)?//[^\"')]+)")
    for page in site.rglob("*.html"):
        assert not loaded.findall(page.read_text(encoding="utf-8")), page
    for style in site.rglob("*.css"):
        assert not styled.findall(style.read_text(encoding="utf-8")), style


def test_the_pages_come_in_the_order_of_learning(site: Path):
    headings = ["Start", "Your data", "Your model", "Choosing an explainer", "Tune", "Report", "Exports", "Reproduce the paper"]
    headings += ["Scaling", "Architecture", "API", "FAQ"]
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    entries = [
        entry for entry in re.findall(r"^  - ([^:\n]+):", text[text.index("\nnav:") :], re.MULTILINE) if entry in headings
    ]
    assert entries == headings
    assert {file.stem for file in (ROOT / "docs").glob("*.md")} <= {file.stem for file in site.glob("*.html")}
