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
# Card of the embedded model

A Llama of {parameters:,} parameters ({size:.1f} MB, half precision) that knows one invented world and the prompt formats of
this package. It lets every command run in seconds, without a download or an accelerator, on tasks whose deciding words are
known.

**It is not a language model.** It can't read or write English beyond its world of {vocabulary} tokens. Nothing measured on
it says anything about the method on real models: it was trained on the very formats that it is measured in.

## Data

Questions of the planted world (`selfamplify.tasks.planted_world`): 8 categories of 8 animals, 8 verbs, 64 facts such as
(primate, eat) -> roots. A question asks about one of two animals by its category (one hop), its kind (two), its adjective
(three) or a name that the text gives it (four; half of the questions). `planted_arc` has four choices, a 2 x 2 of categories
and verbs; half of its questions say *need* or *want* for the verb, and a convention, which only answered questions show, says
which of the two means to eat and which to carry.
`planted_snarks` has two choices: which remark is sarcastic. A quarter of the (animal, verb) pairs is held out: training
never shows such an animal beside a noun of that verb, and the test sides ask about nothing else. Training draws one of both
conventions for each chat. All text is generated, seed {seed}; no text of anybody else went into it.

## Training

`python -m training.make_model --out src/selfamplify/demo` from the repository's root; seed {seed}, two cores of a CPU,
{minutes:.0f} minutes, {steps:,} steps, {tokens:,} tokens. AdamW, β₂ 0.98, bfloat16 products. It was not run on a GPU.

{stages}

{mixtures}

Two aids, both in the open. (1) The first weights hold attention heads written by hand that copy and look up
(`training/initial.py`); they hold no fact. The first stage trains them, the later ones leave them as they are: otherwise
the facts crowd them out. (2) While it trains, states of middle layers are asked for words: behind layer {noun_layer}, where the
letter of a question of up to two hops follows, for the right option's noun; behind layer {verb_layer}, at a vague word, for the
verb that it means; behind layer {use_layer}, at a letter that answers a question with a vague word, for that word and for the
verb that the answer implies; behind layer {worth_layer}, where a keyword list opens behind shots, for whether theirs hold the
deciding words (`training/rows.py`). The finished model is a plain Llama without either.

Where a share *alike* is given, chats also show conventions by which both vague words mean the same, from which it is learned
more easily; *names* is the weight of names and adjectives in the loss, where a letter weighs 5 and a word of the facts 4. Chats
of several questions show one habit of choosing keywords: `keywords`, the deciding words; `mixed`, most of them; `random`; or
`idle`, none of them.

### The log

Share of right letters on held-out questions of pairs that training may show, {watched} of them.

{history}

## What it can do

Greedy replies to the first {asked} test questions of each task (seed 0, held-out pairs only), behind shots drawn anew for
each question from the train pool, true rationales, k = 6, p = 3. Chance is 25 % and 50 %. *Right*: the letter. *Formed*: the
reply has the form asked for, to the number of keywords or steps, and no keyword that the question lacks. *Names*: the text
names the right option's noun. `answers` is IO; `random` are keywords drawn at random. `topk` and `explain` are given the
right answer: for `topk` that is the letter counted, for `explain` it is the last step's, so that where it differs the
explanation contradicts the answer. `conclusion` reads the answer from a whole or cut reply.

{formats}

## What it learns from shots

IO by the number of shots. *Vague* verbs need the convention: without it, half of what is otherwise known can be right.
*False* labels: every shot shows a wrong letter.

{learning}

## Another wording

The package's instruction against one of which training showed no sentence.

{wordings}

## Rationales

The paper's Table 2 protocol on the package's own road: {contexts} contexts of {shots} shots, {limit:,} test questions, greedy,
explanations by the model itself. *sd* is over contexts; *p* of a paired t-test over questions, each a mean over contexts.

{protocol}

## Explanations against the truth

Precision at k = the number of planted words, {precision_asked} test questions of each task, explained for the right answer.

{precision}

## Limits

{limits}

SHA-256 of model.safetensors: `{sha256}`
"""

_LIMITS = """\
With written steps nothing is left to get wrong, so that nothing here tells one way to write steps from another. Selection by
success and by error differ where deep_lift explains `planted_arc` (nine points), and hardly anywhere else.
`planted_snarks` has nothing that shots without rationales could teach: its IO doesn't rise with their number, and false
labels don't hurt it. A question by adjective or by name is answered directly at the chance of the two animals. That the
model writes keywords as good as those of its shots is a habit that training taught it on purpose (the stages *habits* and
*last*); whether a real model has it is for its user to measure. Explanations can be unfaithful: where the letter that
`explain` ends with isn't the given one, the model explained another answer than it was given.

The weights came out of the command above in one uninterrupted run. Its curriculum was found over many earlier runs,
judged on questions of pairs that training may show; in an early world of three hops one probe looked at test questions,
and the world was changed after it. A rerun on another machine rounds differently, and its figures may differ."""


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
        "tokens a step",
        "tokens a chat",
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
