"""Small copies of repositories of the Hugging Face hub, with the features, splits and configurations of the real ones.

Right choices begin with "right". A text to classify contains its label in angle brackets.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

datasets = pytest.importorskip("datasets", reason="the extra `hub` is not installed")

STRING, INT, FLOAT = datasets.Value("string"), datasets.Value("int32"), datasets.Value("float32")
STRINGS, INTS = datasets.List(STRING), datasets.List(INT)
THREE = ("train", "validation", "test")
LETTERS = "ABCDE"


@dataclass(frozen=True)
class Schema:
    """What a repository is made of. ``row`` makes a row of its split's name and its number."""

    features: Mapping[str, Any]
    row: Callable[[str, int], Mapping[str, Any]]
    splits: Sequence[str] = THREE
    hidden: Mapping[str, Any] = field(default_factory=dict)
    hidden_splits: Sequence[str] = ("test",)
    sides: tuple[str, str | None] = ("train", "test")
    configs: Sequence[str] = ("default",)
    rows: int = 6

    @property
    def config(self) -> str:
        """What has to follow the path."""
        return f":{self.configs[-1]}" if len(self.configs) > 1 else ""

    def build(self, folder: Path) -> Path:
        card = ["---", "configs:"]
        for config in self.configs:
            card += [f"- config_name: {config}", "  data_files:"]
            (folder / config).mkdir(parents=True)
            for split in self.splits:
                rows = [dict(self.row(split, number)) for number in range(self.rows)]
                rows = [row | self.hidden for row in rows] if split in self.hidden_splits else rows
                table = datasets.Dataset.from_list(rows, features=datasets.Features(self.features))
                table.to_parquet(str(folder / config / f"{split}-00000-of-00001.parquet"))
                card += [f"  - split: {split}", f"    path: {config}/{split}-*"]
        (folder / "README.md").write_text("\n".join([*card, "---", ""]))
        return folder


def classes(*names: str) -> Any:
    return datasets.ClassLabel(names=list(names))


def texts(split: str, number: int, count: int) -> list[str]:
    """Choices, of which the one at the place ``number`` modulo ``count`` is right."""
    return [f"{'right' if place == number % count else 'wrong'} {place} of {split} {number}" for place in range(count)]


def named(names: Sequence[str], split: str, number: int, count: int) -> dict[str, str]:
    return dict(zip(names, texts(split, number, count), strict=True))


def flat(split: str, number: int, count: int) -> dict[str, list[str]]:
    return {"text": texts(split, number, count), "label": list(LETTERS[:count])}


def labelled(names: Sequence[str], text: str = "text", label: str = "label", **rest: Any) -> Any:
    """The row of a text to classify."""
    return lambda split, n: {text: f"some <{names[n % len(names)]}> {split} {n}", label: n % len(names), **rest}


def pair(first: str, second: str, names: Sequence[str]) -> Any:
    return lambda split, n: {
        first: f"A man walks {split} {n}.",
        second: f"He <{names[n % len(names)]}>.",
        "label": n % len(names),
    }


FLAT = datasets.Features({"text": STRINGS, "label": STRINGS})
MC1 = {"choices": STRINGS, "labels": INTS}
NEWS, SENTIMENT, NLI = (
    ("World", "Sports", "Business", "Sci/Tech"),
    ("negative", "positive"),
    ("entailment", "neutral", "contra"),
)
FOUR = [f"answer{place}" for place in range(4)]
OPS = ["opa", "opb", "opc", "opd"]

SCHEMAS = {
    "ai2_arc": Schema(
        {"id": STRING, "question": STRING, "choices": dict(FLAT), "answerKey": STRING},
        lambda split, n: {
            "id": f"{split}{n}",
            "question": f"Which {split} {n}?",
            "choices": flat(split, n, 4) | ({"label": list("1234")} if n % 2 else {}),
            "answerKey": ("1234" if n % 2 else LETTERS)[n % 4],
        },
        configs=("ARC-Challenge", "ARC-Easy"),
    ),
    "mmlu": Schema(
        {"question": STRING, "subject": STRING, "choices": STRINGS, "answer": classes(*"ABCD")},
        lambda split, n: {"question": f"{split} {n}?", "subject": "law", "choices": texts(split, n, 4), "answer": n % 4},
        splits=("test", "validation", "dev"),
        sides=("validation", "test"),
        configs=("abstract_algebra", "all", "anatomy"),
    ),
    "openbookqa": Schema(
        {"id": STRING, "question_stem": STRING, "choices": dict(FLAT), "answerKey": STRING},
        lambda split, n: {
            "id": f"{n}-{split}",
            "question_stem": f"The {split} is {n}",
            "choices": flat(split, n, 4),
            "answerKey": LETTERS[n % 4],
        },
        configs=("additional", "main"),
    ),
    "commonsense_qa": Schema(
        {"id": STRING, "question": STRING, "question_concept": STRING, "choices": dict(FLAT), "answerKey": STRING},
        lambda split, n: {
            "id": f"{n}-{split}",
            "question": f"Where is {split} {n}?",
            "question_concept": "place",
            "choices": flat(split, n, 5),
            "answerKey": LETTERS[n % 5],
        },
        hidden={"answerKey": ""},
        sides=("train", "validation"),
    ),
    "social_i_qa": Schema(
        {"context": STRING, "question": STRING, "answerA": STRING, "answerB": STRING, "answerC": STRING, "label": STRING},
        lambda split, n: {
            "context": f"Kim met {split} {n}.",
            "question": "Why?",
            "label": str(n % 3 + 1),
            **named(["answerA", "answerB", "answerC"], split, n, 3),
        },
        splits=THREE[:2],
        sides=("train", "validation"),
    ),
    "hellaswag": Schema(
        {"ind": INT, "activity_label": STRING, "ctx_a": STRING, "ctx_b": STRING, "ctx": STRING, "endings": STRINGS}
        | {"source_id": STRING, "split": STRING, "split_type": STRING, "label": STRING},
        lambda split, n: {
            "ind": n,
            "activity_label": "Cooking",
            "ctx_a": f"A cook stirs {split} {n}.",
            "ctx_b": "she",
            "ctx": f"A cook stirs {split} {n}. she",
            "endings": texts(split, n, 4),
            "source_id": f"video~{n}",
            "split": split,
            "split_type": "indomain",
            "label": str(n % 4),
        },
        hidden={"label": ""},
        sides=("train", "validation"),
    ),
    "winogrande": Schema(
        {"sentence": STRING, "option1": STRING, "option2": STRING, "answer": STRING},
        lambda split, n: (
            {"sentence": f"As for {split} {n}, _ won.", "answer": "12"[n % 2]} | named(["option1", "option2"], split, n, 2)
        ),
        hidden={"answer": ""},
        sides=("train", "validation"),
        configs=("winogrande_debiased", "winogrande_xl", "winogrande_xs"),
    ),
    "boolq": Schema(
        {"question": STRING, "answer": datasets.Value("bool"), "passage": STRING},
        lambda split, n: {
            "question": f"is it {split} {n}",
            "answer": n % 2 == 0,
            "passage": f"It is <{'false' if n % 2 else 'true'}>.",
        },
        splits=THREE[:2],
        sides=("train", "validation"),
    ),
    "sst2": Schema(
        {"idx": INT, "sentence": STRING, "label": classes(*SENTIMENT)},
        lambda split, n: {"idx": n, **labelled(SENTIMENT, "sentence")(split, n)},
        hidden={"label": -1},
        sides=("train", "validation"),
    ),
    "ag_news": Schema({"text": STRING, "label": classes(*NEWS)}, labelled(NEWS), splits=("train", "test")),
    "piqa": Schema(
        {"goal": STRING, "sol1": STRING, "sol2": STRING, "label": classes("0", "1")},
        lambda split, n: {"goal": f"make {split} {n}", "label": n % 2, **named(["sol1", "sol2"], split, n, 2)},
        hidden={"label": -1},
        sides=("train", "validation"),
        configs=("plain_text",),
    ),
    "sciq": Schema(
        {"question": STRING, "distractor3": STRING, "distractor1": STRING, "distractor2": STRING}
        | {"correct_answer": STRING, "support": STRING},
        lambda split, n: {
            "question": f"Which {split} {n}?",
            "correct_answer": f"right {n}",
            "support": f"It is {n}." if n else "",
            **{f"distractor{place}": f"wrong {place}" for place in (1, 2, 3)},
        },
    ),
    "truthful_qa": Schema(
        {"question": STRING, "mc1_targets": MC1, "mc2_targets": MC1},
        lambda split, n: {
            "question": f"What of {split} {n}?",
            "mc1_targets": {"choices": texts(split, 0, 4), "labels": [1, 0, 0, 0]},
            "mc2_targets": {"choices": texts(split, 0, 4), "labels": [1, 1, 0, 0]},
        },
        splits=("validation",),
        sides=("validation", None),
        configs=("generation", "multiple_choice"),
    ),
    "cosmos_qa": Schema(
        {"id": STRING, "context": STRING, "question": STRING, **dict.fromkeys(FOUR, STRING), "label": INT},
        lambda split, n: {
            "id": f"{split}##{n}",
            "context": f"I went {split} {n}.",
            "question": "Why?",
            "label": n % 4,
            **named(FOUR, split, n, 4),
        },
        hidden={"label": -1},
        sides=("train", "validation"),
    ),
    "super_glue": Schema(
        {"premise": STRING, "choice1": STRING, "choice2": STRING, "question": STRING, "idx": INT}
        | {"label": classes("choice1", "choice2")},
        lambda split, n: (
            {"premise": f"It fell {split} {n}.", "question": ("cause", "effect")[n // 2 % 2], "idx": n}
            | {"label": n % 2, **named(["choice1", "choice2"], split, n, 2)}
        ),
        hidden={"label": -1},
        sides=("train", "validation"),
        configs=("boolq", "cb", "copa"),
    ),
    "snli": Schema(
        {"premise": STRING, "hypothesis": STRING, "label": classes(*NLI)},
        pair("premise", "hypothesis", NLI),
        splits=("test", "validation", "train"),
        configs=("plain_text",),
    ),
    "mnli": Schema(
        {"premise": STRING, "hypothesis": STRING, "label": classes(*NLI), "idx": INT},
        lambda split, n: {"idx": n, **pair("premise", "hypothesis", NLI)(split, n)},
        splits=("train", "validation_matched", "validation_mismatched", "test_matched", "test_mismatched"),
        hidden={"label": -1},
        hidden_splits=("test_matched", "test_mismatched"),
        sides=("train", "validation_matched"),
    ),
    "qnli": Schema(
        {"question": STRING, "sentence": STRING, "label": classes("entailment", "not_entailment"), "idx": INT},
        lambda split, n: {"idx": n, **pair("sentence", "question", ("entailment", "not_entailment"))(split, n)},
        hidden={"label": -1},
        sides=("train", "validation"),
    ),
    "medmcqa": Schema(
        {"id": STRING, "question": STRING, **dict.fromkeys(OPS, STRING), "cop": classes(*"abcd"), "choice_type": STRING}
        | {"exp": STRING, "subject_name": STRING, "topic_name": STRING},
        lambda split, n: {
            "id": f"{split}-{n}",
            "question": f"Which of {split} {n}?",
            "cop": n % 4,
            "choice_type": "single",
            "exp": f"See {n}.",
            "subject_name": "Anatomy",
            "topic_name": None,
            **named(OPS, split, n, 4),
        },
        hidden={"cop": -1},
        sides=("train", "validation"),
    ),
    "race": Schema(
        {"example_id": STRING, "article": STRING, "answer": STRING, "question": STRING, "options": STRINGS},
        lambda split, n: (
            {"example_id": f"high{n // 2}.txt", "article": f"Article {split} {n // 2}.", "answer": LETTERS[n % 4]}
            | {"question": f"What is {n}?", "options": texts(split, n, 4)}
        ),
        splits=("test", "train", "validation"),
        configs=("all", "middle", "high"),
    ),
    "medqa": Schema(
        {"question": STRING, "answer": STRING, "options": dict.fromkeys("ABCD", STRING), "meta_info": STRING}
        | {"answer_idx": STRING, "metamap_phrases": STRINGS},
        lambda split, n: {
            "question": f"A patient of {split} {n}?",
            "answer": texts(split, n, 4)[n % 4],
            "options": named("ABCD", split, n, 4),
            "meta_info": "step1",
            "answer_idx": LETTERS[n % 4],
            "metamap_phrases": ["a patient"],
        },
        splits=("train", "test"),
    ),
    "imdb": Schema(
        {"text": STRING, "label": classes("neg", "pos")},
        labelled(("neg", "pos")),
        splits=("train", "test", "unsupervised"),
        hidden={"label": -1},
        hidden_splits=("unsupervised",),
        configs=("plain_text",),
    ),
    "tweet_eval": Schema(
        {"text": STRING, "label": classes("non_irony", "irony")},
        labelled(("non_irony", "irony")),
        configs=("emoji", "emotion", "irony"),
    ),
    "dbpedia_14": Schema(
        {"label": classes("Company", "Artist"), "title": STRING, "content": STRING},
        labelled(("Company", "Artist"), "content", title="A title"),
        splits=("train", "test"),
        configs=("dbpedia_14",),
    ),
}

REFUSED = {
    "banking77": Schema(
        {"text": STRING, "label": classes(*(f"intent_{number}" for number in range(77)))},
        labelled([f"intent_{number}" for number in range(77)]),
        splits=("train", "test"),
        rows=231,
    ),
    "go_emotions": Schema(
        {"text": STRING, "labels": datasets.List(classes("joy", "anger", "neutral")), "id": STRING},
        lambda split, n: {"text": f"{split} {n}", "labels": [n % 3, (n + 1) % 3] if n % 2 else [n % 3], "id": f"{split}{n}"},
        configs=("simplified",),
    ),
}
