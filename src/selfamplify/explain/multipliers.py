"""DeepLIFT's multipliers for any decoder, operation by operation (Shrikumar et al. 2017, https://arxiv.org/abs/1704.02685).

x and the baseline x' go through the model as one batch: x is the first half of every activation, x' the second. While
``Multipliers`` is active, each operation that is not linear in what differs between x and x' is replaced by one with the same
value whose gradient is a *multiplier* m, the same for both halves: m applied to the difference of the operation's inputs is
exactly the difference of its outputs. Gradients then chain to multipliers of the whole model, whose sum over the inputs is
f(x) - f(x'): completeness.

Nothing is attached to the model. The rules depend on what an operation computes, whatever module calls it:

- an elementwise function has its secant slope, and if both inputs are close, the derivative midway (sections 3.5.2, 3.2);
- a product has, for each factor, the mean of the other factor over both halves; the same holds for a matrix product, and for a
  quotient, which is a product with a reciprocal;
- softmax maps m to L (m - sum(L m) / sum(L)), where L is the logarithmic mean of both outputs p and p',
  (p - p') / (ln p - ln p'). L lies between them, so that no multiplier explodes as it does if exp and 1/Z are treated
  separately; log-softmax and log-sum-exp use the same L;
- attention and the norms are made of these;
- weights of half precision are applied to states of float32 in float32, so that the sum is not limited to what eight bits
  resolve.
"""

import math
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

_CLOSE = 1e-4


class Multipliers(TorchFunctionMode):
    """A context in which the rules apply to everything that is computed from tensors that require a gradient."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        rule = _RULES.get(getattr(func, "__name__", ""))
        kwargs = kwargs or {}
        if rule is None or not any(map(_moves, (*args, *kwargs.values()))):
            return func(*args, **kwargs)
        return rule(func, *args, **kwargs)


def _moves(value: Any) -> bool:
    return isinstance(value, Tensor) and value.requires_grad


def _with(value: Tensor, linear: Tensor) -> Tensor:
    """``value``, with the gradient of ``linear``."""
    return value.detach() + (linear - linear.detach()).to(value.dtype)


def _halves(tensor: Tensor) -> tuple[Tensor, Tensor]:
    x, baseline = tensor.detach().float().chunk(2)
    return x, baseline


def _doubled(half: Tensor) -> Tensor:
    return torch.cat([half, half])


def _mean(tensor: Tensor) -> Tensor:
    x, baseline = _halves(tensor)
    return _doubled((x + baseline) / 2).to(tensor.dtype)


def _elementwise(func: Callable[..., Tensor], x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    value = func(x.detach(), *args, **kwargs)
    (a, b), (fa, fb) = _halves(x), _halves(value)
    middle = (a + b) / 2
    close = (a - b).abs() <= _CLOSE * middle.abs()
    slope = (fa - fb) / (a - b)
    if close.any():
        with torch.enable_grad():
            point = middle[close].requires_grad_()
            (derivative,) = torch.autograd.grad(func(point, *args, **kwargs).sum(), point)
        slope[close] = derivative
    return _with(value, _doubled(slope) * x)


def _linear(func: Callable[..., Tensor], *args: Any, **kwargs: Any) -> Tensor:
    """A matrix product with weights, in the widest precision of its operands."""
    kinds = [each.dtype for each in (*args, *kwargs.values()) if isinstance(each, Tensor)]
    widest = reduce(torch.promote_types, kinds)
    return func(*(_cast(each, widest) for each in args), **{name: _cast(each, widest) for name, each in kwargs.items()})


def _cast(value: Any, dtype: torch.dtype) -> Any:
    return value.to(dtype) if isinstance(value, Tensor) else value


def _power(func: Callable[..., Tensor], x: Any, exponent: Any, **kwargs: Any) -> Tensor:
    if _moves(exponent):
        return func(x, exponent, **kwargs)
    return _elementwise(func, x, exponent, **kwargs)


def _product(func: Callable[..., Tensor], a: Any, b: Any, **kwargs: Any) -> Tensor:
    if not (_moves(a) and _moves(b)):
        return func(a, b, **kwargs)
    value = func(a.detach(), b.detach(), **kwargs)
    return _with(value, func(a, _mean(b), **kwargs) + func(_mean(a), b, **kwargs))


def _quotient(func: Callable[..., Tensor], a: Any, b: Any, **kwargs: Any) -> Tensor:
    return _product(torch.mul, a, _elementwise(torch.reciprocal, b)) if _moves(b) else func(a, b, **kwargs)


def _reversed_quotient(func: Callable[..., Tensor], b: Tensor, a: Any) -> Tensor:
    return _quotient(torch.div, a, b)


def _einsum(func: Callable[..., Tensor], equation: str, *operands: Tensor) -> Tensor:
    if sum(map(_moves, operands)) < 2 or len(operands) > 2:
        return func(equation, *operands)
    return _product(lambda a, b: func(equation, a, b), *operands)


def _shares(x: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """The logarithmic mean L of softmax(x), and L / sum(L)."""
    logs = x.detach().float().log_softmax(dim)  # the logarithm of a probability might be that of one rounded to 0
    a, b = logs.chunk(2)
    half = (a - b) / 2
    # sinh(h) / h times the geometric mean is the same, and keeps its digits if a and b are close.
    near = ((a + b) / 2).exp() * torch.where(half == 0, 1.0, half.sinh() / half)
    mean = torch.where(half.abs() < 1, near, (a.exp() - b.exp()) / (2 * half))
    mean = _doubled(mean.masked_fill(torch.isneginf(torch.maximum(a, b)), 0.0))
    return mean, mean / mean.sum(dim, keepdim=True)


def _weighed(x: Tensor, weights: Tensor) -> Tensor:
    """``weights`` times x; a weight of 0 gives 0 even for the minus infinity of a mask."""
    return weights * torch.where(weights > 0, x, 0.0)


def _softmax(func: Callable[..., Tensor], x: Tensor, dim: int, *args: Any, **kwargs: Any) -> Tensor:
    mean, shares = _shares(x, dim)
    moved = _weighed(x.float(), mean)
    value = func(x.detach(), dim, *args, **kwargs)
    return _with(value, moved - shares * moved.sum(dim, keepdim=True))


def _log_softmax(func: Callable[..., Tensor], x: Tensor, dim: int, *args: Any, **kwargs: Any) -> Tensor:
    _, shares = _shares(x, dim)
    value = func(x.detach(), dim, *args, **kwargs)
    return _with(value, torch.where(shares > 0, x.float(), 0.0) - _weighed(x.float(), shares).sum(dim, keepdim=True))


def _logsumexp(func: Callable[..., Tensor], x: Tensor, dim: int, keepdim: bool = False) -> Tensor:
    _, shares = _shares(x, dim)
    return _with(func(x.detach(), dim, keepdim), _weighed(x.float(), shares).sum(dim, keepdim=keepdim))


def _attention(
    func: Callable[..., Tensor],
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """torch's scaled_dot_product_attention, written out."""
    if enable_gqa:
        key, value = (each.repeat_interleave(query.shape[-3] // each.shape[-3], -3) for each in (key, value))
    scores = _product(torch.matmul, query, key.transpose(-2, -1)) * (scale or 1 / math.sqrt(query.shape[-1]))
    if is_causal:
        attn_mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        scores = scores.masked_fill(~attn_mask, float("-inf"))
    elif attn_mask is not None:
        scores = scores + attn_mask
    probabilities = _softmax(torch.softmax, scores, -1, dtype=torch.float32).to(value.dtype)
    return _product(torch.matmul, probabilities, value)


def _normalised(x: Tensor, dims: tuple[int, ...], eps: float) -> Tensor:
    """x divided by the root of its mean square."""
    mean = _elementwise(torch.square, x).mean(dims, keepdim=True)
    return _product(torch.mul, x, _elementwise(torch.rsqrt, mean + eps))


def _scaled(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    scaled = x if weight is None else x * weight
    return scaled if bias is None else scaled + bias


def _layer_norm(
    func: Callable[..., Tensor],
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    dims = tuple(range(-len(normalized_shape), 0))
    x = input.float()
    return _scaled(_normalised(x - x.mean(dims, keepdim=True), dims, eps).to(input.dtype), weight, bias)


def _rms_norm(
    func: Callable[..., Tensor],
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    dims = tuple(range(-len(normalized_shape), 0))
    eps = torch.finfo(input.dtype).eps if eps is None else eps
    return _scaled(_normalised(input.float(), dims, eps).to(input.dtype), weight, None)


_ELEMENTWISE = (
    "abs celu clamp cos elu erf exp exp2 expm1 gelu hardsigmoid hardswish hardtanh leaky_relu log log1p logsigmoid mish "
    "reciprocal relu relu6 rsqrt selu sigmoid silu sin softplus softsign sqrt square tanh"
)
_RULES: dict[str, Callable[..., Tensor]] = (
    dict.fromkeys(_ELEMENTWISE.split(), _elementwise)
    | dict.fromkeys(("pow", "__pow__", "float_power"), _power)
    | dict.fromkeys(("mul", "multiply", "__mul__", "__rmul__", "matmul", "__matmul__", "bmm", "mm"), _product)
    | dict.fromkeys(("div", "divide", "true_divide", "__truediv__"), _quotient)
    | dict.fromkeys(("__rdiv__", "__rtruediv__"), _reversed_quotient)
    | dict.fromkeys(("linear", "addmm"), _linear)
    | {
        "einsum": _einsum,
        "softmax": _softmax,
        "log_softmax": _log_softmax,
        "logsumexp": _logsumexp,
        "scaled_dot_product_attention": _attention,
        "layer_norm": _layer_norm,
        "rms_norm": _rms_norm,
    }
)
