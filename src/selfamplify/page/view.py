"""The parts of a page, each made of what a run folder holds; a part that has nothing to show is not made."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from ..evaluation.one_sided import one_sided
from ..evaluation.statistics import wilson
from ..prompting.origins import origins
from ..prompting.prompt import Prompt
from ..records import Shot, WrittenText
from ..runs.cell import Cell
from ..runs.table import Table, source_of
from ..text.lines import counted, shortened, without_password
from .answers import answers, embedded
from .contents import Contents, Race
from .drawings import Point, accuracy_drawing, cost_drawing
from .grids import (
    Grid,
    balance_grid,
    findings_grids,
    mean_seconds,
    named_rows,
    race_grids,
    right_grid,
    table_grid,
    true_answers,
)
from .said import Said, said
from .words import Piece, pieces

_READ = {
    "task": "task",
    "source": "data",
    "test_count": "test questions",
    "rows_left_out": "rows left out",
    "attributed": "explained part of a question",
    "answer_style": "answers are written as",
}
"""The settings that say how the data was read, besides its notes, and what the page calls them."""
_HASHES = ("_sha256", "_fingerprint")
_MOST_PROMPTS = 24


@dataclass(frozen=True)
class ShownShot:
    """A shot: its question in pieces, the reply, and what explained it."""

    pieces: list[Piece]
    reply: str
    explained: str


@dataclass(frozen=True)
class ShownPrompt:
    """A finished prompt; ``facts`` are the lines about how it was made, and ``engine`` the explainer's settings."""

    title: str
    instruction: str
    system: str
    shots: list[ShownShot]
    facts: list[str]
    engine: str
    coloured: bool


@dataclass(frozen=True)
class View:
    """What the template shows."""

    title: str
    state: str
    said: list[Said]
    failed: dict[str, str]
    results: list[Grid]
    drawings: list[Markup]
    labels: list[Grid]
    one_sided: str
    prompts: list[ShownPrompt]
    opened: ShownPrompt | None
    prompts_left_out: int
    questions: int
    answers: Markup | None
    against: str
    notes: list[str]
    read: list[tuple[str, str]]
    commands: dict[str, str]
    settings: list[tuple[str, str]]
    hashes: list[tuple[str, str]]
    units: dict[str, int]


def view(contents: Contents) -> View:
    """Everything that the page of a folder shows."""
    table = contents.table if contents.table and contents.table.rows else None
    data = answers(contents.lines, contents.against) if contents.lines else None
    shown = list(_prompts(contents))
    return View(
        title=_title(contents),
        state=contents.state,
        said=said(contents),
        failed=_failed(contents),
        results=list(_results(contents, table)),
        drawings=list(_drawings(table, contents.race)),
        labels=list(_labels(contents, table)) if table else [],
        one_sided=_one_sided(contents, table) if table else "",
        prompts=shown[:_MOST_PROMPTS],
        opened=next((each for each in shown if each.coloured), shown[0] if shown else None),
        prompts_left_out=max(0, len(shown) - _MOST_PROMPTS),
        questions=len(data["questions"]) if data else 0,
        answers=embedded(data) if data else None,
        against=contents.against,
        notes=_notes(contents),
        read=_pairs(contents, lambda key: key in _READ),
        commands={what: without_password(line) for what, line in contents.begun.commands.items()},
        settings=_pairs(contents, lambda key: key not in (*_READ, "data_notes") and not key.endswith(_HASHES)),
        hashes=[*_pairs(contents, lambda key: key.endswith(_HASHES)), *_digests(contents)],
        units=contents.begun.units if contents.unfinished else {},
    )


def _title(contents: Contents) -> str:
    settings = next(iter(contents.settings.values()), {})
    if not settings and contents.prompt and contents.prompt.provenance:
        settings = {"task": contents.prompt.provenance.task, "model": contents.prompt.provenance.model}
    return f"{source_of(settings, settings.get('task', contents.folder.name))} · {settings.get('model', 'selfamplify')}"


def _failed(contents: Contents) -> dict[str, str]:
    return {**(contents.table.failed if contents.table else {}), **(contents.race.failed if contents.race else {})}


def _results(contents: Contents, table: Table | None) -> Iterator[Grid]:
    if table:
        yield table_grid(table, contents.against) if contents.complete else table_grid(table)  # which has no tests yet
    if contents.findings:
        yield from findings_grids(contents.findings)
    if contents.race:
        yield from race_grids(contents.race, contents.prompt)


def _drawings(table: Table | None, race: Race | None) -> Iterator[Markup]:
    if table:
        yield accuracy_drawing(table)
        points = list(_points(table))
        if len(points) > 1:
            yield cost_drawing(points, "seconds, explanations included")
    finalists = [arm for arm in race.raced if arm.tokens is not None] if race else []
    if len(finalists) > 1:
        within = [wilson(arm.correct, arm.n) for arm in finalists]
        points = [
            Point(arm.name, "", arm.tokens or 0.0, arm.correct / arm.n, each.low, each.high)
            for arm, each in zip(finalists, within, strict=True)
        ]
        yield cost_drawing(points, "tokens per answer, prompt included")


def _labels(contents: Contents, table: Table) -> Iterator[Grid]:
    yield from filter(None, (balance_grid(table, contents.lines), right_grid(table, contents.lines)))


def _one_sided(contents: Contents, table: Table) -> str:
    """The note of `evaluate` and `compare` on answers that are nearly all the same, or never one of the labels."""
    true, named = true_answers(contents.lines), zip(named_rows(table), table.rows, strict=True)
    said = one_sided((f"{called} ({shots})", row.answers, true) for (called, shots), row in named)
    calibrating = "" if table.settings.get("calibrate") == "batch" else ", or deciding by likelihood with batch calibration"
    return f"{said}{calibrating}." if said else ""


def _points(table: Table) -> Iterator[Point]:
    """The lines of a table with their mean seconds."""
    several = len({line.selection for line in table.lines}) > 1
    for line, rows in zip(table.lines, table.rows_of_lines, strict=True):
        seconds = mean_seconds(rows)
        if seconds is None:
            continue
        counts = {each.keywords for each in table.lines if each.method == line.method}
        count = f", k = {line.keywords}" if len(counts) > 1 else ""
        name = f"{line.method}{count}{f' ({line.selection})' if several else ''}"
        yield Point(name, line.selection, seconds, line.mean, line.low, line.high)


def _prompts(contents: Contents) -> Iterator[ShownPrompt]:
    """The prompt of ``build`` or ``tune``; and of a comparison those of the first seed, the most accurate first."""
    if contents.prompt is not None:
        yield _prompt("The finished prompt", contents.prompt)
    if not contents.prompts or contents.table is None:
        return
    ranks = {(row.called, row.selection, row.keywords): row.accuracy for row in contents.table.rows}
    first = contents.table.rows[0].seed if contents.table.rows else 0
    cells = [cell for cell in contents.prompts if cell.seed == first]
    several = len({cell.keywords for cell in cells}) > 1

    def rank(cell: Cell) -> float:
        """By accuracy; a method without keywords has none in its row."""
        key = cell.method, cell.selection
        return -ranks.get((*key, cell.keywords), ranks.get((*key, None), 0.0))

    given = {cell.method: cell for cell in cells if cell.method in contents.table.settings.get("prompts", {})}
    for cell in sorted(cells, key=rank):
        if cell.method in given:  # the same prompt for each selection
            if cell == given[cell.method]:
                yield _prompt(f"{cell.method}, given", contents.prompts[cell])
        elif contents.prompts[cell].shots:
            count = f", k = {cell.keywords}" if several else ""
            yield _prompt(f"{cell.method}{count}, shots by {cell.selection}", contents.prompts[cell])


def _prompt(title: str, prompt: Prompt) -> ShownPrompt:
    made = prompt.provenance
    k = (made.keywords if made else None) or 6
    shots = [
        ShownShot(
            pieces(replace(shot, question=replace(shot.question, answer_style=prompt.answer_style)), k),
            shot.reply,
            _explained(shot),
        )
        for shot in prompt.shots
    ]
    facts = origins(prompt)
    if made is not None:
        facts += [f"Shots by {made.selection}: {made.counts}. Seed {made.seed}."]
        facts += [f"Explained by {made.explainer}."] if made.explainer else []
        facts += [f"{counted(made.dropped_shots, 'shot')} left out to fit the context."] if made.dropped_shots else []
        facts += [f"Useful rationales: {made.usefulness}."] if made.usefulness else []
    coloured = any(piece.shade for shot in shots for piece in shot.pieces)
    return ShownPrompt(title, prompt.instruction, prompt.system, shots, facts, (made.engine if made else None) or "", coloured)


def _explained(shot: Shot) -> str:
    """The explanation in the model's own words, where the reply does not repeat it."""
    written = shot.explanation.text if isinstance(shot.explanation, WrittenText) else ""
    return "" if written.strip().rstrip(".") in shot.reply else written


def _notes(contents: Contents) -> list[str]:
    found = [settings.get("data_notes") for settings in contents.settings.values()]
    notes = [str(note) for own in found if isinstance(own, list) for note in own]  # settings are whatever a file holds
    return list(dict.fromkeys([*notes, *(contents.findings.notes if contents.findings else ())]))


def _digests(contents: Contents) -> Iterator[tuple[str, str]]:
    if contents.table and contents.complete:
        yield "digest of the results", contents.table.digest()
        yield "digest of the responses", contents.table.responses_sha256
    if contents.findings:
        yield "digest of the results", contents.findings.digest()
    if contents.prompt:
        yield "digest of the prompt", contents.prompt.digest()


def _pairs(contents: Contents, wanted: Callable[[str], bool]) -> list[tuple[str, str]]:
    """Settings as texts, each once; one that differs between what was begun is shown with what it is of."""
    found: dict[str, dict[str, str]] = {}
    for what, settings in contents.settings.items():
        for key in filter(wanted, settings):
            found.setdefault(key, {})[what] = _text(settings[key])
    pairs: list[tuple[str, str]] = []
    for key, values in found.items():
        name = _READ.get(key, key.replace("_", " "))
        same = len(set(values.values())) == 1
        pairs += [(name if same else f"{name} ({what})", value) for what, value in list(values.items())[: 1 if same else None]]
    return pairs


def _text(value: Any) -> str:
    match value:
        case None | "" | [] | {}:
            return "none"
        case bool():
            return "yes" if value else "no"
        case list():
            return shortened(", ".join(map(str, value)), 2000)
        case dict():
            return ", ".join(f"{key}={each}" for key, each in value.items())
        case _:
            return str(value)
