"""From chat turns to token ids, and to where the question's characters went.

The tokenizer's own template renders the turns. Text that came out of a template is encoded without special tokens, so that
there is never a second BOS.
"""

import hashlib
import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from transformers import PreTrainedTokenizerBase

from ...errors import ModelError, SettingsError
from ...records import Chat, Encoded, Message
from ...text.lines import first_line
from ..model import AnswerReading, Reading

PLAIN_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'user' %}Question: {{ message['content'] }}\n"
    "{% else %}Answer: {{ message['content'] }}\n\n{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}Answer:{% endif %}"
)
"""The template of a model without one: ``Question: …``, ``Answer: …``, after the BOS token if there is one."""


@dataclass(frozen=True)
class Rendered:
    """A rendered chat: text, token ids, each token's character span, and the span of the question in the text."""

    text: str
    ids: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    question: tuple[int, int]

    @property
    def prefix(self) -> int:
        """How many tokens lie wholly before the question."""
        start = self.question[0]
        return next((index for index, (_, end) in enumerate(self.spans) if end > start), 0)


class Encoder:
    """Encodes chats for the models of one tokenizer; prompts that share a prefix share one copy of its token ids."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase):
        self.tokenizer = tokenizer
        self._prefix: tuple[int, ...] = ()

    def encode(self, chat: Chat) -> Encoded:
        """See ``AbstractLanguageModel.encode``."""
        found = tokenised(self.tokenizer, chat)
        prefix, suffix = found.ids[: found.prefix], found.ids[found.prefix :]
        if prefix != self._prefix:
            self._prefix = prefix
        digest = hashlib.sha256(array("q", found.ids).tobytes()).hexdigest()
        return Encoded(chat, len(found.ids), digest, self._prefix, suffix)


def tokenised(tokenizer: PreTrainedTokenizerBase, chat: Chat) -> Rendered:
    """Render and tokenise a chat. Raises ModelError if a turn holds a control token or the template hides the question."""
    text, question = _rendered_chat(tokenizer, chat)
    return Rendered(text, *_tokens(tokenizer, text), question)


def _rendered_chat(tokenizer: PreTrainedTokenizerBase, chat: Chat) -> tuple[str, tuple[int, int]]:
    """The text of a chat, and where the question is in it."""
    _refuse_control_tokens(tokenizer, (*(message.content for message in chat.messages), chat.prefill))
    text = render(tokenizer, chat)
    start = _question_start(tokenizer, chat, text) if chat.question else 0
    if start < 0:
        raise _rewritten("the user's text")
    return text, (start, start + len(chat.question))


def _question_start(tokenizer: PreTrainedTokenizerBase, chat: Chat, text: str) -> int:
    """Where the question is in ``text``, the rendered chat; -1 if it is not there.

    It ends the last turn, so it is the last text of its kind but for what follows that turn: the template's own words, which
    may contain "ass", and the start of the reply. Where both could be meant, a placeholder in its place shows what follows.
    """
    start = text.rfind(chat.question, 0, len(text) - len(chat.prefill))
    if start == text.find(chat.question):
        return start
    mark = "\ue000"
    *turns, last = chat.messages
    frame = render(tokenizer, replace(chat, messages=(*turns, replace(last, content=mark))))
    after = frame.rpartition(mark)[2]
    if mark not in frame or not text.endswith(after):
        return -1
    return text.rfind(chat.question, 0, len(text) - len(after))


def _tokens(tokenizer: PreTrainedTokenizerBase, text: str) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
    """The token ids of a rendered chat, and their character spans."""
    encoding = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    return tuple(encoding["input_ids"]), tuple((int(first), int(last)) for first, last in encoding["offset_mapping"])


def _rewritten(what: str) -> ModelError:
    return ModelError(
        f"The chat template of this tokenizer rewrites {what}, so its words can't be found again; "
        f"use a template that inserts `message['content']` unchanged."
    )


def _refuse_control_tokens(tokenizer: PreTrainedTokenizerBase, texts: Iterable[str]) -> None:
    tokens, read = control_tokens(tokenizer), _read_control_tokens(tokenizer)
    for text in texts:
        found = next((token for token in tokens if token in text), None) or read(text)
        if found:
            raise ModelError(
                f"The text {text[:60]!r} contains the model's control token {found!r}, which would end or forge a turn; "
                f"remove it from the data, or leave the row out."
            )


def _read_control_tokens(tokenizer: PreTrainedTokenizerBase) -> Callable[[str], str | None]:
    """Finds a control token that a text becomes when the tokenizer normalises it: some do so before they look for a few."""
    own = getattr(getattr(tokenizer, "backend_tokenizer", None), "normalizer", None)
    added = tokenizer.added_tokens_decoder.values()  # pyright: ignore[reportAttributeAccessIssue]
    late = {str(token): own.normalize_str(str(token)) for token in added if own and token.special and token.normalized}
    return lambda text: next((name for name, form in late.items() if own and form in own.normalize_str(text)), None)


def control_tokens(tokenizer: PreTrainedTokenizerBase) -> frozenset[str]:
    """What a text must not contain: the named special tokens, and those that only the vocabulary marks, such as Llama 3's."""
    added = tokenizer.added_tokens_decoder.values()  # pyright: ignore[reportAttributeAccessIssue]
    return frozenset((*tokenizer.all_special_tokens, *(str(token) for token in added if token.special)))


def render(tokenizer: PreTrainedTokenizerBase, chat: Chat) -> str:
    """The text of a chat, ready for the assistant's reply, or for its continuation after a prefill."""
    reply = (Message("assistant", chat.prefill),) if chat.prefill else ()
    return _rendered(tokenizer, (*chat.messages, *reply), bool(chat.prefill))


def _rendered(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], continued: bool) -> str:
    """The text of turns that end in an unfinished reply (``continued``), or just before a reply."""
    if not tokenizer.chat_template and any(message.role not in ("user", "assistant") for message in messages):
        raise ModelError("This tokenizer has no chat template, and so no system turn; move its text into the user's turn.")
    try:
        text = tokenizer.apply_chat_template(
            [asdict(message) for message in messages],
            chat_template=None if tokenizer.chat_template else PLAIN_TEMPLATE,
            tokenize=False,
            add_generation_prompt=not continued,
            continue_final_message=continued,
        )
    except Exception as error:  # a template is a program by the model's makers
        raise ModelError(
            f"The chat template of this tokenizer can't write these turns ({first_line(error)}); {_remedy(messages)}."
        ) from error
    return str(text)


def turn_end(tokenizer: PreTrainedTokenizerBase) -> tuple[int | None, str]:
    """How the template ends a reply: by a control token, or only by the text that begins the user's next turn.

    One of the two is empty: the id of the token, or the text. Both are if the template takes no second question, or writes
    nothing between the turns.
    """
    first, reply, second = "\ue000", "\ue001", "\ue002"
    turns = [Message("user", first), Message("assistant", reply), Message("user", second)]
    try:
        between = _rendered(tokenizer, turns, True).rpartition(reply)[2].partition(second)[0]
    except ModelError:
        return None, ""
    marks = [token for token in control_tokens(tokenizer) if token and between.lstrip().startswith(token)]
    if marks:
        return int(tokenizer.convert_tokens_to_ids(max(marks, key=len))), ""  # pyright: ignore[reportArgumentType]
    text = between.strip()
    return None, f"\n{text}" if text and "\n" in between[: between.index(text)] else text


def opens_thinking(tokenizer: PreTrainedTokenizerBase) -> str:
    """The mark with which the template itself opens a block of reasoning before each reply; empty if it opens none."""
    try:
        text = _rendered(tokenizer, [Message("user", "?")], False).rstrip()
    except ModelError:
        return ""
    return next((mark for mark in ("<think>", "<thinking>", "[THINK]") if text.endswith(mark)), "")


def with_thinking(template: str, thinking: bool) -> str:
    """A chat template with its switch for reasoning set, if it has one (Qwen 3, SmolLM3 and others: ``enable_thinking``)."""
    switches = [name for name in ("enable_thinking", "thinking") if re.search(rf"\b{name}\b", template)]
    return "".join(f"{{%- set {name} = {str(thinking).lower()} -%}}" for name in switches) + template


def _remedy(messages: Sequence[Message]) -> str:
    """What to do about turns that a template refuses."""
    roles = [message.role for message in messages]
    if "system" in roles:
        return "move the text of the system turn into the user's turn"
    if any(role != ("user", "assistant")[place % 2] for place, role in enumerate(roles)):
        return "let the turns of user and assistant alternate, and begin with the user's"
    return "use a model with another template, or none"


def read(tokenizer: PreTrainedTokenizerBase, chat: Chat, answers: Sequence[str]) -> Reading:
    """Tokenise a chat up to the point where its answers differ.

    After a prefill that ends in ``(``, each answer is a label, followed by the closing parenthesis, since ``(A`` or ``A)`` may
    be one token; the label's token is the first in which their tokenisations differ. After any other prefill, all tokens of an
    answer count, and a space comes before it, unless the prefill ends in one or in a quotation mark. The chat is rendered
    once for all answers.
    """
    lettered = chat.prefill.endswith("(")
    ends = [f"{answer})" if lettered else f"{chat.space}{answer}" for answer in answers]
    _refuse_control_tokens(tokenizer, answers)
    text, question = _rendered_chat(tokenizer, replace(chat, prefill=chat.prefill + ends[0]))
    if not text.endswith(ends[0]):
        raise _rewritten("the start of the reply")
    stem = text.removesuffix(ends[0])
    full = [Rendered(stem + end, *_tokens(tokenizer, stem + end), question) for end in ends]
    first, shortest = full[0], min(len(each.ids) for each in full)
    length = next((place for place in range(shortest) if len({each.ids[place] for each in full}) > 1), shortest - 1)
    if not lettered:
        length = min(length, next(place for place, (_, end) in enumerate(first.spans) if end > len(stem)))
    ids = {answer: each.ids[length:][: 1 if lettered else None] for answer, each in zip(answers, full, strict=True)}
    if len(set(ids.values())) < len(full) or lettered and len(full) < 2:
        raise ModelError(
            f"This tokenizer can't tell the answers {', '.join(answers)} apart{' by one token' if lettered else ''}; use two "
            f"or more labels that begin differently, such as A and B."
        )
    return Reading(first.ids[:length], ids, first.text, first.spans[:length], question, first.prefix)


def read_answer(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], answer: str) -> AnswerReading:
    """Tokenise a chat whose reply is, or ends in, a given answer.

    If the last message is the assistant's, it is the start of the reply, which the answer follows directly. Chat and answer are
    rendered and tokenised once, as a whole, so that the answer's tokens are those of this context, and a template that trims
    the end of a turn does not change the text between the start of a reply and the answer. Raises SettingsError for an empty
    answer, ModelError if a text holds a control token or the template does not take these turns, or rewrites them.
    """
    if not answer:
        raise SettingsError(
            'The answer is empty; give the text whose probability is to be explained, such as `answer="Paris"`.'
        )
    start = messages[-1].content if messages and messages[-1].role == "assistant" else None
    asked = messages if start is None else messages[:-1]
    reply = f"{start or ''}{answer}"
    turns = (*asked, Message("assistant", reply))
    _refuse_control_tokens(tokenizer, (turn.content for turn in turns))
    text = _rendered(tokenizer, turns, True)
    if not reply.strip() and not text.endswith(reply):
        raise _dropped(answer)
    contents = _contents(tokenizer, turns, text)
    opens, ends = contents[-1]
    begins = max(opens, opens + len(start or "") - reply.index(text[opens:ends]))
    ids, spans = _tokens(tokenizer, text)
    first = next((place for place, (_, end) in enumerate(spans) if end > begins), None)
    if first is None or begins >= ends:
        raise _dropped(answer)
    found = contents[:-1] if start is None else (*contents[:-1], (opens, begins))
    return AnswerReading(ids[:first], ids[first:], text, spans[:first], found, begins)


def _dropped(answer: str) -> ModelError:
    return ModelError(f"The template or tokenizer of this model drops the answer {answer!r}; give one that has letters in it.")


def _contents(tokenizer: PreTrainedTokenizerBase, turns: Sequence[Message], text: str) -> tuple[tuple[int, int], ...]:
    """The span of each turn's content in ``text``, the rendered turns; white space that a template trims is left out.

    A content such as "user" may also occur in the template's own words. So the turns are rendered a second time with
    placeholders for their contents, which shows what surrounds them and in which order; only the contents may differ.
    """
    marks = [f"\ue000{number}\ue001" for number in range(len(turns))]
    frame = _rendered(tokenizer, [replace(turn, content=mark) for turn, mark in zip(turns, marks, strict=True)], True)
    if any(frame.count(mark) != 1 for mark in marks):
        raise _rewritten("or repeats some of the messages")
    order = sorted(range(len(turns)), key=lambda number: frame.index(marks[number]))
    before, *around = re.split("\ue000\\d+\ue001", frame)
    place = len(before)
    spans: dict[int, tuple[int, int]] = {}
    for number, after in zip(order, around, strict=True):
        content = turns[number].content
        forms = dict.fromkeys((content, content.rstrip(), content.lstrip(), content.strip()))
        shown = next((form for form in forms if text.startswith(form + after, place)), None)
        if shown is None:
            raise _rewritten(f"the message {content[:60]!r}")
        spans[number] = (place, place + len(shown))
        place += len(shown) + len(after)
    if not text.startswith(before) or spans[len(turns) - 1][1] != len(text):
        raise _rewritten("the text around the messages")
    return tuple(spans[number] for number in range(len(turns)))
