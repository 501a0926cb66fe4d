"""A run folder: its files, the store that finished work is kept in, and the settings under which it was begun."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any

from ..arguments import checked_path
from ..models.model import AbstractLanguageModel
from ..prompting.profiles import Profile
from ..prompting.prompt import Prompt
from ..prompting.prompt_file import FILE_NAME as PROMPT
from ..records import Question
from ..session import Session
from ..tasks.task import Task
from ..text.lines import sha256
from ..work.stage import Progress, silent
from .begun import command_line
from .editing import check_replaceable
from .measured import explaining, timed
from .responses import UNFINISHED as ANSWERS
from .responses import Line, load_responses
from .rows import Finished, comparisons, means, rows, untested
from .saving import keep_responses, save_responses
from .store import Store
from .table import FILE_NAME as RESULTS
from .table import UNFINISHED as ROWS
from .table import Table


class Run:
    """A run folder, as ``build``, ``evaluate`` and ``compare`` make it.

    In a ``with`` statement it holds the folder's lock and opens its store; reading what a finished run left needs neither.

    Parameters
    ----------
    folder : str or Path
        Where prompt.json, results.json, responses.jsonl, prompts/ and run.sqlite are.

    Examples
    --------
    >>> Run("runs/demo").table()  # doctest: +SKIP
    Table(14 rows, 100 test questions of planted_arc on embedded)
    """

    def __init__(self, folder: str | Path):
        self.folder = checked_path("out", folder, "runs/mine")
        self._store = Store(self.folder)
        self._opened = ExitStack()

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    def __enter__(self) -> "Run":
        self._opened.enter_context(self._store)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._opened.close()

    @property
    def has_table(self) -> bool:
        """Whether the folder holds a results.json."""
        return (self.folder / RESULTS).is_file()

    def prompt(self) -> Prompt:
        """The prompt that ``build`` made here. Raises DataError if there is none, or it is damaged."""
        return timed(Prompt.load(self.folder), self.folder)

    def table(self) -> Table:
        """The table that ``compare`` or ``evaluate`` made here. Raises DataError if there is none, or it is damaged."""
        return Table.load(self.folder)

    def responses(self) -> list[Line]:
        """What the model said to every question in every row. Raises DataError if there is nothing, or it is damaged."""
        return load_responses(self.folder)

    def session(
        self,
        model: AbstractLanguageModel,
        profile: Profile,
        judge: AbstractLanguageModel | None = None,
        progress: Progress = silent,
    ) -> Session:
        """A session whose finished work is kept in the open run folder."""
        return Session(model, profile, self._store, judge, progress)

    @contextmanager
    def claimed(self, what: str, settings: Mapping[str, Any]) -> Iterator[None]:
        """Make ``what`` ("prompt" or "results") in the open run folder under these settings; see ``Store.claimed``."""
        with self._store.claimed(what, settings, command_line(sys.argv)):
            yield

    def finish_prompt(self, prompt: Prompt) -> None:
        """Write prompt.json, and keep in the store how long its explanations took."""
        self._store.measure(PROMPT, prompt.digest(), explaining(prompt))
        prompt.save(self.folder)

    def save_prompt(self, name: str, prompt: Prompt) -> None:
        """Write the prompt of one row into prompts/. Raises RunError if that one was edited by hand, which would be lost."""
        file = self.folder / "prompts" / f"{name}.json"
        check_replaceable(file, by=prompt)
        prompt.save(file)

    def finish(self, finished: Sequence[Finished], failed: Mapping[str, str], settings: Mapping[str, Any]) -> Table:
        """Write responses.jsonl and results.json; returns the table."""
        found = tuple(rows(finished)), tuple(means(finished)), tuple(comparisons(finished))
        table = Table(*found, dict(failed), dict(settings), save_responses(self.folder, finished))
        self._save(table, RESULTS)
        for name in (ROWS, ANSWERS):
            (self.folder / name).unlink(missing_ok=True)
        return table

    def keep(self, finished: Sequence[Finished], failed: Mapping[str, str], settings: Mapping[str, Any]) -> None:
        """Write what is finished so far, into unfinished.jsonl and unfinished.json, for those who look in before the end.

        ``finished`` is that of the last call with one more.
        """
        if not self.has_table:
            digest = keep_responses(self.folder, finished)
            self._save(Table(tuple(untested(finished)), (), (), dict(failed), dict(settings), digest), ROWS)

    def _save(self, table: Table, name: str) -> None:
        """Write a table, and keep in the store how long its rows took."""
        self._store.measure(name, table.digest(), [row.seconds or 0.0 for row in table.rows])
        table.save(self.folder, name)


def run_settings(session: Session, task: Task) -> dict[str, Any]:
    """What every result of a run depends on: model, profile, judge, the questions and how they were read, and the version."""
    return {
        "model": session.model.name,
        "model_fingerprint": session.model.fingerprint,
        "judge": session.judge.name if session.judge else None,
        **known_settings(session.profile, task),
    }


def known_settings(profile: Profile, task: Task) -> dict[str, Any]:
    """Those of them that are known without a model."""
    return {
        "selfamplify": version("selfamplify"),
        "profile": profile.name,
        "max_new_tokens": profile.decoding.max_new_tokens,
        "prefill": profile.prefill,
        "balance": profile.balance,
        "levelled": profile.levelled,
        "strict": profile.strict,
        "answer_style": profile.answer_style,
        "order": profile.order,
        "instruction": profile.instruction,
        "system": profile.system,
        "stop_words": profile.stop_words,
        "shot_order": profile.shot_order,
        "decoding": asdict(profile.decoding),
        "reading": profile.reading and asdict(profile.reading),
        "judged": profile.judged,
        "baseline": profile.baseline,
        "replaced_explainers": dict(profile.explainers),
        "wording_sha256": sha256(repr(profile.wording)),
        "task": task.name,
        "training_questions_sha256": _questions_sha256(task.train),
        "test_questions_sha256": _questions_sha256(task.test),
        "test_count": len(task.test),
        "attributed": sorted({question.attributed for question in task.train}),
        "rows_left_out": len(task.skipped),
        "data_notes": list(task.notes),
        **({"source": task.source} if task.source else {}),
    }


def _questions_sha256(questions: Sequence[Question]) -> str:
    """The digest of what questions hold; how they are asked is a setting of its own."""
    held = ([q.id, q.text, [(each.label, each.text) for each in q.choices], q.answer, q.planted] for q in questions)
    return sha256(f"[{', '.join(map(json.dumps, held))}]")
