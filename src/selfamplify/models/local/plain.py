"""transformers' own ``generate``, a text at a time: for models whose attention can't be split between prefix and suffix."""

from collections.abc import Callable

import torch
from torch import Tensor
from transformers import DynamicCache, GenerationConfig, LogitsProcessor, PreTrainedModel, StoppingCriteria

from .generation import TOP_K, Manner
from .quiet import quiet
from .search import Text


def plain_text(
    module: PreTrainedModel, ids: tuple[int, ...], before: DynamicCache, manner: Manner, seed: int, blank: int
) -> Text:
    """The text behind a whole prompt, the first tokens of which are in ``before``, once for each beam.

    By the decoding asked for, and nothing of the model's own defaults.
    """
    asked, device = manner.decoding, module.device
    settings = GenerationConfig(
        max_new_tokens=asked.max_new_tokens,
        do_sample=asked.do_sample,
        num_beams=asked.num_beams,
        no_repeat_ngram_size=asked.no_repeat_ngram_size,
        early_stopping=asked.early_stopping if asked.num_beams > 1 else False,
        temperature=1.0,
        top_k=TOP_K,
        top_p=1.0,
        repetition_penalty=1.0,
        eos_token_id=list(manner.ends) or None,
        pad_token_id=blank,
    )
    with quiet(), torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        output = module.generate(  # pyright: ignore
            torch.tensor([ids], device=device),
            attention_mask=torch.ones(1, len(ids), dtype=torch.long, device=device),
            past_key_values=before,
            generation_config=settings,
            logits_processor=[_Checked(manner.check)],
            stopping_criteria=[_Stopping(manner, len(ids))],
        )
    tokens = tuple(output[0, len(ids) :].tolist())
    return Text(tokens, manner.stops(tokens))


class _Checked(LogitsProcessor):
    """Looks at the scores from which the next token is taken, and leaves them as they are."""

    def __init__(self, check: Callable[[Tensor], Tensor]):
        self._check = check

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        return self._check(scores)


class _Stopping(StoppingCriteria):
    """Ends a text where the manner says so."""

    def __init__(self, manner: Manner, prompt: int):
        self._manner = manner
        self._prompt = prompt

    def __call__(self, input_ids: Tensor, scores: object, **others: object) -> Tensor:  # pyright: ignore
        ended = [self._manner.stops(row[self._prompt :]) for row in input_ids.tolist()]
        return torch.tensor(ended, device=input_ids.device)
