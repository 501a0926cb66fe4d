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

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from .operations import AbstractRules, Rule, composed, moves, with_gradient_of

_CLOSE = 1e-4


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
    return with_gradient_of(_doubled(slope) * x, value)


def _power(func: Callable[..., Tensor], x: Any, exponent: Any, **kwargs: Any) -> Tensor:
    if moves(exponent):
        return func(x, exponent, **kwargs)
    return _elementwise(func, x, exponent, **kwargs)


def _product(func: Callable[..., Tensor], a: Any, b: Any, **kwargs: Any) -> Tensor:
    if not (moves(a) and moves(b)):
        return func(a, b, **kwargs)
    value = func(a.detach(), b.detach(), **kwargs)
    return with_gradient_of(func(a, _mean(b), **kwargs) + func(_mean(a), b, **kwargs), value)


def _quotient(func: Callable[..., Tensor], a: Any, b: Any, **kwargs: Any) -> Tensor:
    return _product(torch.mul, a, _elementwise(torch.reciprocal, b)) if moves(b) else func(a, b, **kwargs)


def _reversed_quotient(func: Callable[..., Tensor], b: Tensor, a: Any) -> Tensor:
    return _quotient(torch.div, a, b)


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
    return with_gradient_of(moved - shares * moved.sum(dim, keepdim=True), value)


def _log_softmax(func: Callable[..., Tensor], x: Tensor, dim: int, *args: Any, **kwargs: Any) -> Tensor:
    _, shares = _shares(x, dim)
    value = func(x.detach(), dim, *args, **kwargs)
    return with_gradient_of(torch.where(shares > 0, x.float(), 0.0) - _weighed(x.float(), shares).sum(dim, keepdim=True), value)


def _logsumexp(func: Callable[..., Tensor], x: Tensor, dim: int, keepdim: bool = False) -> Tensor:
    _, shares = _shares(x, dim)
    return with_gradient_of(_weighed(x.float(), shares).sum(dim, keepdim=keepdim), func(x.detach(), dim, keepdim))


def _inverse_root(x: Tensor, dims: tuple[int, ...], eps: float) -> Tensor:
    return _elementwise(torch.rsqrt, _elementwise(torch.square, x).mean(dims, keepdim=True) + eps)


_ELEMENTWISE = (
    "abs celu clamp cos elu erf exp exp2 expm1 gelu hardsigmoid hardswish hardtanh leaky_relu log log1p logsigmoid mish "
    "reciprocal relu relu6 rsqrt selu sigmoid silu sin softplus softsign sqrt square tanh"
)
_RULES: dict[str, Rule] = (
    composed(_product, _softmax, _inverse_root)
    | dict.fromkeys(_ELEMENTWISE.split(), _elementwise)
    | dict.fromkeys(("pow", "__pow__", "float_power"), _power)
    | dict.fromkeys(("div", "divide", "true_divide", "__truediv__"), _quotient)
    | dict.fromkeys(("__rdiv__", "__rtruediv__"), _reversed_quotient)
    | {"softmax": _softmax, "log_softmax": _log_softmax, "logsumexp": _logsumexp}
)


class Multipliers(AbstractRules):
    """A context in which the rules apply to everything that is computed from tensors that require a gradient."""

    rules = _RULES
