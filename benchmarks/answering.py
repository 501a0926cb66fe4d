"""Answers behind one few-shot prompt against transformers' ``generate``, one by one: ``python -m benchmarks.answering``."""

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from selfamplify import InputOutput, Sample, Session, load_model, load_task
from selfamplify.models import LocalModel

from .machine import heading, ratio

_RUNS = 3
_QUESTIONS = 32


def main() -> None:
    embedded = load_model()
    print(f"{heading(_RUNS)}\n\n| what | model | plain | here | ratio |\n|---|---|---|---|---|")
    for name, model in {"8 layers x 384, random": _random_llama(embedded), "embedded": embedded}.items():
        print(f"| {_answering(model, name)} |", flush=True)


def _answering(model: LocalModel, name: str) -> str:
    task = load_task("planted_arc").limited(_QUESTIONS)
    prompt = InputOutput().prompt(Session(model), task, Sample.of(task.train[:8], 0)).with_length(16)
    chats = [prompt.chat(question) for question in task.test]

    def plain() -> None:
        for chat in chats:
            ids = torch.tensor([model.tokens(chat)])
            mask = torch.ones_like(ids)
            model.module.generate(ids, attention_mask=mask, max_new_tokens=16, do_sample=False)  # pyright: ignore

    slow, fast = ratio(plain, lambda: model.generate(chats, prompt.decoding, [0] * len(chats)), _RUNS)
    what = f"{_QUESTIONS} answers of 16 tokens behind {len(model.tokens(chats[0]))}-token prompts"
    return f"{what} | {name} | {slow:.2f} s | {fast:.2f} s | {slow / fast:.1f}"


def _random_llama(embedded: LocalModel) -> LocalModel:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(embedded.tokenizer),
        hidden_size=384,
        intermediate_size=1024,
        num_hidden_layers=8,
        num_attention_heads=6,
        max_position_embeddings=4096,
        eos_token_id=None,
    )
    return LocalModel(LlamaForCausalLM(config), embedded.tokenizer, "random")


if __name__ == "__main__":
    main()
