"""The fenced blocks of the documentation: what they hold, which of them run, and the commands in them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
GUIDES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "examples/plugin/README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
"""All pages with something to run; docs/api has none."""
REASONS = (
    "needs a network",
    "needs a GPU",
    "needs a server",
    "needs another tool",
    "needs files that are not here",
    "takes minutes",
    "runs until it is ended",
    "is an excerpt",
)
"""Why a block may be left out: ``<!-- not run: REASON -->`` before its fence."""
_FENCE = re.compile(
    r"^(?:<!-- not run: (?P<reason>[^\n]*?) -->\n+)?(?P<ticks>```+)(?P<kind>\w*)\n(?P<text>.*?)^(?P=ticks)$", re.M | re.S
)
PROGRAMS = """
cat cd curl export git head hf inspect jupyter lm_eval make npm ollama pip promptfoo python python3 selfamplify uvx
""".split()
_COMMAND = re.compile(rf"\$ |({'|'.join(PROGRAMS)}) ")


@dataclass(frozen=True)
class Command:
    """A command, and what a page shows below it."""

    line: str
    shown: list[str] = field(default_factory=list)

    @property
    def words(self) -> list[str]:
        return shlex.split(self.line, comments=True)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: ``kind`` is the language of its fence, or ``"sh"`` if it holds commands; ``shown`` is what the
    page shows of its output, in the block right below."""

    page: Path
    line: int
    kind: str
    text: str
    reason: str | None
    shown: list[str]

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def commands(self) -> list[Command]:
        """The commands: lines after a prompt ($) with their outputs, or else all lines; joined where they go on."""
        found: list[Command] = []
        prompted = "$ " in self.text
        for line in re.sub(r"\\\n\s*", " ", self.text).splitlines():
            if line.startswith("$ ") or (not prompted and line.strip() and not line.startswith("#")):
                found += [Command(each) for each in line.removeprefix("$ ").split(" && ")]
            elif found:
                found[-1].shown.append(line)
        return found


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found = list(_FENCE.finditer(text))
    for match, following in zip(found, (*found[1:], None), strict=False):
        shown = following["text"] if following and not text[match.end() : following.start()].strip() else ""
        yield Block(
            page, text.count("\n", 0, match.start("ticks")) + 1, _kind(match), match["text"], match["reason"],
            [] if not following or _kind(following) else shown.splitlines(),
        )  # fmt: skip


def _kind(fence: re.Match[str]) -> str:
    return "sh" if not fence["kind"] and _COMMAND.match(fence["text"]) else fence["kind"]
