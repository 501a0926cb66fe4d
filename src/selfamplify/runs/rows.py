"""From answered cells to the rows of a table, and to the tests between them."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from ..evaluation.difference import accuracy_interval
from ..evaluation.result import Result, correctness, measured_contrast
from ..evaluation.statistics import mean_and_deviation
from ..prompting.prompt import Prompt
from ..text.label_counts import label_counts
from .cell import Cell
from .comparison import BASE, Comparison, corrected_together, names
from .measured import explaining
from .table import Mean, Row

_Key = tuple[str, str, int | None]


@dataclass(frozen=True)
class Finished:
    """One cell with its prompt and its result; ``selection`` is where its shots come from."""

    cell: Cell
    prompt: Prompt
    result: Result
    selection: str

    @property
    def explainer(self) -> str | None:
        """What made the rationales, as the cell calls it; None for a competitor."""
        made = self.prompt.provenance
        return self.cell.method if made and made.explainer else None

    @property
    def keywords(self) -> int | None:
        """Keywords per rationale; None if rationales are not made of keywords."""
        return self.prompt.provenance.keywords if self.prompt.provenance else None


def rows(finished: Iterable[Finished]) -> list[Row]:
    """A row for each finished cell, tested against the IO cell of the same sample."""
    finished = list(finished)
    plain = {(item.cell.selection, item.cell.seed): item.result for item in finished if item.cell.method == "io"}
    return [_row(item, plain.get((item.selection, item.cell.seed))) for item in finished]


def untested(finished: Iterable[Finished]) -> list[Row]:
    """The same rows without the tests against IO, which take longer than all the rest."""
    return [_row(item, None) for item in finished]


def means(finished: Iterable[Finished]) -> list[Mean]:
    """The mean of each method, selection and number of keywords over its contexts."""
    return [_mean(key, list(group.values())) for key, group in _groups(finished).items()]


def comparisons(finished: Iterable[Finished]) -> list[Comparison]:
    """Any two methods of each selection, in the contexts that both have: first those with IO, then the others."""
    groups = _groups(finished)
    called = names((method, keywords) for method, _, keywords in groups)
    found: list[Comparison] = []
    for earlier, later in combinations(groups, 2):
        common = groups[earlier].keys() & groups[later].keys()
        if earlier[1] == later[1] and common:
            first, second = ([groups[key][seed] for seed in sorted(common)] for key in (later, earlier))
            pair = called[later[0], later[2]], called[earlier[0], earlier[2]]
            found.append(Comparison(later[1], *pair, measured_contrast(first, second)))
    with_io = [each for each in found if each.second == BASE]
    return [*corrected_together(with_io), *corrected_together([each for each in found if each.second != BASE])]


def _groups(finished: Iterable[Finished]) -> dict[_Key, dict[int, Result]]:
    """The results of each method, selection and number of keywords by seed."""
    groups: dict[_Key, dict[int, Result]] = {}
    for item in finished:
        groups.setdefault((item.cell.method, item.selection, item.keywords), {})[item.cell.seed] = item.result
    return groups


def _mean(key: _Key, group: list[Result]) -> Mean:
    mean, deviation = mean_and_deviation([result.accuracy for result in group])
    interval = accuracy_interval(correctness(group))
    return Mean(*key, len(group), mean, deviation, interval.low, interval.high)


def _row(item: Finished, io: Result | None) -> Row:
    prompt, result = item.prompt, item.result
    interval = result.interval
    return Row(
        method=result.method,
        explainer=item.explainer,
        selection=item.selection,
        keywords=item.keywords,
        task=result.task,
        model=result.model,
        seed=item.cell.seed,
        shots=len(prompt.shots),
        n=result.n,
        correct=result.correct,
        accuracy=result.accuracy,
        ci_low=interval.low,
        ci_high=interval.high,
        p_vs_io=None if io is None or io is result else result.against(io).p,
        unparsed=result.unparsed,
        seconds=round(result.seconds + sum(explaining(prompt)), 3),
        cut=result.cut,
        shot_answers=label_counts(shot.question.called(shot.label) for shot in prompt.shots if shot.label),
        answers=label_counts(result.given),
    )
