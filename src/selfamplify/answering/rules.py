"""Reading a label from a response by named rules, in order (in section 4.1 of the paper, a model does this)."""

import re
from collections.abc import Callable, Iterator
from functools import cache

from ..records import Choice, Offered
from ..text.scripts import UNSPACED, half_width
from .own import own_part
from .plain import lowered, one_of, plain, plain_choice

Rule = Callable[[str, Offered], str | None]
"""Takes a response as plain text (see ``plain.py``) and its question; returns the label that it names, or None."""

_BE = r"(?:is|was|are|be|must be|should be|would be|will be|has to be|seems to be|appears to be)"
_SURELY = (
    r"(?: (?:most likely|likely|probably|clearly|definitely|obviously|indeed|therefore|thus|simply|letter|the letter|option))"
)
_ANSWER = r"(?:answer|(?:right|correct|best|final) (?:choice|option|one|response|letter|label))s?"
_ABOUT = r"(?: (?:to|for|of)(?: [^\s.:;?]{1,20}){1,8}?)"
_EAST = r"(?:答案|答え|正解|คำตอบ)(?:应该|應該|应当)?(?:是|为|為|选|選|は|คือ)?"
_CHOOSE = r"(?:choos(?:e|ing)|chose|pick(?:ing)?|select(?:ing|ed)?|go(?:ing)? (?:with|for)|opt(?:ing)? for)(?: (?:the|answer))?"
_DASH = r"[–-](?!\.?\d)"
"""A dash that is no minus sign."""
_NO_MINUS = r"(?<![–-](?=\.?\d))"
"""No minus sign comes before."""
_STATES = re.compile(
    rf"""(?<![\w-]){_ANSWER}(?:["”]?{_ABOUT}? ?{_BE}\b|(?![a-z]))["”]?(?: ?(?:->|[:=→]|{_DASH})){{0,2}}{_SURELY}{{0,2}}"""
    rf"|(?<![\w-]){_CHOOSE}(?![a-z]):?|(?<![不没別别勿])(?:选择|選擇|选|選)(?:的是|答案)?(?![项項])"
    rf"|{_EAST} ?(?:[:=]|{_DASH})?|(?:\n|\A)A ?:",
    re.IGNORECASE,
)
"""What comes directly before an answer."""
_CONCLUDES = re.compile(
    rf"(?<![\w-])(?:(?:it|this|that) {_BE}\b|it['’]s|(?:so|therefore|thus|hence)\b[,:]?){_SURELY}{{0,2}}", re.I
)
_DENIED = re.compile(
    r"(?:examples?:|wrong|incorrect|false|other|\bnot|n['’]t|\bnever|\bnor|\bif|whether|neither)"
    r"(?: (?:the|an?|my|think|believe|say|that|sure|clear|certain|to|be|would|answer|choice|option|is)){0,4} ?\Z",
    re.IGNORECASE,
)
"""What comes before a statement that is none."""
_QUOTED = r"""["“'‘][^"”\n]{1,40}["”'’]"""
_SUPPOSED = re.compile(
    rf"\bwere (?:not there|{_QUOTED}(?:(?:,? and|,) {_QUOTED}){{0,8}}),? (?:then )?(?:the )?\Z", re.IGNORECASE
)
"""What comes before the answer to another text: "If “dull” were “brilliant”, the answer would be positive"."""
_DENIAL, _SUPPOSITION = 40, 400
"""In how many characters before a statement a denial, and a supposition, is looked for."""
_OPEN = re.compile(r"\b(?:or|which) ?(?:the )?\Z", re.IGNORECASE)
"""What comes before one of several answers between which nothing is decided."""
_WRONG = (
    r"(?![\"'”)\]}]{0,3} ?(?:(?:is|was|are|would be|can) ?(?:not|wrong|incorrect|false)|(?:is|was|does)n['’]t|can(?:not|['’]t)"
    r"|では|じゃ|不|是错|是錯))"
)
"""No denial follows."""
_NOT = r"(?:\b(?:not|cannot be|rather than|instead of|neither|nor)|n['’]t(?: be)?|(?:不是|不選|不选|而非|并非|並非|ไม่ใช่))"
_END = (
    rf"""(?=["'”’)\]}}]{{0,3}} ?(?:[,;!?)\]}}]|[.:](?:(?!\w)|(?=[{UNSPACED}]))|\n|\Z|(?:because|since)\b"""
    r"|因|所以|吧|呢|です|だ|เพราะ|项|項|选项))"
)
"""The end of a clause, after which a letter can't be an article or the beginning of a name."""


@cache
def _named(labels: tuple[str, ...]) -> re.Pattern[str]:
    """A label after the beginning of a statement: in parentheses, at the end of its clause, or a capital that is no word."""
    capitals, any_of = one_of([label for label in labels if label not in ("A", "I")]), one_of(labels)
    also = rf"(?![)\]}}]{{0,3}} ?(?:[/&,]|and |or |还是|或者?|和) ?(?:or |and )?\(?(?-i:{any_of})(?![\w'’-]))"
    capital = rf"((?-i:{capitals}))(?![\w+#]|['’.-]\w)"
    return re.compile(
        rf"""[ \n]?["'“‘(\[{{$]{{0,3}}(?:\(({any_of})\)|(?<![(\[{{])(?:({any_of}){_END}|{capital})){_WRONG}{also}""",
        re.IGNORECASE,
    )


@cache
def _affirmed(labels: tuple[str, ...]) -> re.Pattern[str]:
    """A label that is said to be right: "B is the correct answer"."""
    any_of = one_of(labels)
    right = r"(?:(?:most )?(?:correct|right|best|accurate|appropriate|suitable)|true|(?:most )?(?:likely )?answer)"
    return re.compile(
        rf"(?<![\w'’-])(?:\(({any_of})\)|((?-i:{any_of}))) {_BE}{_SURELY}? (?:the )?(?:(?:only|single) )?{right}(?![a-z])"
        rf"|(?:\(({any_of})\)|(?<![A-Za-z])((?-i:{any_of})))(?:项|項|选项)?(?:是|为|為|が)?(?:正确|正確|对的|對的|正解)",
        re.IGNORECASE,
    )


def _texts(offered: Offered) -> tuple[str, dict[str, str]]:
    """A pattern for the texts of the choices, longest first, and the label of each text."""
    known: dict[str, str] = {}
    for choice in offered.choices:
        text = plain_choice(choice.text)
        if any(map(str.isalnum, text)):
            known.setdefault(text, choice.label)
    return one_of(sorted(known, key=len, reverse=True)), known


def stated(text: str, offered: Offered) -> str | None:
    """The last statement such as "… the answer is (B)", "Answer: b" or "B is the correct answer", which is the conclusion.

    A letter without parentheses must end its clause, be followed by the text of its choice, or be a capital that is not an
    English word: in "the answer is a plant", "a" is an article. The text of a choice counts as its label.
    """
    found = [*_after(_STATES, text, offered)]
    for match in _affirmed(offered.labels).finditer(text):
        label = _label("".join(group or "" for group in match.groups()), offered)
        if label and not _denied(text, match.start(), _OPEN):
            found.append((match.start(), label))
    return max(found)[1] if found else None


def concluded(text: str, offered: Offered) -> str | None:
    """The last conclusion such as "it is B." or "so it is mercury"."""
    return max(_after(_CONCLUDES, text, offered), default=(0, None))[1]


def _after(beginning: re.Pattern[str], text: str, offered: Offered) -> Iterator[tuple[int, str]]:
    """What follows each beginning of a statement, if that is a label or the text of a choice: its place and the label."""
    named, (texts, known) = _named(offered.labels), _texts(offered)
    said = re.compile(rf"""[ \n]?["'“‘(\[{{$]{{0,3}}(?:(?:the|an?) )?({texts})(?!\w){_WRONG}""")
    both = re.compile(rf"[ \n]?[(\[]?({one_of(offered.labels)})[).:\]–-]{{0,2}} ?({texts})(?!\w){_WRONG}", re.IGNORECASE)
    lower = lowered(text)
    for match in beginning.finditer(text):
        if _denied(text, match.start(), _OPEN):
            continue
        if (pair := both.match(text, match.end())) and _label(pair[1], offered) == known.get(lowered(pair[2])):
            yield match.start(), known[lowered(pair[2])]
        elif letter := named.match(text, match.end()):
            label = _label("".join(group or "" for group in letter.groups()), offered)
            if label:
                yield match.start(), label
        elif choice := said.match(lower, match.end()):
            yield match.start(), known[choice[1]]


def _denied(text: str, start: int, *also: re.Pattern[str]) -> bool:
    """Whether what begins there is denied, or only supposed, by the words before it, or one of these patterns matches them."""
    denied = any(pattern.search(text, max(0, start - _DENIAL), start) for pattern in (_DENIED, *also))
    return denied or _SUPPOSED.search(text, max(0, start - _SUPPOSITION), start) is not None


def leading(text: str, offered: Offered) -> str | None:
    """The response begins with the label: "(B) …", "**b)** …", "B. …", "Option B", or the label is its first line.

    "(A) …" does not count if the response goes on to "(B) …", as one that goes through all choices does; and "A: …" may stand
    for "Answer".
    """
    labels = one_of(offered.labels)
    found = re.match(
        rf"""["'“]?(?:\(({labels})\)|({labels})["'”]?(?:\)|[.:](?:(?!\w)|(?=[{UNSPACED}]))|(?=\n|\Z))){_WRONG}""",
        text,
        re.IGNORECASE,
    )
    label = _label(found[1] or found[2], offered) if found else None
    if found is None or label is None:
        return None
    rest = text[found.end() :]
    if label == "A" and found[0].endswith(":") and not lowered(rest).lstrip().startswith(_text_of(label, offered)):
        return None
    others = offered.labels[1:2] if label == offered.labels[0] else ()
    return None if re.search(rf"\((?:{one_of(others)})\)|\n(?:{one_of(others)})[.:)]", rest) else label


def _text_of(label: str, offered: Offered) -> str:
    return next(plain_choice(choice.text) for choice in offered.choices if choice.label == label)


def alone(text: str, offered: Offered) -> str | None:
    """Exactly one label stands on a line of its own."""
    label = rf"""["'“]?(?:\(({one_of(offered.labels)})\)|({one_of(offered.labels)}))["'”]?[.)]?"""
    lines = (re.fullmatch(label, line) for line in text.split("\n"))
    found = {line[1] or line[2] for line in lines if line}
    return _label(found.pop(), offered) if len(found) == 1 else None


def parenthesised(text: str, offered: Offered) -> str | None:
    """The response contains exactly one label in parentheses, not counting those that are denied."""
    labels = rf"\((?-i:({one_of(offered.labels)}))\)"
    denied = rf"{_NOT}(?: the answer)? ?\((?-i:{one_of(offered.labels)})\)"
    matches = re.finditer(rf"{denied}|{labels}{_WRONG}", text, re.IGNORECASE)
    found = {match[1] for match in matches if match[1] and not _denied(text, match.start())}
    return _label(found.pop(), offered) if len(found) == 1 else None


def chosen_text(text: str, offered: Offered) -> str | None:
    """The response contains the text of exactly one choice, as whole words, not counting those that are denied."""
    texts, known = _texts(offered)
    pattern = rf"(?<!\w){_NO_MINUS}({texts})(?!\w){_WRONG}|(?:{_NOT} (?:(?:the|an?|just|about) )?|(?<!\w))(?:{texts})(?!\w)"
    found = {known[match[1]] for match in re.finditer(pattern, lowered(text)) if match[1]}
    return found.pop() if len(found) == 1 else None


def _label(written: str, offered: Offered) -> str | None:
    """The label that was written, in upper or lower case."""
    return next((label for label in offered.labels if half_width(label).casefold() == written.casefold()), None)


RULES: dict[str, Rule] = {
    "stated": stated,
    "leading": leading,
    "alone": alone,
    "parenthesised": parenthesised,
    "concluded": concluded,
    "chosen_text": chosen_text,
}
"""The rules in the order in which they are tried."""


def read(text: str, offered: Offered) -> tuple[str, str] | None:
    """The label that the first successful rule finds, and the name of that rule; None if no rule finds one.

    Turns that the model made up after its reply are not read. The time is proportional to the length of the response. Answers
    are looked for as the question's style writes them: letters, or the choices' texts.
    """
    asked = offered if offered.answer_style == "letter" else _lettered_by_text(offered)
    own = plain(own_part(text), asked.labels)
    for name, rule in RULES.items():
        label = rule(own, asked)
        if label is not None:
            return offered.labels[asked.labels.index(label)], name
    return None


def _lettered_by_text(offered: Offered) -> Offered:
    """The texts of the choices as their labels, so that no letter in a reply counts as an answer."""
    texts = [plain_choice(choice.text) for choice in offered.choices]
    if len(set(texts)) < len(texts):  # such as "good" and "Good.": their marks tell them apart
        texts = [choice.text for choice in offered.choices]
    return Offered(tuple(map(Choice, texts, texts)))
