"""The words that are features, the tokens that they became, and what is read from a model's own lists and explanations."""

import re
import unicodedata

import pytest
import zoo
from hypothesis import given, settings
from hypothesis import strategies as st
from zoo import model_of

from selfamplify import Choice, Question
from selfamplify.explain.self_topk import parse_keywords
from selfamplify.games.question import locate
from selfamplify.models.model import Reading
from selfamplify.prompting.chats import reading_chat
from selfamplify.prompting.wording import without_conclusion
from selfamplify.prompting.wordings import OURS
from selfamplify.text.naming import contains
from selfamplify.text.scripts import half_width
from selfamplify.text.words import candidate_words

LABELS = ("A", "B", "C", "D")
ODD = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
"""Any text: other scripts, combining marks, emoji, all kinds of spaces and control characters."""

TYPED = st.text(st.sampled_from("aZ é9ß中क ी़_-–'’\".,;:!?%°$€()[]{}<>/\\\n\t\u00a0\u200b🙂ABCD½²\u0301"), max_size=60)


def texts(text: str, labels: tuple[str, ...] = LABELS) -> list[str]:
    return [word.text for word in candidate_words(text, labels)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Which one? (A) a cow (B) b-flat", ["Which", "one", "a", "cow", "b-flat"]),
        ("(A)dry (B), not. (C)", ["A)dry", "B", "not"]),
        (
            "It's 5.5% of -3 or $20, (about 21°C) — “so what?” …",
            ["It's", "5.5%", "of", "-3", "or", "$20", "about", "21°C", "so", "what"],
        ),
        ("−5 -$5 (+€2.50) −£3, –7°C", ["−5", "-$5", "+€2.50", "−£3", "–7°C"]),
        ("-.5 .5, (.38) $.99 −$.5% -0.5", ["-.5", ".5", ".38", "$.99", "−$.5%", "-0.5"]),
        (
            "5-7 1990–1995 (1990)–1995 5−3 2026-11-28 3.5 1,000 1.",
            ["5-7", "1990–1995", "1990)–1995", "5−3", "2026-11-28", "3.5", "1,000", "1"],
        ),
        (
            "e-mail well-known -x −x –x .NET ...5 #1 C++ --5 $-5",
            ["e-mail", "well-known", "x", "x", "x", "NET", "5", "1", "C", "-5", "-5"],
        ),
        ("($–5) [–5] (–5) …", ["5", "5", "5"]),
        ("Fill the ____ in: __init__ _ - ( ) ?!", ["Fill", "the", "in", "init"]),
        ("cafe\u0301, पानी। 光合作用 m² ½", ["cafe\u0301", "पानी", "光合作用", "m²", "½"]),
        ("", []),
        (" \n\t ", []),
    ],
)
def test_candidate_words_of_examples(text: str, words: list[str]) -> None:
    assert texts(text) == words


def test_markers_are_those_of_the_labels() -> None:
    assert texts("see (1) x (A) y", ("1", "2")) == ["see", "x", "A", "y"]


@given(st.one_of(ODD, TYPED))
def test_candidate_words_are_cut_out_of_the_text(text: str) -> None:
    words = candidate_words(text, LABELS)
    for word in words:
        assert word.text == text[word.start : word.end]
        assert any(map(str.isalnum, word.text))
        assert not re.search(r"\s", word.text)
    starts_and_ends = [place for word in words for place in (word.start, word.end)]
    assert starts_and_ends == sorted(starts_and_ends)


@given(st.one_of(ODD, TYPED))
def test_every_letter_and_digit_lies_in_a_candidate_word_or_a_marker(text: str) -> None:
    covered = {place for word in candidate_words(text, LABELS) for place in range(word.start, word.end)}
    for match in re.finditer(r"\S+", text):
        if half_width(match.group()) in {f"({label})" for label in LABELS}:
            assert covered.isdisjoint(range(*match.span()))
            continue
        for place in range(*match.span()):
            assert place in covered or not text[place].isalnum() or in_marker(text, place)
            if unicodedata.category(text[place]).startswith("M") and place > match.start():
                assert (place in covered) >= (place - 1 in covered)


def in_marker(text: str, place: int) -> bool:
    """Whether the character is the label of a marker, such as "(A)" next to text in a script without spaces."""
    return half_width(text[place - 1 : place + 2]) in {f"({label})" for label in LABELS}


def assert_located(reading: Reading, question: Question) -> None:
    start, end = reading.question
    words = candidate_words(question.render(), question.labels)
    positions = locate(reading, words)
    tokens = [token for own in positions.values() for token in own]
    assert len(tokens) == len(set(tokens)), "a token belongs to one word"
    assert all(reading.prefix <= token < len(reading.ids) for token in tokens)
    for word, own in positions.items():
        assert own
        for token in own:
            left, right = reading.spans[token]
            assert left < start + word.end and right > start + word.start, "a token of a word overlaps it"
            assert left < end and right > start, "a token of a word lies in the question"
    taken = set(tokens)
    for word in words:
        overlapping = [
            token for token, (left, right) in enumerate(reading.spans) if left < start + word.end and right > start + word.start
        ]
        assert taken.issuperset(overlapping), "every token of a word belongs to a word"


@pytest.mark.parametrize("name", ["llama", "gpt2", *zoo.TRAINED])
@settings(max_examples=40, deadline=None)
@given(text=st.one_of(ODD, TYPED), choice=TYPED)
def test_tokens_of_words_lie_in_the_question(name: str, text: str, choice: str) -> None:
    question = Question("q", f"x {text} y", (Choice("A", f"x {choice} y"), Choice("B", "z")), "A")
    model = model_of(name)
    if any(token in question.render() for token in model.tokenizer.all_special_tokens):
        return
    assert_located(model.read(reading_chat(question, OURS), question.labels), question)


@pytest.mark.parametrize("name", zoo.ZOO)
def test_tokens_of_words_spell_them(name: str) -> None:
    model = model_of(name)
    for question in zoo.QUESTIONS:
        reading = model.read(reading_chat(question, OURS), question.labels)
        assert_located(reading, question)
        positions = locate(reading, candidate_words(question.render(), question.labels))
        for word, own in positions.items():
            assert word.text in reading.text[reading.spans[own[0]][0] : reading.spans[own[-1]][1]]
            assert word.text in str(model.tokenizer.decode([reading.ids[token] for token in own]))


def test_token_over_two_words_belongs_to_the_first() -> None:
    words = candidate_words("ab cd ef", ())
    spans = ((0, 1), (1, 6), (6, 9), (9, 10))
    reading = Reading((0, 1, 2, 3), {}, "Xab cd ef)", spans, (1, 9), 1)
    assert {word.text: own for word, own in locate(reading, words).items()} == {"ab": (1,), "ef": (2,)}


@pytest.mark.parametrize(
    ("text", "keywords"),
    [
        ('"dry", "palms" and "heat"', ["dry", "palms", "heat"]),
        ("“dry palms”, “heat”.", ["dry palms", "heat"]),
        ("dry, palms, and heat.", ["dry", "palms", "heat"]),
        ("1. Friction\n2. Heat\n3) friction\n- skin", ["Friction", "Heat", "skin"]),
        (" 'warm'; (hands): rub, , ...", ["warm", "hands): rub"]),
        ("sand and band", ["sand", "band"]),
        ('.5, "-.5", “.warm”, (−$5.)', ["-.5", "warm"]),
        (".5, (-.5), .warm, (−$5.).", [".5", "-.5", "warm", "−$5"]),
        ("... !!", []),
        ("", []),
    ],
)
def test_parse_keywords_of_examples(text: str, keywords: list[str]) -> None:
    assert parse_keywords(text) == keywords


@given(st.lists(st.from_regex(r"[A-Za-z]{3,9}", fullmatch=True).filter(lambda word: word.lower() != "and"), max_size=7))
def test_parse_keywords_reads_what_the_instruction_asks_for(words: list[str]) -> None:
    kept = list({word.lower(): word for word in reversed(words)}.values())
    listed = ", ".join(f'"{word}"' for word in words[:-1]) + f', and "{words[-1]}"' if words else ""
    plain = "\n".join(f"{number}. {word}" for number, word in enumerate(words, 1))
    for written in (listed, plain, ", ".join(words)):
        assert sorted(map(str.lower, parse_keywords(written))) == sorted(map(str.lower, kept))


@given(st.one_of(ODD, TYPED))
def test_parse_keywords_gives_distinct_single_lines(text: str) -> None:
    words = parse_keywords(text)
    assert len({word.lower() for word in words}) == len(words)
    for word in words:
        assert word in " ".join(text.split()) and word == " ".join(word.split()) and any(map(str.isalnum, word))


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("Rub.\nIt warms. Therefore, the answer is (A)", "Rub. It warms."),
        ("One, two, three, therefore the answer is (B).", "One, two, three"),
        ("So the answer is (C)", ""),
        ("It is so. The answer is unclear.", "It is so. The answer is unclear."),
        ("  a \t b  ", "a b"),
        ("", ""),
    ],
)
def test_without_conclusion_of_examples(text: str, steps: str) -> None:
    assert without_conclusion(text) == steps


@given(st.one_of(ODD, TYPED))
def test_without_conclusion_is_one_line_and_settled(text: str) -> None:
    line = without_conclusion(text)
    assert line == " ".join(line.split())
    assert without_conclusion(line) == line
    assert without_conclusion(f"{line}, therefore the answer is (A)") == line


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("nothing, note", "no", False),
        ("nothing, No", "no", True),
        ("the dry palms rub", "Dry palms", True),
        ("because -1 is low", "1", False),
        ("because −1 is low", "-1", True),
        ("because 1 is low", "1", True),
        ("a mean of 1.5", "1", False),
        ("a mean of 2.1", "1", False),
        ("It is 1.", "1", True),
        ("15, apples", "5", False),
        ("written in C++.", "C++", True),
        ("这是积极的评论", "积极", True),
        ("anything", "", False),
        ("anything ...", "...", False),
    ],
)
def test_words_are_found_as_whole_ones(text: str, words: str, found: bool):
    assert contains(text, words) == found
