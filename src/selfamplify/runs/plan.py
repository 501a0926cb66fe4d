"""What a comparison runs: methods x selections x keyword counts x seeds; and the paper's own tables as plans."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..arguments import check_flag, check_seed, check_whole
from ..errors import SettingsError
from ..methods.making import check_settings, make_method, settings_for
from ..methods.method import AbstractMethod
from ..methods.selection import SelectionName, check_selection
from ..methods.self_amplify import SelfAmplify
from ..methods.useful import Keep, check_keep, keeping
from ..names import unknown_name
from ..prompting.profiles import DEFAULT, Profile
from ..tasks.loading import as_task
from ..tasks.task import Task
from ..text.lines import argument, shortened
from .cell import Cell

_ATTRIBUTIONS = ("deep_lift", "kernel_shap")


@dataclass(frozen=True)
class Plan:
    """The grid of a comparison, and the settings that all its cells share.

    Parameters
    ----------
    methods : tuple of str
        Explainers (rows of Self-AMPLIFY) and competitors; IO is always added, for the paired test.
    selections : tuple of {"success", "error", "random"}
        By default success and error.
    keywords : tuple of int
        Keywords per rationale (k), by default 6; methods without keywords have one row all the same.
    seeds : tuple of int
        One context per seed; by default 0.
    shots : int
        Shots per prompt (n), by default 8.
    steps : int
        Steps per written rationale (p), by default 3.
    limit : int, optional
        How many test questions are asked; by default all.
    drop_shots : bool
        Whether prompts that are longer than the context lose shots instead of being refused; by default False.
    keep_rationales : {"all", "useful"}
        Which rationales of explainers become shots: by default all; see ``UsefulRationales``.
    settings : mapping
        Settings of explainers and competitors, for those that have them.

    Raises
    ------
    SettingsError
        For unknown names, values of a wrong type, empty lists, less than one shot, and settings that no method has.
    """

    methods: tuple[str, ...]
    selections: tuple[SelectionName, ...] = ("success", "error")
    keywords: tuple[int, ...] = (6,)
    seeds: tuple[int, ...] = (0,)
    shots: int = 8
    steps: int = 3
    limit: int | None = None
    drop_shots: bool = False
    keep_rationales: Keep = "all"
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._check_values()
        if not (self.methods and self.selections and self.keywords and self.seeds):
            raise SettingsError(
                "A comparison needs at least one method, selection, number of keywords and seed; name one of each, as in "
                '`methods=("deep_lift",)`.'
            )
        for selection in self.selections:
            check_selection(selection, self.shots)
        if self.shots < 1:
            raise SettingsError(
                f"A comparison needs shots, not {self.shots}; use `shots=8`, and the method zero_shot for prompts without any."
            )
        # Making each method checks its name and settings.
        methods = [make_method(method, count, self.steps) for method in self.methods for count in self.keywords]
        if self.keep_rationales != "all" and not any(isinstance(method, SelfAmplify) for method in methods):
            keeping(methods[0], self.keep_rationales)
        check_settings(self.methods, self.settings)
        for cell in self.cells():
            self.method(cell, DEFAULT)

    def _check_values(self) -> None:
        """Raise SettingsError for one value in place of several, one that is named twice, and one of the wrong type."""
        for name, example in (("methods", "kernel_shap"), ("selections", "error"), ("keywords", 6), ("seeds", 0)):
            value = getattr(self, name)
            if not isinstance(value, tuple | list):
                single = value if isinstance(value, str | int) else example
                raise SettingsError(f"{argument(name, value)} is not a tuple; use {argument(name, (single,))}.")
            once = tuple(each for place, each in enumerate(value) if each not in value[:place])
            if len(once) < len(value):
                raise SettingsError(f"{argument(name, tuple(value))} names a value twice; use {argument(name, once)}.")
        for seed in self.seeds:
            check_seed(seed)
        for count in self.keywords:
            check_whole("keywords", count, 1, 6)
        check_whole("steps", self.steps, 1, 3)
        if self.limit is not None:
            check_whole("limit", self.limit, 1, 350)
        check_flag("drop_shots", self.drop_shots)
        check_keep(self.keep_rationales)

    def cells(self) -> Iterator[Cell]:
        """The rows, by seed and selection, IO first; only methods that make keywords have a row per number of keywords."""
        made = {method: make_method(method) for method in self.methods}
        for seed in self.seeds:
            for selection in self.selections:
                yield Cell("io", selection, self.keywords[0], seed)
                for name, method in made.items():
                    # A method that draws its own sample has one row per seed.
                    if name == "io" or (method.own_sample and selection != self.selections[0]):
                        continue
                    for count in self.keywords if method.makes == "keywords" else self.keywords[:1]:
                        yield Cell(name, selection, count, seed)

    def keywords_of(self, cell: Cell) -> int | None:
        """Keywords per rationale of a row; None if its rationales are not made of keywords."""
        return cell.keywords if make_method(cell.method).makes == "keywords" else None

    def method(self, cell: Cell, profile: Profile) -> AbstractMethod:
        """The method of a cell, with its settings."""
        own = settings_for(cell.method, self.settings)
        method = make_method(cell.method, cell.keywords, self.steps, profile, own)
        return keeping(method, self.keep_rationales) if isinstance(method, SelfAmplify) else method


PRESETS: dict[str, Plan] = {
    "table1": Plan(("auto_cot", *_ATTRIBUTIONS, "self_topk", "self_exp"), limit=350),
    "table2": Plan((*_ATTRIBUTIONS, "self_topk", "random"), ("error", "success"), seeds=tuple(range(6)), limit=350),
    "table3": Plan((*_ATTRIBUTIONS, "self_topk"), ("error", "success"), keywords=(4, 6), limit=350),
    "figure4": Plan(("auto_cot", *_ATTRIBUTIONS, "self_topk", "self_exp"), ("success",), limit=3),
}
"""The paper's experiments (n = 8, k = 6 and 4, p = 3) at their full number of test questions; see ``preset``.

IO is in every table, since each row is tested against it. Figure 4 shows responses side by side.
"""
_SNARKS_QUESTIONS = 145


def preset(name: str, task: Task | str) -> Plan:
    """The plan of one of the paper's experiments on a task.

    Parameters
    ----------
    name : {"table1", "table2", "table3", "figure4"}
        The experiment.
    task : Task or str
        The task, or the name of one that needs no file. Snarks has 145 test questions as in the paper, other tasks 350, or all
        if there are fewer.

    Returns
    -------
    Plan

    Raises
    ------
    SettingsError
        For an unknown name.
    """
    if not isinstance(name, str) or name not in PRESETS:
        raise unknown_name("preset", name, PRESETS)
    plan, task = PRESETS[name], as_task(task)
    paper = _SNARKS_QUESTIONS if task.name == "snarks" else len(task.test)
    return replace(plan, limit=min(plan.limit or paper, paper, len(task.test)))


def as_plan(plan: object, task: Task) -> Plan:
    """The plan itself, or the preset of that name for a task. Raises SettingsError for an unknown name, or anything else."""
    if isinstance(plan, Plan):
        return plan
    if isinstance(plan, str):
        return preset(plan, task)
    raise SettingsError(f'A plan is a name or a Plan, not {shortened(repr(plan))}; write for example `plan="table1"`.')
