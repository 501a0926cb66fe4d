"""From chat turns to token ids, with the knowledge of where the question's characters went.

The tokenizer's own template renders the turns; text that came out of a template is encoded without special tokens, so that
there is never a second BOS.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from transformers import PreTrainedTokenizerBase

from ..errors import ModelError
from ..records import Chat, Message
from .model import Reading
from .quiet import first_line

PLAIN_STOP = "\nQuestion:"
PLAIN_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'user' %}Question: {{ message['content'] }}\n"
    "{% else %}Answer: {{ message['content'] }}\n\n{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}Answer:{% endif %}"
)
"""The template of a model that brings none: ``Question: …``, ``Answer: …``, behind the BOS token if there is one."""


@dataclass(frozen=True)
class Encoded:
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


def encode(tokenizer: PreTrainedTokenizerBase, chat: Chat) -> Encoded:
    """Render and tokenise a chat. Raises ModelError where a turn holds a control token or the template hides the question."""
    for message in chat.messages:
        for token in _control_tokens(tokenizer):
            if token in message.content:
                raise ModelError(
                    f"The text {message.content[:60]!r} contains the model's control token {token!r}, which would cut or "
                    f"forge a turn; remove it from the data, or leave the row out."
                )
    text = render(tokenizer, chat)
    encoding = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    start = text.rfind(chat.question, 0, len(text) - len(chat.prefill)) if chat.question else 0
    if start < 0:
        raise ModelError(
            "The chat template of this tokenizer rewrites the user's text, so that its words can't be found again; "
            "use a template that inserts message['content'] unchanged."
        )
    spans = tuple((int(first), int(last)) for first, last in encoding["offset_mapping"])
    return Encoded(text, tuple(encoding["input_ids"]), spans, (start, start + len(chat.question)))


def _control_tokens(tokenizer: PreTrainedTokenizerBase) -> set[str]:
    """What a text may not contain: the named special tokens, and those, such as Llama 3's, that only the vocabulary marks."""
    added = tokenizer.added_tokens_decoder.values()  # pyright: ignore[reportAttributeAccessIssue]
    return {*tokenizer.all_special_tokens, *(str(token) for token in added if token.special)}


def render(tokenizer: PreTrainedTokenizerBase, chat: Chat) -> str:
    """The text of a chat, ready for the assistant's reply or, with a prefill, in the middle of it."""
    messages = [asdict(message) for message in chat.messages]
    if chat.prefill:
        messages.append(asdict(Message("assistant", chat.prefill)))
    try:
        text = tokenizer.apply_chat_template(
            messages,
            chat_template=None if tokenizer.chat_template else PLAIN_TEMPLATE,
            tokenize=False,
            add_generation_prompt=not chat.prefill,
            continue_final_message=bool(chat.prefill),
        )
    except Exception as error:  # a template is a program of the model's makers
        raise ModelError(
            f"The chat template of this tokenizer refuses user and assistant turns that end in the start of a reply "
            f"({first_line(error)}); use a model with a chat template, or one without any."
        ) from error
    return str(text)


def read(tokenizer: PreTrainedTokenizerBase, chat: Chat, labels: Sequence[str]) -> Reading:
    """Tokenise a chat up to the point where its labels part ways.

    The prefill ends in ``(``. Each label is tokenised in place, with the closing parenthesis behind it, since ``(A`` or
    ``A)`` may be one token; the label's token is the first in which the labels' tokenisations differ.
    """
    full = [encode(tokenizer, replace(chat, prefill=f"{chat.prefill}{label})")) for label in labels]
    first, shortest = full[0], min(len(encoded.ids) for encoded in full)
    length = next((place for place in range(shortest) if len({encoded.ids[place] for encoded in full}) > 1), shortest - 1)
    label_ids = {label: encoded.ids[length] for label, encoded in zip(labels, full, strict=True)}
    if len(labels) < 2 or len(set(label_ids.values())) < len(labels):
        raise ModelError(
            f"This tokenizer can't tell the labels {', '.join(labels)} apart by one token; give two or more labels that begin "
            f"differently, such as A and B."
        )
    return Reading(first.ids[:length], label_ids, first.text, first.spans[:length], first.question, first.prefix)
