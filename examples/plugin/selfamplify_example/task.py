"""Weekdays: which day comes some days after another?"""

from dataclasses import dataclass
from pathlib import Path

from selfamplify import AbstractSource, Choice, Question, Reading, SettingsError

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, kw_only=True)
class Weekdays(AbstractSource):
    """Which of four days comes a given number of days after another?

    Parameters
    ----------
    test_size : int, default 30
        How many questions are set aside to test with.
    furthest : int, default 9
        The largest number of days.
    """

    test_size: int | None = 30
    furthest: int = 9

    def load(self, data: Path | None, test_data: Path | None, seed: int) -> Reading:
        if data is not None or test_data is not None:
            raise SettingsError("The task weekdays makes its own questions; leave the file out.")
        return Reading(tuple(_question(day, later) for day in range(7) for later in range(1, self.furthest + 1)))


def _question(day: int, later: int) -> Question:
    right = (day + later) % 7
    first = right - (day * 3 + later) % 4  # so that the right answer is not always in the same place
    choices = tuple(Choice(label, DAYS[(first + place) % 7]) for place, label in enumerate("ABCD"))
    answer = next(choice.label for choice in choices if choice.text == DAYS[right])
    days = "1 day" if later == 1 else f"{later} days"
    return Question(f"{DAYS[day]}+{later}", f"Which day comes {days} after {DAYS[day]}?", choices, answer)
