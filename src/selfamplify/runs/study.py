"""A study of faithfulness on one screen: answer, explain, remove words, read rationales alone, compare words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import combinations
from typing import Any

from ..errors import DataError
from ..evaluation.figures import MEASURES, Figure, corrected, figure, figures
from ..evaluation.measuring import Explained, Measured, Removal, measure
from ..evaluation.own_answers import OwnAnswers, Simulation, gives_away, own_answers
from ..evaluation.pair import Pair
from ..evaluation.plausibility import f1, overlap
from ..evaluation.pointing import keywords_of, pointed, rationale_of
from ..explain.explainer import AbstractExplainer
from ..explain.explaining import explain_each
from ..games.probabilities import DELETE
from ..records import Explanation, Question, ScoredWords
from ..session import Session
from ..tasks.task import Task
from ..text.lines import counted, sha256
from ..text.segments import segmenter
from ..work.stage import Stage
from .changes import settings_of
from .findings import Agreement, Faithfulness, Measures
from .run import run_settings

Pairs = dict[str, dict[str, list[Pair]]]
"""For each measure and explainer, the measurements of the questions on which it is defined."""


@dataclass(frozen=True)
class Study:
    """Who is asked, what, and how it is measured; ``found`` does it.

    Parameters
    ----------
    session : Session
        The model, how it is asked, and where finished work is kept.
    task : Task
        Its test questions are asked.
    explainers : tuple of AbstractExplainer
        With all settings filled in, each name once.
    removal : Removal
        How the effect of words is measured.
    seed : int
        Of all that is drawn at random.
    """

    session: Session
    task: Task
    explainers: tuple[AbstractExplainer, ...]
    removal: Removal
    seed: int

    def settings(self) -> dict[str, Any]:
        """What the results depend on."""
        marked = sha256(repr([question.planted for question in self.task.test]))
        return run_settings(self.session, self.task) | {
            "command": "faithfulness",
            "explainers": [each.name for each in self.explainers],
            "explainer_settings": {each.name: settings_of(each) for each in self.explainers},
            "removal": self.removal.way,
            "keywords": self.removal.keywords,
            "draws": self.removal.draws,
            "points": self.removal.points,
            "marked_words_sha256": marked,
            "seed": self.seed,
        }

    def found(self) -> Faithfulness:
        """Do all of it. Raises DataError if no question is answered with a label."""
        answers = own_answers(self.session, self.task)
        if answers.too_long == len(self.task.test):
            raise DataError(
                f"{counted(answers.too_long, 'question')} of {self.task.name} do not fit the context of "
                f"{self.session.model.name} ({self.session.model.context:,} tokens), and no others are asked; use shorter "
                "questions, or a model with a longer context."
            )
        if not answers.questions:
            raise DataError(
                f"{self.session.model.name} answered none of {counted(len(self.task.test), 'question')} of {self.task.name} "
                "with a label, so there is no answer to explain; use another model, or another answer style, such as "
                '`answer_style="text"`.'
            )
        explained, faults = self._explained(answers.questions)
        removed = self._removed(explained, answers.level)
        pairs = _collected(removed)
        for each in self.explainers:
            own = [(item.question, item.explanations[each.name]) for item in explained if each.name in item.explanations]
            pairs["simulatability"][each.name] = self._simulated(own, answers.level)
            pairs["plausibility"][each.name] = list(self._plausible(own))
        measured = figures(pairs)
        return Faithfulness(
            self.task.name,
            self.session.model.name,
            len(answers.questions),
            answers.right,
            tuple(self._measures(each.name, explained, faults[each.name], measured) for each in self.explainers),
            self._agreements(explained),
            tuple(self._notes(answers, explained, removed)),
            self.settings(),
        )

    def _explained(self, questions: Sequence[Question]) -> tuple[list[Explained], dict[str, list[str]]]:
        """The questions with their explanations; and for each explainer why it could not explain the others."""
        attempts = {each.name: explain_each(self.session, each, questions, self.seed) for each in self.explainers}
        made = [
            Explained(question, {name: why for name, own in attempts.items() if (why := own[place].explanation) is not None})
            for place, question in enumerate(questions)
        ]
        return made, {name: [each.fault for each in own if not each.explanation] for name, own in attempts.items()}

    def _removed(self, explained: Sequence[Explained], level: tuple[float, ...]) -> list[Measured]:
        """What removing words does to each answer."""
        model, wording = self.session.model, self.session.profile.wording

        def identity(item: Explained) -> list[Any]:
            said = {name: _content(each) for name, each in item.explanations.items()}
            text = item.question.render()
            asked = [item.question.id, text, segmenter(text), item.question.answer, item.question.attributed]
            return [*asked, model.fingerprint, repr(wording), asdict(self.removal), list(level), self.seed, said]

        compute = partial(measure, self.removal, wording, level, self.seed)
        return self.session.run(Stage("removing words", Measured, identity, compute), explained)

    def _simulated(self, own: Sequence[tuple[Question, Explanation]], level: tuple[float, ...]) -> list[Pair]:
        simulation = Simulation(self.session, level, self.removal.keywords, self.removal.draws, self.seed)
        return simulation.pairs([pair for pair in own if self._rationale(pair[1])])

    def _plausible(self, own: Sequence[tuple[Question, Explanation]]) -> Iterator[Pair]:
        """The words of each explanation and the marked words of its question: as many as are marked, if words are ranked."""
        stop_words = self.session.profile.wording.stop_words
        for question, explanation in own:
            known = keywords_of(question, stop_words)
            marked = {word.lower() for word in question.planted} & known.keys()
            if marked:
                shared = f1(pointed(explanation, question, stop_words).top(len(marked)), marked, len(known))
                yield Pair(shared.value, shared.chance)

    def _agreements(self, explained: Sequence[Explained]) -> tuple[Agreement, ...]:
        stop_words, k = self.session.profile.wording.stop_words, self.removal.keywords
        pairs: dict[tuple[str, str], list[Pair]] = {}
        for item in explained:
            count = len(keywords_of(item.question, stop_words))
            words = {name: pointed(each, item.question, stop_words).top(k) for name, each in item.explanations.items()}
            for first, second in combinations(words, 2):
                if words[first] and words[second]:
                    shared = overlap(words[first], words[second], count)
                    pairs.setdefault((first, second), []).append(Pair(shared.value, shared.chance))
        made = corrected([figure("agreement", f"{first} and {second}", own) for (first, second), own in pairs.items()])
        return tuple(Agreement(first, second, each) for (first, second), each in zip(pairs, made, strict=True))

    def _measures(
        self, name: str, explained: Sequence[Explained], faults: Sequence[str], measured: Sequence[Figure]
    ) -> Measures:
        own = [(item.question, item.explanations[name]) for item in explained if name in item.explanations]
        return Measures(
            name,
            pointed(own[0][1], own[0][0]).makes if own else "",
            tuple(each for each in measured if each.explainer == name),
            len(faults),
            faults[0] if faults else "",
            sum(gives_away(question, self._rationale(explanation)) for question, explanation in own),
        )

    def _rationale(self, explanation: Explanation) -> str:
        return rationale_of(explanation, self.removal.keywords, self.session.profile.wording.stop_words)

    def _notes(self, answers: OwnAnswers, explained: Sequence[Explained], removed: Sequence[Measured]) -> Iterator[str]:
        """What is missing from the figures, and what speaks against taking them at their word."""
        if answers.without_label:
            yield f"{counted(answers.without_label, 'question')} left out: the model's answer is not a label."
        if answers.too_long:
            yield f"{counted(answers.too_long, 'question')} left out: longer than the model's context."
        for name in ("", *(each.name for each in self.explainers)):
            faults = [each.faults[name] for each in removed if name in each.faults]
            if faults:
                yield f"{name or 'Removing words'}: {counted(len(faults), 'question')} not measured; the first: {faults[0]}"
        made = [each for item in explained for each in item.explanations.values() if isinstance(each, ScoredWords)]
        roles = {str(each.baseline): None for each in made if each.baseline and each.baseline.role}
        if roles:
            yield f"Explainers replaced words by {'; '.join(roles)}: their scores also measure what that tells the model."
        if self.removal.way != DELETE:
            yield (
                "Words were replaced, which favours explainers that replace words in the same way; "
                '`removal="delete"` favours none, since no explainer deletes words by default.'
            )


def _collected(removed: Sequence[Measured]) -> Pairs:
    """The pairs of all questions, by measure and explainer; every measure is there, in its order."""
    found: Pairs = {measure: {} for measure in MEASURES}
    for each in removed:
        for name, own in each.pairs.items():
            for along, pair in own.items():
                found[along].setdefault(name, []).append(pair)
    return found


def _content(explanation: Explanation) -> Mapping[str, Any]:
    """What an explanation says, without what it cost."""
    return {name: each for name, each in asdict(explanation).items() if name != "cost"}
