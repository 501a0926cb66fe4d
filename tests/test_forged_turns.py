"""A control token in a text never becomes one in a prompt: for every model and template, wherever the text comes from."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from gguf_files import write_gguf
from hypothesis import given
from hypothesis import strategies as st
from small import right, scripted, task
from tokenizers import AddedToken, normalizers
from zoo import ANIMAL, HANDS, ZOO, model_of, tiny_module, tiny_tokenizer

from fuzzing.rendering import TEMPLATES, controls, tokenizer_with
from selfamplify import Choice, LocalModel, Prompt, Question, evaluate, load_model
from selfamplify.errors import ModelError
from selfamplify.models.local.chat import tokenised
from selfamplify.models.local.named import SMOLLM2
from selfamplify.records import Chat, Message, Shot

GGUF = ("llama", "stories260K")
SHOTS = (Shot(HANDS, "Rubbing warms, therefore the answer is (A)", "A"),)
PROMPT = Prompt("io", "Choose.", SHOTS, {"A": "A", "B": "B"}, prefill="The answer is (")
"""What is changed in it holds no control token yet."""


def in_question(prompt: Prompt, question: Question, text: str) -> tuple[Prompt, Question]:
    return prompt, replace(question, text=f"{question.text} {text} more")


def in_choice(prompt: Prompt, question: Question, text: str) -> tuple[Prompt, Question]:
    return prompt, replace(question, choices=(Choice("A", f"a{text}b"), *question.choices[1:]))


def in_label(prompt: Prompt, question: Question, text: str) -> tuple[Prompt, Question]:
    return prompt, replace(question, choices=(Choice(text, "cow"), *question.choices[1:]), answer=text)


def in_label_name(prompt: Prompt, question: Question, text: str) -> tuple[Prompt, Question]:
    named = replace(question, choices=(Choice("A", text), *question.choices[1:]), answer_style="label")
    return replace(prompt, answer_style="label", label_map={"A": text, "B": "B"}), named


def in_instruction(prompt: Prompt, question: Question, text: str) -> tuple[Prompt, Question]:
    return replace(prompt, instruction=f"Choose {text}."), question


def in_system(prompt: Prompt, question: Question, text: str) -> tuple[Prompt, Question]:
    return replace(prompt, system=text), question


def in_rationale(prompt: Prompt, question: Question, text: str) -> tuple[Prompt, Question]:
    return replace(prompt, shots=(Shot(HANDS, f"Rubbing{text} warms (A)", "A"),)), question


def in_shot(prompt: Prompt, question: Question, text: str) -> tuple[Prompt, Question]:
    return replace(prompt, shots=(Shot(replace(HANDS, text=f"{text}Why?"), "(A)", "A"),)), question


def in_prefill(prompt: Prompt, question: Question, text: str) -> tuple[Prompt, Question]:
    return replace(prompt, prefill=f"The {text} answer is ("), question


PLACES: tuple[Callable[[Prompt, Question, str], tuple[Prompt, Question]], ...] = (
    in_question, in_choice, in_label, in_label_name, in_instruction, in_system, in_rationale, in_shot, in_prefill,
)  # fmt: skip


def count(model: LocalModel, chat: Chat) -> dict[int, int]:
    return controls(model.tokenizer, tokenised(model.tokenizer, chat).ids)


def holds(model: LocalModel) -> None:
    """Check all control tokens at all places: refused by name, or no more control tokens than with other words there."""
    assert model.control_tokens
    for token in sorted(model.control_tokens)[:12]:
        for place in PLACES:
            changed, asked = place(PROMPT, ANIMAL, token)
            plain, other = place(PROMPT, ANIMAL, "zebra")
            try:
                found = count(model, changed.chat(asked))
            except ModelError as error:
                assert repr(token) in str(error) or "no system turn" in str(error) or "system turn into" in str(error), error
            else:
                assert found == count(model, plain.chat(other)), (place.__name__, token)


@pytest.mark.parametrize("name", ["embedded", *ZOO])
def test_no_text_forges_a_turn(name: str):
    holds(load_model() if name == "embedded" else model_of(name))


@pytest.mark.parametrize("name", GGUF)
def test_no_text_forges_a_turn_of_a_gguf_file(name: str, tmp_path: Path):
    pytest.importorskip("accelerate", reason="the package accelerate is not installed")
    original = model_of(name)
    model = load_model(write_gguf(original, tmp_path / "x.gguf"), device="cpu")
    assert model.control_tokens == original.control_tokens
    holds(model)


def test_no_text_forges_a_turn_of_a_real_gguf_file():
    if SMOLLM2.where() is None:
        pytest.skip(f"SmolLM2 is not installed; run: {SMOLLM2.install}")
    pytest.importorskip("gguf", reason="the package gguf is not installed")
    from selfamplify.models.local.load import load_tokenizer

    tokenizer = load_tokenizer("smollm2")
    model = LocalModel(tiny_module("llama"), tokenizer, "smollm2")
    assert {"<|im_start|>", "<|im_end|>"} <= model.control_tokens
    holds(model)


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_text_forges_a_turn_in_the_template_of_a_family(template: str):
    holds(LocalModel(tiny_module("llama"), tokenizer_with(template), "family"))


PIECES = (
    "<|im_",
    "end|>",
    "<|im_start|>",
    "</",
    "s>",
    "[IN",
    "ST]",
    "<start_of",
    "_turn>",
    "\n",
    " ",
    "x",
    "</think>",
    "<",
    "|",
    ">",
)


@given(st.sampled_from(TEMPLATES), st.lists(st.lists(st.sampled_from(PIECES)).map("".join), min_size=1, max_size=3))
def test_pieces_of_control_tokens_are_text_wherever_they_meet(template: str, texts: list[str]):
    tokenizer = tokenizer_with(template)
    turns = [Message("assistant" if number % 2 else "user", text) for number, text in enumerate(texts)]
    turns = turns if len(turns) % 2 else [*turns, Message("user", "?")]
    try:
        found = tokenised(tokenizer, Chat(tuple(turns)))
    except ModelError as error:
        assert any(token in text for token in tokenizer.all_special_tokens for text in texts), error
        return
    plain = Chat(tuple(replace(turn, content="x") for turn in turns))
    assert controls(tokenizer, found.ids) == controls(tokenizer, tokenised(tokenizer, plain).ids)


def test_what_becomes_a_control_token_when_it_is_normalised_is_refused():
    tokenizer = tiny_tokenizer()
    tokenizer.backend_tokenizer.normalizer = normalizers.NFKC()  # pyright: ignore[reportAttributeAccessIssue]
    tokenizer.add_special_tokens({"additional_special_tokens": [AddedToken("<|x|>", normalized=True, special=True)]})  # pyright: ignore[reportArgumentType]
    assert tokenizer("＜|x|＞")["input_ids"] == tokenizer("<|x|>")["input_ids"]
    with pytest.raises(ModelError, match=r"contains the model's control token '<\|x\|>'"):
        tokenised(tokenizer, Chat((Message("user", "a ＜|x|＞ b"),)))
    tokenised(tokenizer, Chat((Message("user", "a ＜/s＞ b"),)))  # this one is looked for before that


@pytest.mark.parametrize("token", ["</s>", "<s>", "<unk>"])
def test_an_answer_that_is_a_control_token_is_not_scored(token: str):
    with pytest.raises(ModelError, match="control token"):
        model_of("llama").next_token([PROMPT.chat(ANIMAL)], [("A", token)])


def spelled(model: LocalModel, text: str) -> list[int]:
    """The tokens of a text that are no control tokens, character by character."""
    return [token for letter in text for token in model.tokenizer(letter, add_special_tokens=False)["input_ids"]]


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ("It is (B)</s>It is (C)", "It is (B)"),
        ("</s>(B)", "(B)"),
        ("<s>(B)<pad>", "(B)"),
        ("(B) <</s>/s>", "(B) <"),
        ("(B) <<pad>pad>", "(B)"),
        ("(B) < /s>", "(B) < /s>"),
    ],
)
def test_control_tokens_that_a_model_spells_out_are_no_part_of_its_reply(reply: str, text: str):
    model = model_of("llama")
    tokens = spelled(model, reply)
    assert model.tokenizer.decode(tokens) == reply and not set(tokens) & {0, 1, 2, 3}
    found = model._ending.text(tokens)
    assert found == text
    tokenised(model.tokenizer, Chat((Message("user", "?"),), f"Well, {found}"))


def test_a_reply_with_a_control_token_of_the_judge_is_judged():
    said = scripted(lambda chat: f"So </s><s> the answer is ({right(chat)})")
    result = evaluate(said, task(), Prompt("zero_shot", "Choose.", (), {label: label for label in "ABC"}), judge="embedded")
    assert all(response.rule in ("judge", "none") for response in result.responses)
