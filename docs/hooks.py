"""Lets pages elsewhere in the repository join the site of `make docs`: mkdocs calls these functions.

The pages are written for GitHub, so that their links are paths of the repository; here these lead to the pages of the site.
"""

import json
import re
from posixpath import dirname, join, normpath, relpath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ELSEWHERE = {
    "CHANGELOG.md": "changelog.md",
    "CITATION.cff": "citation.md",
    "CONTRIBUTING.md": "contributing.md",
    "LICENSE": "license.md",
    "README.md": "overview.md",
    "benchmarks/README.md": "benchmarks.md",
    "examples/first_prompt.ipynb": "first-prompt.md",
    "examples/plugin/README.md": "plugin.md",
    "fuzzing/README.md": "fuzzing.md",
    "src/selfamplify/demo/CARD.md": "embedded-model.md",
    "src/selfamplify/demo/reviews.md": "reviews.md",
}
"""Paths in the repository, and the pages that they become."""
_LINK = re.compile(r"\]\(([^)#:\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages to those of docs/."""
    for source, page in ELSEWHERE.items():
        with open(join(dirname(config.config_file_path), source), encoding="utf-8") as file:
            files.append(File.generated(config, page, content=_content(source, file.read())))
    return files


def _content(source: str, text: str) -> str:
    """A file of the repository as Markdown."""
    if source.endswith(".ipynb"):
        return shown(json.loads(text))
    return f"# Citation\n\n```yaml\n{text}```\n" if source.endswith(".cff") else text


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links to files of the repository to their pages."""
    pages = {name: source for source, name in ELSEWHERE.items()}
    here = page.file.src_uri
    source = pages.get(here, f"docs/{here}")

    def led(link: re.Match[str]) -> str:
        target = normpath(join(dirname(source), link[1]))
        there = ELSEWHERE.get(target, target.removeprefix("docs/") if target.startswith("docs/") else None)
        return link[0] if there is None else f"]({relpath(there, dirname(here))}{link[2] or ''})"

    return _LINK.sub(led, markdown)


def shown(notebook: dict[str, Any]) -> str:
    """A notebook as Markdown: its texts, its code, and the outputs that it holds."""
    parts = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        parts.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
        parts += [_output(output) for output in cell.get("outputs", ())]
    return "\n\n".join(parts)


def _output(output: dict[str, Any]) -> str:
    """An output as HTML where it has that, and else as text."""
    html = "".join(output.get("data", {}).get("text/html", ""))
    if html:
        return f"<div>{' '.join(html.split(chr(10)))}</div>"
    return f"```\n{''.join(output.get('text', ''))}\n```"
