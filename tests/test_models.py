"""Every model of the zoo, in batches and after shared prefixes, answers like a plain forward pass over each whole prompt."""

import pytest
import torch
import zoo
from tokenizers import AddedToken
from transformers import GenerationConfig
from zoo import ANIMAL, HANDS, PLANT, QUESTIONS, asked, model_of, plain_tokens, tiny_model, tiny_module, tiny_tokenizer

from selfamplify import Decoding, LocalModel, Prompt, Question
from selfamplify.errors import ModelError
from selfamplify.games.question import locate
from selfamplify.models.local.chat import tokenised
from selfamplify.records import Chat, Message, Shot
from selfamplify.text.words import candidate_words

pytestmark = pytest.mark.typed

every_model = pytest.mark.parametrize("name", zoo.ZOO)


def plain_logits(model: LocalModel, ids: tuple[int, ...]) -> torch.Tensor:
    with torch.no_grad():
        return model.module(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1].float()


def ids_of(model: LocalModel, chat: Chat) -> tuple[int, ...]:
    """The token ids of a chat."""
    encoded = model.encode(chat)
    return (*encoded.prefix, *encoded.suffix)


def few_shot_chats() -> list[Chat]:
    shot = Shot(ANIMAL, "The keyword milk decides. The answer is (A)", "A")
    prompt = Prompt("test", "Choose the right answer.", (shot,), {}, prefill="The answer is (")
    return [prompt.chat(question) for question in QUESTIONS]


@pytest.mark.long
@every_model
def test_next_token_equals_plain_forward(name: str) -> None:
    model = model_of(name)
    chats, labels = asked()
    chats, labels = chats + few_shot_chats(), labels + labels
    for chat, names, token in zip(chats, labels, model.next_token(chats, labels), strict=True):
        reading = model.read(chat, names)
        expected = plain_logits(model, reading.ids)
        log_probabilities = expected.log_softmax(-1)[[reading.answers[label][0] for label in names]]
        torch.testing.assert_close(torch.tensor(token.log_probabilities), log_probabilities, atol=1e-4, rtol=1e-4)
        assert token.text == model.tokenizer.decode([int(expected.argmax())])
        assert token.label == {top: label for label, (top,) in reading.answers.items()}.get(int(expected.argmax()))


@pytest.mark.long
@every_model
@pytest.mark.parametrize("absent", ["mask", "delete"])
def test_last_logits_of_perturbed_rows_equal_one_by_one(name: str, absent: str) -> None:
    model = model_of(name)
    reading = model.read(asked([PLANT])[0][0], PLANT.labels)
    words = list(locate(reading, candidate_words(PLANT.render(), PLANT.labels)).values())
    rows: list[list[int]] = []
    for removed in (0, 1, 3, len(words)):
        gone = {position for word in words[:removed] for position in word}
        kept = [(model.blank if place in gone else token, place in gone) for place, token in enumerate(reading.ids)]
        rows.append([token for token, missing in kept if absent == "mask" or not missing])
    batched = model.last_logits(rows, reading.prefix)[:, -1]
    for row, logits in zip(rows, batched, strict=True):
        torch.testing.assert_close(logits, plain_logits(model, tuple(row)), atol=1e-4, rtol=1e-4)


@every_model
def test_logits_from_embeddings_equal_those_from_tokens(name: str) -> None:
    model = model_of(name)
    reading = model.read(asked([HANDS])[0][0], HANDS.labels)
    embeddings = model.embedding(torch.tensor([reading.ids]))
    torch.testing.assert_close(
        model.logits_from_embeddings(embeddings)[0, -1], plain_logits(model, reading.ids), atol=1e-4, rtol=1e-4
    )


DECODINGS = {
    "greedy": Decoding(8),
    "beams": Decoding(8, num_beams=3, early_stopping=True),
    "unrepeated": Decoding(8, no_repeat_ngram_size=2),
    "sampled": Decoding(8, do_sample=True),
    "paper": Decoding(8, do_sample=True, num_beams=2, no_repeat_ngram_size=2, early_stopping=True),
}


def plain_generation(model: LocalModel, chat: Chat, decoding: Decoding, seed: int, ends: list[int]) -> str:
    """What transformers writes after one whole prompt."""
    tokens = plain_tokens(model, ids_of(model, chat), decoding, seed, ends)
    text = str(model.tokenizer.decode(list(tokens), skip_special_tokens=True))
    return text.split("\nQuestion:")[0].strip() if model.tokenizer.chat_template is None else text.strip()


ENDS = {"stories260K": [1, 2], "cardputer-chat-3M": [14018]}


@pytest.mark.long
@zoo.writing(zoo.ZOO, DECODINGS)
def test_generate_equals_plain_generate_whatever_the_batch(name: str, decoding: Decoding) -> None:
    model = model_of(name)
    chats, seeds = [*asked()[0][:2], *few_shot_chats()[1:]], list(range(4))
    together = model.generate(chats, decoding, seeds)
    expected = [
        plain_generation(model, chat, decoding, seed, ENDS.get(name, [2])) for chat, seed in zip(chats, seeds, strict=True)
    ]
    assert [reply.text for reply in together] == expected
    assert model.generate(chats[::-1], decoding, seeds[::-1]) == together[::-1]
    assert [model.generate([chat], decoding, [seed])[0] for chat, seed in zip(chats, seeds, strict=True)] == together


def test_padding_does_not_count_as_repetition() -> None:
    model = tiny_model("phi")
    head = model.module.get_output_embeddings()
    assert isinstance(head, torch.nn.Linear)
    head.bias.data[model.blank] = 50.0  # it would write this token first, unless it counts as a part of the prompt
    chats, decoding = asked()[0], Decoding(4, no_repeat_ngram_size=1)
    assert model.generate(chats, decoding, [0] * 3) == [model.generate([chat], decoding, [0])[0] for chat in chats]


@pytest.mark.long
@every_model
def test_samples_depend_on_their_seed_alone(name: str) -> None:
    model, decoding = model_of(name), Decoding(8, do_sample=True)
    chats = asked([PLANT] * 2)[0]
    torch.manual_seed(3)
    first = model.generate(chats, decoding, [5, 6])
    state = torch.random.get_rng_state()
    assert model.generate(chats, decoding, [5, 6]) == first
    assert torch.equal(torch.random.get_rng_state(), state)
    assert first[0].text != first[1].text


def test_generate_distinguishes_finished_replies_from_those_cut_off() -> None:
    model = model_of("cardputer-chat-3M")
    chats = asked([ANIMAL, PLANT])[0]
    long = model.generate(chats, Decoding(60), [0, 0])
    assert any(reply.finished for reply in long)
    for reply, whole in zip(model.generate(chats, Decoding(2), [0, 0]), long, strict=True):
        assert reply.tokens <= 2
        assert reply.finished == (whole.finished and whole.tokens < 2)
        assert whole.text.startswith(reply.text)


@pytest.mark.long
def test_generate_ignores_the_models_own_defaults() -> None:
    chats = asked()[0]
    expected = [tiny_model().generate(chats, decoding, [1, 2, 3]) for decoding in DECODINGS.values()]
    module = tiny_module("llama")
    settings = {"suppress_tokens": list(range(0, 400, 2)), "min_p": 0.9, "repetition_penalty": 3.0, "top_k": 1}
    module.generation_config = GenerationConfig(**settings, length_penalty=-2.0, eos_token_id=2, do_sample=True)
    model = LocalModel(module, tiny_tokenizer(), "picky")
    assert [model.generate(chats, decoding, [1, 2, 3]) for decoding in DECODINGS.values()] == expected


@every_model
def test_read_gives_the_label_ids_of_this_context(name: str) -> None:
    model = model_of(name)
    for chat, question in zip([*asked()[0], *few_shot_chats()], (*QUESTIONS, *QUESTIONS), strict=True):
        reading = model.read(chat, question.labels)
        for label, (token,) in reading.answers.items():
            with_answer = ids_of(model, Chat(chat.messages, f"{chat.prefill}{label})", chat.question))
            assert with_answer[: len(reading.ids) + 1] == (*reading.ids, token)
        assert len(set(reading.answers.values())) == len(question.labels)


@every_model
def test_read_gives_the_characters_of_the_question(name: str) -> None:
    model = model_of(name)
    for chat, question in zip(few_shot_chats(), QUESTIONS, strict=True):
        reading = model.read(chat, question.labels)
        start, end = reading.question
        assert reading.text[start:end] == question.render()
        assert start > reading.text.rindex("The answer is (A)", 0, len(reading.text) - 5)
        assert all(stop <= start for _, stop in reading.spans[: reading.prefix])
        assert reading.spans[reading.prefix][1] > start
        assert len(reading.spans) == len(reading.ids)


@every_model
def test_a_rendered_chat_begins_with_one_bos_token(name: str) -> None:
    model = model_of(name)
    if name == "cardputer-chat-3M":
        pytest.skip("its template has no BOS")
    for chat in asked()[0]:
        assert [token for token in ids_of(model, chat) if token == model.tokenizer.bos_token_id] == [1]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
def test_read_distinguishes_labels_that_share_a_token_with_their_bracket(question: Question) -> None:
    backend = zoo.merged_markers()
    model = LocalModel(tiny_module("llama"), tiny_tokenizer(backend=backend), "merged")
    reading = model.read(asked([question])[0][0], question.labels)
    for label, (token,) in reading.answers.items():
        assert model.tokenizer.decode([token]) == f"({label}"
    assert reading.text[: reading.spans[-1][1]].endswith("The answer is ")
    assert model.next_token(*asked([question]))[0].log_probabilities


@pytest.mark.parametrize("labels", [("A",), ("A", "A"), ("1", "2", "10")])
def test_read_refuses_labels_that_one_token_can_not_distinguish(labels: tuple[str, ...]) -> None:
    with pytest.raises(ModelError, match="such as A and B"):
        tiny_model().read(asked([ANIMAL])[0][0], labels)


def test_read_refuses_a_template_that_rewrites_the_question() -> None:
    model = tiny_model()
    model.tokenizer.chat_template = zoo.CHAT_TEMPLATE.replace("message['content']", "message['content'] | replace('milk', 'm')")
    with pytest.raises(ModelError, match="inserts .message"):
        model.read(asked([ANIMAL])[0][0], ANIMAL.labels)


def test_a_template_that_refuses_the_turns_is_reported_with_its_reason() -> None:
    model = tiny_model()
    model.tokenizer.chat_template = "{{ raise_exception('Roles must alternate\n') }}{{ messages[0]['content'] }}"
    with pytest.raises(ModelError, match=r"\(Roles must alternate\); use a model"):
        ids_of(model, asked([ANIMAL])[0][0])


def test_the_question_is_found_between_shots_and_a_reply_that_repeat_it() -> None:
    model = tiny_model()
    text = ANIMAL.render()
    chat = Chat((Message("user", text), Message("assistant", "(A)"), Message("user", text)), f"{text} The answer is (", text)
    reading = model.read(chat, ANIMAL.labels)
    assert reading.text[slice(*reading.question)] == text
    assert reading.text.count(text, 0, reading.question[0]) == 1
    assert reading.text.count(text, reading.question[1]) == 1


CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.mark.long
@pytest.mark.parametrize(
    "template", [None, zoo.CHAT_TEMPLATE, CHATML, CHATML.replace("message['content']", "message['content'] | trim")]
)
@pytest.mark.parametrize("prefill", ["", "The answer is"])
@pytest.mark.parametrize("before", ["", "Which label fits the text?\n"])
@pytest.mark.parametrize("word", ["ass", "start", "user", "Answer", "answer", "assistant"])
def test_a_question_is_never_taken_for_a_word_of_the_template(
    template: str | None, prefill: str, before: str, word: str
) -> None:
    model = tiny_model()
    model.tokenizer.chat_template = template  # pyright: ignore[reportAttributeAccessIssue]
    marked, shots = "\ue005", (Message("user", word), Message("assistant", word))
    for turns in ((), shots):
        chat, frame = (Chat((*turns, Message("user", before + text)), prefill, text) for text in (word, marked))
        place = tokenised(model.tokenizer, frame).text.index(marked)
        assert tokenised(model.tokenizer, chat).question == (place, place + len(word))
        if prefill:
            assert model.read(chat, ("negative", "positive")).question == (place, place + len(word))


def test_a_template_that_drops_a_question_that_a_shot_repeats_is_refused() -> None:
    model = tiny_model()
    model.tokenizer.chat_template = zoo.CHAT_TEMPLATE.replace("message['content']", "'' if loop.last else message['content']")
    turns = (Message("user", "Who?"), Message("assistant", "Who? (A)"), Message("user", "Who?"))
    with pytest.raises(ModelError, match="rewrites the user's text"):
        model.encode(Chat(turns, "", "Who?"))


@pytest.mark.parametrize("token", ["<s>", "</s>", "<pad>", "<|eot|>"])
def test_control_tokens_in_data_are_refused(token: str) -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.add_tokens([AddedToken("<|eot|>", special=True)])  # pyright: ignore[reportArgumentType]
    module = tiny_module("llama")
    module.resize_token_embeddings(len(tokenizer))
    model = LocalModel(module, tokenizer, "tiny")
    with pytest.raises(ModelError, match="control token .* remove it"):
        ids_of(model, Chat((Message("user", f"Cows {token} eat"),), "", ""))


def set_row(model: LocalModel, token: int, value: float) -> None:
    """Overwrite the weights of one token in the head."""
    head = model.module.get_output_embeddings()
    assert isinstance(head, torch.nn.Linear)
    head.weight.data[token] = value


def test_logits_that_are_not_numbers_are_refused() -> None:
    model = tiny_model()
    set_row(model, 7, float("nan"))
    chats, labels = asked()
    with pytest.raises(ModelError, match='`dtype="float32"`'):
        model.next_token(chats, labels)
    for decoding in DECODINGS.values():
        with pytest.raises(ModelError, match='`dtype="float32"`'):
            model.generate(chats, decoding, [0, 0, 0])


def test_infinite_logits_are_refused() -> None:
    model = tiny_model()
    for bad in (float("inf"), float("-inf")):
        set_row(model, 7, bad)
        with pytest.raises(ModelError, match='`dtype="float32"`'):
            model.next_token(*asked())


def test_a_tokenizer_without_a_padding_token_is_refused() -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.pad_token = tokenizer.unk_token = tokenizer.eos_token = None
    with pytest.raises(ModelError, match="set `tokenizer.pad_token`"):
        LocalModel(tiny_module("llama"), tokenizer, "tiny")


def test_an_architecture_that_can_not_share_prefixes_is_refused() -> None:
    with pytest.raises(ModelError, match="MambaForCausalLM.*use a decoder such as Llama"):
        LocalModel(zoo.state_space_module(), tiny_tokenizer(), "mamba")


def test_the_fingerprint_changes_with_everything_that_changes_the_answers() -> None:
    original = tiny_model().fingerprint
    assert tiny_model().fingerprint == original
    assert tiny_model(seed=1).fingerprint != original
    assert tiny_model(template=False).fingerprint != original
    assert tiny_model("mistral").fingerprint != original
    lower = LocalModel(tiny_module("llama").bfloat16(), tiny_tokenizer(), "tiny")
    assert lower.fingerprint != original
    module = tiny_module("llama")
    module.config.rms_norm_eps = 1e-2
    assert LocalModel(module, tiny_tokenizer(), "tiny").fingerprint != original
    module = tiny_module("llama")
    module.generation_config.eos_token_id = [2, 5]
    assert LocalModel(module, tiny_tokenizer(), "tiny").fingerprint != original
    module = tiny_module("llama")
    next(module.parameters()).data[5, 5] += 1e-3
    assert LocalModel(module, tiny_tokenizer(), "tiny").fingerprint != original


@pytest.mark.long
def test_transformers_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    model = model_of("stories260K")
    chats, labels = asked()
    ids_of(model, Chat((Message("user", "warm " * 2000),)))
    model.next_token(chats, labels)
    for decoding in (*DECODINGS.values(), Decoding(4, early_stopping=True)):
        model.generate(chats, decoding, [0, 1, 2])
    assert capfd.readouterr() == ("", "")
