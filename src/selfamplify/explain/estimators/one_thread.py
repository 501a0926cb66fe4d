"""Linear algebra of small matrices on one thread.

The process is found by many decompositions of matrices of a few hundred rows, in turns by numpy's and by scipy's BLAS, each of
which has threads of its own. Those that wait for the next one take 20 to 80 times the processor time that the work takes.
"""

from collections.abc import Callable
from functools import cache, wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import ThreadpoolController

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


def on_one_thread(function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
    """The function, during which each BLAS has one thread; afterwards it has as many as before."""

    @wraps(function)
    def limited(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Result:
        with _libraries().limit(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return limited


@cache
def _libraries() -> ThreadpoolController:
    """The libraries that are loaded; finding them takes a millisecond or more."""
    return ThreadpoolController()
