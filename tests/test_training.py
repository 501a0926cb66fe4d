"""The making of the embedded model, tried on a tiny one: tokenizer, lessons, and that a killed run ends like a whole one."""

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from selfamplify.prompting.wordings import OURS
from selfamplify.tasks.planted.arc import LABELS, arc_scene
from selfamplify.tasks.planted.source import PlantedArc, PlantedSnarks
from selfamplify.tasks.planted.world import CATEGORY_OF, FACTS, NAMES, Scene, held_out
from training.binding import binding_row
from training.curriculum import CURRICULUM, MIXTURE, Stage
from training.evaluation import well_formed
from training.initial import Shape, make_model, written
from training.lessons import EXAMINERS, HABITS, POST_HOC, TEACHERS
from training.phrasing import TAUGHT, UNSEEN
from training.rows import FREE, Encoder, Mind, score
from training.tokenizer import save_tokenizer
from training.trainer import GateError, Plan, train

TINY = Shape(width=64, layers=5, heads=4, inner=48)
STAGES = (
    Stage("binding", 3, 600, 0, (1e-3, 1e-3), MIXTURE, binding=1.0, frozen=False),
    Stage("turns", 5, 300, 150, (1e-3, 1e-4), MIXTURE, binding=0.2, fresh=True),
)


def scenes(count: int, name: str = "lesson") -> list[Scene]:
    """Scenes of both tasks in turn."""
    return [PLANTED[index % 2].scenes(index, name, 1, from_held_out=False)[0] for index in range(count)]


PLANTED = (PlantedArc(), PlantedSnarks())


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("tokenizer")
    save_tokenizer(folder)
    return AutoTokenizer.from_pretrained(folder)


@pytest.fixture(scope="module")
def encoder(tokenizer: Any) -> Encoder:
    return Encoder(tokenizer, LABELS, letter_weight=5.0)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Use one thread, as in training: more threads than free cores make such small matrices many times slower."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def lesson_texts() -> Iterator[str]:
    rng = random.Random(0)
    for teacher in TEACHERS.values():
        for scene in scenes(20):
            for wording in (OURS, rng.choice(TAUGHT), UNSEEN):
                lesson = teacher(rng, [scene, scene], wording)
                yield from (message.content for message in lesson.messages)
                yield lesson.given


def roundtrip(tokenizer: Any, text: str) -> str:
    return tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"])


@settings(max_examples=300, deadline=None)
@given(text=st.text(st.characters(exclude_characters="\ue000", exclude_categories=("Cs",))))
def test_any_text_survives_the_tokenizer(tokenizer: Any, text: str) -> None:
    assert roundtrip(tokenizer, text) == text


@settings(max_examples=200, deadline=None)
@given(
    parts=st.lists(
        st.sampled_from([' "nest"', "(A)", " (B)", "3-step", "Let's", "roots", ", ", ". ", "\n", '"', " ", "é", "7"])
    )
)
def test_any_mixture_of_pieces_survives_the_tokenizer(tokenizer: Any, parts: list[str]) -> None:
    assert roundtrip(tokenizer, "".join(parts)) == "".join(parts)


@pytest.mark.long
def test_texts_of_the_world_are_whole_words(tokenizer: Any) -> None:
    for text in [*lesson_texts(), *(scene.question.render() for scene in scenes(50))]:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert tokenizer.decode(ids) == text
        assert len(ids) <= 1.3 * len(text.split()) + 4 * sum(text.count(mark) for mark in '(".,:-') + 4
        assert not any(token.startswith("<0x") for token in tokenizer.convert_ids_to_tokens(ids))


def test_a_letter_in_brackets_is_its_own_token_and_a_quoted_word_keeps_its_own(tokenizer: Any) -> None:
    pieces = {token: index for index, token in enumerate(tokenizer.tokenize('The answer is (A) (B) eggs "eggs"'))}
    assert {"A", "B", " (", ")", " eggs"} <= set(pieces)
    assert tokenizer.tokenize('eat (A) eggs, "eggs"').count(" eggs") == 2


def test_offsets_point_at_the_words(tokenizer: Any) -> None:
    text = scenes(1)[0].question.render()
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    tokens = tokenizer.convert_ids_to_tokens(encoded["input_ids"])
    assert [text[start:end] for start, end in encoded["offset_mapping"]] == tokens


def test_the_chat_template_continues_a_prefill_and_refuses_two_users(tokenizer: Any) -> None:
    user, start = {"role": "user", "content": "x"}, {"role": "assistant", "content": OURS.read}
    assert tokenizer.apply_chat_template([user, start], tokenize=False, continue_final_message=True).endswith("The answer is (")
    assert tokenizer.apply_chat_template([user], tokenize=False, add_generation_prompt=True).endswith("<|assistant|>")
    with pytest.raises(Exception, match="alternate"):
        tokenizer.apply_chat_template([user, user], tokenize=False)


@pytest.mark.parametrize("style", TEACHERS)
@pytest.mark.parametrize("planted", PLANTED, ids=lambda task: task.name)
def test_rows_are_what_the_chat_template_writes(style: str, planted: Any, tokenizer: Any, encoder: Encoder) -> None:
    rng = random.Random(style)
    for shots in (0, 3):
        shown = planted.scenes(shots, "lesson", shots + 1, from_held_out=False)
        lesson = TEACHERS[style](rng, shown, OURS)
        row = encoder.chat(lesson.messages, [Mind(scene.noun) for scene in shown], lesson.given)
        messages = [{"role": message.role, "content": message.content} for message in lesson.messages]
        assert row.ids == tokenizer.apply_chat_template(messages)["input_ids"]
        last = lesson.messages[-1].content
        taught = tokenizer.decode([token for token, weight in zip(row.ids, row.weights, strict=True) if weight])
        assert taught.endswith(last[len(lesson.given) :] + tokenizer.eos_token)
        assert lesson.given + shown[-1].question.text not in taught
        assert last.startswith(lesson.given)
        minded = {(row.ids[index], noun) for index, noun in enumerate(row.minds[0]) if noun != FREE}
        assert minded == {
            tuple(tokenizer.convert_tokens_to_ids([scene.question.answer, f" {scene.noun}"]))
            for scene in (shown[-1:] if style in POST_HOC else shown)
        }


def test_questions_with_more_hops_leave_the_middle_layer_free(encoder: Encoder) -> None:
    [scene] = scenes(1)
    lesson = TEACHERS["answers"](random.Random(0), [scene], OURS)
    assert set(encoder.chat(lesson.messages, [Mind()]).minds[0]) == {FREE}


def test_named_words_have_the_weight_of_the_chat(tokenizer: Any) -> None:
    encoder = Encoder(tokenizer, LABELS, named=NAMES)
    scene = next(scene for scene in PlantedArc().scenes(0, "lesson", 20, from_held_out=False) if scene.hops == 4)
    lesson = EXAMINERS["steps"](random.Random(0), [scene], OURS)
    row = encoder.chat(lesson.messages, [Mind()], named=4.0)
    heavy = [tokenizer.decode([token]).strip() for token, weight in zip(row.ids, row.weights, strict=True) if weight > 1]
    assert heavy == [scene.met.names[0]]


def test_a_word_that_needs_the_convention_is_minded_where_the_question_says_it_and_where_it_is_answered(
    encoder: Encoder, tokenizer: Any
) -> None:
    rng = random.Random(0)
    shown = [arc_scene(rng, "x", from_held_out=False, vague=1.0) for _ in range(4)]
    lesson = TEACHERS["answers"](rng, shown, OURS)
    row = encoder.chat(lesson.messages, [Mind(None, scene.spoken, scene.verb) for scene in shown])
    words, verbs = ([f" {getattr(scene, name)}" for scene in shown] for name in ("spoken", "verb"))
    letters = [scene.question.answer for scene in shown]
    for minds, wanted in zip(row.minds[1:4], ((words, verbs), (letters, verbs), (letters, words)), strict=True):
        minded = [(row.ids[index - 1], asked) for index, asked in enumerate(minds) if asked != FREE]
        assert minded == [tuple(tokenizer.convert_tokens_to_ids(pair)) for pair in zip(*wanted, strict=True)]


def test_what_the_shots_keywords_are_worth_is_minded_where_the_next_list_opens(encoder: Encoder, tokenizer: Any) -> None:
    shown = scenes(4)
    lesson = TEACHERS["random"](random.Random(0), shown, OURS)
    row = encoder.chat(lesson.messages, [Mind(worth="single")] * 4)
    lists = [re.findall(r'"(\w+)"', message.content)[0] for message in lesson.messages[1::2]]
    minded = [(row.ids[index], worth) for index, worth in enumerate(row.minds[4]) if worth != FREE]
    wanted = [(f" {first}", " single") for first in lists[1:]]  # no shots come before the first list
    assert minded == [tuple(tokenizer.convert_tokens_to_ids(pair)) for pair in wanted]


def test_habits_choose_more_or_fewer_of_the_deciding_words() -> None:
    rng = random.Random(0)
    shares = dict[str, float]()
    for habit in ("keywords", *HABITS):
        found = total = 0
        for scene in scenes(60):
            reply = EXAMINERS[habit](rng, [scene], OURS).messages[-1].content
            found += len(set(re.findall(r'"(\w+)"', reply)) & set(scene.question.planted))
            total += len(scene.question.planted)
        shares[habit] = found / total
    assert shares["keywords"] == 1.0 and shares["idle"] == 0.0
    assert shares["mixed"] == pytest.approx(0.7, abs=0.1)
    assert 0.2 < shares["random"] < 0.6


@pytest.mark.parametrize("style", EXAMINERS)
def test_the_true_reply_is_well_formed_and_another_is_not(style: str) -> None:
    for scene in scenes(2):
        lesson = EXAMINERS[style](random.Random(style), [scene], OURS)
        assert well_formed(style, lesson, lesson.messages[-1].content, scene.question.render())
        assert not well_formed(style, lesson, "I don't know", scene.question.render())


@pytest.mark.long
@pytest.mark.parametrize("stage", CURRICULUM, ids=lambda stage: stage.name)
def test_training_rows_never_show_an_animal_with_a_noun_held_out_for_it(stage: Stage, encoder: Encoder, tokenizer: Any) -> None:
    verb_of = {noun: verb for (_, verb), noun in FACTS.items()}
    asked = 0
    for step in range(12):
        for ids in stage.batch(encoder, seed=0, step=step).ids:
            for turn in tokenizer.decode(ids).split("<|user|>")[1:]:
                words = set(turn.replace(",", " ").replace(".", " ").replace("</s>", " ").split())
                shown = {verb_of[word] for word in words if word in verb_of}
                assert not any(held_out(animal, verb) for animal in words & CATEGORY_OF.keys() for verb in shown)
                asked += 1
    assert (asked > 0) == (stage.binding < 1)


def test_no_taught_wording_is_the_unseen_one() -> None:
    rng = random.Random(0)
    scene = arc_scene(rng, "x", from_held_out=False)
    for teacher in TEACHERS.values():
        said = {teacher(rng, [scene], wording).messages[0].content.split("Output example")[0] for wording in TAUGHT}
        assert teacher(rng, [scene], UNSEEN).messages[0].content.split("Output example")[0] not in said


def test_binding_rows_teach_only_letters_and_their_options(encoder: Encoder, tokenizer: Any) -> None:
    row = encoder.pieces(binding_row(random.Random(0), lists=2, queries=3))
    taught = [tokenizer.decode([token]).strip() for token, weight in zip(row.ids, row.weights, strict=True) if weight]
    assert len(taught) == 6 and set(taught) & set(LABELS) and tokenizer.unk_token not in taught


@pytest.mark.long
def test_written_heads_bind_from_the_first_steps(encoder: Encoder, tokenizer: Any) -> None:
    model = make_model(Shape(), tokenizer, seed=0)
    stage = replace(CURRICULUM[0], steps=30)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for step in range(stage.steps):
        score(model, stage.batch(encoder, 0, step)).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    result = score(model, stage.batch(encoder, 0, stage.steps))
    assert result.right / result.asked > 0.6


@pytest.mark.long
def test_a_killed_run_ends_like_an_uninterrupted_one(encoder: Encoder, tokenizer: Any, tmp_path: Path) -> None:
    plan = Plan(STAGES, seed=0, save_every=2)
    weights = []
    for name, stops in (("whole", (plan.steps,)), ("killed", (5, plan.steps))):
        (tmp_path / name).mkdir()
        models = [make_model(TINY, tokenizer, seed=0) for _ in stops]
        reached = [train(model, encoder, plan, tmp_path / name, until=stop) for model, stop in zip(models, stops, strict=True)]
        assert [progress.step for progress in reached] == list(stops)
        weights.append(models[-1].state_dict())
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


@pytest.mark.long
def test_training_stops_after_a_stage_that_missed_its_gate(encoder: Encoder, tokenizer: Any, tmp_path: Path) -> None:
    plan = Plan((replace(STAGES[0], gates={"answers": 0.5}), STAGES[1]), seed=0)
    for _ in range(2):
        with pytest.raises(GateError, match="answers at 0.49, below its gate of 0.50"):
            train(make_model(TINY, tokenizer, seed=0), encoder, plan, tmp_path, measure=lambda model, stage: {"answers": 0.49})
    progress = train(
        make_model(TINY, tokenizer, seed=0), encoder, plan, tmp_path, measure=lambda model, stage: {"answers": 0.5}
    )
    assert progress.step == plan.steps


def test_a_frozen_stage_does_not_change_the_written_heads(encoder: Encoder, tokenizer: Any, tmp_path: Path) -> None:
    model = make_model(TINY, tokenizer, seed=0)
    masks = written(model, TINY)
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    train(model, encoder, Plan(STAGES[1:], seed=0, written=masks), tmp_path)
    for name, weight in model.named_parameters():
        held = masks.get(name, torch.zeros_like(weight, dtype=torch.bool))
        assert torch.equal(weight[held], before[name][held])
        assert held.all() or not torch.equal(weight[~held], before[name][~held])
