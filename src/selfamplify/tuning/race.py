"""The race itself, and the choice among those that stay to its end."""

from collections.abc import Sequence
from dataclasses import dataclass

from .arms import BARE, PLAIN
from .entrant import Answers, Entrant
from .field import Field
from .racing import cheapest, last_round, race


@dataclass(frozen=True)
class Runner:
    """An entrant, and how it answered the questions that it was asked."""

    entrant: Entrant
    answers: Answers

    @property
    def correct(self) -> tuple[bool, ...]:
        """Whether it answered each of them correctly."""
        return self.answers.correct

    @property
    def asked(self) -> int:
        """How many answers it took: those to the questions of the race, and those for calibration."""
        return len(self.correct) + self.entrant.calibrating


def raced(field: Field, questions: int) -> list[Runner]:
    """All runners in the order of the field, those that left with what they had answered until then."""

    given = [Answers()] * len(field.entrants)

    def ask(place: int, start: int, stop: int, round_of: str) -> Sequence[bool]:
        entrant = field.entrants[place]
        found = entrant.within(f"{round_of}, {entrant.arm}").answers(start, stop)
        given[place] += found
        return found.correct

    race(ask, len(field.entrants), questions, field.answers)
    return [Runner(entrant, found) for entrant, found in zip(field.entrants, given, strict=True)]


def finalists(runners: Sequence[Runner]) -> list[Runner]:
    """The runners of the last round."""
    return [runners[place] for place in last_round([each.correct for each in runners])]


def chosen(final: Sequence[Runner], tokens: Sequence[float]) -> Runner:
    """The cheapest finalist among the best one and those within one standard error of it."""
    return final[cheapest([each.correct for each in final], tokens)]


def rivals(own: Runner, runners: Sequence[Runner]) -> list[Runner]:
    """What the chosen arm is tested against, unless it is that itself: the best with plain shots, and the one without shots.

    The best is the one that stayed longest, and of several the one with the most correct answers.
    """
    others = [name for name in (PLAIN, BARE) if name != own.entrant.arm.method]
    found = ([each for each in runners if each.entrant.arm.method == name] for name in others)
    return [max(each, key=lambda runner: (len(runner.correct), sum(runner.correct))) for each in found]
