"""Reading text in blocks of lines: a question, lines such as "A. dog", and the answer, as in Moodle's Aiken format."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .found import Found

_CHOICE = re.compile(r"\(?([A-Za-zＡ-Ｚ])(?:[).:．、：）])\s*(.*)")
_ANSWER = re.compile(
    r"(?:the )?(?:correct |right )?(?:answers?|ans|key|antwort|lösung|réponse|respuesta|resposta|risposta|ответ|答案|正解|정답)"
    r"(?: is)?\s*[:：]\s*(\S.*)",
    re.IGNORECASE,
)
_MARKED = re.compile(r"\(?([A-Za-z])[^\w\s]+\s*(.*)")
"""As ``_CHOICE`` with any mark, for all choices but the first."""
_LETTER = re.compile(r"[A-Ha-h]")


@dataclass
class _Block:
    """The lines of one question, as far as they are read."""

    line: int
    asked: list[str] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)
    answer: str = ""
    odd: str = ""

    def values(self) -> dict[str, Any] | str:
        if self.odd:
            return f"the choice {self.odd} does not follow on the one before it"
        return {"question": "\n".join(self.asked).strip(), "choices": self.choices, "answer": self.answer}

    @property
    def is_question(self) -> bool:
        return bool(self.asked) and len(self.choices) > 1 and bool(self.answer)


def read_blocks(name: str, text: str) -> Found | None:
    """The questions of a text in blocks of lines; None if it is none. ``name`` is the file's, for the note.

    The answer is a line such as "ANSWER: B" after the choices, or a line with nothing but its letter before the question.
    """
    blocks = list(_blocks(text))
    if len(blocks) < 2 or 2 * sum(block.is_question for block in blocks) <= len(blocks):
        return None
    note = f"{name} is read in blocks of lines: a question, its choices and the answer."
    return Found(((block.line, block.values()) for block in blocks), ":", (note,))


def _blocks(text: str) -> Iterator[_Block]:
    """The blocks. One ends at the answer after its choices, or at an empty line after its choices or its letter."""
    block = _Block(1)
    done = False
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        bare = line.strip()
        answer = _ANSWER.fullmatch(bare) if block.asked and not block.answer else None
        if answer:
            block.answer = answer[1]
            done = True
        elif not bare:
            done = done or bool(block.choices or block.answer)
        else:
            if done:
                yield block
                block, done = _Block(number), False
            _add(block, bare, number)
    if block.asked or block.choices:
        yield block


def _add(block: _Block, bare: str, number: int) -> None:
    """Add a line to a block: its letter before the question, a choice, the next line of a choice, or of the question."""
    expected = chr(ord("A") + len(block.choices))
    choice = _CHOICE.fullmatch(bare) or (_MARKED.fullmatch(bare) if block.choices else None)
    if not (block.asked or block.answer or block.choices):
        block.line = number
    if choice and choice[1].upper() == expected and block.asked:
        block.choices.append(choice[2])
    elif block.choices:
        block.odd = choice[1] if choice and choice[1].upper() > expected else block.odd
        block.choices[-1] = f"{block.choices[-1]}\n{bare}"
    elif not block.asked and not block.answer and _LETTER.fullmatch(bare):
        block.answer = bare
    else:
        block.asked.append(bare)
