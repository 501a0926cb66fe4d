"""Operations whose gradient is replaced while a model runs: what DeepLIFT's and AttnLRP's rules have in common."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.overrides import TorchFunctionMode

Rule = Callable[..., Tensor]
"""Computes an operation: it is given torch's function and the arguments of the call."""
InverseRoot = Callable[[Tensor, tuple[int, ...], float], Tensor]
"""Computes 1 / sqrt(mean(x^2) + eps) from x, the dimensions of the mean, and eps."""


class AbstractRules(TorchFunctionMode):
    """A context in which rules apply to everything that is computed from tensors that require a gradient.

    Nothing is attached to the model. The rules depend on what an operation computes, whatever module calls it. A subclass
    sets ``rules``, by the names of torch's functions; other functions are left as they are.
    """

    rules: dict[str, Rule]

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        rule = self.rules.get(getattr(func, "__name__", ""))
        kwargs = kwargs or {}
        if rule is None or not any(map(moves, (*args, *kwargs.values()))):
            return func(*args, **kwargs)
        return rule(func, *args, **kwargs)


def moves(value: Any) -> bool:
    """Whether a value depends on the embeddings."""
    return isinstance(value, Tensor) and value.requires_grad


def with_gradient_of(linear: Tensor, value: Tensor) -> Tensor:
    """``value``, with the gradient of ``linear``."""
    return value.detach() + (linear - linear.detach()).to(value.dtype)


def composed(product: Rule, softmax: Rule, inverse_root: InverseRoot) -> dict[str, Rule]:
    """The rules of all products, of attention and of the norms, made of those of a product, softmax and inverse root."""
    return dict.fromkeys(("mul", "multiply", "__mul__", "__rmul__", "matmul", "__matmul__", "bmm", "mm"), product) | {
        "linear": _linear,
        "addmm": _addmm,
        "einsum": partial(_einsum, product),
        "scaled_dot_product_attention": partial(_attention, product, softmax),
        "layer_norm": partial(_layer_norm, product, inverse_root),
        "rms_norm": partial(_rms_norm, product, inverse_root),
    }


def _linear(func: Callable[..., Tensor], input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return func(input, weight, bias) if input.dtype == weight.dtype else _widened(input, weight.t(), bias)


def _addmm(func: Callable[..., Tensor], input: Tensor, mat1: Tensor, mat2: Tensor) -> Tensor:
    return func(input, mat1, mat2) if mat1.dtype == mat2.dtype else _widened(mat1, mat2, input)


def _widened(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """A product with weights of another precision, in the wider of both."""
    wide = torch.promote_types(x.dtype, weight.dtype)
    product: Tensor = TimesWeights.apply(x.to(wide), weight)  # pyright: ignore[reportAssignmentType]
    return product if bias is None else product + bias.to(wide)


class TimesWeights(torch.autograd.Function):
    """States times weights [in, out], which are converted for each use, so that no copy is kept for the gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(weight)
        return times_weights(x, weight)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (weight,) = ctx.saved_tensors
        return times_weights(gradients[0], weight.t()), None


def times_weights(x: Float[Tensor, "*place in"], weight: Float[Tensor, "in out"]) -> Float[Tensor, "*place out"]:
    """Return states times weights in the precision of the states.

    On a GPU, float32 states are divided into three parts of bfloat16, which together hold every bit of them. Their products
    with weights of bfloat16 are exact and add up in float32, and the weights need not be converted.
    """
    if not (x.device.type == "cuda" and x.dtype == torch.float32 and weight.dtype == torch.bfloat16):
        return x @ weight.to(x.dtype)
    parts, rest = [], x.flatten(0, -2)
    for _ in range(3):
        parts.append(rest.bfloat16())
        rest = rest - parts[-1]
    products = torch.mm(torch.cat(parts), weight, out_dtype=torch.float32)
    return products.unflatten(0, (3, -1)).sum(0).unflatten(0, x.shape[:-1])


def _einsum(product: Rule, func: Callable[..., Tensor], equation: str, *operands: Tensor) -> Tensor:
    if sum(map(moves, operands)) < 2 or len(operands) > 2:
        return func(equation, *operands)
    return product(lambda a, b: func(equation, a, b), *operands)


def _attention(
    product: Rule,
    softmax: Rule,
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
    scores = product(torch.matmul, query, key.transpose(-2, -1)) * (scale or 1 / math.sqrt(query.shape[-1]))
    if is_causal:
        attn_mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        scores = scores.masked_fill(~attn_mask, float("-inf"))
    elif attn_mask is not None:
        scores = scores + attn_mask
    probabilities = softmax(torch.softmax, scores, -1, dtype=torch.float32).to(value.dtype)
    return product(torch.matmul, probabilities, value)


def _layer_norm(
    product: Rule,
    inverse_root: InverseRoot,
    func: Callable[..., Tensor],
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """The norm by the root mean square of the centred input, and the bias."""
    x = input.float()
    x = x - x.mean(_last(normalized_shape), keepdim=True)
    scaled = _rms_norm(product, inverse_root, func, x, normalized_shape, weight, eps).to(input.dtype)
    return scaled if bias is None else scaled + bias


def _rms_norm(
    product: Rule,
    inverse_root: InverseRoot,
    func: Callable[..., Tensor],
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    eps = torch.finfo(input.dtype).eps if eps is None else eps
    x = input.float()
    normed = product(torch.mul, x, inverse_root(x, _last(normalized_shape), eps)).to(input.dtype)
    return normed if weight is None else normed * weight


def _last(shape: Sequence[int]) -> tuple[int, ...]:
    """The last dimensions, as many as there are sizes in ``shape``."""
    return tuple(range(-len(shape), 0))
