"""Texts behind one shared prefix, written together: rows join as others finish, and nobody waits for the longest.

Keys and values of the prefix exist once (``attention.py``), those of the rows behind it in ``rows.py``; the texts are those
that transformers' ``generate`` writes for each row alone.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import PreTrainedModel

from ...records import Decoding
from .attention import KeysValues, SharedPrefix, run_behind
from .batching import padded
from .head import float32_head
from .rows import FirstPass, NextPass, Rows
from .search import AbstractSearch, Beams, Continuation, Single, Stops, Text

TOP_K = 50
"""Sampling draws from so many tokens, as transformers does by default."""
_REFILL = 0.25
"""The share of texts that has ended when others join: a pass of many rows costs little more than one of a few."""


@dataclass(frozen=True)
class Manner:
    """How texts are written: the decoding, the tokens that end a text, when else it ends, and who looks at the logits."""

    decoding: Decoding
    ends: Sequence[int]
    stops: Stops
    check: Callable[[Tensor], Tensor]

    @property
    def candidates(self) -> int:
        """Continuations that beams are chosen from: enough of them do not end."""
        return max(2, 1 + len(self.ends)) * self.decoding.num_beams

    def search(self) -> AbstractSearch:
        asked = self.decoding
        if asked.num_beams == 1:
            return Single(asked.max_new_tokens, self.stops)
        return Beams(asked.num_beams, asked.max_new_tokens, self.stops, asked.early_stopping)


@dataclass(frozen=True)
class _Open:
    """A text that is being written: its place among those asked for, what it stands behind, and where its draws come from.

    The last token of each of its rows has not been run yet.
    """

    place: int
    suffix: tuple[int, ...]
    search: AbstractSearch
    draws: torch.Generator

    @property
    def rows(self) -> list[tuple[int, ...]]:
        """What each row holds behind the prefix."""
        return [(*self.suffix, *tokens) for tokens in self.search.rows]


class Writing:
    """Texts behind the tokens of ``prefix``, whose keys and values are ``layers``; at most ``room`` of them at once, and
    ``tokens`` tokens a pass."""

    def __init__(
        self, module: PreTrainedModel, prefix: tuple[int, ...], layers: KeysValues, manner: Manner, room: int, tokens: int
    ):
        self._module = module
        self._prefix = torch.tensor(prefix, dtype=torch.long, device=module.device)
        self._manner = manner
        self._room = room
        self._tokens = tokens
        self._beams = manner.decoding.num_beams
        self.rows = Rows(layers, room * self._beams, manner.decoding.max_new_tokens)
        self._open: list[_Open] = []

    def texts(self, suffixes: Sequence[tuple[int, ...]], seeds: Sequence[int]) -> Iterator[tuple[int, Text]]:
        """Every suffix's place and text, as they come to their ends."""
        waiting = deque(sorted(range(len(suffixes)), key=lambda place: -len(suffixes[place])))
        while waiting or self._open:
            free = self._room - len(self._open)
            if waiting and free >= min(len(waiting), max(1, self._room * _REFILL)):
                count = min(free, len(waiting), max(1, self._tokens // len(suffixes[waiting[0]])))
                joining = [waiting.popleft() for _ in range(count)]
                yield from self._join([suffixes[place] for place in joining], joining, [seeds[place] for place in joining])
            else:
                yield from self._step()

    @torch.inference_mode()
    def _join(self, suffixes: list[tuple[int, ...]], places: list[int], seeds: list[int]) -> list[tuple[int, Text]]:
        """Run new rows in one pass, and take their first tokens."""
        device, beams = self._module.device, self._beams
        lengths = [len(suffix) for suffix in suffixes]
        first = FirstPass(self.rows.prefix)
        logits = self._forward(first, padded(suffixes, 0, device), torch.tensor(lengths, device=device)[:, None] - 1)
        self.rows.add(first, lengths, beams)
        start = len(self._open)
        for place, suffix, seed in zip(places, suffixes, seeds, strict=True):
            self._open.append(_Open(place, suffix, self._manner.search(), torch.Generator(device).manual_seed(seed)))
        return self._advance(logits.repeat_interleave(beams, 0), start)

    @torch.inference_mode()
    def _step(self) -> list[tuple[int, Text]]:
        """Run the last token of every row, and take the next ones."""
        last = [tokens[-1:] for text in self._open for tokens in text.search.rows]
        step = NextPass(self.rows, self._module.device)
        logits = self._forward(step, torch.tensor(last, device=self._module.device), 1)
        self.rows.grown()
        return self._advance(logits, 0)

    def _forward(self, shared: SharedPrefix, ids: Int[Tensor, "row token"], kept: Tensor | int) -> Float[Tensor, "row vocab"]:
        places = shared.length + shared.places(ids.shape[1], ids.device).expand(len(ids), -1)
        with float32_head(self._module, None) as columns:
            logits = run_behind(self._module, shared, input_ids=ids, position_ids=places, logits_to_keep=kept)
        return self._manner.check(logits[:, -1, columns].float())

    def _advance(self, logits: Float[Tensor, "row vocab"], start: int) -> list[tuple[int, Text]]:
        """Let the texts from ``start`` on grow by one token; gives out those at their end, and takes their rows back."""
        growing = self._open[start:]
        targets: list[int] = []
        sources: list[int] = []
        for block, (text, found) in enumerate(zip(growing, self._continuations(logits, growing), strict=True), start):
            moved = [(row, past) for row, past in enumerate(text.search.advance(found)) if past != row]
            targets += [block * self._beams + row for row, _ in moved]
            sources += [block * self._beams + past for _, past in moved]
        self.rows.copy(targets, sources)
        return self._ended()

    def _ended(self) -> list[tuple[int, Text]]:
        ended: list[tuple[int, Text]] = []
        for block in reversed(range(len(self._open))):
            found = self._open[block].search.found
            if found is None:
                continue
            ended.append((self._open[block].place, found))
            last = self._open.pop()
            if block < len(self._open):  # the last block moves to where rows are free now
                self._open[block] = last
                self.rows.move(block * self._beams, len(self._open) * self._beams, self._beams)
            self.rows.keep(len(self._open) * self._beams)
        return ended

    def _continuations(self, logits: Float[Tensor, "row vocab"], texts: Sequence[_Open]) -> list[list[Continuation]]:
        """What each text may go on with, the most probable first, or in the order drawn."""
        asked = self._manner.decoding
        scores = logits if self._beams == 1 else logits.log_softmax(-1)
        if asked.no_repeat_ngram_size:
            scores = self._without_repeats(scores, [row for text in texts for row in text.rows], asked.no_repeat_ngram_size)
        if asked.do_sample:
            lowest = scores.topk(min(TOP_K, scores.shape[-1]))[0][:, -1:]
            scores = scores.masked_fill(scores < lowest, float("-inf"))
            blocks = scores.split(self._beams)
            return [self._drawn(text, block) for text, block in zip(texts, blocks, strict=True)]
        if self._beams == 1:
            return [[Continuation(0, token)] for token in scores.argmax(-1).tolist()]
        vocabulary = scores.shape[-1]
        before = torch.tensor([text.search.scores for text in texts], device=scores.device)
        together = (scores.unflatten(0, (-1, self._beams)) + before[..., None]).flatten(1)
        best, places = together.topk(self._manner.candidates)
        return [
            [Continuation(place // vocabulary, place % vocabulary, score) for score, place in zip(*pair, strict=True)]
            for pair in zip(best.tolist(), places.tolist(), strict=True)
        ]

    def _drawn(self, text: _Open, scores: Float[Tensor, "beam vocab"]) -> list[Continuation]:
        """Draws without replacement, from the text's own generator. The beams stand in their own order: draws depend on it."""
        order = text.search.order
        vocabulary = scores.shape[-1]
        if self._beams > 1:
            scores = scores[order] + torch.tensor(text.search.scores, device=scores.device)[order][:, None]
        flat = scores.flatten()
        count = 1 if self._beams == 1 else self._manner.candidates
        drawn = torch.multinomial(flat.softmax(-1)[None], count, generator=text.draws)[0]
        return [
            Continuation(order[place // vocabulary], place % vocabulary, score)
            for place, score in zip(drawn.tolist(), flat[drawn].tolist(), strict=True)
        ]

    def _without_repeats(
        self, scores: Float[Tensor, "row vocab"], rows: Sequence[tuple[int, ...]], size: int
    ) -> Float[Tensor, "row vocab"]:
        """Rule out every token that would end an n-gram of ``size`` tokens which stands already in the prompt or the text."""
        whole = torch.cat([self._prefix.expand(len(rows), -1), padded(rows, -1, scores.device)], 1)
        lengths = torch.tensor([len(self._prefix) + len(row) for row in rows], device=scores.device)
        if whole.shape[1] < size:
            return scores
        last = whole.gather(1, (lengths[:, None] - size + 1 + torch.arange(size - 1, device=scores.device)).clamp(min=0))
        grams = whole.unfold(1, size, 1)
        repeated = (grams[..., :-1] == last[:, None]).all(-1) & (grams[..., -1] >= 0)
        row, place = repeated.nonzero(as_tuple=True)
        scores = scores.clone()
        scores[row, grams[row, place, -1]] = float("-inf")
        return scores
