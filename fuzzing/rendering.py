"""Chat templates: what a template may do to us, and what a text may do in a template.

Half of the inputs are templates, which render a chat, or are refused; while they do, nothing is opened, imported or started.
The other half are texts of turns, which never become control tokens.
"""

import re
import sys
from collections import Counter
from contextlib import suppress
from functools import cache
from typing import Any

from transformers import PreTrainedTokenizerBase

from selfamplify.errors import ModelError
from selfamplify.models.local.chat import PLAIN_TEMPLATE, control_tokens, tokenised
from selfamplify.models.local.load import load_tokenizer
from selfamplify.models.local.template import undated
from selfamplify.models.local.trial import MOST_STEPS, TooLong, limited
from selfamplify.records import Chat, Message

from .broken import Broken

TEMPLATES = (
    PLAIN_TEMPLATE,
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>' + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'user' %}{{ '[INST] ' + m['content'].strip() + ' [/INST]' }}"
    "{% else %}{{ ' ' + m['content'] | trim + eos_token }}{% endif %}{% endfor %}",
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m['role'] }}<|end_header_id|>\n\n{{ m['content'] | trim }}"
    "<|eot_id|>{% endfor %}{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}",
    "{{ bos_token }}{% for m in messages %}<start_of_turn>{{ 'model' if m['role'] == 'assistant' else m['role'] }}\n"
    "{{ m['content'] | trim }}<end_of_turn>\n{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}",
    "{% for m in messages %}{{ m.role | upper }}: {{ m['content'].split('</think>')[-1] }}\n{% endfor %}"
    "{% if add_generation_prompt %}ASSISTANT:{% endif %}",
)
"""The ways in which templates of well-known families write their turns."""
CONTROL = ("<|im_start|>", "<|im_end|>", "[INST]", "[/INST]", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
           "<start_of_turn>", "<end_of_turn>")  # fmt: skip
_CHAT = Chat((Message("user", "What eats hay?"), Message("assistant", "The answer is (A)"), Message("user", "And owls?")))
_ENDLESS = re.compile(r"\*|\d{4}|\brange\b|\blipsum\b")
"""What may take memory or time without an end: such templates are rendered in another process, which is not fuzzed."""
_WATCHED = ("open", "import", "os.", "subprocess.", "socket.", "shutil.", "ctypes.", "urllib.")
_watching: list[str] | None = None


def check(data: bytes) -> str:
    """An even first byte: a template follows. An odd one: the next byte chooses a template, and texts of turns follow."""
    text = data[1:].decode(errors="replace")
    return (
        _template(text) if data[0] % 2 == 0 else _texts(TEMPLATES[data[1] % len(TEMPLATES)], data[2:].decode(errors="replace"))
    )


def _template(template: str) -> str:
    if not template or _ENDLESS.search(template):
        return "not tried"
    done = watch()
    tokenizer = tokenizer_with(undated(template))
    try:
        with limited(MOST_STEPS):
            found = tokenised(tokenizer, _CHAT)
    except TooLong:
        return "not finished"
    except ModelError as error:
        str(error).encode(errors="surrogatepass")
        return "refused"
    finally:
        events = done()
        if events:
            raise Broken(f"a template did more than write: {events[:5]}")
    if _CHAT.question and found.text[slice(*found.question)] != _CHAT.question:
        raise Broken("the question is not where it is said to be")
    return "rendered"


def _texts(template: str, texts: str) -> str:
    tokenizer = tokenizer_with(template)
    turns = tuple(
        Message("assistant" if number % 2 else "user", text) for number, text in enumerate((texts.split("\x1e") + ["?"])[:5])
    )
    turns = turns if len(turns) % 2 else turns[:-1]
    plain = tuple(Message(turn.role, "x") for turn in turns)
    try:
        found = tokenised(tokenizer, Chat(turns))
    except ModelError:
        return "refused"
    if controls(tokenizer, found.ids) != controls(tokenizer, tokenised(tokenizer, Chat(plain)).ids):
        raise Broken(f"a text became a control token, or took one away: {turns!r}")
    return "rendered"


def controls(tokenizer: PreTrainedTokenizerBase, ids: tuple[int, ...]) -> Counter[int]:
    """How often each control token is among some ids."""
    known = set(tokenizer.convert_tokens_to_ids(sorted(control_tokens(tokenizer))))  # pyright: ignore[reportArgumentType]
    return Counter(each for each in ids if each in known)


@cache
def _tokenizer() -> PreTrainedTokenizerBase:
    tokenizer = load_tokenizer("embedded")
    tokenizer.add_special_tokens({"additional_special_tokens": list(CONTROL)})  # pyright: ignore[reportArgumentType]
    return tokenizer


def tokenizer_with(template: str) -> PreTrainedTokenizerBase:
    """The embedded model's tokenizer with more control tokens, and another chat template."""
    tokenizer = _tokenizer()
    tokenizer.chat_template = template
    return tokenizer


def _audit(event: str, given: Any) -> None:
    if _watching is not None and event.startswith(_WATCHED):
        found = f"{event} {given!r:.99}"
        if "encodings" not in found:  # a text may be encoded in any way that Python knows, each of which is a module
            _watching.append(found)


@cache
def _hook() -> None:
    for template in ("{{ messages | tojson }}", "{{ ''.__class__.__mro__ }}"):  # what is imported at first use, is imported now
        with suppress(ModelError):
            tokenised(tokenizer_with(template), _CHAT)
    sys.addaudithook(_audit)


def watch() -> Any:
    """Note from now on what this process opens, imports or starts; the function that is returned ends that, and lists it."""
    global _watching
    _hook()
    _watching = []

    def done() -> list[str]:
        global _watching
        events, _watching = _watching or [], None
        return events

    return done
