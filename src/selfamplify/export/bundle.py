"""The files that all tools share: the prompt, the questions, and how labels are read from replies.

reading.py, which needs nothing but Python, is put together from the modules of this package that read labels and choices,
so that there is one set of rules.
"""

import ast
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from ..answering import own, plain, rules
from ..records import choices
from ..text import offered, replies, scripts
from .exporter import Export

CHAT, SETTINGS, QUESTIONS = "messages.json", "settings.json", "questions.jsonl"
PROMPTING, READING = "prompting.py", "reading.py"
_MODULES: tuple[ModuleType, ...] = (scripts, choices, offered, replies, own, plain, rules)
"""In the order in which they need each other."""
_HEAD = '"""Reads labels from replies, and choices from questions. Written by selfamplify; needs nothing but Python."""\n'


def common(export: Export, **settings: Any) -> dict[str, str]:
    """The prompt's settings and others; the questions, if there are any; and the programs that use them."""
    written = {
        SETTINGS: json.dumps(export.settings | settings, indent=2, ensure_ascii=False) + "\n",
        PROMPTING: standalone(PROMPTING),
        READING: reading(),
    }
    return written | ({QUESTIONS: lines(export.rows)} if export.questions else {})


def turns(export: Export) -> dict[str, str]:
    """The turns, with a slot for the question."""
    return {CHAT: json.dumps(export.messages(export.slot), indent=2, ensure_ascii=False) + "\n"}


def lines(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as JSON, one on each line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@cache
def reading() -> str:
    """The source of reading.py; the other files call its functions ``label(reply, row, settings)`` and ``offered``."""
    sources = [_source(module) for module in _MODULES] + [standalone("label.py")]
    imports: set[str] = set()
    bodies: list[str] = []
    for source in sources:
        own_imports, body = _divided(source)
        imports |= own_imports
        bodies.append(body)
    plain_imports, others = (sorted(each for each in imports if each.startswith(how)) for how in ("import ", "from "))
    return "\n".join([_HEAD, *plain_imports, *others, "\n"]) + "\n\n\n".join(bodies) + "\n"


def standalone(name: str) -> str:
    """The source of a file that is written as it is."""
    return (Path(__file__).parent / "standalone" / name).read_text(encoding="utf-8")


def _source(module: ModuleType) -> str:
    return Path(str(module.__file__)).read_text(encoding="utf-8")


def _divided(source: str) -> tuple[set[str], str]:
    """The imports from the standard library, and the rest without its docstring and without imports from this package."""
    lines, tree = source.splitlines(), ast.parse(source)
    imports: set[str] = set()
    left_out: set[int] = set()
    for number, node in enumerate(tree.body):
        docstring = number == 0 and isinstance(node, ast.Expr)
        if isinstance(node, ast.Import | ast.ImportFrom):
            if not (isinstance(node, ast.ImportFrom) and (node.level or node.module == "reading")):
                imports.add(ast.unparse(node))
        elif not docstring:
            continue
        left_out |= set(range(node.lineno - 1, node.end_lineno or node.lineno))
    return imports, "\n".join(line for number, line in enumerate(lines) if number not in left_out).strip()
