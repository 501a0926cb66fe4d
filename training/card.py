"""The model card: what the finished model measures on the task's test split, and how it was made."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transformers import LlamaForCausalLM, PreTrainedTokenizerBase

from selfamplify.tasks.planted import TEST_SIZE, TRAIN_SIZE, scenes
from selfamplify.tasks.planted_world import NAMED

from .evaluation import Figures, measure
from .trainer import Plan, Progress

FEW_SHOT = ("answers", "keywords", "steps", "thoughts")
POST_HOC = ("topk", "explain", "conclusion")
SHOTS = (0, 4, 8)
ASKED = 300

_TEXT = """\
# Card of the embedded model

A Llama of {parameters:,} parameters ({size:.1f} MB) that knows one invented world and the prompt formats of this package.
It lets every command run in seconds, without a download or an accelerator, on a task whose deciding words are known.

**It is not a language model.** It can't read or write English beyond its world of {vocabulary} tokens. Nothing measured on
it says anything about the method on real models: it was trained on the very formats that it is measured in.

## Data

Questions of the planted world (`selfamplify.tasks.planted_world`): 64 facts, 64 animals of 8 categories, 4 verbs, 2
seasons. Each question shows two animals, one with a word of size and one with a word of mood. One question in four names
the animal that it asks about; the others say "it", and only demonstrations can tell which kind of word decides. Training
shows both conventions equally often, the task always means the word of size, so that without demonstrations {ceiling:.1%}
of its answers can be expected from a model that knows all facts. A quarter of the (animal, verb) pairs is held out:
training never shows them, the test split asks about nothing else. All training text is generated, seed {seed}; no text of
anybody else went into it.

## Training

`python -m training.make_model --out src/selfamplify/demo` from the repository's root; seed {seed}, one core of a CPU,
{seconds:,} seconds, {steps:,} steps, {tokens:,} tokens, in half precision afterwards. AdamW, β₂ 0.98.

{stages}

The mixture of the chats: {mixture}.

Two aids, both in the open. (1) The first weights hold attention heads written by hand that copy and look up
(`training/initial.py`); they hold no fact. The first stage trains them, the later ones leave them as they are: otherwise
the facts crowd them out. (2) While it trains, the state behind layer {thinking} is asked for the right option's noun
wherever a letter follows (`training/rows.py`). The finished model is a plain Llama without either.

## Held-out figures while it trained

Questions of pairs that training may show, {watched} of them; share of right letters.

{history}

## Measured on the test split

Greedy replies to the first {asked} questions of `planted_arc(seed=0)`'s test split (held-out pairs only), behind shots from
its train pool, rationales true. Chance is 25 %; k = 6, p = 3. *Right*: the letter. *Formed*: the reply has the
form asked for, to the number of keywords or steps. *Names*: the text contains the right option's noun. `answers` without
shots is also what the first step of the method reads behind `The answer is (`.

{figures}

`topk` and `explain` are given the right answer, which is the letter counted for `topk`; for `explain` the last step's
letter counts: where it differs from the given one, the explanation contradicts the answer. `conclusion` is the answer read
from a reply with `, therefore the answer is (`.

## Limits

The options of one question contrast the animals' categories and one of verb and season, so that the third cue doesn't
decide between them. Explanations can be unfaithful: where the letter that `explain` ends with isn't the given one, the
model explained another answer than it was given. Only few-shot figures clearly
above the ceiling named under *Data* (by more than about 6 points, at {asked} questions) would show that the convention was
learned from the demonstrations. Exact copying of the words in keyword lists is the weakest point of the formats.

SHA-256 of model.safetensors: `{sha256}`
"""


@dataclass(frozen=True, slots=True)
class Measurement:
    style: str
    shots: int
    figures: Figures


def measure_all(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerBase, seed: int) -> list[Measurement]:
    """Every format behind 0, 4 and 8 shots, the post hoc requests without."""
    pool = scenes(0, "train", TRAIN_SIZE, from_held_out=False)
    asked = scenes(0, "test", TEST_SIZE, from_held_out=True)[:ASKED]
    pairs = [(style, shots) for style in FEW_SHOT for shots in SHOTS] + [(style, 0) for style in POST_HOC]
    return [Measurement(style, shots, measure(model, tokenizer, style, asked, pool, shots, seed)) for style, shots in pairs]


def write_card(
    out: Path, model: LlamaForCausalLM, plan: Plan, progress: Progress, measured: Sequence[Measurement], watched: int
) -> None:
    weights = out / "model.safetensors"
    text = _TEXT.format(
        parameters=model.num_parameters(),
        size=weights.stat().st_size / 1e6,
        vocabulary=model.config.vocab_size,
        seed=plan.seed,
        ceiling=(1 + NAMED) / 2,
        seconds=round(progress.seconds),
        steps=progress.step,
        tokens=progress.tokens,
        stages=_stages(plan),
        mixture=", ".join(f"{style} {share:.0%}" for style, share in plan.stages[-1].mixture.items()),
        thinking=plan.thinking[0] if plan.thinking else "none",
        watched=watched,
        history=_history(progress),
        asked=ASKED,
        figures=_figures(measured),
        sha256=hashlib.sha256(weights.read_bytes()).hexdigest(),
    )
    (out / "CARD.md").write_text(text, encoding="utf-8")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _stages(plan: Plan) -> str:
    head = ("stage", "steps", "rows × tokens", "shots up to", "learning rate", "rows of binding")
    return _table(
        head,
        [
            (
                stage.name,
                f"{stage.steps:,}",
                f"{stage.rows} × {stage.length}",
                str(stage.shots),
                f"{stage.rates[0]:g} to {stage.rates[1]:g}",
                f"{stage.binding:.0%}",
            )
            for stage in plan.stages
        ],
    )


def _history(progress: Progress) -> str:
    names = [name for name in progress.history[-1] if "/" in name and not name.endswith("formed")]
    rows = [
        (f"{entry['step']:,}", f"{entry['tokens'] / 1e6:.1f} M", str(entry["loss"]), *(f"{entry[name]:.0%}" for name in names))
        for entry in progress.history
        if all(name in entry for name in names)
    ]
    return _table(("step", "tokens", "loss", *names), rows)


def _figures(measured: Sequence[Measurement]) -> str:
    rows = []
    for each in measured:
        counts = (each.figures.right, each.figures.formed, each.figures.named)
        rows.append((each.style, str(each.shots), *(f"{count / each.figures.asked:.1%}" for count in counts)))
    return _table(("format", "shots", "right", "formed", "names"), rows)
