"""Which operations of a model the rules of an explainer do not cover, read from torch's autograd graph."""

from collections.abc import Iterator

from torch import Tensor
from torch.autograd.graph import Node

# Names of nodes of torch's autograd graph.
_LINEAR = frozenset(
    "AccumulateGrad Add Alias AsStrided Cat Clone Copy Constant Diagonal Expand Flip Gather Index IndexSelect "
    "MaskedFill Mean Narrow Neg Permute Pad Repeat Reshape ReshapeAlias Roll Select Slice Split SplitWithSizes Squeeze Stack "
    "Sub Rsub Sum T ToCopy Transpose Tril Triu Unbind Unflatten UnsafeSplit UnsafeView Unsqueeze View Where "
    "TimesWeights".split()
)
_BILINEAR = frozenset("Addmm Baddbmm Bmm Div Linear Mm Mul Mv".split())


def uncovered(output: Tensor, gradients: frozenset[str] = frozenset()) -> set[str]:
    """Return the operations that ``output`` was computed by, and that no rule covers.

    A rule leaves nothing but linear operations in the graph.

    Parameters
    ----------
    output : tensor
        What was computed while ``Multipliers`` or ``Relevances`` was active.
    gradients : frozenset of str, default empty
        Names of operations whose rule is their gradient.

    Returns
    -------
    set of str
        Names of operations, such as ``"Cumprod"``.
    """
    return {_name(node) for node in _nodes(output) if not _is_linear(node)} - gradients


def _nodes(output: Tensor) -> Iterator[Node]:
    waiting, seen = [output.grad_fn], set[Node]()
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            yield node
            waiting += [after for after, _ in node.next_functions]


def _name(node: Node) -> str:
    return node.name().rpartition("::")[2].rstrip("0123456789").removesuffix("Backward")


def _is_linear(node: Node) -> bool:
    name = _name(node)
    moving = sum(after is not None for after, _ in node.next_functions)
    return name in _LINEAR or (name in _BILINEAR and moving < 2)
