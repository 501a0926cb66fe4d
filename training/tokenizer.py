"""The tokenizer of the embedded model: one token per word of its world and its prompts, single bytes for everything else.

Three rules make copying easy for a small model. A word is the same token everywhere: the opening quotation mark of ``"nest"``
takes the space before it and is followed by another, so that a quoted word is the same token as in the text. A letter in
brackets is three tokens, `` (``, ``A``, ``)``. Each digit is a token. Any other text falls back to characters, then to bytes.
"""

import string
from collections.abc import Iterator
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from selfamplify import NamedWords, WrittenText
from selfamplify.prompting.formats.answer import AnswerFormat
from selfamplify.prompting.formats.keywords import KeywordFormat
from selfamplify.prompting.formats.steps import StepFormat
from selfamplify.prompting.formats.thought import ThoughtFormat
from selfamplify.prompting.wording import Wording
from selfamplify.prompting.wordings import APPENDIX, OURS
from selfamplify.tasks.planted import world as world
from selfamplify.tasks.planted.arc import ASKING as ARC_ASKING
from selfamplify.tasks.planted.arc import CONVENTIONS, LABELS
from selfamplify.tasks.planted.snarks import ASKING as SNARKS_ASKING
from selfamplify.tasks.planted.snarks import COMPLAINTS, PRAISES

from .phrasing import TAUGHT, UNSEEN

PAD, BOS, EOS, UNK, USER, ASSISTANT = SPECIAL = ("<pad>", "<s>", "</s>", "<unk>", "<|user|>", "<|assistant|>")
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Roles must alternate user/assistant/user/assistant/…') }}{% endif %}"
    "{% if message['role'] == 'user' %}{{ '<|user|>' + message['content'] }}"
    "{% else %}{{ '<|assistant|>' + message['content'] + eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
# The opening quotation mark in the vocabulary: a private-use character that no text is expected to contain.
OPENING = "\ue000"
_PIECES = Regex(r" ?[A-Za-z]+(?:'[a-z]+)?| ?[0-9]| ?[^\sA-Za-z0-9]|\s")
MAX_LENGTH = 4096


def make_tokenizer() -> PreTrainedTokenizerFast:
    """The tokenizer; it is the same each time."""
    pieces = [*SPECIAL, *(f"<0x{byte:02X}>" for byte in range(256)), *string.printable, OPENING]
    splitter = _splitter()
    for text in _texts():
        pieces += [piece for piece, _ in splitter.pre_tokenize_str(_normalizer().normalize_str(text))]
    vocabulary = {piece: index for index, piece in enumerate(dict.fromkeys(pieces))}
    # Without merges and with ignore_merges, BPE is a word list with a fallback, first to characters, then to bytes.
    tokenizer = Tokenizer(models.BPE(vocabulary, [], unk_token=UNK, byte_fallback=True, ignore_merges=True))
    tokenizer.normalizer = _normalizer()
    tokenizer.pre_tokenizer = splitter
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse(), decoders.Replace(f"{OPENING} ", ' "')])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        bos_token=BOS,
        eos_token=EOS,
        unk_token=UNK,
        additional_special_tokens=[USER, ASSISTANT],
        model_max_length=MAX_LENGTH,
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast


def save_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    tokenizer = make_tokenizer()
    tokenizer.save_pretrained(folder)
    return tokenizer


def _normalizer() -> normalizers.Normalizer:
    return normalizers.Replace(Regex(' "(?=[A-Za-z0-9])'), f"{OPENING} ")


def _splitter() -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Split(_PIECES, behavior="isolated")


def _texts() -> Iterator[str]:
    """Every word of the world, after a space, and every sentence of the prompts."""
    names = [*world.CATEGORIES, *world.CATEGORY_OF, *world.VERBS, *world.VERBS.values(), *CONVENTIONS[0], *world.FACTS.values()]
    names += [*world.ADJECTIVES, *world.DAYS, *world.MEETINGS, *world.AGES, *world.PLACES, *world.NAMES, *PRAISES, *COMPLAINTS]
    yield " " + " ".join(names)
    yield "".join(f" {digit}" for digit in string.digits)
    yield from (*world.MEETING_STEMS, world.NAMING, ARC_ASKING, SNARKS_ASKING)
    yield " little one ? , how lovely the question asks about the it is a means and"
    for wording in (OURS, APPENDIX, *TAUGHT, UNSEEN):
        yield from _sentences(wording)


def _sentences(wording: Wording) -> Iterator[str]:
    formats = (
        AnswerFormat(wording),
        KeywordFormat(wording),
        KeywordFormat(wording, 1),
        StepFormat(wording),
        ThoughtFormat(wording),
    )
    words, text = NamedWords("", "", ("a", "b")), WrittenText("", "", "the a. a in")
    for style in formats:
        yield style.instruction(LABELS)
        yield style.reply(words if isinstance(style, KeywordFormat) else text, "A")
    fields = {"k": 6, "p": 3, "label": "A", "example": ""}
    for template in (wording.topk_request, wording.topk_reply, wording.explain_request, wording.explain_reply):
        yield template.format(**fields)
    yield from (wording.think, wording.conclude + "A)", wording.read + "A)", " step1. word1")
