"""Who starts in a race, and how many answers it may take, so that the budget suffices."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..answering.deciding import Deciding
from ..errors import ContextError, ExplanationError, SelectionError, SettingsError
from ..session import Session
from ..work.stage import within
from .arm import Arm
from .arms import BARE, PLAIN
from .budget import CONFIRMING, Budget, Clock
from .entrant import Corpus, Entrant, entered
from .racing import LEAST
from .racing import entrants as most_entrants

BASELINES = 2
"""IO and zero-shot, which always take part."""
_MAKING = 0.4
"""The share of a budget of time after which no more prompts are made."""
_CALIBRATING = 50
"""Answers that batch calibration takes for each prompt, at most."""
_TIMED = 4
"""The time of an answer is the mean over so many entrants."""
RESERVED = 50
"""Test questions that are asked even if the time is over; the race leaves time for them where it can."""


@dataclass(frozen=True)
class Field:
    """The entrants of a race.

    Parameters
    ----------
    entrants : tuple of Entrant
        IO and zero-shot first.
    failed : dict
        The arms without a prompt, each with the reason.
    answers : int
        How many answers the race may take, besides those for calibration.
    """

    entrants: tuple[Entrant, ...]
    failed: dict[str, str]
    answers: int


def starting(
    session: Session, arms: Sequence[Arm], corpus: Corpus, deciding: Deciding, drop_shots: bool, budget: Budget, clock: Clock
) -> Field:
    """Make the prompts of as many arms as the budget allows, in their order.

    Raises SettingsError if the budget does not suffice for the baselines and one other arm, or if these prompts can't be made.
    """
    extra = _CALIBRATING if deciding.calibrate == "batch" else 0
    most = len(arms) if budget.calls is None else _most(_for_race(budget.calls), len(arms), extra, budget)
    entrants, failed, timed = list[Entrant](), dict[str, str](), list[float]()
    for arm in arms:
        if len(entrants) == most or (timed and not _another(len(entrants), timed, corpus, extra, clock)):
            break
        own = replace(session, progress=within(session.progress, f"prompt of {arm}"))
        try:
            made = entered(own, arm, corpus, deciding, drop_shots)
        except (SelectionError, ExplanationError, ContextError) as error:
            failed[str(arm)] = str(error)
            continue
        entrants.append(made.told(session.progress))
        if budget.calls is None and len(timed) < _TIMED:
            timed.append(made.within("timing").seconds())
    ordered = _baselines_first(entrants, failed)
    allowed = _in_time(_answers(clock.left, timed), corpus, extra) if budget.calls is None else _for_race(budget.calls)
    racing = ordered[: _most(allowed, len(ordered), extra, budget)]
    return Field(tuple(racing), failed, allowed - sum(each.calibrating for each in racing))


def _another(made: int, timed: Sequence[float], corpus: Corpus, extra: int, clock: Clock) -> bool:
    """Whether there is time to make one more prompt, and to ask it and all others that are made."""
    if made <= BASELINES:
        return True
    now = clock.left
    left = now - (clock.seconds - now) / made  # one more takes as long as the others did, on average
    if left < (1 - _MAKING) * clock.seconds:
        return False
    return most_entrants(_in_time(_answers(left, timed), corpus, extra), made + 1, extra, BASELINES + 1) == made + 1


def _answers(seconds: float, timed: Sequence[float]) -> int:
    """How many answers fit into some time, by what the first entrants needed for the first questions."""
    return int(seconds / max(1e-4, sum(timed) / len(timed)))


def _baselines_first(entrants: Sequence[Entrant], failed: dict[str, str]) -> list[Entrant]:
    """The entrants with the first of plain shots and the first without shots in front."""
    found = [next((each for each in entrants if each.arm.method == name), None) for name in (PLAIN, BARE)]
    baselines = [each for each in found if each is not None]
    others = [each for each in entrants if each not in baselines]
    if len(baselines) < BASELINES or not others:
        reason = f" ({next(iter(failed.values())).rstrip('.')})" if failed else ""
        raise SettingsError(
            f"A race needs prompts of {PLAIN}, of {BARE} and of one other arm, and they could not all be made{reason}; "
            f"use other `methods`, `selections` or `shots`."
        )
    return [*baselines, *others]


def _for_race(affordable: int) -> int:
    """The answers of the race, without those that are kept for the test."""
    return int(affordable * (1 - CONFIRMING))


def _in_time(affordable: int, corpus: Corpus, extra: int) -> int:
    """The answers of the race: a share is left to the test, and at least what it takes if the race can do with the rest."""
    shared, least = _for_race(affordable), (1 + BASELINES) * min(RESERVED, len(corpus.test))
    rest = min(shared, affordable - least)
    return rest if most_entrants(rest, BASELINES + 1, extra, BASELINES + 1) else shared


def _most(allowed: int, arms: int, extra: int, budget: Budget) -> int:
    """How many arms may enter a race of so many answers."""
    found = most_entrants(allowed, arms, extra, BASELINES + 1)
    if not found:
        raise SettingsError(
            f'`budget="{budget}"` does not suffice for {PLAIN}, {BARE} and one other arm with {LEAST} questions each; '
            f"use a larger one."
        )
    return found
