"""AttnLRP's rules for any decoder, operation by operation (Achtibat et al. 2024, https://arxiv.org/abs/2402.05602).

A rule says how the relevance of an operation's outputs is shared among its inputs. While ``Relevances`` is active, each
operation is replaced by one with the same value whose gradient, times the input, is the share of that input, so that the
gradient of the whole model at the embeddings, times these, is their relevance (section 3 of the paper):

- a linear map keeps its gradient: the epsilon rule with epsilon 0; the bias takes its share and passes nothing on;
- an elementwise function f of x has the factor f(x) / x, by the identity rule, also if it is written out in
  several operations, such as x sigmoid(x);
- a product of two activations, such as attention weights and values, shares evenly among both: half of the gradient to each,
  by the uniform rule;
- softmax keeps its gradient, which is its rule: R_i = x_i (R_i - s_i sum(R));
- the norms divide by a constant, by the identity rule; so does every quotient.

Softmax and biases absorb relevance: the sum over the inputs is not f(x).
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

from .operations import AbstractRules, composed, moves, with_gradient_of

GRADIENTS = frozenset("LogSoftmax Logsumexp Softmax".split())
"""Operations whose rule is their gradient, by their names in torch's autograd graph."""

# Functions with f(0) = 0, for which f(x) / x is bounded near 0.
_IDENTITY = (
    "abs celu clamp elu erf expm1 gelu hardswish hardtanh leaky_relu log1p mish relu relu6 selu silu sin softsign sqrt square "
    "tanh"
)
_OTHER_ELEMENTWISE = "add __add__ __radd__ cos exp neg __neg__ sigmoid softplus sub __sub__ __rsub__"


class Relevances(AbstractRules):
    """A context in which the rules apply to everything that is computed from tensors that require a gradient."""

    def __init__(self) -> None:
        super().__init__()
        self._sources = WeakTensorKeyDictionary()  # of what elementwise functions return: the tensor they are functions of
        self.rules = (
            composed(_halved, _gradient, _inverse_root)
            | dict.fromkeys(("mul", "multiply", "__mul__", "__rmul__"), self._product)
            | dict.fromkeys(_IDENTITY.split(), self._identity)
            | dict.fromkeys(_OTHER_ELEMENTWISE.split(), self._elementwise)
            | dict.fromkeys(("pow", "__pow__", "float_power"), self._power)
            | dict.fromkeys(("div", "divide", "true_divide", "__truediv__"), self._quotient)
            | dict.fromkeys(("__rdiv__", "__rtruediv__", "reciprocal", "rsqrt"), _constant)
        )

    def _source(self, value: Any) -> Any:
        return self._sources.get(value, value)

    def _common_source(self, values: tuple[Any, ...]) -> Tensor | None:
        """The tensor of which all values are elementwise functions, if there is one and the others are numbers."""
        moving = [each for each in values if moves(each)]
        source = self._source(moving[0])
        alike = all(self._source(each) is source for each in moving)
        return source if alike and not any(isinstance(each, Tensor) for each in values if not moves(each)) else None

    def _elementwise(self, func: Callable[..., Tensor], *args: Any, **kwargs: Any) -> Tensor:
        """The gradient. If this is a part of an elementwise function, a product that completes it replaces the gradient."""
        return self._remembered(func(*args, **kwargs), args)

    def _remembered(self, value: Tensor, args: tuple[Any, ...]) -> Tensor:
        source = self._common_source(args)
        if source is not None and source.shape == value.shape:
            self._sources[value] = source
        return value

    def _identity(self, func: Callable[..., Tensor], x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return self._remembered(_shared(func(x.detach(), *args, **kwargs), x), (x,))

    def _power(self, func: Callable[..., Tensor], x: Any, exponent: Any, **kwargs: Any) -> Tensor:
        if isinstance(exponent, int | float) and exponent > 0:
            return self._identity(func, x, exponent, **kwargs)
        return _constant(func, x, exponent, **kwargs)

    def _product(self, func: Callable[..., Tensor], a: Any, b: Any, **kwargs: Any) -> Tensor:
        if not (moves(a) and moves(b)):
            return self._remembered(func(a, b, **kwargs), (a, b))
        source = self._common_source((a, b))
        if source is None:
            return _halved(func, a, b, **kwargs)
        return self._remembered(_shared(func(a.detach(), b.detach(), **kwargs), source), (a, b))

    def _quotient(self, func: Callable[..., Tensor], a: Any, b: Any, **kwargs: Any) -> Tensor:
        divisor = b.detach() if moves(b) else b
        return self._product(func, a, divisor, **kwargs) if moves(a) else _constant(func, a, divisor, **kwargs)


def _shared(value: Tensor, x: Tensor) -> Tensor:
    """``value``, an elementwise function of x, with the gradient value / x."""
    point = x.detach()
    return with_gradient_of(torch.where(point == 0, 0.0, value / point).to(x.dtype) * x, value)


def _halved(func: Callable[..., Tensor], a: Any, b: Any, **kwargs: Any) -> Tensor:
    if not (moves(a) and moves(b)):
        return func(a, b, **kwargs)
    return (func(a, b.detach(), **kwargs) + func(a.detach(), b, **kwargs)) / 2


def _gradient(func: Callable[..., Tensor], *args: Any, **kwargs: Any) -> Tensor:
    return func(*args, **kwargs)


def _constant(func: Callable[..., Tensor], *args: Any, **kwargs: Any) -> Tensor:
    return func(*args, **kwargs).detach()


def _inverse_root(x: Tensor, dims: tuple[int, ...], eps: float) -> Tensor:
    return (x.detach().square().mean(dims, keepdim=True) + eps).rsqrt()
