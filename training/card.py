"""The model card: what the finished model measures on the tasks' test sides, and how it was made."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from transformers import LlamaForCausalLM

from benchmarks.quality import QUESTIONS
from selfamplify import Plan as Comparison

from .curriculum import Stage
from .measuring import ASKED, Measured
from .rows import AIDS
from .trainer import Plan, Progress

_TEXT = """\
# Model card of the embedded model

The embedded model is a Llama with {parameters:,} parameters ({size:.1f} MB, half precision). It knows one invented
world and the prompt formats of this package. With it, every command runs in seconds, without a download or an
accelerator, on tasks in which the words that decide an answer are known.

**It is not a general language model.** It cannot read or write English beyond its world of {vocabulary} tokens.
Nothing measured on it says anything about the method on real models, because it was trained on the formats in which
it is measured.

## Data

The model was trained on questions about the planted world (`selfamplify.tasks.planted.world`), which has 8 categories
of 8 animals, 8 verbs, and 64 facts such as (primate, eat) -> roots. A question asks about one of two animals by its
category (one hop), its kind (two hops), its adjective (three hops), or a name that the text gives it (four hops; half
of the questions).

`planted_arc` has four choices, from two categories and two verbs. Half of its questions say *need* or *want* in place
of the verb. A convention decides which of the two means to eat and which means to carry; only answered questions show
it. `planted_snarks` has two choices and asks which remark is sarcastic.

A quarter of the (animal, verb) pairs are held out: training never shows such an animal together with a noun of that
verb, and the test questions ask about held-out pairs only. Training draws one of the two conventions for each chat.
All text is generated with seed {seed}; it contains no text by other authors.

## Training

The command was `python -m training.make_model --out src/selfamplify/demo`, in the root of the repository, with seed
{seed}. It took {minutes:.0f} minutes on two CPU cores: {steps:,} steps, {tokens:,} tokens, AdamW with β₂ = 0.98, and
bfloat16 products. It was not run on a GPU.

{stages}

{mixtures}

Training used two aids.

1. The initial weights contain attention heads, written by hand, that copy and look up tokens (`training/initial.py`).
   They contain no facts. A first stage of lookup exercises, which the table leaves out, trains them; the stages in the
   table leave them unchanged, because otherwise the facts crowd them out.
2. During training, additional losses ask states of middle layers for words (`training/rows.py`): after layer
   {noun_layer}, at the position before the letter that answers a question of up to two hops, for the noun of the
   right choice; after layer {verb_layer}, at a vague word, for the verb that it means; after layer {use_layer}, at a
   letter that answers a question with a vague word, for that word and for the verb that the answer implies; and after
   layer {worth_layer}, where a keyword list begins after shots, for whether the lists of the shots contain the
   deciding words.

The finished model is a plain Llama without these losses.

In the table above, *single* is the share of batches with one question per chat; *snarks*, of chats with two choices;
*vague*, of questions with four choices that need the convention; *drill*, of longer chats with bare questions of at most
two hops; *alike* is the share of conventions in which both vague words mean the same, which makes conventions
easier to learn. *Names* is the weight of names and adjectives in the loss; a letter has weight 5 and a word of the
facts weight 4. Chats with several questions show one habit of choosing keywords: `keywords` (the deciding words),
`mixed` (most of them), `random`, or `idle` (none of them). The other formats are `answers` (as IO has them), `steps` (steps
as rationales), `thoughts` (a chain of thought), `topk` and `explain` (keywords and steps for a given answer), and
`conclusion` (the answer to a finished or cut reply).

### The log

Each percentage is the share of right letters on {watched} questions that training does not draw, about pairs that it may
show. `answers/8` means the format *answers* after eight shots.

{history}

## What it can do

The model replied greedily to the first {asked} test questions of each task (seed 0, held-out pairs only). The shots
were drawn anew for each question from the train pool, with true rationales, k = 6 and p = 3. Chance is 25 % for
`planted_arc` and 50 % for `planted_snarks`. All figures are percentages:

- *right*: the letter is right.
- *formed*: the reply has the requested form, including the number of keywords or steps, and every keyword is in the
  question.
- *names*: the text names the noun of the right choice.

`answers` is IO, and `random` has keywords drawn at random. `topk` and `explain` are given the right answer. For
`topk`, the letter that counts is the given one; for `explain`, it is the letter of the last step, and if that is not
right, the explanation contradicts the answer. `conclusion` reads the answer from a complete or truncated reply.

{formats}

## What it learns from shots

The table shows the accuracy (%) of IO by the number of shots. *Vague* verbs need the convention: without it, only
half of the questions that the model can otherwise answer can be right. With *false* labels, every shot shows a wrong
letter.

{learning}

## Another wording

The table compares the package's instruction with one (*unseen*) of which training showed no sentence. All figures are
percentages.

{wordings}

## Rationales

The table follows the protocol of the paper's Table 2, run by the package itself: {contexts} contexts of {shots}
shots, {limit:,} test questions, greedy decoding. The model explains its own shots. *sd* is over contexts;
interval and *p* are those of the mean over contexts and questions, with p corrected for all tests of a task (Holm).

{protocol}

## Explanations compared with the truth

Precision@k, where k is the number of planted words, on {precision_asked} test questions of each task. The right
answer is explained.

{precision}

## Limits

{limits}

SHA-256 of model.safetensors: `{sha256}`
"""

_LIMITS = """\
- With written steps after eight shots, all answers are right, so this model cannot show whether one way to write steps
  is better than another.
- Selection by success and selection by error differ by nine points if deep_lift explains `planted_arc`, by six with
  random keywords on `planted_snarks`, and by at most 3.2 elsewhere.
- Shots without rationales have nothing to teach on `planted_snarks`: the accuracy of IO does not rise with their
  number, and false labels do not lower it.
- If a question asks by adjective or by name, direct answers are at the chance of guessing one of the two animals.
- The model writes keywords as good as those in its shots because training taught it this habit on purpose (in the
  stages *habits* and *last*). Whether a real model has the habit must be measured on that model.
- Explanations can be unfaithful: if `explain` ends with a letter that is not the given one, the model explained
  another answer.

The weights are the result of the command above, in one uninterrupted run. The curriculum was found in many earlier
runs, which were judged on questions about pairs that training may show. In an early world with three hops, one probe
used test questions; the world was changed after that. A rerun on another machine rounds differently, and its figures
may differ."""


def write_card(
    out: Path,
    model: LlamaForCausalLM,
    plan: Plan,
    progress: Progress,
    comparison: Comparison,
    measured: Mapping[str, Measured],
    watched: int,
) -> None:
    weights = out / "model.safetensors"
    text = _TEXT.format(
        parameters=model.num_parameters(),
        size=weights.stat().st_size / 1e6,
        vocabulary=model.config.vocab_size,
        seed=plan.seed,
        minutes=progress.seconds / 60,
        steps=progress.step,
        tokens=progress.tokens,
        stages=_stages(plan),
        mixtures="\n\n".join(_mixture(stage) for stage in plan.stages if stage.binding < 1),
        noun_layer=AIDS[0].layer,
        verb_layer=AIDS[1].layer,
        use_layer=AIDS[2].layer,
        worth_layer=AIDS[4].layer,
        watched=watched,
        history=_history(progress),
        asked=ASKED,
        contexts=len(comparison.seeds),
        shots=comparison.shots,
        limit=comparison.limit,
        precision_asked=QUESTIONS,
        limits=_LIMITS,
        sha256=sha256(weights),
        **measured,
    )
    (out / "CARD.md").write_text(text, encoding="utf-8")


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def remembered(file: Path) -> dict[str, Measured]:
    """Tables that an earlier, interrupted call has measured."""
    if not file.is_file():
        return {}
    found = json.loads(file.read_text(encoding="utf-8"))
    return {name: Measured(tuple(table["head"]), tuple(map(tuple, table["rows"]))) for name, table in found.items()}


def _stages(plan: Plan) -> str:
    head = (
        "stage",
        "steps",
        "tokens per step",
        "tokens per chat",
        "learning rate",
        "single",
        "snarks",
        "vague",
        "drill",
        "alike",
        "names",
    )
    rows = [
        (
            stage.name,
            f"{stage.steps:,}",
            f"{stage.tokens:,}",
            str(stage.length),
            f"{stage.rates[0]:g} to {stage.rates[1]:g}",
            *(f"{share:.0%}" for share in (stage.single, stage.snarks, stage.vague, stage.drill, stage.alike)),
            f"{stage.named:g}",
        )
        for stage in plan.stages
        if stage.binding < 1
    ]
    return str(Measured(head, tuple(rows)))


def _mixture(stage: Stage) -> str:
    return (
        f"Formats of the stage *{stage.name}*: "
        + ", ".join(f"{style} {share:.0%}" for style, share in stage.mixture.items())
        + "."
    )


def _history(progress: Progress) -> str:
    names = [name for name in progress.history[-1] if "/" in name]
    rows = [
        (f"{entry['step']:,}", f"{entry['tokens'] / 1e6:.1f} M", str(entry["loss"]), *(f"{entry[name]:.0%}" for name in names))
        for entry in progress.history
        if all(name in entry for name in names)
    ]
    return str(Measured(("step", "tokens", "loss", *names), tuple(rows)))
