"""From answered cells to the rows of a table, each tested against IO on the same shots."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..evaluation.result import Result
from ..evaluation.statistics import mean_and_deviation, paired
from ..prompting.prompt import Prompt
from ..text.label_counts import label_counts
from .plan import Cell
from .table import Gain, Mean, Row


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


def means(finished: Iterable[Finished]) -> list[Mean]:
    """The mean of each method, selection and number of keywords over its seeds, tested against IO question by question."""
    groups: dict[tuple[str, str, int | None], list[Finished]] = {}
    for item in finished:
        groups.setdefault((item.cell.method, item.selection, item.keywords), []).append(item)
    plain = {key[1]: group for key, group in groups.items() if key[0] == "io"}
    return [_mean(key, group, plain.get(key[1])) for key, group in groups.items()]


def _mean(key: tuple[str, str, int | None], group: Sequence[Finished], io: Sequence[Finished] | None) -> Mean:
    mean, deviation = mean_and_deviation([item.result.accuracy for item in group])
    plain = Mean(*key, len(group), mean, deviation)
    if io is None or io is group or [item.cell.seed for item in io] != [item.cell.seed for item in group]:
        return plain
    interval, p = paired(_shares(group), _shares(io))
    difference = mean - mean_and_deviation([item.result.accuracy for item in io])[0]
    return replace(plain, gain=Gain(difference, interval.low, interval.high, p))


def _shares(group: Sequence[Finished]) -> list[float]:
    """For each question the share of the group's contexts with which it was answered correctly."""
    outcomes = zip(*(item.result.outcomes for item in group), strict=True)
    return [sum(outcome.correct for outcome in each) / len(group) for each in outcomes]


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
        p_vs_io=None if io is None or io is result else result.p_against(io),
        unparsed=result.unparsed,
        seconds=round(result.seconds + sum(shot.explanation.cost.seconds for shot in prompt.shots if shot.explanation), 3),
        cut=result.cut,
        shot_answers=label_counts(shot.label for shot in prompt.shots),
        answers=label_counts(outcome.label for outcome in result.outcomes),
    )
