"""Does the label follow the keywords? ``python -m experiments.following TASK MODEL FOLDER RUN``, after ``experiments.grid``.

Takes the finished prompts of a grid with keyword rationales before the answers, and its replies. First: how many of the
keywords that the model writes for a test question occur in it, and how accurate the replies are where all do and where some
do not. Then the same test questions are asked with a keyword rationale that is given: words of the question itself, chosen at
random, or of another question with another label, up to the answer. The labels are compared by their log-probabilities,
relative to their means over all questions.
"""

import argparse
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from selfamplify import AbstractLanguageModel, Prompt, Question, ScoredWords, load_model
from selfamplify.explain.self_topk import parse_keywords
from selfamplify.prompting.formats.keywords import KeywordFormat
from selfamplify.prompting.wordings import LABELS
from selfamplify.runs.responses import load_responses
from selfamplify.text.question_words import question_words

from .data import TASKS


def written(folder: Path, cell: str) -> None:
    """Print how often written keywords are words of their question, and what that means for the answers."""
    lines = [line for line in load_responses(folder) if str(line.cell) == cell and '"' in line.text]
    found = [(line, parse_keywords(line.text.partition("important")[0])) for line in lines]
    inside = [(line, [word.lower() in line.question.lower() for word in words]) for line, words in found if words]
    every, own = [flag for _, flags in inside for flag in flags], [line for line, flags in inside if all(flags)]
    other = [line for line, flags in inside if not all(flags)]
    right = [100 * np.mean([line.correct for line in part]) if part else float("nan") for part in (own, other)]
    print(
        f"  {cell}: {100 * np.mean(every):.0f} % of the written keywords occur in the question; right where all do: "
        f"{right[0]:.1f} % of {len(own)}, where some do not: {right[1]:.1f} % of {len(other)}"
    )


def given(model: AbstractLanguageModel, prompt: Prompt, questions: Sequence[Question], keywords: int) -> dict[str, float]:
    """The accuracy with each kind of given keywords, and how often the label is that of the question they come from."""
    draw, layout = random.Random(0), KeywordFormat(LABELS, keywords)
    asked = [replace(question, answer_style="label", attributed="text") for question in questions]
    accuracy: dict[str, float] = {}
    for kind in ("own words", "words of another label"):
        chats, targets, sources = [], [], []
        for question in asked:
            others = [other for other in asked if other.answer != question.answer]
            source = question if kind == "own words" else draw.choice(others)
            words = [word.text for word in question_words(source)]
            scored = ScoredWords(source.id, "given", tuple(words), tuple(draw.random() for _ in words))
            reply = layout.reply(scored, "\ue000").partition("\ue000")[0].rstrip()
            chats.append(replace(prompt.chat(question), prefill=reply))
            targets.append(question.labels.index(question.answer))
            sources.append(question.labels.index(source.answer))
        tokens = model.next_token(chats, [question.answers for question in asked])
        scores = np.array([token.log_probabilities for token in tokens])
        label = (scores - scores.mean(0)).argmax(1)
        accuracy[f"{kind}: right"] = float((label == np.array(targets)).mean())
        accuracy[f"{kind}: label of the words' question"] = float((label == np.array(sources)).mean())
    return accuracy


def main() -> None:
    """Print both for every keyword row of a run."""
    parser = argparse.ArgumentParser(description="Whether labels follow keywords.")
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("model")
    parser.add_argument("folder", type=Path)
    parser.add_argument("run", type=Path)
    chosen = parser.parse_args()
    load, _, keywords = TASKS[chosen.task]
    task, model = load(chosen.folder).limited(200), load_model(chosen.model)
    for file in sorted((chosen.run / "prompts").glob("*.json")):
        if file.stem.startswith(("deep_lift-", "self_topk-", "random-")):
            print(file.stem)
            written(chosen.run, file.stem)
            shares = given(model, Prompt.load(file), task.test, keywords)
            print("  " + "; ".join(f"{name} {100 * share:.1f} %" for name, share in shares.items()), flush=True)


if __name__ == "__main__":
    main()
