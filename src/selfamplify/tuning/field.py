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
"""Answers that batch calibration takes for each prompt."""
_TIMED = 4
"""The time of an answer is the mean over so many entrants."""


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
        How many answers the race may take.
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
    most = len(arms) if budget.calls is None else _most(budget.calls, len(arms), extra, budget)
    entrants, failed = list[Entrant](), dict[str, str]()
    for arm in arms:
        if len(entrants) == most or (len(entrants) > BASELINES and clock.left < (1 - _MAKING) * clock.seconds):
            break
        own = replace(session, progress=within(session.progress, f"prompt {len(entrants) + 1}"))
        try:
            made = entered(own, arm, corpus, deciding, drop_shots)
            entrants.append(made.told(session.progress))
        except (SelectionError, ExplanationError, ContextError) as error:
            failed[str(arm)] = str(error)
    ordered = _baselines_first(entrants, failed)
    affordable = budget.calls if budget.calls is not None else int(clock.left / _seconds(ordered))
    racing = ordered[: _most(affordable, len(ordered), extra, budget)]
    return Field(tuple(racing), failed, _for_race(affordable) - len(racing) * extra)


def _baselines_first(entrants: Sequence[Entrant], failed: dict[str, str]) -> list[Entrant]:
    """The entrants with the first of plain shots and the first without shots in front."""
    found = [next((each for each in entrants if each.arm.method == name), None) for name in (PLAIN, BARE)]
    baselines = [each for each in found if each is not None]
    others = [each for each in entrants if each not in baselines]
    if len(baselines) < BASELINES or not others:
        reason = f" ({next(iter(failed.values()))})" if failed else ""
        raise SettingsError(
            f"A race needs prompts of {PLAIN}, of {BARE} and of one other arm, and they could not all be made{reason}; "
            f"use other `methods`, `selections` or `shots`."
        )
    return [*baselines, *others]


def _seconds(entrants: Sequence[Entrant]) -> float:
    """How long an answer takes, by what the first entrants needed for the first questions."""
    timed = [each.seconds() for each in entrants[:_TIMED]]
    return max(1e-4, sum(timed) / len(timed))


def _for_race(affordable: int) -> int:
    """The answers of the race, without those that are kept for the test."""
    return int(affordable * (1 - CONFIRMING))


def _most(affordable: int, arms: int, extra: int, budget: Budget) -> int:
    """How many arms may enter."""
    found = most_entrants(_for_race(affordable), arms, extra, BASELINES + 1)
    if not found:
        raise SettingsError(
            f'`budget="{budget}"` does not suffice for {PLAIN}, {BARE} and one other arm with {LEAST} questions each; '
            f"use a larger one."
        )
    return found
