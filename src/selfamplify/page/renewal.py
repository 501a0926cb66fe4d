"""A page that is renewed while its run goes on."""

import time
from collections.abc import Callable
from pathlib import Path

from ..text.lines import first_line
from ..work.stage import Progress
from .page import write_report

EVERY = 60.0
"""Seconds between two pages."""


class Renewal:
    """Writes the page of a run folder again, at most once a minute; a failure is noted once, and never stops the run.

    Parameters
    ----------
    folder : Path
        The run folder.
    note : callable
        Called with a sentence if the page can't be written.
    clock : callable
        The time in seconds; by default a clock that only goes forward.
    """

    def __init__(self, folder: Path, note: Callable[[str], None], clock: Callable[[], float] = time.monotonic):
        self._folder, self._note, self._clock = folder, note, clock
        self._written = clock()
        self._noted: str | None = None

    def watching(self, progress: Progress) -> Progress:
        """The same progress, with the page renewed on the way."""

        def watched(what: str, done: int, total: int) -> None:
            progress(what, done, total)
            if self._clock() - self._written >= EVERY:
                self.now()

        return watched

    def now(self) -> None:
        """Write the page."""
        try:
            write_report(self._folder)
        except Exception as error:  # whatever it is, the run is worth more than its page
            if self._noted != (reason := first_line(error)):
                self._noted = reason
                self._note(
                    f"The page of {self._folder} could not be written ({reason}), which does not affect the run; write it "
                    f"later with `selfamplify report {self._folder}`."
                )
        self._written = self._clock()
