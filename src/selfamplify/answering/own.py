"""The part of a reply that is the model's own answer: everything before a turn that it made up."""

import re

_MARK = r"<\|[\w ]{1,40}\|>|</?s>|<(?:start|end)_of_turn>|\[/?INST\]"
"""What templates put around turns: a model may write it as text."""
_SPEAKER = r"(?:user|assistant|system|human|model)"
_ASKED = r"(?:question|q|problem|exercise|instructions?|问题|問題|题目|題目|问|用户)"
_NUMBER = r" ?\d{0,4} ?"
_TURN = re.compile(
    rf"{_MARK}|\n[#*> \t]{{0,6}}(?:{_SPEAKER}[* ]{{0,3}}(?=\n|$|[:：])|{_ASKED}{_NUMBER}(?:[:：]|\*\*|[.)] ))", re.IGNORECASE
)
_OPENING = re.compile(rf"\s?(?:{_MARK}|{_SPEAKER}(?=\s|:)(?=:|[ \t]{{0,9}}\n):?)", re.IGNORECASE)
"""A mark, or a line that only names the speaker; at the start of a reply it opens the model's own turn."""


_EXAMPLE = re.compile(r"[#*> ]{0,6}(?:ou?t?put )?examples?(?: output)?\W{0,3}:", re.IGNORECASE)
"""The output example of the instruction, which a model may repeat; it names no answer."""


def own_part(reply: str) -> str:
    """The reply up to the first turn that the model made up, without the marks and names that open its own.

    A turn begins with a mark of a template such as ``<|im_start|>``, with a line that only names a speaker ("user"), or with
    a line such as "Question: …" or "Q2: …". The first line of a reply may repeat the question, and begins no new turn. Lines
    that repeat the output example of the instruction are left out.
    """
    start, text = 0, reply.strip()
    while found := _OPENING.match(text, start):
        start = found.end()
    text = text[start:].strip()
    end = _TURN.search(text)
    own = text[: end.start()] if end else text
    return "\n".join(line for line in own.split("\n") if not _EXAMPLE.match(line)).rstrip()
