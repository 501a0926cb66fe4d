"""Ctrl-C: the first one lets the units in hand be finished and kept, the second one stops at once.

The command line opens ``graceful``; elsewhere, as in a notebook, an interrupt is raised where it comes.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class _State:
    """Whether units are in hand at this moment, each of a single text, and whether an interrupt has come in the meantime."""

    in_hand = False
    single = False
    asked = False


@contextmanager
def graceful(told: Callable[[], None]) -> Iterator[None]:
    """Let the first Ctrl-C that comes while units are in hand wait for them; ``told`` is called then.

    It is called by the handler of a signal, so that it must not use buffered streams. Nothing changes if this is not the main
    thread, or if interrupts are ignored or handled by somebody else.
    """

    def interrupted(number: int, frame: FrameType | None) -> None:
        if not _State.in_hand or _State.asked:
            raise KeyboardInterrupt
        _State.asked = True
        told()

    ours = (
        threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if not ours:
        yield
        return
    signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _State.asked = False


@contextmanager
def in_hand() -> Iterator[None]:
    """Units are being computed, and would be lost if they were not finished."""
    before, _State.in_hand = _State.in_hand, True
    try:
        yield
    finally:
        _State.in_hand = before


@contextmanager
def single_texts(single: bool = True) -> Iterator[None]:
    """Each text that a model writes is a unit of its own, so that it need not begin another one after an interrupt.

    With False, a unit in hand needs all of its texts.
    """
    before, _State.single = _State.single, single
    try:
        yield
    finally:
        _State.single = before


def asked() -> bool:
    """Whether to stop once the units in hand are finished."""
    return _State.asked


def enough() -> bool:
    """Whether a model that writes texts finishes those that it has begun, and leaves out the others."""
    return _State.asked and _State.single
