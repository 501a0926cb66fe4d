"""What stands for absent words, and what that does to scores: ``python -m benchmarks.baselines MODEL --sst2 FILE``.

Asks a chat model for the sentiment of short SST-2 sentences, and explains the true label (its logit minus the other label's)
under each baseline by deep_lift and by exact Shapley values. Prints a dated table in Markdown, of means over the sentences.
"""

import argparse
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any, cast

from scipy.stats import spearmanr

from selfamplify import DeepLift, LocalModel, ShapleyValues, TokenGame, load_model
from selfamplify.evaluation.removal import by_score, counts, curves
from selfamplify.games.tokens import Target
from selfamplify.records import Message
from selfamplify.text.words import candidate_words, overlapping

from .machine import heading

LABELS = ("negative", "positive")
BASELINES = ("pad", "<|endoftext|>", "space", "mean")
DELETED = "deleted"
YARDSTICKS = ("space", DELETED)
"""How words are made absent where rankings are compared by what they do to the model."""
HEADER = (
    "| absent words | f(x') | deep_lift, Shapley | Shapley, that of deletion | area by space: deep_lift | Shapley "
    "| area by deletion: deep_lift | Shapley |"
)
ASKED = "Is the sentiment of the review negative or positive?\nReview: {sentence}"


@dataclass(frozen=True)
class Row:
    """One sentence under one baseline.

    ``empty`` is the value without any word; ``agreement`` is Spearman's correlation of deep_lift with Shapley values of the
    same game, ``deletion`` that of these Shapley values with those of deleted words; ``areas`` are those between insertion
    and deletion, of deep_lift and of the Shapley values, by each yardstick.
    """

    empty: float
    agreement: float | None
    deletion: float
    areas: tuple[float | None, ...]


def read(file: Path, count: int, shortest: int, longest: int) -> list[tuple[str, str]]:
    """The first ``count`` sentences of so many words, with their labels; as many of each label."""
    found: dict[str, list[str]] = {label: [] for label in LABELS}
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if shortest <= len(candidate_words(row["sentence"])) <= longest:
                found[LABELS[int(row["label"])]].append(row["sentence"].strip())
    return [(sentence, label) for label, own in found.items() for sentence in own[: count // len(LABELS)]]


def game_of(model: LocalModel, sentence: str, label: str, baseline: str) -> TokenGame:
    """The game of a sentence's words; the value is the logit of its label minus that of the other."""
    messages = [Message("user", ASKED.format(sentence=sentence))]
    reading = model.read_answer(messages, label)
    own, *others = (model.read_answer(messages, each).answer_ids[0] for each in sorted(LABELS, key=lambda each: each != label))
    start = reading.text.index(sentence, reading.contents[0][0])
    words = candidate_words(sentence)
    places = overlapping(reading.spans, [(start + word.start, start + word.end) for word in words])
    chosen: dict[str, Any] = {"absent": "delete"} if baseline == DELETED else {"baseline": baseline}
    names = tuple(word.text for word in words)
    return TokenGame(model, reading.ids, Target((own,), tuple(others)), tuple(places), value="margin", words=names, **chosen)


def area(game: TokenGame, scores: Sequence[float]) -> float:
    """The mean of insertion minus deletion over all M + 1 points, along the ranking from the highest score to the lowest.

    Both curves have the same ends, so that the area between them is (M + 1) / M times this mean, in which all tables are.
    """
    (along,) = curves(game.values, [by_score(scores)], counts(game.players))
    return (along.insertion - along.deletion) * game.players / (game.players + 1)


def rows(model: LocalModel, sentence: str, label: str) -> dict[str, Row]:
    """What each baseline gives on a sentence."""
    games = {each: game_of(model, sentence, label, each) for each in (*BASELINES, DELETED)}
    shapley = {each: ShapleyValues(limit=20).attribute(game, 0).scores for each, game in games.items()}
    found: dict[str, Row] = {}
    for each, game in games.items():
        lifted = None if each == DELETED else DeepLift().attribute(game, 0).scores
        areas = tuple(
            None if scores is None else area(games[yardstick], scores)
            for yardstick in YARDSTICKS
            for scores in (lifted, shapley[each])
        )
        agreement = None if lifted is None else correlation(lifted, shapley[each])
        found[each] = Row(game.ends()[1], agreement, correlation(shapley[each], shapley[DELETED]), areas)
    return found


def correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Spearman's."""
    return float(cast(Any, spearmanr(first, second)).statistic)


def line(model: LocalModel, baseline: str, measured: Sequence[Row]) -> str:
    """The means of a baseline as a row of the table."""
    name = baseline if baseline == DELETED else f"`{baseline}`: {model.baseline(baseline)}"
    columns = zip(*[(row.empty, row.agreement, row.deletion, *row.areas) for row in measured], strict=True)
    cells = ["" if None in column else f"{mean(cast(Sequence[float], column)):.2f}" for column in columns]
    return f"| {' | '.join([name, *cells])} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--sst2", type=Path, required=True)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--sentences", type=int, default=12)
    parser.add_argument("--words", type=int, nargs=2, default=(6, 8))
    given = parser.parse_args(arguments)
    model = load_model(given.model, dtype=given.dtype)
    measured: dict[str, list[Row]] = {}
    asked = read(given.sst2, given.sentences, *given.words)
    for sentence, label in asked:
        for baseline, row in rows(model, sentence, label).items():
            measured.setdefault(baseline, []).append(row)
    print(f"{heading(1)}; {model.name}, {given.dtype}, {len(asked)} sentences\n")
    print(HEADER)
    print("| --- |" + " --- |" * 7)
    for baseline, found in measured.items():
        print(line(model, baseline, found), flush=True)


if __name__ == "__main__":
    main()
