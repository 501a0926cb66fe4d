"""Self-consistency: which label wins a vote, what is recorded of it, and that a vote is drawn by the seed and continues."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import right, scripted, shared, talker, task, wrong

from selfamplify import (
    Cost,
    Decoding,
    Encoded,
    Generation,
    InputOutput,
    Plan,
    Prompt,
    Response,
    Run,
    Sample,
    ScriptedModel,
    Session,
    Table,
    compare,
    comparison_table,
    evaluate,
    load_model,
)
from selfamplify.answering.consistency import majority
from selfamplify.answering.deciding import Deciding
from selfamplify.errors import DataError, RunError, SettingsError

TASK = task(6, 40)
LABELS = st.sampled_from(["A", "B", "C", None])


class Drawing(ScriptedModel):
    """Says something right for two thirds of the seeds, and else something wrong or without a label; notes how it was asked."""

    def __init__(self, fail_at: int | None = None):
        super().__init__(talker, "drawing")
        self.asked: list[tuple[Decoding, int]] = []
        self._fail_at = fail_at

    def generated(
        self, encoded: Sequence[Encoded], decoding: Decoding, seeds: Sequence[int]
    ) -> Iterator[tuple[int, Generation]]:
        for place, (each, seed) in enumerate(zip(encoded, seeds, strict=True)):
            if self._fail_at is not None and len(self.asked) >= self._fail_at:
                raise KeyboardInterrupt
            self.asked.append((decoding, seed))
            said = (right, right, right, right, wrong, lambda _: "")[seed % 6](each.chat)
            yield place, Generation(f"The answer is ({said})" if said else "Who knows?", 4, True)


def io_prompt() -> Prompt:
    return InputOutput().prompt(Session(scripted(talker)), TASK, Sample.of(TASK.train[:2], 0))


def reply(label: str | None, number: int = 0, rule: str = "states") -> Response:
    return Response("q", f"reply {number}", label, "none" if label is None else rule, Cost(1, 0.5))


@given(st.lists(LABELS, min_size=1, max_size=9))
def test_the_label_with_most_votes_wins_and_of_equals_the_first(labels: list[str | None]) -> None:
    found = majority([reply(label, number) for number, label in enumerate(labels)])
    given = [label for label in labels if label is not None]
    if not given:
        assert (found.label, found.rule, found.text) == (None, "none", "reply 0")
        return
    most = max(map(given.count, given))
    expected = next(label for label in labels if label is not None and given.count(label) == most)
    assert (found.label, found.rule, found.text) == (expected, "majority", f"reply {labels.index(expected)}")
    assert found.votes == tuple(labels)
    assert found.cost == Cost(len(labels), len(labels) / 2)


@given(st.lists(st.sampled_from(["states", "constrained", "none", "judge"]), min_size=1, max_size=7))
def test_votes_that_no_rule_read_are_counted(rules: list[str]) -> None:
    drawn = [reply(None if rule == "none" else "A", rule=rule) for rule in rules]
    unread = sum(rule in ("constrained", "none") for rule in rules)
    found = majority(drawn)
    assert found.unparsed_votes == unread and found.unparsed == pytest.approx(unread / len(rules))


def test_replies_are_sampled_at_the_temperature_and_vote() -> None:
    model = Drawing()
    result = evaluate(model, TASK, io_prompt(), self_consistency=9, temperature=0.5)
    assert len(model.asked) == 9 * len(TASK.test) == len(set(model.asked))  # every reply has a seed of its own
    assert {(each.do_sample, each.temperature, each.num_beams) for each, _ in model.asked} == {(True, 0.5, 1)}
    assert result.accuracy > 0.75  # about 2 of 3 replies are right
    for response in result.responses:
        assert response.label == Counter(vote for vote in response.votes if vote).most_common(1)[0][0]
        assert len(response.votes) == 9
    assert 0 < result.unparsed < 0.5
    other = evaluate(Drawing(), TASK, io_prompt(), self_consistency=9, temperature=0.5, seed=1)
    assert [each.votes for each in result.responses] != [each.votes for each in other.responses]


def test_the_same_seed_gives_the_same_votes_and_a_longer_vote_begins_like_a_shorter_one() -> None:
    short, again, long = (
        [r.votes for r in evaluate(Drawing(), TASK, io_prompt(), self_consistency=count).responses] for count in (3, 3, 5)
    )
    assert short == again == [votes[:3] for votes in long]


def test_votes_are_in_the_run_folder_and_an_interrupted_vote_continues(tmp_path: Path) -> None:
    vote: dict[str, Any] = {"self_consistency": 3, "temperature": 1.5, "io": True}
    whole = Drawing()
    evaluate(whole, TASK, io_prompt(), out=tmp_path / "whole", **vote)
    stopped, continued = Drawing(fail_at=97), Drawing()
    with pytest.raises(KeyboardInterrupt):
        evaluate(stopped, TASK, io_prompt(), out=tmp_path / "cut", **vote)
    evaluate(continued, TASK, io_prompt(), out=tmp_path / "cut", **vote)
    assert set(stopped.asked) | set(continued.asked) == set(whole.asked)
    assert len(continued.asked) <= len(whole.asked) - 2 * len(TASK.test)  # two rounds were complete
    files = [(tmp_path / name / "responses.jsonl").read_bytes() for name in ("whole", "cut")]
    assert files[0] == files[1]
    lines = [json.loads(line) for line in files[0].splitlines()]
    assert all(len(line["votes"]) == 3 and line["unparsed_votes"] >= line["votes"].count(None) for line in lines)
    assert [each.votes for each in Run(tmp_path / "cut").responses()] == [tuple(line["votes"]) for line in lines]
    with pytest.raises(RunError, match="self_consistency=3` then, `self_consistency=5` now"):
        vote["self_consistency"] = 5
        evaluate(Drawing(), TASK, io_prompt(), out=tmp_path / "cut", **vote)


def test_compare_lets_replies_vote_and_its_table_says_so(tmp_path: Path) -> None:
    table = compare(Drawing(), TASK, Plan(("io",), ("random",), shots=2), tmp_path, self_consistency=3)
    assert (table.settings["self_consistency"], table.settings["temperature"]) == (3, 0.7)
    assert "majority of 3 replies" in str(comparison_table(Table.load(tmp_path)).title)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"self_consistency": 5, "decide": "likelihood"}, '`decide="generate"`'),
        ({"self_consistency": 0}, "`self_consistency=5`"),
        ({"temperature": 0.5}, "add `self_consistency=5`"),
        ({"self_consistency": 5, "temperature": 0.0}, "`temperature=0.7`"),
        ({"self_consistency": 5, "temperature": 1e-9}, "at least 1e-05"),
        ({"self_consistency": 5, "temperature": float("nan")}, "`temperature=0.7`"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Deciding(**given)
    assert said in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("temperature", [0.0, -1.0, 1e-320, float("inf")])
def test_a_decoding_has_a_temperature_that_can_be_computed_with(temperature: float) -> None:
    with pytest.raises(DataError, match="`temperature=0.7`"):
        Decoding(temperature=temperature)


def test_a_low_temperature_writes_what_is_most_probable() -> None:
    model = load_model(shared("models", "stories260K"))
    chats = [InputOutput().prompt(Session(model), TASK, Sample.of((), 0)).chat(TASK.test[0])]
    greedy, *drawn = (
        model.generate(chats, decoding, [3])[0].text
        for decoding in (Decoding(8), Decoding(8).sampled(1e-4), Decoding(8).sampled(4.0))
    )
    assert drawn[0] == greedy != drawn[1]
