"""f(x): what the model answers to training questions, without any shot (section 3.2)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import chain, islice
from typing import Any

from ..errors import NotFiniteError
from ..models.context import fits
from ..models.model import AbstractLanguageModel
from ..models.nested import by_longest
from ..prompting.chats import reading_chat
from ..prompting.profiles import Profile
from ..records import Asked, Prediction, Question
from ..seeds import derive
from ..session import Session
from ..text.lines import counted
from ..work.alone import each_alone
from ..work.stage import Stage
from .level import LEVEL, label_by_level, level_of

_BATCH = 32
"""Questions that are asked together: more would be asked in vain once enough qualify."""


def ask(session: Session, questions: Sequence[Question], seed: int) -> Iterator[Prediction]:
    """f(x) for every question, in batches as they are taken: read greedily, or sampled if the profile says so.

    Names of labels are compared relative to what each gets on average (``_levelled``), if the profile says so.
    """
    model, profile = session.model, session.profile
    drawn = [asdict(profile.reading), seed] if profile.reading else []

    def identity(each: Asked) -> list[object]:
        asked, compared = each.question, by_longest(each.question.answers)
        return [asked.id, model.fingerprint, each.encoded.digest, asked.labels, *drawn, *compared]

    compute = partial(each_alone, partial(_predict, profile, seed), _failed)
    asked = session.stream(Stage("asking", Prediction, identity, compute, _BATCH), _InTurn(model, profile, questions))
    predictions = _heeded(model, asked, len(questions))
    levelled = profile.levelled and all(question.answer_style == "label" for question in questions)
    return _levelled(predictions, questions) if levelled else predictions


@dataclass(frozen=True)
class _InTurn(Sequence[Asked]):
    """Questions that are encoded batch by batch, as they are looked up: most are not needed once enough qualify."""

    model: AbstractLanguageModel
    profile: Profile
    questions: Sequence[Question]

    def __len__(self) -> int:
        return len(self.questions)

    def __getitem__(self, places: Any) -> Any:
        if isinstance(places, slice):
            return [self[place] for place in range(*places.indices(len(self)))]
        question = self.questions[places]
        return Asked(question, self.model.encode(reading_chat(question, self.profile.wording)))


def _failed(each: Asked) -> Prediction:
    return Prediction(each.question.id, "", None, failed=True)


def _heeded(model: AbstractLanguageModel, predictions: Iterator[Prediction], total: int) -> Iterator[Prediction]:
    """The same predictions. Raises NotFiniteError if the first ones all failed: then the weights are to blame, and no text."""
    failed = 0
    for number, each in enumerate(predictions, 1):
        failed += each.failed
        if failed == number == min(_BATCH, total):
            raise NotFiniteError(
                f"{model.name} returned logits that are not numbers for {counted(failed, 'question')} in a row; load it in "
                f'another precision: `dtype="float32"`.'
            )
        yield each


def _levelled(predictions: Iterator[Prediction], questions: Sequence[Question]) -> Iterator[Prediction]:
    """Predictions by how much more probable a label is than on average over the first 50 questions.

    Otherwise "success" would mean "has the label that the model gives nearly all questions".
    """
    first = list(islice(predictions, LEVEL))
    level = level_of(first)
    for prediction, question in zip(chain(first, predictions), questions, strict=False):
        label = label_by_level(question, prediction, level)
        if label is None or label == prediction.label:
            yield prediction
        else:
            yield replace(prediction, text=question.written(label), label=label)


def _predict(
    profile: Profile, seed: int, model: AbstractLanguageModel, batch: Sequence[Asked]
) -> Iterable[tuple[int, Prediction]]:
    places = [place for place, each in enumerate(batch) if fits(model, each.encoded, 1)]
    asked, encoded = [batch[place].question for place in places], [batch[place].encoded for place in places]
    if profile.reading is None:
        tokens = model.next_token([each.chat for each in encoded], [question.answers for question in asked])
        read = [(each.text, q.label_of(each.label), each.log_probabilities) for q, each in zip(asked, tokens, strict=True)]
    else:
        seeds = [derive(seed, "ask", question.id) for question in asked]
        replies = dict(model.generated(encoded, profile.reading, seeds))
        texts = [replies[place].text.rstrip(")") for place in range(len(asked))]
        read = [(text, text if text in q.labels else None, ()) for q, text in zip(asked, texts, strict=True)]
    known = dict(zip(places, read, strict=True))
    return (
        (place, _prediction(q, *known[place]) if place in known else Prediction(q.id, "", None, too_long=True))
        for place, q in enumerate(each.question for each in batch)
    )


def _prediction(question: Question, text: str, label: str | None, log_probabilities: tuple[float, ...]) -> Prediction:
    kept = log_probabilities if question.answer_style == "label" else ()
    return Prediction(question.id, text, label, log_probabilities=kept)


def may_be_asked(model: AbstractLanguageModel, profile: Profile, question: Question) -> bool:
    """Whether a question fits the model's context."""
    return fits(model, model.encode(reading_chat(question, profile.wording)), 1)
