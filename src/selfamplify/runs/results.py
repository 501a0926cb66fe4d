"""What a run leaves behind: rows, results.json, and every response as a line."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, TypeAdapter, ValidationError

from ..errors import DataError
from ..evaluation.result import Result
from ..evaluation.statistics import mean_and_deviation, paired
from ..methods.making import BASELINES
from ..prompting.prompt import Prompt
from ..text.files import write_whole
from .plan import Cell

FILE_NAME = "results.json"
RESPONSES = "responses.jsonl"


@dataclass(frozen=True)
class Finished:
    """One cell with its prompt and its result."""

    cell: Cell
    prompt: Prompt
    result: Result


@dataclass(frozen=True)
class Row:
    """One line of a table. ``accuracy``, its 95 % interval, ``unparsed`` and ``cut`` are shares; ``p_vs_io`` is McNemar's exact
    p against IO on the same sample and questions, None for IO itself and where there is none; ``seconds`` is wall clock,
    explanations included."""

    method: str
    explainer: str | None
    selection: str
    keywords: int | None
    task: str
    model: str
    seed: int
    shots: int
    n: int
    correct: int
    accuracy: float
    ci_low: float
    ci_high: float
    p_vs_io: float | None
    unparsed: float
    seconds: float
    cut: float = 0.0


@dataclass(frozen=True)
class Gain:
    """What a method gains on IO over the same contexts: the mean difference in accuracy with its 95 % interval, and the p of
    the paired test over questions."""

    difference: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Mean:
    """A method over the contexts of several seeds (Table 2): ``mean`` and ``sd`` (None for one context) of its accuracy, and
    its ``gain``, None where there is no IO to compare with."""

    method: str
    selection: str
    keywords: int | None
    runs: int
    mean: float
    sd: float | None
    gain: Gain | None = None


@dataclass(frozen=True)
class Table:
    """The rows of a comparison, their means over seeds, the cells that failed with their reasons, and the settings."""

    rows: tuple[Row, ...]
    means: tuple[Mean, ...] = ()
    failed: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    def digest(self) -> str:
        """SHA-256 of all but the seconds: equal for two runs that gave the same results."""
        rows = [{key: value for key, value in asdict(row).items() if key != "seconds"} for row in self.rows]
        return hashlib.sha256(json.dumps([rows, self.failed, self.settings], sort_keys=True).encode()).hexdigest()

    def save(self, folder: Path) -> Path:
        """Write results.json."""
        file = folder / FILE_NAME
        data = {
            "rows": [asdict(row) for row in self.rows],
            "means": [asdict(mean) for mean in self.means],
            "failed": self.failed,
        }
        data |= {"settings": self.settings, "digest": self.digest()}
        write_whole(file, json.dumps(data, indent=2, ensure_ascii=False) + "\n")
        return file

    @staticmethod
    def load(folder: Path) -> "Table":
        """Read the results.json of a run folder. Raises DataError if there is none, or it is damaged."""
        file = folder / FILE_NAME
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
            means = TypeAdapter(tuple[Mean, ...]).validate_python(data["means"])
            return Table(tuple(Row(**row) for row in data["rows"]), means, data["failed"], data["settings"])
        except FileNotFoundError:
            raise DataError(f"There is no {FILE_NAME} in {folder}; run `selfamplify compare --out {folder}` first.") from None
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"{file} is damaged ({error}); run the command that made it again.") from error


def rows(finished: Iterable[Finished]) -> list[Row]:
    """A row for each finished cell, tested against the IO cell of the same sample."""
    finished = list(finished)
    plain = {(item.cell.selection, item.cell.seed): item.result for item in finished if item.cell.method == "io"}
    return [_row(item, plain.get((_selection(item), item.cell.seed))) for item in finished]


def means(finished: Iterable[Finished]) -> list[Mean]:
    """The mean of each method, selection and number of keywords over its seeds, tested against IO question by question."""
    groups: dict[tuple[str, str, int | None], list[Finished]] = {}
    for item in finished:
        groups.setdefault((item.cell.method, _selection(item), _keywords(item.cell)), []).append(item)
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
    """For each question the share of the group's contexts with which it was answered right."""
    outcomes = zip(*(item.result.outcomes for item in group), strict=True)
    return [sum(outcome.correct for outcome in each) / len(group) for each in outcomes]


def _keywords(cell: Cell) -> int | None:
    return cell.keywords if cell.method not in BASELINES and cell.method != "self_exp" else None


def _selection(item: Finished) -> str:
    """Where a row's shots come from: the cell's selection, but for a method that draws its own sample."""
    own = item.prompt.provenance.get("selection")
    return own if own == "clustered" else item.cell.selection


def _row(item: Finished, io: Result | None) -> Row:
    cell, prompt, result = item.cell, item.prompt, item.result
    own = cell.method not in BASELINES
    interval = result.interval
    return Row(
        method=result.method,
        explainer=cell.method if own else None,
        selection=_selection(item),
        keywords=_keywords(cell),
        task=result.task,
        model=result.model,
        seed=cell.seed,
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
    )


def save_responses(folder: Path, finished: Sequence[Finished]) -> Path:
    """Write responses.jsonl: what the model said to every question in every cell, and what was read from it."""
    lines: list[Mapping[str, Any]] = []
    for item in finished:
        judged = zip(item.result.questions, item.result.responses, item.result.outcomes, strict=True)
        for question, response, outcome in judged:
            lines.append({"cell": str(item.cell), "question": question.render(), **asdict(outcome), "text": response.text})
    file = folder / RESPONSES
    write_whole(file, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    return file


@dataclass(frozen=True, slots=True)
class Line:
    """A line of responses.jsonl: what the model said to one question in one cell, and what was read from it."""

    cell: Annotated[Cell, BeforeValidator(lambda text: Cell.read(str(text)))]
    question: str
    question_id: str
    answer: str
    label: str | None
    rule: str
    correct: bool
    text: str


def load_responses(folder: Path) -> list[Line]:
    """Read the responses.jsonl of a run folder. Raises DataError if there is none, or it is damaged."""
    file = folder / RESPONSES
    adapter = TypeAdapter(Line)
    lines: list[Line] = []
    try:
        # Only a line feed ends a line here: a response may hold other separators, such as U+2028.
        for text in file.read_text(encoding="utf-8").split("\n"):
            if text:
                lines.append(adapter.validate_json(text))
    except (OSError, ValueError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        reason = f"line {len(lines) + 1}: {first['msg']}" if first else error
        raise DataError(f"{file} can't be read ({reason}); run the command that made the results again.") from error
    return lines
