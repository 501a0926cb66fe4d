"""Text in scripts without spaces, and full-width marks: words, keywords, labels, choices, keys and the command line."""

import os
import re
import subprocess
import sys
import unicodedata
import warnings
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import Run, shared

from selfamplify import Choice, Prompt, Question, RandomWords, ScriptedModel, SelfAmplifyWarning, Session
from selfamplify.answering.recovery import recover
from selfamplify.explain.explaining import explain_all
from selfamplify.explain.self_topk import parse_keywords
from selfamplify.games.question import text_game
from selfamplify.games.values import Absent
from selfamplify.models.served.labels import label_in, label_of
from selfamplify.prompting.wordings import OURS
from selfamplify.tasks.questions.answers import Answered, AnswerKey
from selfamplify.tasks.questions.written import written
from selfamplify.text import segments
from selfamplify.text.keywords import keyword
from selfamplify.text.scripts import UNSPACED, half_width
from selfamplify.text.segments import segmenter, separated
from selfamplify.text.words import candidate_words
from selfamplify.work.stage import Item, Record, Stage
from selfamplify.work.store import AbstractStore

LABELS = ("A", "B", "C")
METAL = Question("q", "哪一种金属在室温下是液体？", (Choice("A", "铁"), Choice("B", "汞"), Choice("C", "金")), "B")
MIXED = st.text(
    st.sampled_from(
        "的是什么金属DNAcafé3５.,%％()（）ＡABC「」、。？！，： 　がカー゛ﾞｶไทยน้ำมีမြန္មာខ្មែរລາວ한국어\u0301\u200b\U00020000_-"
    ),
    max_size=40,
)


@pytest.fixture(params=["ICU", "characters"])
def divider(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each way to divide text: by the library, and without it."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "characters":
            without_library(patch)
        yield request.param
    segments._breaker.cache_clear()


def without_library(patch: pytest.MonkeyPatch) -> None:
    """As if icu4py were not installed, after its absence was reported."""
    for name in ("icu4py", "icu4py.breakers"):
        patch.setitem(sys.modules, name, None)
    segments._breaker.cache_clear()
    with pytest.warns(SelfAmplifyWarning, match="icu4py"):
        segmenter("字")


def texts(text: str, labels: tuple[str, ...] = LABELS) -> list[str]:
    return [word.text for word in candidate_words(text, labels)]


def former_words(text: str) -> list[tuple[str, int, int]]:
    """Words as they were found when white space alone separated them."""
    found: list[tuple[str, int, int]] = []
    for match in re.finditer(r"\S+", text):
        core = re.search(r"(?:[-+]?[$]?(?=\.?\d)(?:(?<!\.)\.)?)?[^\W_](?:.*[^\W_])?[%°]*", match.group())
        if core and match.group() not in {f"({label})" for label in LABELS}:
            start, end = match.start() + core.start(), match.start() + core.end()
            while end < match.end() and unicodedata.category(text[end]).startswith("M"):
                end += 1
            found.append((text[start:end], start, end))
    return found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("哪一种动物生活在南极洲？ (A) 企鹅", "哪 一种 动物 生活 在 南极 洲 企鹅"),
        ("DNA是什么", "DNA 是 什么"),
        ("iPhone的价格是5.5%，约21°C、50％", "iPhone 的 价格 是 5.5% 约 21°C 50％"),
        ("（A）铁（B）汞，Ａ (Ａ) 选(B)吗", "铁 汞 Ａ 选 吗"),
        ("他说“你好”吗…", "他 说 你好 吗"),
        ("富士山は日本で一番高い山ですか。", "富士山 は 日本 で 一番 高い 山 です か"),
        ("「コンピューター」、１，０００円", "コンピューター １，０００ 円"),
        ("ประเทศไทยมีกี่จังหวัด น้ำ", "ประเทศไทย มี กี่ จังหวัด น้ำ"),
        ("𠀀是字", "𠀀 是 字"),
    ],
)
def test_words_of_examples(text: str, words: str) -> None:
    assert texts(text) == words.split()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("DNA是什么？(A) 企鹅", "DNA 是 什 么 企 鹅"),
        ("がｶﾞか\u3099", "が ｶﾞ か\u3099"),
        ("น้ำที่", "น้ำ ที่"),
        ("ខ្មែរ မန္တ 3公斤", "ខ្មែ រ မ န္တ 3 公 斤"),
    ],
)
def test_characters_keep_their_marks_if_there_is_no_library(monkeypatch: pytest.MonkeyPatch, text: str, words: str) -> None:
    without_library(monkeypatch)
    assert texts(text) == words.split()
    segments._breaker.cache_clear()


def test_the_missing_library_is_reported_once(monkeypatch: pytest.MonkeyPatch) -> None:
    without_library(monkeypatch)
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        texts("什么")
    assert not shown
    segments._breaker.cache_clear()


@pytest.mark.usefixtures("divider")
@given(MIXED)
def test_words_are_separate_spans_without_white_space_or_marks(text: str) -> None:
    words = candidate_words(text, LABELS)
    places = [place for word in words for place in (word.start, word.end)]
    assert places == sorted(places)
    for word in words:
        assert word.text == text[word.start : word.end] and any(map(str.isalnum, word.text))
        assert not re.search(r"\s", separated(word.text))
        unspaced = {bool(re.match(f"[{UNSPACED}]", letter)) for letter in word.text if unicodedata.category(letter)[0] != "M"}
        assert len(unspaced) == 1, "a word is of one kind of script"
    covered = {place for word in words for place in range(word.start, word.end)}
    for place, letter in enumerate(text):
        assert place in covered or not letter.isalnum() or half_width(text[place - 1 : place + 2]) in {"(A)", "(B)", "(C)"}


@given(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=60).filter(lambda text: not re.search(f"[{UNSPACED}]", text))
)
def test_other_scripts_have_the_words_that_white_space_separates(text: str) -> None:
    if separated(text) == text == half_width(text):
        assert [(word.text, word.start, word.end) for word in candidate_words(text, LABELS)] == former_words(text)
        assert segmenter(text) is None


@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_ascii_has_the_words_that_white_space_separates(text: str) -> None:
    assert [(word.text, word.start, word.end) for word in candidate_words(text, LABELS)] == former_words(text)


@given(st.text(max_size=60))
def test_half_width_and_separated_keep_the_length(text: str) -> None:
    assert len(half_width(text)) == len(separated(text)) == len(text)


def test_unspaced_scripts_by_the_names_of_their_letters() -> None:
    names = re.compile(
        "CJK UNIFIED|CJK COMPATIBILITY IDEO|IDEOGRAPHIC (?!.*TONE)|HANGZHOU|HIRAGANA|KATAKANA|HALFWIDTH KATAKANA|HENTAIGANA"
        "|VERTICAL (KANA|IDEO)|MASU|COMBINING KATAKANA|(THAI|LAO|KHMER|MYANMAR) "
    )
    for letter in map(chr, (*range(0xD800), *range(0xF900, 0x10000), *range(0x1AFF0, 0x1B170), *range(0x20000, 0x20100))):
        if unicodedata.name(letter, ""):
            counts = unicodedata.category(letter)[0] in "LM" or unicodedata.category(letter) == "Nl"
            expected = bool(names.match(unicodedata.name(letter))) and counts
            assert bool(re.match(f"[{UNSPACED}]", letter)) == expected, unicodedata.name(letter)


@pytest.mark.parametrize("word", ["的", "是", "一种", "什么", "は", "です", "の", "ที่", "และ"])
def test_function_words_are_no_keywords(word: str) -> None:
    assert keyword(word) is None


@pytest.mark.parametrize("word", ["不", "没", "最", "ない", "ไม่", "金属", "山"])
def test_negations_and_content_words_are_keywords(word: str) -> None:
    assert keyword(word) == word


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("答案是（B）", ("B", "stated")),
        ("所以答案是Ｂ。", ("B", "stated")),
        ("正确答案：B，因为汞是液体", ("B", "stated")),
        ("答案是A因为", ("A", "stated")),
        ("答えは（Ｂ）です。", ("B", "stated")),
        ("答えはBです", ("B", "stated")),
        ("คำตอบคือ (B) เพราะ", ("B", "stated")),
        ("（Ｂ）汞", ("B", "leading")),
        ("Ｂ．汞", ("B", "leading")),
        ("我选择（C）吧", ("C", "stated")),
        ("不是（A），而是（B）", ("B", "parenthesised")),
        ("これは（A）ではなく（B）", ("B", "parenthesised")),
        ("答案不是（B）", None),
        ("答えは（B）ではない", None),
        ("答案是A型血", None),
        ("汞。", ("B", "chosen_text")),
        ("这是金属。", None),
    ],
)
def test_labels_in_full_width_replies(text: str, expected: tuple[str, str] | None) -> None:
    assert recover(text, METAL) == expected


def test_full_width_labels_are_labels() -> None:
    wide = Question("q", "哪个？", (Choice("Ａ", "铁"), Choice("Ｂ", "汞")), "Ｂ")
    assert recover("The answer is (B)", wide) == ("Ｂ", "stated")
    assert label_of("（Ｂ", LABELS) == "B" and label_of(" B", wide.labels) == "Ｂ"
    assert label_in("（Ｂ）", "The answer is (", LABELS) == "B" and label_in("B", "(", wide.labels) == "Ｂ"


@pytest.mark.parametrize(
    ("text", "keywords"),
    [
        ("关键词：金属、液体，室温。", ["金属", "液体", "室温"]),
        ("「金属」と「液体」", ["金属", "液体"]),
        ("1. 金属\n2. （液体）", ["金属", "液体"]),
    ],
)
def test_keywords_of_full_width_lists(text: str, keywords: list[str]) -> None:
    assert parse_keywords(text) == keywords


@pytest.mark.parametrize(
    "choices", ["（A）铁（B）汞（C）金", "(A)铁(B)汞(C)金", " (A) 铁 (B) 汞 (C) 金", "（Ａ）铁（Ｂ）汞（Ｃ）金"]
)
def test_choices_in_full_width_text(choices: str) -> None:
    found = written(f"哪一种金属？{choices}")
    assert found is not None
    assert found[0].strip() == "哪一种金属？" and found[1].texts == ("铁", "汞", "金") and found[1].labels == LABELS
    answers = ("Ｂ", "（Ｂ）", "（B）", "汞", "２")
    assert [AnswerKey(1).index(Answered("q.csv:1", answer, found[1])) for answer in answers] == [1] * 5


@pytest.mark.usefixtures("divider")
def test_words_are_masked_and_deleted_in_place() -> None:
    model = ScriptedModel(lambda chat: "B")
    gone: dict[Absent, str] = {"mask": "_", "delete": ""}
    for absent, shown in gone.items():
        game = text_game(model, METAL, OURS, "logprob", absent)
        present = np.ones(game.players, dtype=bool)
        assert game.asked(present).question == METAL.render()
        present[0] = False
        assert game.asked(present).question == METAL.render().replace("哪", shown, 1)


class Keys(AbstractStore):
    """Keeps the keys of records."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def keys(self, stage: Stage[Item, Record], items: Sequence[Item], start: int) -> list[Hashable]:
        self.seen += [stage.key(item) for item in items]
        return list(range(len(items)))

    def keep(self, stage: Stage[Item, Record], records: Mapping[Hashable, Record]) -> None:
        pass

    def find(self, stage: Stage[Item, Record], keys: Sequence[Hashable]) -> dict[Hashable, Record]:
        return {}


def test_explanations_are_kept_by_the_way_their_words_were_found(monkeypatch: pytest.MonkeyPatch) -> None:
    english = Question("e", "Which metal?", (Choice("A", "iron"), Choice("B", "gold")), "A")
    store = Keys()
    session = Session(ScriptedModel(lambda chat: "B"), store=store)
    explain_all(session, RandomWords(), [METAL, english], 0)
    without_library(monkeypatch)
    explain_all(session, RandomWords(), [METAL, english], 0)
    segments._breaker.cache_clear()
    first, same, second, again = store.seen
    assert first != second and same == again


def chinese(model: str) -> list[object]:
    return [
        "--task",
        "file",
        "--data",
        shared("cases", "k9_chinese.csv"),
        "--model",
        shared("models", model),
        "--samples",
        "40",
    ]


@pytest.mark.long
@pytest.mark.parametrize("model", ["stories260K", "cardputer-chat-3M"])
def test_keywords_of_a_chinese_task_are_words(run: Run, tmp_path: Path, model: str) -> None:
    code, out, err = run("explain", *chinese(model), "--explainer", "kernel_shap", "--keywords", "3")
    assert code == 0 and "│ 水果 │" in out and 'The 3 keywords "' in out and "note:" not in err
    build = ["build", *chinese(model), "--explainer", "kernel_shap", "--keywords", "3", "--select", "random", "--shots", "2"]
    code, _, _ = run(*build, "--out", tmp_path)
    assert code == 0
    for shot in Prompt.load(tmp_path).shots:
        named = re.findall('"([^"]+)"', shot.reply)
        assert len(named) == 3 and all(len(word) <= 3 and word in texts(shot.question.render()) for word in named)


def test_characters_are_keywords_and_a_note_says_why(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("icu4py", "icu4py.breakers"):
        monkeypatch.setitem(sys.modules, name, None)
    segments._breaker.cache_clear()
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        code, out, err = run("explain", *chinese("stories260K"), "--keywords", "3")
    segments._breaker.cache_clear()
    assert code == 0 and "│ 果 " in out
    assert err.count("note: icu4py is not installed") == 1 and "selfamplify[languages]" in err and "segments.py" not in err


@pytest.mark.long
def test_show_replaces_what_the_terminal_cannot_print(run: Run, tmp_path: Path) -> None:
    build = ["build", *chinese("stories260K"), "--method", "random", "--select", "random", "--shots", "1", "--out", tmp_path]
    code, _, _ = run(*(part for part in build if part not in ("--samples", "40")))
    assert code == 0
    shown = subprocess.run(
        [sys.executable, "-m", "selfamplify", "show", tmp_path],
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        capture_output=True,
    )
    assert shown.returncode == 0 and b"?? (A) ??" in shown.stdout and not shown.stderr
