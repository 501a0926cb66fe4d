"""Make the embedded model: ``python -m training.make_model --out src/selfamplify/demo``, from the root of the repository.

One command, one seed, one core. It can be killed at any time and goes on where it was when it is started again with the same
``--work`` folder; ``--fresh`` starts over.
"""

import argparse
import shutil
from pathlib import Path

import torch
from transformers import GenerationConfig, LlamaForCausalLM

from selfamplify.tasks.planted import scenes
from selfamplify.tasks.planted_world import LABELS

from .card import measure_all, write_card
from .curriculum import CURRICULUM, Stage
from .evaluation import measure
from .initial import THOUGHT_LAYER, Shape, make_model, written
from .rows import Encoder
from .tokenizer import save_tokenizer
from .trainer import Plan, train

_LETTER_WEIGHT = 5.0
_HELD_OUT = 50
_WATCHED = (("answers", 0), ("answers", 4), ("keywords", 0), ("keywords", 4), ("steps", 0), ("steps", 4))
_ALSO = (("thoughts", 0), ("topk", 0), ("explain", 0), ("conclusion", 0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder that the model is written to")
    parser.add_argument("--work", type=Path, default=Path("runs/embedded"), help="folder of the checkpoint and the log")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fresh", action="store_true", help="forget the checkpoint and start over")
    parser.add_argument("--until", type=int, help="stop at this step and write the model as it is")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.fresh:
        shutil.rmtree(arguments.work, ignore_errors=True)
    arguments.work.mkdir(parents=True, exist_ok=True)
    make(arguments.out, arguments.work, arguments.seed, arguments.until)


def make(out: Path, work: Path, seed: int, until: int | None = None) -> None:
    tokenizer = save_tokenizer(work)
    model = make_model(Shape(), tokenizer, seed)
    encoder = Encoder(tokenizer, LABELS, _LETTER_WEIGHT)
    # Scenes that training does not draw, of pairs that it may: neither the task's test split nor its pairs steer training.
    pool = scenes(seed, "watch-pool", 200, from_held_out=False)
    asked = scenes(seed, "watch", _HELD_OUT, from_held_out=False)

    def watch(model: LlamaForCausalLM, stage: Stage) -> dict[str, float]:
        styles = (("steps", 0),) if stage.binding == 1.0 else (*_WATCHED, *_ALSO)
        model.eval()
        figures = {pair: measure(model, tokenizer, pair[0], asked, pool, pair[1], seed) for pair in styles}
        model.train()
        found = {f"{style}/{shots}": each.right / each.asked for (style, shots), each in figures.items()}
        return found | {f"{style}/{shots} formed": each.formed / each.asked for (style, shots), each in figures.items()}

    plan = Plan(CURRICULUM, seed, (THOUGHT_LAYER, 1.0), written(model, Shape()))
    progress = train(model, encoder, plan, work, watch, until)
    write(model, out)
    measured = measure_all(LlamaForCausalLM.from_pretrained(out, dtype=torch.float32).eval(), tokenizer, seed)
    write_card(out, model, plan, progress, measured, _HELD_OUT)


def write(model: LlamaForCausalLM, out: Path) -> None:
    """The finished model: weights in half precision, configuration, tokenizer."""
    model.eval().half()
    config = model.config
    model.generation_config = GenerationConfig(
        bos_token_id=config.bos_token_id, eos_token_id=config.eos_token_id, pad_token_id=config.pad_token_id, do_sample=False
    )
    model.save_pretrained(out)
    save_tokenizer(out)


if __name__ == "__main__":
    main()
