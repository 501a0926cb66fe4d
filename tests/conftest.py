"""What holds for all tests: no deadline, since speed is measured in benchmarks/ and a busy machine is no fault."""

import sys

import pytest
from hypothesis import settings
from small import Run

from selfamplify.cli import main

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line, in this process."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["selfamplify", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "100")
        with pytest.raises(SystemExit) as end:
            main()
        printed = capsys.readouterr()
        return int(end.value.code or 0), printed.out, printed.err

    return call
