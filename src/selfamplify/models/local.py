"""A transformers model on this machine: batched, behind shared prefixes, with gradients."""

import hashlib
import platform
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache

import torch
import transformers
from jaxtyping import Float
from torch import Tensor
from transformers import GenerationConfig, GenerationMixin, PreTrainedModel, PreTrainedTokenizerBase

from ..errors import ModelError
from ..records import Chat, Decoding, Generation, NextToken
from . import chat as chats_of
from .batching import Batcher
from .model import AbstractDifferentiableModel, Reading
from .prefix import KeysValues, PrefixCache


class LocalModel(AbstractDifferentiableModel):
    """A causal language model and its tokenizer, loaded by ``load_model``.

    Rows that share a prefix (the few-shot prompt, or the words before the first perturbable one) reuse its keys and values.
    Rows of a batch are padded between prefix and suffix, masked, with explicit positions, so that all end in one column.
    A batch that runs out of memory is halved, and the smaller size is remembered.
    """

    def __init__(self, module: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, name: str, batch_tokens: int = 32768):
        if not tokenizer.is_fast:
            raise ModelError(f"The tokenizer of {name} has no character offsets; save it as tokenizer.json (a fast tokenizer).")
        self.module = module.eval().requires_grad_(False)
        self.tokenizer = tokenizer
        self.name = name
        self.context = _context(module, tokenizer)
        self.embedding = module.get_input_embeddings()
        self.blank = _first_id(tokenizer.pad_token_id, tokenizer.unk_token_id, tokenizer.eos_token_id)
        self._batcher = Batcher(batch_tokens)
        self._prefixes = PrefixCache(self._keys_values)
        self._encode = lru_cache(maxsize=2048)(lambda chat: chats_of.encode(tokenizer, chat))

    @property
    def device(self) -> torch.device:
        return self.module.device

    @cached_property
    def fingerprint(self) -> str:
        digest = hashlib.sha256()
        for name, tensor in sorted(self.module.state_dict().items()):
            digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
            digest.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy())
        digest.update(self.tokenizer.backend_tokenizer.to_str().encode())  # pyright: ignore[reportAttributeAccessIssue]
        digest.update(repr((self.tokenizer.chat_template, chats_of.PLAIN_TEMPLATE, self.blank)).encode())
        versions = f"torch {torch.__version__}, transformers {transformers.__version__}, {platform.machine()}"
        return f"sha256:{digest.hexdigest()} {self.module.dtype} {self.device.type} ({versions})"

    def tokens(self, chat: Chat) -> tuple[int, ...]:
        return self._encode(chat).ids

    def read(self, chat: Chat, labels: Sequence[str]) -> Reading:
        return chats_of.read(self.tokenizer, chat, labels)

    def next_token(self, chats: Sequence[Chat], labels: Sequence[Sequence[str]]) -> list[NextToken]:
        readings = [self.read(chat, names) for chat, names in zip(chats, labels, strict=True)]
        answers: dict[int, NextToken] = {}
        for prefix, members in _grouped([reading.ids[: reading.prefix] for reading in readings]):
            logits = self.last_logits([readings[index].ids for index in members], len(prefix))
            for index, row in zip(members, logits, strict=True):
                answers[index] = self._next_token(readings[index], row)
        return [answers[index] for index in range(len(readings))]

    def _next_token(self, reading: Reading, logits: Float[Tensor, " vocab"]) -> NextToken:
        top = int(logits.argmax())
        label = next((label for label, token in reading.label_ids.items() if token == top), None)
        log_probabilities = logits.log_softmax(-1)[list(reading.label_ids.values())]
        return NextToken(self.tokenizer.decode([top]), label, tuple(log_probabilities.tolist()))

    @torch.inference_mode()
    def last_logits(self, rows: Sequence[Sequence[int]], prefix: int) -> Float[Tensor, "row vocab"]:
        shared = tuple(rows[0][:prefix])
        suffixes = [tuple(row[prefix:]) for row in rows]
        width = max(map(len, rows))
        parts = self._batcher.run(suffixes, width, lambda batch: self._batch_logits(shared, batch), self._free_memory)
        logits = torch.cat(list(parts))
        if not logits.isfinite().any(-1).all() or logits.isnan().any():
            raise ModelError(f"{self.name} gives logits that are not numbers; load it in another precision: --dtype float32.")
        return logits

    def _batch_logits(self, prefix: tuple[int, ...], suffixes: Sequence[tuple[int, ...]]) -> Float[Tensor, "row vocab"]:
        ids, mask = self._padded(suffixes)
        positions = (mask.cumsum(-1) - 1).clamp(min=0) + len(prefix)
        output = self.module(
            input_ids=ids,
            attention_mask=self._behind(prefix, mask),
            position_ids=positions,
            past_key_values=self._prefixes.replicate(prefix, len(suffixes)),
            use_cache=True,
            logits_to_keep=1,
        )
        return output.logits[:, -1].float()

    def logits_from_embeddings(self, embeddings: Float[Tensor, "row token embed"]) -> Float[Tensor, "row vocab"]:
        return self.module(inputs_embeds=embeddings, use_cache=False, logits_to_keep=1).logits[:, -1].float()

    @torch.inference_mode()
    def generate(self, chats: Sequence[Chat], decoding: Decoding, seeds: Sequence[int]) -> list[Generation]:
        encoded = [self._encode(chat) for chat in chats]
        answers: dict[int, Generation] = {}
        for prefix, members in _grouped([item.ids[: item.prefix] for item in encoded]):
            # Sampled rows run one by one: each draws from its own seed, whatever else is in the batch.
            blocks = [[index] for index in members] if decoding.do_sample else [members]
            for block in blocks:
                suffixes = [encoded[index].ids[len(prefix) :] for index in block]
                run = self._generator(prefix, decoding, seeds[block[0]])
                width = (len(prefix) + max(map(len, suffixes)) + decoding.max_new_tokens) * decoding.num_beams
                parts = self._batcher.run(suffixes, width, run, self._free_memory)
                answers.update(zip(block, [text for part in parts for text in part], strict=True))
        return [answers[index] for index in range(len(chats))]

    def _generator(self, prefix: tuple[int, ...], decoding: Decoding, seed: int) -> Callable[..., list[Generation]]:
        config = self._generation_config(decoding)
        assert isinstance(self.module, GenerationMixin)
        module = self.module

        def run(suffixes: Sequence[tuple[int, ...]]) -> list[Generation]:
            ids, mask = self._padded(suffixes)
            head = torch.tensor(prefix, dtype=torch.long, device=self.device).expand(len(suffixes), -1)
            rows = len(suffixes) * decoding.num_beams
            with torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else []):
                torch.manual_seed(seed)
                output = module.generate(
                    torch.cat([head, ids], dim=1),
                    attention_mask=self._behind(prefix, mask),
                    past_key_values=self._prefixes.replicate(prefix, rows),
                    generation_config=config,
                    tokenizer=self.tokenizer,
                )
            return [self._generation(row, decoding) for row in output[:, len(prefix) + ids.shape[1] :].tolist()]

        return run

    def _generation_config(self, decoding: Decoding) -> GenerationConfig:
        """The decoding asked for and nothing of the model's own defaults but its end-of-turn tokens."""
        own = self.module.generation_config
        return GenerationConfig(
            max_new_tokens=decoding.max_new_tokens,
            do_sample=decoding.do_sample,
            num_beams=decoding.num_beams,
            no_repeat_ngram_size=decoding.no_repeat_ngram_size,
            early_stopping=decoding.early_stopping,
            temperature=1.0,
            top_k=50,
            top_p=1.0,
            repetition_penalty=1.0,
            eos_token_id=own.eos_token_id if own is not None else self.tokenizer.eos_token_id,
            pad_token_id=self.blank,
            stop_strings=None if self.tokenizer.chat_template else [chats_of.PLAIN_STOP],
        )

    def _generation(self, ids: list[int], decoding: Decoding) -> Generation:
        own = self.module.generation_config
        ends = own.eos_token_id if own is not None and own.eos_token_id is not None else self.tokenizer.eos_token_id
        ends = ends if isinstance(ends, list) else [ends]
        length = next((index for index, token in enumerate(ids) if token in ends), len(ids))
        text = self.tokenizer.decode(ids[:length], skip_special_tokens=True)
        finished = length < len(ids) or len(ids) < decoding.max_new_tokens
        if not self.tokenizer.chat_template and chats_of.PLAIN_STOP in text:
            text, finished = text.split(chats_of.PLAIN_STOP)[0], True
        return Generation(text.strip(), length, finished)

    def _keys_values(self, prefix: tuple[int, ...]) -> KeysValues:
        ids = torch.tensor([prefix], device=self.device)
        cache = self._prefixes.replicate((), 1)
        self.module(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
        return [(layer.keys, layer.values) for layer in cache.layers if layer.keys is not None and layer.values is not None]

    def _free_memory(self) -> None:
        self._prefixes.clear()
        torch.cuda.empty_cache()

    def _padded(self, suffixes: Sequence[tuple[int, ...]]) -> tuple[Tensor, Tensor]:
        width = max(map(len, suffixes))
        ids = [[self.blank] * (width - len(suffix)) + list(suffix) for suffix in suffixes]
        mask = [[0] * (width - len(suffix)) + [1] * len(suffix) for suffix in suffixes]
        return torch.tensor(ids, device=self.device), torch.tensor(mask, device=self.device)

    def _behind(self, prefix: tuple[int, ...], mask: Tensor) -> Tensor:
        return torch.cat([mask.new_ones(len(mask), len(prefix)), mask], dim=1)


def _grouped(prefixes: list[tuple[int, ...]]) -> list[tuple[tuple[int, ...], list[int]]]:
    """The distinct prefixes, each with the indices of its rows, in the order of first appearance."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for index, prefix in enumerate(prefixes):
        groups.setdefault(prefix, []).append(index)
    return list(groups.items())


def _first_id(*ids: int | None) -> int:
    return next((token for token in ids if token is not None), 0)


def _context(module: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> int:
    config = module.config.get_text_config(decoder=True)
    positions = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
    return int(positions or min(tokenizer.model_max_length, 1 << 20))
