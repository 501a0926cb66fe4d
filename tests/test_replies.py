"""Where a reply ends, and what of a generated text is the reply."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from zoo import asked, model_of, tiny_model

from selfamplify import Decoding, LocalModel
from selfamplify.models.local.chat import opens_thinking, render, turn_end, with_thinking
from selfamplify.prompting.profiles import DEFAULT, PAPER
from selfamplify.records import Chat, Message
from selfamplify.text.replies import through_last_line, without_thinking

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SWITCHED = CHATML.replace(
    "assistant\n{% endif %}",
    "assistant\n{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}{% endif %}",
)
MARKS = [("<think>", "</think>"), ("<thinking>", "</thinking>"), ("[THINK]", "[/THINK]")]
MARKDOWN = (
    "{% for message in messages %}{% if message['role'] == 'user' %}### Instruction:\n{{ message['content'] }}\n\n"
    "{% else %}### Response:\n{{ message['content'] }}\n\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}### Response:\n{% endif %}"
)
PLAIN_TEXT = st.text(st.characters(exclude_characters="<>[]", exclude_categories=["Cs"]))
QUESTION = Chat((Message("user", "Which animal gives milk?"),))


def chatting(template: str, special: tuple[str, ...] = ("<|im_start|>", "<|im_end|>")) -> LocalModel:
    """A tiny model with this template, whose settings name another token as the end of a turn."""
    made = tiny_model("llama")
    made.tokenizer.add_special_tokens({"additional_special_tokens": list(special)} if special else {})
    made.tokenizer.chat_template = template
    made.module.resize_token_embeddings(len(made.tokenizer))
    return LocalModel(made.module, made.tokenizer, "chatting")


def saying(model: LocalModel, text: str, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let the model write this text, whatever it is asked: its logits are replaced by those of the text's tokens."""
    ids = model.tokenizer(text, add_special_tokens=False)["input_ids"]
    place = iter(ids + [0] * 1000)
    forward = model.module.forward

    def written(*args: Any, **kwargs: Any) -> Any:
        output = forward(*args, **kwargs)
        if "logits_to_keep" in kwargs and output.logits.shape[1] == 1 and kwargs.get("past_key_values") is None:
            output.logits[:] = 0.0
            output.logits[..., next(place)] = 100.0
        return output

    monkeypatch.setattr(model.module, "forward", written)
    return ids


@given(PLAIN_TEXT, PLAIN_TEXT, PLAIN_TEXT, st.sampled_from(MARKS))
def test_reasoning_is_no_part_of_a_reply(before: str, inside: str, after: str, marks: tuple[str, str]):
    opening, closing = marks
    assert without_thinking(before + opening + inside + closing + after) == before + after
    assert without_thinking(before + opening + inside) == before
    assert without_thinking(inside + closing + after) == after
    assert without_thinking(before + after) == before + after


@given(st.lists(PLAIN_TEXT.filter(lambda line: "\n" not in line and "stop" not in line)), st.lists(PLAIN_TEXT))
def test_a_text_ends_with_its_last_line(lines: list[str], more: list[str]):
    through = "\n".join([*lines, "here we stop."])
    assert through_last_line("\n".join([through, *more]), r"\bstop\b") == through
    assert through_last_line("\n".join(lines), r"\bstop\b") == "\n".join(lines)
    assert through_last_line("\n".join([through, *more]), "") == "\n".join([through, *more])


def test_the_papers_decoding_knows_no_last_line():
    assert PAPER.decoding.last_line == "" and DEFAULT.decoding.last_line


@pytest.mark.parametrize(
    ("reply", "kept"),
    [
        ("The answer is (B)\n\nQuestion: and now?", "The answer is (B)"),
        ("The answer is B.\nuser\nThe answer is (A)", "The answer is B."),
        ("(B)\nbecause it is so", "(B)"),
        ('The 2 keywords "a", and "b" are important to predict that the answer is (C)\nso', None),
        ("The answer is clear.\nStill, one more line", "all"),
        ("A dog is an animal.\nThe answer is (A)\nand more", "A dog is an animal.\nThe answer is (A)"),
    ],
)
def test_a_stated_answer_is_the_last_line(reply: str, kept: str | None):
    expected = {None: reply.split("\n")[0], "all": reply}.get(kept, kept)
    assert through_last_line(reply, DEFAULT.decoding.last_line) == expected


def test_the_templates_own_end_of_turn_is_one_of_the_ends():
    model = chatting(CHATML)
    own = model.tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert turn_end(model.tokenizer) == (own, "")
    assert own in model._ending.ids


@pytest.mark.parametrize(
    ("template", "between"), [(MARKDOWN, "\n### Instruction:"), (None, "\nQuestion:"), ("{{ messages[0].content }}", "")]
)
def test_without_such_a_token_the_next_turn_is_the_end(template: str | None, between: str):
    model = chatting(template or "", ())
    model.tokenizer.chat_template = template
    assert turn_end(model.tokenizer) == (None, between)


@pytest.mark.long
@pytest.mark.parametrize("name", ["cardputer-chat-3M"])
def test_texts_end_with_the_last_line_in_every_decoding(name: str):
    model = model_of(name)
    chats = asked()[0]
    for decoding in (Decoding(40), Decoding(40, do_sample=True), Decoding(40, num_beams=2)):
        whole = model.generate(chats, decoding, [0, 1, 2])
        cut = model.generate(chats, replace(decoding, last_line="."), [0, 1, 2])
        if decoding.num_beams == 1:
            assert [reply.text for reply in cut] == [through_last_line(reply.text, ".").strip() for reply in whole]
        assert all("\n" not in reply.text for reply in cut)


def test_thinking_is_switched_where_the_template_can():
    model = chatting(SWITCHED)
    chat = Chat((Message("user", "Hello"),))
    texts = {}
    for thinking in (True, False):
        model.tokenizer.chat_template = with_thinking(SWITCHED, thinking)
        texts[thinking] = render(model.tokenizer, chat)
    assert texts[True].endswith("assistant\n") and texts[False].endswith("</think>\n\n")
    assert with_thinking(CHATML, False) == CHATML


@torch.no_grad()
@pytest.mark.parametrize(("opening", "closing"), MARKS)
def test_a_block_that_the_template_opens_is_no_reply(opening: str, closing: str, monkeypatch: pytest.MonkeyPatch):
    model = chatting(CHATML.replace("assistant\n{% endif %}", f"assistant\n{opening}\n{{% endif %}}"))
    assert opens_thinking(model.tokenizer) == opening and not opens_thinking(chatting(SWITCHED).tokenizer)
    thought = "Milk?\nThe answer is (B)\nNo.\n"
    saying(model, f"{thought}{closing}\nIt is so.\nThe answer is (A)\nAnd more<|im_end|>", monkeypatch)
    decoding = replace(DEFAULT.decoding, max_new_tokens=400)
    assert model.generate([QUESTION], decoding, [0])[0].text == "It is so.\nThe answer is (A)"
    ending = replace(model._ending, last_line=decoding.last_line, opened=opening)
    for text, reply, complete in [
        (thought, "", False),
        (f"{thought}{closing}\n", "", False),
        (f"{thought}{closing}\nThe answer is (A)\n", "The answer is (A)", True),
    ]:
        tokens = model.tokenizer(text, add_special_tokens=False)["input_ids"]
        assert (ending.text(tokens), ending.reached(tokens)) == (reply, complete)
    assert replace(ending, opened="").reached(model.tokenizer(thought, add_special_tokens=False)["input_ids"])


@torch.no_grad()
def test_a_model_that_names_another_end_stops_at_its_turn(monkeypatch: pytest.MonkeyPatch):
    model = chatting(CHATML)
    ids = saying(model, "The cow.<|im_end|>\n<|im_start|>user\nWhat?<|im_end|>", monkeypatch)
    reply = model.generate([QUESTION], Decoding(60), [0])[0]
    assert (reply.text, reply.finished) == ("The cow.", True)
    assert reply.tokens < len(ids)
