"""Make the embedded model: ``python -m training.make_model --out src/selfamplify/demo``, from the root of the repository.

One command and one seed. It can be killed at any time; started again with the same ``--work`` folder, it continues where it
stopped. ``--fresh`` starts over.
"""

import argparse
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import torch
from rich.console import Console
from transformers import GenerationConfig, LlamaForCausalLM

from selfamplify import Plan as Comparison
from selfamplify import load_model, terminal_progress
from selfamplify.tasks.planted import world as world
from selfamplify.tasks.planted.arc import LABELS
from selfamplify.tasks.planted.source import PlantedArc, PlantedSnarks

from .card import remembered, sha256, write_card
from .curriculum import CURRICULUM, Stage
from .evaluation import measure
from .initial import Shape, make_model, written
from .measuring import PROTOCOL, TASKS, Examiner, Measured, joined, precision, protocol
from .rows import Encoder
from .tokenizer import save_tokenizer
from .trainer import Plan, train

_LETTER_WEIGHT = 5.0
_CONTENT_WEIGHT = 4.0
_CONTENT = (*world.FACTS.values(), *world.VERBS, *world.VERBS.values(), *world.CATEGORIES, *world.CATEGORY_OF)
_HELD_OUT = 60
_WATCHED = {
    PlantedArc(): (
        ("answers", 0),
        ("answers", 8),
        ("keywords", 0),
        ("keywords", 8),
        ("random", 8),
        ("steps", 0),
        ("steps", 8),
        ("explain", 0),
    ),
    PlantedSnarks(): (("answers", 0), ("answers", 8), ("keywords", 8), ("random", 8), ("steps", 8)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder that the model is written to")
    parser.add_argument("--work", type=Path, default=Path("runs/embedded"), help="folder of the checkpoint and the log")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fresh", action="store_true", help="forget the checkpoint and start over")
    parser.add_argument("--until", type=_positive, help="stop at this step and write the model as it is then")
    parser.add_argument("--threads", type=_positive, default=2, help="CPU threads")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument(
        "--contexts", type=_positive, default=len(PROTOCOL.seeds), help="contexts of the card's comparison of methods"
    )
    parser.add_argument("--questions", type=_positive, default=PROTOCOL.limit, help="questions asked in each of these contexts")
    arguments = parser.parse_args()
    if arguments.device != "cpu" and not torch.cuda.is_available():
        parser.error(f"torch finds no GPU here for --device {arguments.device}; leave it out to train on the CPU")
    torch.set_num_threads(arguments.threads)
    if arguments.fresh:
        shutil.rmtree(arguments.work, ignore_errors=True)
    arguments.work.mkdir(parents=True, exist_ok=True)
    plan = replace(PROTOCOL, seeds=tuple(range(arguments.contexts)), limit=arguments.questions)
    make(arguments.out, arguments.work, arguments.seed, arguments.until, arguments.device, plan)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of at least 1")
    return int(text)


def make(out: Path, work: Path, seed: int, until: int | None, device: str, comparison: Comparison) -> None:
    tokenizer = save_tokenizer(work)
    model = make_model(Shape(), tokenizer, seed)
    torch.nn.Module.to(model, device)
    encoder = Encoder(tokenizer, LABELS, _LETTER_WEIGHT, _CONTENT, _CONTENT_WEIGHT, (*world.NAMES, *world.ADJECTIVES))
    # Scenes that training does not draw, but of pairs that it may draw: the tasks' test sides and their pairs do not guide it.
    scenes = {task: [task.scenes(seed, part, 200, from_held_out=False) for part in ("pool", "watch")] for task in _WATCHED}

    def watch(model: LlamaForCausalLM, stage: Stage) -> dict[str, float]:
        if stage.binding == 1.0:
            return {}
        model.eval()
        found: dict[str, float] = {}
        for task, (pool, asked) in scenes.items():
            for style, shots in _WATCHED[task]:
                figures = measure(model, tokenizer, style, asked[:_HELD_OUT], pool, shots, seed)
                found[f"{task.name} {style}/{shots}"] = round(figures.right / figures.asked, 3)
        model.train()
        return found

    plan = Plan(CURRICULUM, seed, written(model, Shape()))
    progress = train(model, encoder, plan, work, watch, until)
    write(model, out)
    write_card(out, model, plan, progress, comparison, measure_all(out, work, seed, comparison), _HELD_OUT)


def measure_all(out: Path, work: Path, seed: int, comparison: Comparison) -> dict[str, Measured]:
    """Every table of the card; each is saved for these weights as soon as it is measured."""
    digest = sha256(out / "model.safetensors")[:12]
    file = work / f"measured-{digest}.json"
    compared = f"protocol {len(comparison.seeds)}x{comparison.limit}"
    found = remembered(file)
    tokenizer = save_tokenizer(work)
    examiner = Examiner(LlamaForCausalLM.from_pretrained(out, dtype=torch.float32).eval(), tokenizer, seed)
    local = load_model(str(out))
    with terminal_progress(Console(stderr=True)) as progress:
        tables: dict[str, Callable[[], Measured]] = {
            "formats": examiner.formats,
            "learning": examiner.learning,
            "wordings": examiner.wordings,
            "precision": lambda: precision(local),
            compared: lambda: joined(
                protocol(comparison, local, task.name, work / f"{task.name} {compared} {digest}", progress) for task in TASKS
            ),
        }
        for name, measured in tables.items():
            if name not in found:
                found[name] = measured()
                file.write_text(json.dumps({key: asdict(table) for key, table in found.items()}), encoding="utf-8")
    return {name: found[name] for name in tables if name != compared} | {"protocol": found[compared]}


def write(model: LlamaForCausalLM, out: Path) -> None:
    """The finished model: weights in half precision, configuration, tokenizer."""
    model.eval().half().cpu()
    config = model.config
    model.generation_config = GenerationConfig(
        bos_token_id=config.bos_token_id, eos_token_id=config.eos_token_id, pad_token_id=config.pad_token_id, do_sample=False
    )
    model.save_pretrained(out)
    save_tokenizer(out)


if __name__ == "__main__":
    main()
