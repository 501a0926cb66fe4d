"""The public data that the experiments read, as tasks; each file is in a folder of ``FOLDER`` that is named for its task."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from selfamplify import Task, load_task

_LEAST_WORDS = 6
"""SST-2 has phrases, too: only sentences of so many words are used."""
SENTIMENT = "Is the sentiment of the review negative or positive?"
NEWS = "Is this news about World, Sports, Business or Sci/Tech?"
CAUSE = "Would a typical person say so: Yes or No?"


def sst2(folder: Path) -> Task:
    """Sentences of film reviews, negative or positive."""
    names = {"0": "negative", "1": "positive"}
    return _long(load_task("file", folder / "sst2" / "sst2_dev.tsv", label_names=names, test_size=1200))


def agnews(folder: Path) -> Task:
    """News of four kinds."""
    return load_task("file", folder / "agnews" / "agnews_dev_first4000.tsv", header=False, test_size=600, skip_bad=True)


def arc(folder: Path) -> Task:
    """Grade-school science with four choices (ARC Challenge)."""
    return load_task("arc_challenge", folder / "arc" / "official_ARC-Challenge-Test.jsonl")


def snarks(folder: Path) -> Task:
    """Which of two sentences is sarcastic?"""
    return load_task("snarks", folder / "snarks" / "bigbench_snarks_task.json")


def causal_judgment(folder: Path) -> Task:
    """Would a typical person call this the cause?"""
    return load_task("causal_judgment", folder / "causal_judgment" / "bigbench_causal_judgement_task.json")


TASKS: dict[str, tuple[Callable[[Path], Task], str | None, int]] = {
    "sst2": (sst2, SENTIMENT, 3),
    "agnews": (agnews, NEWS, 3),
    "arc": (arc, None, 6),
    "snarks": (snarks, None, 6),
    "causal_judgment": (causal_judgment, CAUSE, 6),
}
"""Each task with its instruction in its own words, if it is a classification, and its number of keywords."""


def _long(task: Task) -> Task:
    train, test = (tuple(q for q in side if len(q.text.split()) >= _LEAST_WORDS) for side in (task.train, task.test))
    return replace(task, train=train, test=test)
