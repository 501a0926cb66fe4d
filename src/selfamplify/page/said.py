"""What was asked in a sentence, and the answer in a sentence, for everything that a run folder holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..evaluation.conclusion import conclusion
from ..importing.reading import METHOD as IMPORTED
from ..prompting.origins import of_another
from ..prompting.prompt import Prompt
from ..records import Evidence
from ..runs.comparison import BASE, Comparison
from ..runs.findings import Faithfulness
from ..runs.table import Row, Table, source_of
from ..text.lines import counted
from .contents import Contents


@dataclass(frozen=True)
class Said:
    """A question, its answer, and what else may be concluded."""

    question: str
    answer: str
    further: tuple[str, ...] = ()


def said(contents: Contents) -> list[Said]:
    """One for each thing that was done or begun in a folder; the last one first."""
    return list(_said(contents))


def _said(contents: Contents) -> Iterator[Said]:
    table, prompt = contents.table, contents.prompt
    if table is not None and table.rows:
        told = _of_table(table, contents.complete, contents.against)
        stale = of_another(prompt, table.settings)
        yield replace(told, answer=f"{stale} {told.answer}") if stale else told
    elif "results" in contents.unfinished:
        yield _begun("results", contents)
    if contents.findings is not None:
        yield _of_findings(contents.findings)
    if prompt is not None and prompt.evidence is not None:
        yield _of_evidence(prompt, prompt.evidence, contents)
    elif "tuning" in contents.unfinished:
        yield _begun("tuning", contents)
    elif prompt is not None and table is None:
        yield _of_prompt(prompt, contents)
    elif "prompt" in contents.unfinished:
        yield _begun("prompt", contents)


def _of_table(table: Table, complete: bool, against: str) -> Said:
    first = table.rows[0]
    methods = list(dict.fromkeys(row.called for row in table.rows))
    asked = f"{counted(first.n, 'test question')} of {table.source}"
    own = [method for method in methods if method != BASE]
    if len(own) < 2:
        question = f"How many of {asked} does {first.model} answer correctly with {_called(methods[-1])}?"
    else:
        question = f"With which of {len(methods)} prompting methods does {first.model} answer most of {asked} correctly"
        question += f", after {_shots(table)}?"
    if not complete:
        done = counted(len(table.rows), "row")
        return Said(question, f"Not known yet: {done} finished so far; methods are tested against {against} when all are.")
    tests = list(table.against(against))
    if not tests:
        return Said(question, _accuracy(max(table.rows, key=lambda row: row.accuracy)))
    answer = _headline(tests, against) if len(tests) > 1 else tests[0].conclusion
    further = tuple(line for line in table.conclusions(against) if line != answer)
    single = [row for row in table.rows if row.called in own] if len(own) == 1 else []
    return Said(question, f"{_accuracy(single[0])} {answer}" if len(single) == 1 else answer, further)


def _called(method: str) -> str:
    return "the imported prompt" if method == IMPORTED else method


def _shots(table: Table) -> str:
    selections = list(dict.fromkeys(row.selection for row in table.rows))
    contexts = len({row.seed for row in table.rows})
    over = f" in {contexts} contexts" if contexts > 1 else ""
    return f"shots by {' and by '.join(selections)}{over}"


def _accuracy(row: Row) -> str:
    return (
        f"{row.called} answers {row.correct} of {row.n} correctly: {100 * row.accuracy:.1f} % "
        f"(95 % interval {100 * row.ci_low:.1f} to {100 * row.ci_high:.1f})."
    )


def _headline(tests: Sequence[Comparison], against: str) -> str:
    """How many rows are shown to differ from the one they are tested against, and the largest gain, or else loss."""
    several = len({each.selection for each in tests}) > 1
    shown = [each for each in tests if each.difference.verdict == "shown"]
    named = {id(each): f"{each.first} ({each.selection})" if several else each.first for each in tests}
    if not shown:
        doubtful = [each for each in tests if each.difference.verdict == "doubtful"]
        if not doubtful:
            return f"No method was shown to differ from {against}, in {len(tests)} tests."
        best = max(doubtful, key=lambda each: abs(each.difference.estimate))
        return conclusion(named[id(best)], best.second, best.difference)
    better = [each for each in shown if each.difference.estimate > 0]
    best = max(better or shown, key=lambda each: abs(each.difference.estimate))
    sentence = conclusion(named[id(best)], best.second, best.difference)
    if len(shown) == 1:
        return sentence
    counts = {"better": len(better), "worse": len(shown) - len(better)}
    found = " and ".join(f"{count} {'is' if count == 1 else 'are'} {way}" for way, count in counts.items() if count)
    largest = "the largest gain" if better else "the largest loss"
    return f"Of {len(tests)} rows tested against {against}, {found}; {largest}: {sentence}"


def _of_findings(found: Faithfulness) -> Said:
    explainers = ", ".join(each.explainer for each in found.measures)
    question = (
        f"Do explanations of {counted(found.questions, 'answer')} of {found.model} to {found.source} say more than random "
        f"words do ({explainers})?"
    )
    figures = [figure for each in found.measures for figure in each.figures]
    better = [each.explainer for each in found.measures if any(figure.verdict == "better" for figure in each.figures)]
    if not better:
        answer = f"No explainer was shown to be better than random words on any of {len(figures)} measurements."
    else:
        answer = f"On at least one measure, {_listed(better)} {'is' if len(better) == 1 else 'are'} better than random words."
    return Said(question, answer, tuple(found.conclusions()))


def _of_evidence(prompt: Prompt, evidence: Evidence, contents: Contents) -> Said:
    made = prompt.provenance
    on = f" for {made.model} on {_source(contents, made.task)}" if made else ""
    question = f"Which of {evidence.arms} prompts is best{on}?"
    answer = (
        f"{evidence.arm} was chosen, and on {counted(evidence.test_questions, 'test question')} that the choice did not see, "
        f"{100 * evidence.accuracy:.1f} % of its answers are right (95 % interval {100 * evidence.low:.1f} to "
        f"{100 * evidence.high:.1f})."
    )
    return Said(question, answer, (evidence.conclusion,))


def _of_prompt(prompt: Prompt, contents: Contents) -> Said:
    made = prompt.provenance
    if made is None:
        return Said(
            f"A prompt of {counted(len(prompt.shots), 'shot')}.",
            f"{_UNMEASURED.format(folder=contents.folder)} --model MODEL --task TASK",
        )
    how = f"for {_source(contents, made.task)}, made by {made.model} with {made.explainer or prompt.method}"
    question = f"A prompt of {counted(len(prompt.shots), 'shot')} by {made.selection} {how}."
    return Said(question, _UNMEASURED.format(folder=contents.folder), (f"To select the shots: {made.counts}.",))


_UNMEASURED = "Its accuracy has not been measured yet; measure it with: selfamplify evaluate {folder}"


def _begun(what: str, contents: Contents) -> Said:
    settings: dict[str, Any] = contents.begun.settings[what]
    command = settings.get("command", "build")
    on = source_of(settings, settings.get("task", "a task"))
    question = f"selfamplify {command} was begun with {settings.get('model', 'a model')} on {on}."
    units = sum(contents.begun.units.values())
    return Said(question, f"Nothing to show yet: {counted(units, 'unit')} of work finished.")


def _source(contents: Contents, task: str) -> str:
    """What the questions of a prompt are called."""
    return next((own for each in contents.settings.values() if (own := each.get("source"))), task)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
