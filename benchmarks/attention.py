"""The attention of ``models/local/attention.py`` compared with its plain branch: differences, speed and memory.

``attend`` calls a fused kernel where it can; its plain branch, which writes the scores out, stands for the truth here, once in
the same precision and once in float32. ``SharedPrefix`` is compared with plain attention of each row to a copy of the prefix.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import AttentionInterface

from selfamplify.models.local.attention import Rule, SharedPrefix, attend, attend_plainly, hiding

from .machine import compare

Attended = tuple[Tensor, Tensor]
"""Outputs [row, head, query, dim], and log-sum-exps of the scores [row, head, query]."""
_CALLS = 10
"""How many calls are timed together, since one may take a few microseconds."""


@dataclass(frozen=True)
class Case:
    """Shapes of attention: with ``prefix`` tokens, that of a ``SharedPrefix``; without, ``attend``.

    ``keys`` is the number of keys where it is not that of the queries, which are then not causal.
    """

    rows: int
    heads: int
    queries: int
    dim: int
    dtype: torch.dtype
    kv_heads: int | None = None
    keys: int | None = None
    prefix: int = 0
    causal: bool = True

    @property
    def title(self) -> str:
        """What a table calls it."""
        what = f"SharedPrefix of {self.prefix}" if self.prefix else "attend"
        grouped = f"/{self.kv_heads}" if self.kv_heads else ""
        keys = f" to {self.keys}" if self.keys else ""
        return (
            f"{what}: {self.rows} rows, {self.heads}{grouped} heads of {self.dim}, {self.queries} tokens{keys}, "
            f"{'causal' if self.causal else 'not causal'}, {str(self.dtype).removeprefix('torch.')}"
        )


@torch.inference_mode()
def attention(case: Case, device: str, runs: int) -> dict[str, float | None]:
    """The largest differences, the median seconds of a call, and the memory of both branches."""
    torch.manual_seed(0)
    here, plain = (_shared if case.prefix else _attend)(case, device)
    fused, same, exact = here(), plain(case.dtype), plain(torch.float32)
    figures: dict[str, float | None] = {}
    for name, place in (("output", 0), ("lse", 1)):
        figures[name] = _apart(fused[place], same[place])
        figures[f"{name}_here"] = _apart(fused[place], exact[place])
        figures[f"{name}_plain"] = _apart(same[place], exact[place])
    del fused, same, exact
    found = compare(lambda: _repeated(lambda: plain(case.dtype)), lambda: _repeated(here), runs)
    return figures | {
        "peer_seconds": found.slow / _CALLS,
        "seconds": found.fast / _CALLS,
        "peer_memory": found.slow_memory,
        "memory": found.fast_memory,
    }


def _repeated(call: Callable[[], Attended]) -> None:
    for _ in range(_CALLS):
        call()


def _apart(a: Tensor, b: Tensor) -> float:
    """The largest difference; NaN if there is one in either."""
    if a.shape != b.shape:
        raise ValueError(f"shapes {tuple(a.shape)} and {tuple(b.shape)} differ")
    return float((a.float() - b.float()).abs().max())


def _drawn(case: Case, device: str, heads: int, tokens: int, rows: int | None = None) -> Tensor:
    """Random states in the memory layout in which a model passes them: head after token."""
    made = torch.randn(rows or case.rows, tokens, heads, case.dim, device=device)
    return made.to(case.dtype).transpose(1, 2)


def _attend(case: Case, device: str) -> tuple[Callable[[], Attended], Callable[[torch.dtype], Attended]]:
    query = _drawn(case, device, case.heads, case.queries)
    key, value = (_drawn(case, device, case.heads, case.keys or case.queries) for _ in range(2))
    rule = Rule(case.dim**-0.5, None, None)

    def here() -> Attended:
        return attend(query, key, value, rule, case.causal)

    return here, lambda dtype: attend_plainly(query.to(dtype), key.to(dtype), value.to(dtype), rule, case.causal)


class _Layer(nn.Module):
    """What attention knows of the layer that calls it: its number."""

    layer_idx = 0


def _shared(case: Case, device: str) -> tuple[Callable[[], Attended], Callable[[torch.dtype], Attended]]:
    kv_heads = case.kv_heads or case.heads
    query = _drawn(case, device, case.heads, case.queries)
    key, value = (_drawn(case, device, kv_heads, case.queries) for _ in range(2))
    before = [_drawn(case, device, kv_heads, case.prefix, rows=1) for _ in range(2)]
    shared = SharedPrefix([(before[0], before[1])])
    rule = Rule(case.dim**-0.5, None, None)
    forward = AttentionInterface()["selfamplify_shared_prefix"]

    def here() -> Attended:
        out, _ = forward(_Layer(), query, key, value, None, shared_prefix=shared, scaling=rule.scale)
        return out.transpose(1, 2), merged

    # The registered function returns no log-sum-exps: those of both parts are merged here, once.
    merged = torch.logaddexp(shared.attend_to_suffix(0, query, key, value, rule)[1], shared.attend_to_prefix(0, query, rule)[1])
    groups = case.heads // kv_heads
    keys, values = (
        torch.cat([prefix.expand(case.rows, -1, -1, -1), own], 2).repeat_interleave(groups, 1)
        for prefix, own in zip(before, (key, value), strict=True)
    )
    places = torch.arange(case.prefix + case.queries, device=device)
    visible = places <= places[case.prefix :, None]

    def plain(dtype: torch.dtype) -> Attended:
        return attend_plainly(query.to(dtype), keys.to(dtype), values.to(dtype), rule, False, hiding(visible, dtype))

    return here, plain
