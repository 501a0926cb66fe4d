"""How well ``tune`` chooses: ``python -m experiments.tuning TASK MODEL FOLDER --out RUN`` (TASK: see below, and ``data.py``).

All arms are asked all questions once. Then races are run on these answers. The questions of each race and of its test are drawn
with replacement, so that the choice can be compared with what each arm is worth on all questions. The shots of an arm are the
same in all races. Continues where it was interrupted.
"""

import argparse
from pathlib import Path

import numpy as np

from selfamplify import DEFAULT, SearchSpace, load_model, load_task
from selfamplify.answering.deciding import Deciding
from selfamplify.errors import ExplanationError, SelectionError
from selfamplify.runs.run import Run
from selfamplify.tuning.entrant import Corpus, Entrant, entered
from selfamplify.tuning.racing import cheapest, last_round, race

from .data import TASKS
from .grid import profile_for

_TEST = 200
_NEAR = 0.02


def main() -> None:
    """Ask all arms, or the rest of them, and print what races on their answers choose."""
    parser = argparse.ArgumentParser(description="How well tune chooses.")
    parser.add_argument("task", choices=[*TASKS, "planted_arc", "planted_snarks"])
    parser.add_argument("model")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--arms", type=int, default=25)
    parser.add_argument("--race", type=int, default=180)
    parser.add_argument("--races", type=int, default=2000)
    parser.add_argument("--questions", type=int, default=600)
    parser.add_argument("--likelihood", action="store_true")
    chosen = parser.parse_args()
    known = chosen.task in TASKS
    task = TASKS[chosen.task][0](chosen.folder) if known else load_task(chosen.task)
    profile = profile_for(chosen.task) if known else DEFAULT
    deciding = Deciding("likelihood", "batch") if chosen.likelihood else Deciding()
    model = load_model(chosen.model)
    corpus = Corpus(task, task.test[: chosen.questions], task.test[:1])
    with Run(chosen.out) as run:
        session = run.session(model, profile)
        entrants: list[Entrant] = []
        for arm in SearchSpace.of(model).arms()[: chosen.arms]:
            try:
                entrants.append(entered(session, arm, corpus, deciding, drop_shots=True))
            except (SelectionError, ExplanationError) as error:
                print(f"{arm}: {error}", flush=True)
        correct = np.array([each.answers(0, len(corpus.race)).correct for each in entrants])
        tokens = np.array([each.tokens() for each in entrants])
    for entrant, own, length in sorted(zip(entrants, correct, tokens, strict=True), key=lambda each: -each[1].mean()):
        print(f"{100 * own.mean():5.1f} {length:7.0f} {entrant.arm}")
    _report(correct, tokens, chosen.race, chosen.races)


def _report(correct: np.ndarray, tokens: np.ndarray, questions: int, races: int) -> None:
    """Run races on known answers, and compare their choices with the grid's and with the best arm."""
    worth = correct.mean(axis=1)
    draws = (np.random.default_rng(seed).integers(correct.shape[1], size=questions + _TEST) for seed in range(races))
    found = [_raced(correct[:, drawn], worth, tokens, questions) for drawn in draws]
    chosen, by_grid, best, test, validation, share = np.array(found).T
    top = worth.max()
    print(f"\nbest arm {100 * top:.1f} %, io {100 * worth[0]:.1f} %; {races} races over {questions} questions")
    print(f"answers: {100 * share.mean():.0f} % of the grid's")
    for name, own in (("the race's leader", best), ("the race's choice", chosen), ("the choice from the grid", by_grid)):
        near = np.mean(own >= top - _NEAR)
        print(f"{name}: {100 * own.mean():.1f} %; within {100 * _NEAR:.0f} points of the best arm in {near:.0%} of the races")
    for name, own in (("test", test), ("validation", validation)):
        print(f"{name} accuracy minus the true one: {100 * own.mean():+.2f} points on average, deviation {100 * own.std():.2f}")


def _raced(answers: np.ndarray, worth: np.ndarray, tokens: np.ndarray, questions: int) -> tuple[float, ...]:
    """What the choice of one race is worth, the grid's, and the leader's; how far test and validation are off; its share."""
    drawn, tested = answers[:, :questions], answers[:, questions:]
    raced = race(lambda arm, start, stop, _: drawn[arm, start:stop].tolist(), len(drawn), questions, drawn.size)
    final = last_round(raced)
    winner = final[cheapest([raced[arm] for arm in final], tokens[final].tolist())]
    by_grid, best = cheapest(drawn.tolist(), tokens.tolist()), max(final, key=lambda arm: sum(raced[arm]))
    error = tested[winner].mean() - worth[winner], np.mean(raced[winner]) - worth[winner]
    return worth[winner], worth[by_grid], worth[best], *error, sum(map(len, raced)) / drawn.size


if __name__ == "__main__":
    main()
