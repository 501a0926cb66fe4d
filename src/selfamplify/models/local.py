"""A transformers model on this machine: batched, behind shared prefixes, with gradients."""

import hashlib
import json
import platform
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from typing import Any

import torch
import transformers
from jaxtyping import Float
from torch import Tensor
from transformers import DynamicCache, GenerationConfig, LogitsProcessor, PreTrainedModel, PreTrainedTokenizerBase

from ..errors import ModelError
from ..records import Chat, Decoding, Generation, Message, NextToken
from . import chat as chats_of
from . import traits
from .attention import KeysValues, SharedPrefix, UnmergeableAttention, mergeable, shared_attention
from .batching import Batcher
from .head import float32_head
from .model import AbstractDifferentiableModel, AnswerReading, Reading
from .prefix import PrefixCache
from .quiet import quiet


class LocalModel(AbstractDifferentiableModel):
    """A causal language model and its tokenizer, loaded by ``load_model``.

    Rows that share a prefix (the few-shot prompt, or the words before the first perturbable one) reuse its keys and values.
    Rows of a batch are padded between prefix and suffix, masked, with explicit positions, so that all end in one column.
    A batch that runs out of memory is halved, and the smaller size is remembered.
    """

    def __init__(self, module: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, name: str, batch_tokens: int = 32768):
        if not tokenizer.is_fast:
            raise ModelError(f"The tokenizer of {name} has no character offsets; save it as tokenizer.json (a fast tokenizer).")
        traits.check_architecture(module, name)
        self.module: PreTrainedModel = module.eval().requires_grad_(False)  # pyright: ignore[reportIncompatibleVariableOverride]
        self.tokenizer = tokenizer
        self.name = name
        self.context = traits.context(module, tokenizer)
        self.embedding = module.get_input_embeddings()
        self.blank = traits.blank(tokenizer, name)
        self._window = traits.window(module)
        self._ends = traits.ends(module, tokenizer)
        module.generation_config = GenerationConfig()  # or else it would fill in what a Decoding does not name
        self._batcher = Batcher(batch_tokens)
        self._prefixes = PrefixCache(self._keys_values)
        self._mergeable = mergeable(module)
        self._encode = lru_cache(maxsize=512)(lambda chat: chats_of.encode(tokenizer, chat))

    @property
    def device(self) -> torch.device:
        return self.module.device

    @cached_property
    def fingerprint(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        digest = hashlib.sha256()
        for name, tensor in sorted(self.module.state_dict().items()):
            digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
            digest.update(tensor.detach().cpu().flatten().view(torch.uint8).numpy())
        digest.update(self.tokenizer.backend_tokenizer.to_str().encode())  # pyright: ignore
        # Settings such as rope_theta change the answers, the place and version that the model was saved in do not.
        ignored = ("_name_or_path", "architectures", "dtype", "transformers_version")
        settings = {key: value for key, value in self.module.config.to_dict().items() if key not in ignored}
        digest.update(json.dumps(settings, sort_keys=True, default=str).encode())
        digest.update(repr((self.tokenizer.chat_template, chats_of.PLAIN_TEMPLATE, self.blank, self._ends)).encode())
        versions = f"torch {torch.__version__}, transformers {transformers.__version__}, {platform.machine()}"
        return f"sha256:{digest.hexdigest()} {self.module.dtype} {self.device.type} ({versions})"

    def tokens(self, chat: Chat) -> tuple[int, ...]:
        return self._encode(chat).ids

    def read(self, chat: Chat, labels: Sequence[str]) -> Reading:
        return chats_of.read(self.tokenizer, chat, labels)

    def read_answer(self, messages: Sequence[Message], answer: str) -> AnswerReading:
        return chats_of.read_answer(self.tokenizer, messages, answer)

    def next_token(self, chats: Sequence[Chat], labels: Sequence[Sequence[str]]) -> list[NextToken]:
        readings = [self.read(chat, names) for chat, names in zip(chats, labels, strict=True)]
        answers: dict[int, NextToken] = {}
        for prefix, members in _grouped([reading.ids[: reading.prefix] for reading in readings]):
            logits = self.last_logits([readings[index].ids for index in members], len(prefix))[:, -1]
            for index, row in zip(members, logits, strict=True):
                answers[index] = self._next_token(readings[index], row)
        return [answers[index] for index in range(len(readings))]

    def _next_token(self, reading: Reading, logits: Float[Tensor, " vocab"]) -> NextToken:
        top = int(logits.argmax())
        label = next((label for label, token in reading.label_ids.items() if token == top), None)
        log_probabilities = logits.log_softmax(-1)[list(reading.label_ids.values())]
        return NextToken(str(self.tokenizer.decode([top])), label, tuple(log_probabilities.tolist()))

    @torch.inference_mode()
    def last_logits(
        self, rows: Sequence[Sequence[int]], prefix: int, keep: int = 1, tokens: Sequence[int] | None = None
    ) -> Float[Tensor, "row place column"]:
        order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
        shared = tuple(rows[0][:prefix])
        suffixes = [tuple(rows[index][prefix:]) for index in order]
        run = self._batcher.run(
            suffixes, len(suffixes[-1]), lambda batch: self._batch_logits(shared, batch, keep, tokens), self._free_memory
        )
        logits = torch.cat([self._checked(part) for part in run])
        return logits[torch.tensor(order, device=logits.device).argsort()]

    def _checked(self, logits: Float[Tensor, "*row column"]) -> Float[Tensor, "*row column"]:
        # The largest logit is NaN if any is; a token may be ruled out (-inf), but not all of them, and none be certain.
        if not logits.amax(-1).isfinite().all():
            raise ModelError(f"{self.name} gives logits that are not numbers; load it in another precision: --dtype float32.")
        return logits

    def _batch_logits(
        self, prefix: tuple[int, ...], suffixes: Sequence[tuple[int, ...]], keep: int, tokens: Sequence[int] | None
    ) -> Float[Tensor, "row place column"]:
        """Logits after the last ``keep`` tokens of each suffix. Suffixes are padded on the right, where no token sees it."""
        lengths = torch.tensor([len(suffix) for suffix in suffixes], device=self.device)
        width = int(lengths.max())
        ids = torch.tensor([[*suffix, *[self.blank] * (width - len(suffix))] for suffix in suffixes], device=self.device)
        with float32_head(self.module, tokens) as columns:
            logits = self._behind_prefix(prefix, len(suffixes), lengths, keep, input_ids=ids)
        return logits[..., columns].float()

    def _behind_prefix(
        self, prefix: tuple[int, ...], rows: int, lengths: Tensor, keep: int, **inputs: Tensor
    ) -> Float[Tensor, "row place column"]:
        width = next(iter(inputs.values())).shape[1]
        given: dict[str, Any] = inputs | {
            "position_ids": len(prefix) + torch.arange(width, device=self.device).expand(rows, -1),
            "logits_to_keep": lengths[:, None] - keep + torch.arange(keep, device=self.device),
        }
        if prefix and self._mergeable and not torch.is_grad_enabled():
            shared = SharedPrefix(self._prefixes.get(prefix))
            try:
                with shared_attention(self.module):
                    output = self.module(**given, use_cache=False, shared_prefix=shared)
                if len(shared.seen) == len(shared.layers):
                    return output.logits
            except UnmergeableAttention:
                pass
            self._mergeable = False
        before = self._prefixes.replicate(prefix, rows) if prefix else None
        return self.module(**given, past_key_values=before, use_cache=before is not None).logits

    def logits_from_embeddings(
        self,
        embeddings: Float[Tensor, "row token embed"],
        prefix: tuple[int, ...] = (),
        lengths: Sequence[int] | None = None,
        keep: int = 1,
        tokens: Sequence[int] | None = None,
    ) -> Float[Tensor, "row place column"]:
        rows, width = embeddings.shape[:2]
        ends = torch.tensor([width] * rows if lengths is None else lengths, device=self.device)
        with float32_head(self.module, tokens) as columns:
            logits = self._behind_prefix(prefix, rows, ends, keep, inputs_embeds=embeddings)
        return logits[..., columns].float()

    def _shareable(self, prefix: int, width: int) -> int:
        """How much of a prefix rows of ``width`` tokens may share where they are padded behind it, as ``generate`` wants it.

        transformers measures an attention window in columns, so that such padding would push the prefix out of a window that
        is shorter than the row; such rows are run whole, with the padding before them.
        """
        return prefix if width <= self._window else 0

    @torch.inference_mode()
    def generate(self, chats: Sequence[Chat], decoding: Decoding, seeds: Sequence[int]) -> list[Generation]:
        encoded = [self._encode(chat) for chat in chats]
        answers: dict[int, Generation] = {}
        longest = max((len(item.ids) for item in encoded), default=0) + decoding.max_new_tokens
        prefixes = [item.ids[: self._shareable(item.prefix, longest)] for item in encoded]
        # A sampled row draws from its own seed, whatever else is in the batch; and padding would take part in n-grams.
        alone = decoding.do_sample or decoding.no_repeat_ngram_size > 0
        for prefix, members in _grouped(prefixes):
            for block in [[index] for index in members] if alone else [members]:
                suffixes = [encoded[index].ids[len(prefix) :] for index in block]
                run = self._generator(prefix, decoding, seeds[block[0]])
                width = (len(prefix) + max(map(len, suffixes)) + decoding.max_new_tokens) * decoding.num_beams
                parts = self._batcher.run(suffixes, width, run, self._free_memory)
                answers.update(zip(block, [text for part in parts for text in part], strict=True))
        return [answers[index] for index in range(len(chats))]

    def _generator(self, prefix: tuple[int, ...], decoding: Decoding, seed: int) -> Callable[..., list[Generation]]:
        config = self._generation_config(decoding)

        def run(suffixes: Sequence[tuple[int, ...]]) -> list[Generation]:
            ids, mask = self._padded(suffixes)
            head = torch.tensor(prefix, dtype=torch.long, device=self.device).expand(len(suffixes), -1)
            rows = len(suffixes) * decoding.num_beams
            with quiet(), torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else []):
                torch.manual_seed(seed)
                output = self.module.generate(  # pyright: ignore
                    torch.cat([head, ids], dim=1),
                    attention_mask=self._behind(prefix, mask),
                    past_key_values=self._prefixes.replicate(prefix, rows),
                    generation_config=config,
                    logits_processor=[_Checked(self._checked)],
                    tokenizer=self.tokenizer,
                )
            return [self._generation(row, decoding) for row in output[:, len(prefix) + ids.shape[1] :].tolist()]

        return run

    def _generation_config(self, decoding: Decoding) -> GenerationConfig:
        """The decoding asked for and nothing of the model's own defaults but its end-of-turn tokens."""
        return GenerationConfig(
            max_new_tokens=decoding.max_new_tokens,
            do_sample=decoding.do_sample,
            num_beams=decoding.num_beams,
            no_repeat_ngram_size=decoding.no_repeat_ngram_size,
            early_stopping=decoding.early_stopping if decoding.num_beams > 1 else False,
            temperature=1.0,
            top_k=50,
            top_p=1.0,
            repetition_penalty=1.0,
            eos_token_id=list(self._ends) or None,
            pad_token_id=self.blank,
            stop_strings=None if self.tokenizer.chat_template else [chats_of.PLAIN_STOP],
        )

    def _generation(self, ids: list[int], decoding: Decoding) -> Generation:
        length = next((index for index, token in enumerate(ids) if token in self._ends), len(ids))
        text = str(self.tokenizer.decode(ids[:length], skip_special_tokens=True))
        finished = length < len(ids) or len(ids) < decoding.max_new_tokens
        if not self.tokenizer.chat_template and chats_of.PLAIN_STOP in text:
            text, finished = text.split(chats_of.PLAIN_STOP)[0], True
            # While other rows go on, one that ended by a stop string is filled up with blanks.
            length = max((index + 1 for index, token in enumerate(ids[:length]) if token != self.blank), default=0)
        return Generation(text.strip(), length, finished)

    def _keys_values(self, prefix: tuple[int, ...]) -> KeysValues:
        ids = torch.tensor([prefix], device=self.device)
        cache = DynamicCache()
        # Gradients may flow past these constants later, which inference mode would forbid.
        with torch.inference_mode(False), torch.no_grad():
            self.module(input_ids=ids.clone(), past_key_values=cache, use_cache=True, logits_to_keep=1)
        return [(layer.keys, layer.values) for layer in cache.layers]  # pyright: ignore

    def forget(self) -> None:
        """Let go of the keys and values of earlier prefixes."""
        self._prefixes.clear()

    def _free_memory(self) -> None:
        self.forget()
        torch.cuda.empty_cache()

    def _padded(self, suffixes: Sequence[tuple[int, ...]]) -> tuple[Tensor, Tensor]:
        width = max(map(len, suffixes))
        ids = [[self.blank] * (width - len(suffix)) + list(suffix) for suffix in suffixes]
        mask = [[0] * (width - len(suffix)) + [1] * len(suffix) for suffix in suffixes]
        return torch.tensor(ids, device=self.device), torch.tensor(mask, device=self.device)

    def _behind(self, prefix: tuple[int, ...], mask: Tensor) -> Tensor:
        return torch.cat([mask.new_ones(len(mask), len(prefix)), mask], dim=1)


class _Checked(LogitsProcessor):
    """Looks at the scores from which the next token is taken, and leaves them as they are."""

    def __init__(self, check: Callable[[Tensor], Tensor]):
        self._check = check

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        return self._check(scores)


def _grouped(prefixes: list[tuple[int, ...]]) -> list[tuple[tuple[int, ...], list[int]]]:
    """The distinct prefixes, each with the indices of its rows, in the order of first appearance."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for index, prefix in enumerate(prefixes):
        groups.setdefault(prefix, []).append(index)
    return list(groups.items())
