"""Texts that follow one shared prefix and are written together: when some have ended, others take their rows.

The keys and values of the prefix are stored once (``attention.py``), those of the rows that follow it in ``rows.py``. The texts
are those that transformers' ``generate`` writes for each row alone.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import PreTrainedModel

from ...records import Decoding
from ...work.interruption import enough
from .after_prefix import run_after_prefix
from .attention import KeysValues, SharedPrefix
from .batching import padded
from .head import best_head, float32_head
from .rows import FirstPass, NextPass, Rows
from .search import AbstractSearch, Beams, Continuation, Single, Stops, Text

TOP_K = 50
"""Sampling draws from this many tokens, which is transformers' default."""
_PADDING, _LEAST_TOKENS = 0.25, 1024
"""New rows join in one pass if none is padded by more than this share, or up to this many tokens: small passes cost more."""
_REFILL = 0.25
"""Others join when this share of the texts has ended: a pass of many rows costs little more than a pass of a few."""


@dataclass(frozen=True)
class Manner:
    """How texts are written: the decoding, the tokens that end a text, what else ends it, and a check of the logits."""

    decoding: Decoding
    ends: Sequence[int]
    stops: Stops
    check: Callable[[Tensor], Tensor]

    @property
    def candidates(self) -> int:
        """How many continuations beams are chosen from: so many that enough of them do not end the text."""
        return max(2, 1 + len(self.ends)) * self.decoding.num_beams

    @property
    def only_best(self) -> bool:
        """Whether nothing is read but the most probable token."""
        decoding = self.decoding
        return decoding.num_beams == 1 and not decoding.do_sample and not decoding.no_repeat_ngram_size

    def search(self) -> AbstractSearch:
        """A new search for one text."""
        decoding = self.decoding
        if decoding.num_beams == 1:
            return Single(decoding.max_new_tokens, self.stops)
        return Beams(decoding.num_beams, decoding.max_new_tokens, self.stops, decoding.early_stopping)


@dataclass(frozen=True)
class _OpenText:
    """A text that is being written: its index among all texts, the suffix that it follows, and its random numbers.

    The last token of each of its rows has not been run yet.
    """

    index: int
    suffix: tuple[int, ...]
    search: AbstractSearch
    generator: torch.Generator

    @property
    def rows(self) -> list[tuple[int, ...]]:
        """The tokens of each row after the prefix."""
        return [(*self.suffix, *tokens) for tokens in self.search.rows]


@dataclass(frozen=True)
class _Scores:
    """The logits of each row's next token: of all tokens, or of those in ``tokens``."""

    logits: Float[Tensor, "row column"]
    tokens: Int[Tensor, "row column"] | None = None

    @property
    def best(self) -> Int[Tensor, " row"]:
        """The most probable token of each row."""
        columns = self.logits.argmax(-1)
        return columns if self.tokens is None else self.tokens.gather(1, columns[:, None])[:, 0]

    def repeated(self, copies: int) -> "_Scores":
        """Each row ``copies`` times."""
        tokens = None if self.tokens is None else self.tokens.repeat_interleave(copies, 0)
        return _Scores(self.logits.repeat_interleave(copies, 0), tokens)


class Writing:
    """Writes texts that follow the tokens of ``prefix``, whose keys and values are ``layers``.

    At most ``capacity`` texts are open at once, and the first pass of new rows has at most ``tokens`` tokens.
    """

    def __init__(
        self, module: PreTrainedModel, prefix: tuple[int, ...], layers: KeysValues, manner: Manner, capacity: int, tokens: int
    ):
        self._module = module
        self._prefix = torch.tensor(prefix, dtype=torch.long, device=module.device)
        self._manner = manner
        self._capacity = capacity
        self._tokens = tokens
        self._beams = manner.decoding.num_beams
        self.rows = Rows(layers, capacity * self._beams, manner.decoding.max_new_tokens)
        self._open: list[_OpenText] = []

    def texts(self, suffixes: Sequence[tuple[int, ...]], seeds: Sequence[int]) -> Iterator[tuple[int, Text]]:
        """The index of each suffix and the text that follows it, as soon as it is finished.

        After an interrupt that waits, the open texts are finished, and no other is begun.
        """
        waiting = deque(sorted(range(len(suffixes)), key=lambda index: -len(suffixes[index])))
        while waiting or self._open:
            if enough():
                waiting.clear()
                if not self._open:
                    return
            free = self._capacity - len(self._open)
            if waiting and free >= min(len(waiting), max(1, self._capacity * _REFILL)):
                joining = [waiting.popleft() for _ in range(self._fitting([len(suffixes[index]) for index in waiting], free))]
                yield from self._join([suffixes[index] for index in joining], joining, [seeds[index] for index in joining])
            else:
                yield from self._step()

    def _fitting(self, lengths: list[int], free: int) -> int:
        """How many rows, of descending lengths, join in one pass: as many as fit, but not so many that padding costs more
        than passes do."""
        longest = lengths[0]
        count = min(free, len(lengths), max(1, self._tokens // longest))
        similar = sum(length > longest * (1 - _PADDING) for length in lengths)
        return min(count, max(similar, -(-_LEAST_TOKENS // longest)))

    @torch.inference_mode()
    def _join(self, suffixes: list[tuple[int, ...]], indices: list[int], seeds: list[int]) -> list[tuple[int, Text]]:
        """Run new rows in one pass, and choose their first tokens."""
        device, beams = self._module.device, self._beams
        lengths = [len(suffix) for suffix in suffixes]
        first = FirstPass(self.rows.prefix)
        scores = self._forward(first, padded(suffixes, 0, device), torch.tensor(lengths, device=device) - 1)
        self.rows.add(first, lengths, beams)
        start = len(self._open)
        for index, suffix, seed in zip(indices, suffixes, seeds, strict=True):
            generator = torch.Generator(device).manual_seed(seed)
            self._open.append(_OpenText(index, suffix, self._manner.search(), generator))
        return self._advance(scores.repeated(beams), start)

    @torch.inference_mode()
    def _step(self) -> list[tuple[int, Text]]:
        """Run the last token of every row, and choose the next ones."""
        last = [tokens[-1:] for text in self._open for tokens in text.search.rows]
        step = NextPass(self.rows, self._module.device)
        scores = self._forward(step, torch.tensor(last, device=self._module.device))
        self.rows.count_next()
        return self._advance(scores, 0)

    def _forward(self, shared: SharedPrefix, ids: Int[Tensor, "row token"], last: Int[Tensor, " row"] | None = None) -> _Scores:
        """The next token's logits; ``last`` is the place of each row's last token, by default 0."""
        places = (ids.new_zeros(len(ids)) if last is None else last)[:, None]
        positions = shared.length + shared.positions(ids.shape[1], ids.device).expand(len(ids), -1)
        given = {"input_ids": ids, "position_ids": positions}
        if self._manner.only_best:
            with best_head(self._module) as best:
                logits = run_after_prefix(self._module, shared, places, **given)
            tokens = None if best is None or best.tokens is None else best.tokens[:, -1]
            return _Scores(self._manner.check(logits[:, -1].float()), tokens)
        with float32_head(self._module, None) as columns:
            logits = run_after_prefix(self._module, shared, places, **given)
        return _Scores(self._manner.check(logits[:, -1, columns].float()))

    def _advance(self, scores: _Scores, start: int) -> list[tuple[int, Text]]:
        """Let the texts from ``start`` on grow by one token; returns those that have ended, and frees their rows."""
        growing = self._open[start:]
        targets: list[int] = []
        sources: list[int] = []
        for block, (text, found) in enumerate(zip(growing, self._continuations(scores, growing), strict=True), start):
            moved = [(row, past) for row, past in enumerate(text.search.advance(found)) if past != row]
            targets += [block * self._beams + row for row, _ in moved]
            sources += [block * self._beams + past for _, past in moved]
        self.rows.copy(targets, sources)
        return self._ended()

    def _ended(self) -> list[tuple[int, Text]]:
        """The texts that have ended; the last of the others take their rows."""
        going = [block for block, text in enumerate(self._open) if text.search.found is None]
        ended = [(text.index, text.search.found) for text in self._open if text.search.found is not None]
        free = sorted(set(range(len(going))).difference(going))
        last = going[len(going) - len(free) :]
        for new, old in zip(free, last, strict=True):
            self._open[new] = self._open[old]
        self.rows.move(self._rows_of(free), self._rows_of(last))
        del self._open[len(going) :]
        self.rows.truncate(len(going) * self._beams)
        return ended

    def _rows_of(self, blocks: Sequence[int]) -> list[int]:
        return [block * self._beams + row for block in blocks for row in range(self._beams)]

    def _continuations(self, found: _Scores, texts: Sequence[_OpenText]) -> list[list[Continuation]]:
        """The possible continuations of each text, the most probable first, or in the order in which they were drawn."""
        decoding = self._manner.decoding
        if self._manner.only_best:
            return [[Continuation(0, token)] for token in found.best.tolist()]
        scores = found.logits if self._beams == 1 else found.logits.log_softmax(-1)
        if decoding.no_repeat_ngram_size:
            scores = self._without_repeats(scores, [row for text in texts for row in text.rows], decoding.no_repeat_ngram_size)
        if decoding.do_sample:
            scores = scores / decoding.temperature
            lowest = scores.topk(min(TOP_K, scores.shape[-1]))[0][:, -1:]
            scores = scores.masked_fill(scores < lowest, float("-inf"))
            blocks = scores.split(self._beams)
            return [self._drawn(text, block) for text, block in zip(texts, blocks, strict=True)]
        if self._beams == 1:
            return [[Continuation(0, token)] for token in scores.argmax(-1).tolist()]
        vocabulary = scores.shape[-1]
        before = torch.tensor([text.search.scores for text in texts], device=scores.device)
        together = (scores.unflatten(0, (-1, self._beams)) + before[..., None]).flatten(1)
        best, cells = together.topk(self._manner.candidates)
        return [
            [Continuation(cell // vocabulary, cell % vocabulary, score) for score, cell in zip(*pair, strict=True)]
            for pair in zip(best.tolist(), cells.tolist(), strict=True)
        ]

    def _drawn(self, text: _OpenText, scores: Float[Tensor, "beam vocab"]) -> list[Continuation]:
        """Continuations drawn without replacement, with the text's own random numbers.

        The beams are in the order of the search, since the draws depend on it.
        """
        order = text.search.order
        vocabulary = scores.shape[-1]
        if self._beams > 1:
            scores = scores[order] + torch.tensor(text.search.scores, device=scores.device)[order][:, None]
        flat = scores.flatten()
        count = 1 if self._beams == 1 else self._manner.candidates
        cells = torch.multinomial(flat.softmax(-1)[None], count, generator=text.generator)[0]
        return [
            Continuation(order[cell // vocabulary], cell % vocabulary, score)
            for cell, score in zip(cells.tolist(), flat[cells].tolist(), strict=True)
        ]

    def _without_repeats(
        self, scores: Float[Tensor, "row vocab"], rows: Sequence[tuple[int, ...]], size: int
    ) -> Float[Tensor, "row vocab"]:
        """Rule out every token that would repeat an n-gram of ``size`` tokens from the prompt or the text."""
        whole = torch.cat([self._prefix.expand(len(rows), -1), padded(rows, -1, scores.device)], 1)
        lengths = torch.tensor([len(self._prefix) + len(row) for row in rows], device=scores.device)
        if whole.shape[1] < size:
            return scores
        last = whole.gather(1, (lengths[:, None] - size + 1 + torch.arange(size - 1, device=scores.device)).clamp(min=0))
        grams = whole.unfold(1, size, 1)
        repeated = (grams[..., :-1] == last[:, None]).all(-1) & (grams[..., -1] >= 0)
        row, start = repeated.nonzero(as_tuple=True)
        scores = scores.clone()
        scores[row, grams[row, start, -1]] = float("-inf")
        return scores
