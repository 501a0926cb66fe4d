"""What a comparison runs: methods x selections x keyword counts x seeds; and the paper's own tables as plans."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..methods.method import AbstractMethod
from ..methods.clustered import ClusteredAutoCot
from ..errors import SettingsError, unknown_name
from ..explain.making import settings_of
from ..methods.making import BASELINES, make_method, method_names
from ..prompting.profiles import DEFAULT, Profile
from ..methods.selection import SELECTIONS
from ..tasks.task import Task

_ATTRIBUTIONS = ("deep_lift", "kernel_shap")


@dataclass(frozen=True)
class Cell:
    """One row of a comparison."""

    method: str
    selection: str
    keywords: int
    seed: int

    def __str__(self) -> str:
        return f"{self.method}-{self.selection}-k{self.keywords}-seed{self.seed}"

    @staticmethod
    def read(text: str) -> "Cell":
        """The cell that is written so. Raises ValueError for a text that is none."""
        found = re.fullmatch(r"(.+)-([^-]+)-k(-?\d+)-seed(-?\d+)", text)
        if found is None:
            raise ValueError(f"{text[:60]!r} names no row")
        method, selection, keywords, seed = found.groups()
        return Cell(method, selection, int(keywords), int(seed))


@dataclass(frozen=True)
class Plan:
    """The grid of a comparison, and the settings that all its cells share.

    ``methods`` names explainers (rows of Self-AMPLIFY) and baselines; IO is always among them, for the paired test.
    ``limit`` is the number of test questions, None for all; ``drop_shots`` shortens prompts that are longer than the context;
    ``settings`` are settings of explainers, for those that have them.
    """

    methods: tuple[str, ...]
    selections: tuple[str, ...] = ("success", "error")
    keywords: tuple[int, ...] = (6,)
    seeds: tuple[int, ...] = (0,)
    shots: int = 8
    steps: int = 3
    limit: int | None = None
    drop_shots: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for method in self.methods:
            if method not in method_names():
                raise unknown_name("method", method, method_names())
        for selection in self.selections:
            if selection not in SELECTIONS:
                raise unknown_name("selection", selection, SELECTIONS)
        if not (self.methods and self.selections and self.keywords and self.seeds):
            raise SettingsError("A comparison needs at least one method, selection, keyword count and seed.")
        used = set().union(*(settings_of(method) for method in self.methods if method not in BASELINES))
        for setting in self.settings:
            if setting not in used:
                raise SettingsError(f"None of the methods {', '.join(self.methods)} has a setting '{setting}'; leave it out.")
        if self.shots < 1:
            raise SettingsError(
                f"A comparison of {self.shots} shots can't be; use --shots 8, and the method zero_shot for none."
            )
        for cell in self.cells():  # a method refuses settings that can't be when it is made
            self.method(cell, DEFAULT)

    def cells(self) -> Iterator[Cell]:
        """The rows, by seed and selection, IO first; a baseline does not vary with the number of keywords."""
        for seed in self.seeds:
            for selection in self.selections:
                # The clustered competitor draws its own sample: one row a seed says all.
                left_out = {"io"} if selection == self.selections[0] else {"io", ClusteredAutoCot.name}
                yield Cell("io", selection, self.keywords[0], seed)
                for method in dict.fromkeys(self.methods):
                    counts = self.keywords[:1] if method in BASELINES or method == "self_exp" else self.keywords
                    for count in counts if method not in left_out else ():
                        yield Cell(method, selection, count, seed)

    def method(self, cell: Cell, profile: Profile) -> AbstractMethod:
        """The method of a cell, with its settings."""
        known = set() if cell.method in BASELINES else settings_of(cell.method)
        chosen = {key: value for key, value in self.settings.items() if key in known}
        return make_method(cell.method, cell.keywords, self.steps, profile, chosen)


PRESETS: dict[str, Plan] = {
    "table1": Plan(("auto_cot", *_ATTRIBUTIONS, "self_topk", "self_exp"), limit=350),
    "table2": Plan((*_ATTRIBUTIONS, "self_topk", "random"), ("error", "success"), seeds=tuple(range(6)), limit=350),
    "table3": Plan((*_ATTRIBUTIONS, "self_topk"), ("error", "success"), keywords=(4, 6), limit=350),
    "figure4": Plan(("auto_cot", *_ATTRIBUTIONS, "self_topk", "self_exp"), ("success",), limit=3),
}
"""The paper's experiments (n = 8, k = 6 and 4, p = 3) at their full number of test questions; see ``preset``.

IO stands in every table, since each row is tested against it. Figure 4 shows responses side by side.
"""
_SNARKS_QUESTIONS = 145


def preset(name: str, task: Task) -> Plan:
    """The plan of one of the paper's experiments on a task: 350 test questions, 145 of Snarks, or all if there are fewer."""
    if name not in PRESETS:
        raise unknown_name("preset", name, PRESETS)
    plan = PRESETS[name]
    paper = _SNARKS_QUESTIONS if task.name == "snarks" else len(task.test)
    return replace(plan, limit=min(plan.limit or paper, paper, len(task.test)))
