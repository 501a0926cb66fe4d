"""A reply as plain text: without markup, on single-spaced lines, every marked label written as ``(B)``.

No pattern here or in ``rules.py`` repeats anything without a bound, so that reading takes time in proportion to the length of
a reply.
"""

import re
from collections.abc import Sequence
from functools import cache

from ..text.scripts import UNSPACED, half_width

_LATEX = re.compile(r"\\(?:text|math)?[a-z]{0,6} ?\{|\\[,;!]", re.IGNORECASE)
_BOXED = re.compile(r"\\f?box(?:ed)? ?\{")
_BRACKET = re.compile(r"\\([()\[\]])")
_TAG = re.compile(r"<(/?)(?:(answer)|b|strong|i|em|u|code)>", re.IGNORECASE)
_EMPHASIS = re.compile(r"[*`]|(?<![^\W_])_{1,3}(?=\w)|(?<=[^\W_])_{1,3}(?!\w)")
_LINE_MARK = re.compile(r"(?:(?<=\n)|\A)(?:#{1,6}|[-•>]) ")
_OPENS, _CLOSES = r"[\[({<$*_`【「『]", r"[\])}>$*_`】」』]"
_OPTION = rf"(?:option|choice|选项|選項|ข้อ)(?![^\W{UNSPACED}])"
"""Words before a label that make it one."""
_KEYWORD = r"""(?:"[^"\n]{1,60}"|“[^”"\n]{1,60}[”"]|'[^'\n]{1,60}')[,;]? ?\n?(?:(?:and|or|&) )?"""
_CUT_OFF = r"""["“'](?:(?!important|answer)[^"”'(\n]){0,60}\Z"""
_KEYWORDS = re.compile(rf"""(\bthe (?:\d{{1,3}} )?keywords? )(?=["“'])(?:{_KEYWORD}){{0,400}}(?:{_CUT_OFF})?""", re.IGNORECASE)
"""A list of keywords, which are hints and name no answer; the last one may be cut off."""


def one_of(labels: Sequence[str]) -> str:
    """A pattern that matches any of the labels; if there are none, it matches nothing."""
    return "|".join(map(re.escape, sorted(map(half_width, labels), key=len, reverse=True))) or "(?!)"


@cache
def _marked(labels: tuple[str, ...]) -> re.Pattern[str]:
    """A label in brackets, in emphasis, as code or as a formula, or after the word "option"."""
    sure = one_of([label for label in labels if half_width(label) not in ("A", "I", "a", "i")])
    return re.compile(
        rf"{_OPENS}{{1,6}} ?(?:{_OPTION} )?({one_of(labels)})[.:]? ?{_CLOSES}{{1,6}}"
        rf"|(?<![\w-]){_OPTION} ?((?-i:{one_of(labels)})|{sure})(?![^\W{UNSPACED}]|['’-]\w)",
        re.IGNORECASE,
    )


def plain(text: str, labels: Sequence[str]) -> str:
    """The text with ASCII in place of full-width forms, without markup, and with marked labels as ``(B)``.

    ``$B$``, ``\\boxed{B}``, ``[B]``, ``**B**``, `` `B` ``, ``<answer>B</answer>`` and "option B" are such labels.
    """
    text = "\n".join(filter(None, (" ".join(line.split()) for line in half_width(text).splitlines())))
    text = _TAG.sub(lambda tag: ("\n" if tag[1] else "\nanswer: ") if tag[2] else "**", text)
    text = _BRACKET.sub(r"\1", _LATEX.sub("{", _BOXED.sub(" answer: {", text)))
    text = _marked(tuple(labels)).sub(lambda found: f"({found[1] or found[2]})", text)
    return _LINE_MARK.sub("", _EMPHASIS.sub("", _KEYWORDS.sub(r"\1", text))).strip()


def plain_choice(text: str) -> str:
    """The text of a choice as it would stand in a plain reply, in lower case."""
    return lowered(_EMPHASIS.sub("", " ".join(half_width(text).split())).rstrip("."))


def lowered(text: str) -> str:
    """The text in lower case, of the same length."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(each.lower() if len(each.lower()) == 1 else each for each in text)
