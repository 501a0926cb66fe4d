"""Step 1, n-shot sample selection (section 3.2): which questions become shots, by what the model itself gets right or wrong."""

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, get_args

from ..arguments import check_whole
from ..errors import SelectionError, SelfAmplifyWarning
from ..names import unknown_name
from ..records import Counts, Question
from ..seeds import derive
from ..session import Session, check_session
from ..tasks.splitting import shuffle
from ..tasks.task import Task
from ..text.label_counts import bracketed
from ..text.lines import counted
from ..work.stage import Progress
from .predicting import ask, may_be_asked
from .qualifying import SELECTIONS
from .turns import Turns, labels_in_turn

_ONE_SIDED = 0.8
"""From this share of shots with the same answer on, a note says so."""

SelectionName = Literal["success", "error", "random"]


@dataclass(frozen=True)
class Sample:
    """The n-shot sample.

    Parameters
    ----------
    selection : str
        How it was selected.
    seed : int
        The seed of the order in which the pool was asked.
    questions : tuple of Question
        The shots' questions.
    counts : Counts
        What was asked to select them.
    """

    selection: str
    seed: int
    questions: tuple[Question, ...]
    counts: Counts

    @staticmethod
    def of(questions: Sequence[Question], seed: int) -> "Sample":
        """A sample of given questions, which were not selected."""
        return Sample("given", seed, tuple(questions), Counts())


def select(session: Session, task: Task, selection: str, shots: int, seed: int) -> Sample:
    """Take shots at random from the training questions that qualify (section 3.2).

    The pool is put into a seeded order and asked until enough qualify, which draws from the same distribution as asking all of
    it. If the profile balances the answers, the labels take turns, as far as questions with each of them qualify: at most 256
    questions more are asked for that. No question is taken twice.

    Parameters
    ----------
    session : Session
        The model and how it is asked.
    task : Task
        Its ``train`` questions are the pool.
    selection : {"success", "error", "random"}
        Which questions qualify.
    shots : int
        How many to take (n); 0 for none.
    seed : int
        Decides the order.

    Returns
    -------
    Sample

    Raises
    ------
    SelectionError
        If there are fewer training questions than shots; with the counts, if too few questions qualify.
    SettingsError
        For an unknown selection, or less than 0 shots.
    """
    check_session(session)
    check_selection(selection, shots)
    check_enough(task, shots)  # before the model is asked for minutes
    found, counts = chosen(session, task, pool_of(task, seed), selection, shots, seed)
    if len(found) < shots:
        raise _too_few(task, selection, shots, len(found), counts)
    note_one_sided(found, task)
    return Sample(selection, seed, tuple(in_order(session, found, seed)), counts)


def pool_of(task: Task, seed: int) -> list[Question]:
    """The training questions in the order in which they are looked at."""
    return shuffle(task.train, derive(seed, "select"))


def chosen(
    session: Session, task: Task, pool: Sequence[Question], selection: str, shots: int, seed: int
) -> tuple[Sequence[Question], Counts]:
    """The first questions of a pool that qualify, fewer if not enough do, and what was found; balanced as ``select`` says.

    They are asked in batches, so that more may be asked than are looked at.
    """
    session = replace(session, progress=_until(session.progress))
    turns = Turns(shots, labels_in_turn(task) if session.profile.balance else ())
    fitting = partial(may_be_asked, session.model, session.profile)
    counts = SELECTIONS[selection].choose(pool, fitting, lambda asked: ask(session, asked, seed), turns)
    return turns.sample, counts


def _until(progress: Progress) -> Progress:
    """The same progress, which also says that asking may end before the total."""
    return lambda what, done, total: progress(f"{what} in batches until enough qualify", done, total)


def in_order(session: Session, shots: Sequence[Question], seed: int) -> Sequence[Question]:
    """The shots in the order in which the profile shows them."""
    return shuffle(shots, derive(seed, "shot order")) if session.profile.shot_order == "shuffled" else shots


def note_one_sided(shots: Sequence[Question], task: Task) -> None:
    """Warn if nearly all shots have the same answer: small models follow the majority of their shots (Zhao et al. 2021)."""
    label, count = Counter(shot.called(shot.answer) for shot in shots).most_common(1)[0] if shots else ("", 0)
    if count >= max(4, _ONE_SIDED * len(shots)) and len({question.answer for question in task.train}) > 1:
        warnings.warn(
            f"{count} of the {len(shots)} shots have the answer {bracketed(label)}, and a small model may repeat what most "
            f'shots answer; another seed or `selection="random"` may draw other ones.',
            SelfAmplifyWarning,
            stacklevel=3,
        )


def check_selection(selection: str, shots: int) -> None:
    """Raise SettingsError for an unknown selection, or a number of shots that is not 0 or more."""
    if not isinstance(selection, str) or selection not in get_args(SelectionName):
        raise unknown_name("selection", selection, get_args(SelectionName))
    check_whole("shots", shots, 0, 8)


def check_enough(task: Task, shots: int) -> None:
    """Raise SelectionError if a task has fewer training questions than shots."""
    if shots > len(task.train):
        raise SelectionError(
            f"{task.name} has {counted(len(task.train), 'training question')}, too few for {shots} shots; use "
            f"`shots={len(task.train)}` or fewer, or more training questions."
        )


def _too_few(task: Task, selection: str, shots: int, found: int, counts: Counts) -> SelectionError:
    """What was asked for, what was found, and which other settings would do."""
    qualify = {"success": counts.success, "error": counts.error, "random": len(task.train) - counts.too_long}
    remedies = [f"`shots={found}`"] if found else []
    remedies += [f'`selection="{name}"`' for name, number in qualify.items() if number >= shots]
    remedies.append("shorter questions or a model with a longer context" if counts.too_long else "more training questions")
    verb = "was" if found == 1 else "were"
    return SelectionError(
        f"Only {found} of {counted(shots, 'shot')} {verb} found by the selection '{selection}' among the "
        f"{counted(len(task.train), 'training question')} of {task.name} ({counts}); use {', or '.join(remedies)}."
    )
