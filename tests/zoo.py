"""The models that the tests run on: a tiny random one of each decoder family, and the small trained ones in shared/models."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    GemmaConfig,
    GemmaForCausalLM,
    GenerationConfig,
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoConfig,
    GPTNeoForCausalLM,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    MambaConfig,
    MambaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Phi3Config,
    Phi3ForCausalLM,
    PhiConfig,
    PhiForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from selfamplify import Choice, Decoding, LocalModel, Question, load_model
from selfamplify.models.local.chat import render
from selfamplify.prompting.chats import reading_chat
from selfamplify.prompting.wordings import OURS
from selfamplify.records import Chat

TRAINED = ("stories260K", "cardputer-chat-3M")
_FOLDER = Path(__file__).parents[2] / "shared" / "models"

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|{{ message['role'] }}|>\n{{ message['content'] }}"
    "{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
_CORPUS = [
    "Which of these animals would a farmer keep to get milk in the morning, and why is the answer (A), (B), (C) or (D)?",
    "A student rubs both hands together to make them warm. The heat comes from friction: the answer is (B).",
    "Question: What do plants need in order to grow? Answer: sunlight, water, warmth and a little soil around the roots.",
    "You are presented with a multiple choice question. Generate the right single answer. Output example: The answer is (A)",
]

ANIMAL = Question("animal", "Which animal gives milk?", (Choice("A", "a brown cow"), Choice("B", "the snake")), "A")
PLANT = Question(
    "plant",
    "What does a green plant need most, besides water and soil, so that its leaves can grow?",
    (Choice("A", "sunlight"), Choice("B", "darkness"), Choice("C", "a bucket of salt")),
    "A",
)
HANDS = Question("hands", "Rubbing makes hands warm by", (Choice("A", "friction"), Choice("B", "gravity")), "B")
QUESTIONS = (ANIMAL, PLANT, HANDS)


def asked(questions: Sequence[Question] = QUESTIONS) -> tuple[list[Chat], list[tuple[str, ...]]]:
    """The chats in which some questions' labels are read, of different lengths, and the labels."""
    return [reading_chat(question, OURS) for question in questions], [question.labels for question in questions]


@cache
def _bytes_bpe() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<unk>", "<s>", "</s>", "<pad>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_CORPUS, trainer)
    return tokenizer


def tiny_tokenizer(*, template: bool = True, backend: Tokenizer | None = None) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer of 400 tokens, with a chat template or without."""
    backend = Tokenizer.from_str((backend or _bytes_bpe()).to_str())
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )
    if template:
        tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def merged_markers() -> Tokenizer:
    """A tokenizer in which "(A" is one token."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "isolated")
    alphabet = sorted({*"".join(_CORPUS), *(character for question in QUESTIONS for character in question.render()), *"<|>\n"})
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<unk>", "<s>", "</s>", "<pad>"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(["(A (B (C (D"] * 9, trainer)
    return tokenizer


_COMMON: dict[str, Any] = {"vocab_size": 400, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 3}
_WIDE = _COMMON | {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
_LONG: dict[str, Any] = {"max_position_embeddings": 512}
_NEO: dict[str, Any] = {"num_layers": 2, "num_heads": 4, "hidden_size": 32, "attention_types": [[["global", "local"], 1]]}


def _module(family: str) -> PreTrainedModel:
    match family:
        case "llama":
            return LlamaForCausalLM(LlamaConfig(**_WIDE, **_LONG, num_key_value_heads=2))
        case "mistral":
            return MistralForCausalLM(MistralConfig(**_WIDE, **_LONG, num_key_value_heads=2, sliding_window=None))
        case "mistral-window":
            return MistralForCausalLM(MistralConfig(**_WIDE, **_LONG, num_key_value_heads=2, sliding_window=48))
        case "gemma":
            return GemmaForCausalLM(GemmaConfig(**_WIDE, **_LONG, num_key_value_heads=1, head_dim=8))
        case "gemma2":
            return Gemma2ForCausalLM(Gemma2Config(**_WIDE, **_LONG, num_key_value_heads=2, head_dim=8, sliding_window=48))
        case "gemma3":
            return Gemma3ForCausalLM(Gemma3TextConfig(**_WIDE, **_LONG, num_key_value_heads=2, head_dim=8, sliding_window=48))
        case "qwen2":
            return Qwen2ForCausalLM(Qwen2Config(**_WIDE, **_LONG, num_key_value_heads=2))
        case "qwen3":
            return Qwen3ForCausalLM(Qwen3Config(**_WIDE, **_LONG, num_key_value_heads=2, head_dim=8))
        case "phi3":
            return Phi3ForCausalLM(Phi3Config(**_WIDE, **_LONG, num_key_value_heads=2))
        case "phi":
            return PhiForCausalLM(PhiConfig(**_WIDE, **_LONG))
        case "gpt2":
            return GPT2LMHeadModel(GPT2Config(**_COMMON, n_embd=32, n_layer=2, n_head=4, n_positions=512))
        case "gpt-neo-window":
            return GPTNeoForCausalLM(GPTNeoConfig(**_COMMON, **_LONG, **_NEO, window_size=48))
        case "gpt-neox":
            return GPTNeoXForCausalLM(GPTNeoXConfig(**_WIDE, **_LONG))
    raise KeyError(family)


FAMILIES = ("llama", "mistral", "mistral-window", "gemma", "qwen2", "phi", "gpt2", "gpt-neo-window", "gpt-neox")
ZOO = (*FAMILIES, *TRAINED)
DECODERS = (*FAMILIES, "gemma2", "gemma3", "qwen3", "phi3")
"""All random models; those that are not in FAMILIES answer like the others, but have blocks of their own to explain."""


def writing(names: Sequence[str], decodings: dict[str, Decoding]) -> pytest.MarkDecorator:
    """Each model with each decoding; with the first and the last of them always, which are the simplest and the paper's.

    Those between are always tried with the first model, and with the others only by ``-m slow``.
    """
    always = {[*decodings][0], [*decodings][-1]}
    return pytest.mark.parametrize(
        ("name", "decoding"),
        [
            pytest.param(
                name, decoding, id=f"{name}-{how}", marks=[] if name == names[0] or how in always else pytest.mark.slow
            )
            for name in names
            for how, decoding in decodings.items()
        ],
    )


def tiny_module(family: str, seed: int = 0) -> PreTrainedModel:
    """Random weights of a family, larger than usual initial weights, so that tokens, positions and layers all matter."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = _module(family)
        for weight in module.parameters():
            if weight.dim() > 1:
                weight.data.normal_(0.0, 0.2)
    return module


def state_space_module() -> PreTrainedModel:
    """A model that has a state in place of keys and values."""
    return MambaForCausalLM(MambaConfig(vocab_size=400, hidden_size=16, num_hidden_layers=1, state_size=4))


def save(model: LocalModel, folder: Path) -> Path:
    """The folder, with the model in it as transformers writes one."""
    model.module.save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    return folder


def tiny_model(family: str = "llama", *, template: bool = True, seed: int = 0, batch_tokens: int | None = None) -> LocalModel:
    """A fresh model of a family, for tests that change it."""
    return LocalModel(tiny_module(family, seed), tiny_tokenizer(template=template), f"tiny-{family}", batch_tokens)


def trained_folder(name: str) -> Path:
    """The folder of a trained model; without it, the test is skipped."""
    if not (_FOLDER / name).is_dir():
        pytest.skip(f"the trained model {name} is not at {_FOLDER}")
    return _FOLDER / name


@cache
def model_of(name: str) -> LocalModel:
    """A model of the zoo, made once and never changed."""
    if name in TRAINED:
        return load_model(trained_folder(name), device="cpu")
    return tiny_model(name, template=name not in ("gpt2", "gpt-neox"))


def plain_tokens(
    model: LocalModel, ids: tuple[int, ...], decoding: Decoding, seed: int, ends: Sequence[int]
) -> tuple[int, ...]:
    """The tokens that transformers' ``generate`` writes after one whole prompt."""
    settings = GenerationConfig(
        max_new_tokens=decoding.max_new_tokens,
        do_sample=decoding.do_sample,
        num_beams=decoding.num_beams,
        no_repeat_ngram_size=decoding.no_repeat_ngram_size,
        early_stopping=decoding.early_stopping,
        temperature=decoding.temperature if decoding.do_sample else None,
        eos_token_id=list(ends),
        pad_token_id=model.blank,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        output: Any = model.module.generate(  # pyright: ignore
            torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long), generation_config=settings
        )
    return tuple(output[0, len(ids) :].tolist())


def brute_force(model: LocalModel, chat: Chat, answer: str) -> list[float]:
    """The log-probability of each token of an answer at the end of a chat: one prompt, one pass, nothing shared."""
    text = render(model.tokenizer, replace(chat, prefill=chat.prefill + answer))
    encoded = model.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    ids, begins = encoded["input_ids"], len(text) - len(answer)
    first = next(place for place, (_, end) in enumerate(encoded["offset_mapping"]) if end > begins)
    with torch.inference_mode():
        scores = model.module(input_ids=torch.tensor([ids])).logits[0].double().log_softmax(-1)
    return [float(scores[place - 1, ids[place]]) for place in range(first, len(ids))]
