"""The race itself, and the choice among its finalists."""

from collections.abc import Sequence
from dataclasses import dataclass

from .arms import BARE, PLAIN
from .entrant import Entrant
from .field import BASELINES, Field
from .racing import race, within_one_error


@dataclass(frozen=True)
class Runner:
    """An entrant, and whether it answered each of the questions that it was asked correctly."""

    entrant: Entrant
    correct: tuple[bool, ...]


def raced(field: Field) -> list[Runner]:
    """All runners in the order of the field, those that were dropped with what they had answered until then."""

    def ask(place: int, start: int, stop: int, round_of: str) -> list[bool]:
        return field.entrants[place].within(f"{round_of}, arm {place + 1}").correct(start, stop)

    correct = race(ask, len(field.entrants), field.questions, BASELINES)
    return [Runner(entrant, tuple(found)) for entrant, found in zip(field.entrants, correct, strict=True)]


def finalists(runners: Sequence[Runner]) -> list[Runner]:
    """The runners that answered all questions."""
    most = max(len(each.correct) for each in runners)
    return [each for each in runners if len(each.correct) == most]


def chosen(final: Sequence[Runner], tokens: Sequence[float]) -> Runner:
    """The cheapest finalist among the best one and those within one standard error of it."""
    return final[min(within_one_error([each.correct for each in final]), key=lambda place: tokens[place])]


def rivals(own: Runner, final: Sequence[Runner]) -> list[Runner]:
    """What the chosen arm is tested against: the best with plain shots, unless it has such, and the one without shots."""
    plain = max((each for each in final if each.entrant.arm.method == PLAIN), key=lambda each: sum(each.correct))
    bare = next(each for each in final if each.entrant.arm.method == BARE)
    return [each for each in (plain, bare) if each is not own and not (each is plain and own.entrant.arm.method == PLAIN)]
