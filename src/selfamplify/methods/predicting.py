"""f(x): what the model answers to training questions, without any shot (section 3.2)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from itertools import chain, islice

from ..errors import NotFiniteError
from ..models.context import fits
from ..models.model import AbstractLanguageModel
from ..models.nested import by_longest
from ..prompting.chats import reading_chat
from ..prompting.profiles import Profile
from ..records import Prediction, Question
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

    def identity(question: Question) -> list[object]:
        encoded = model.encode(reading_chat(question, profile.wording))
        return [question.id, model.fingerprint, encoded.digest, question.labels, *drawn, *by_longest(question.answers)]

    compute = partial(each_alone, partial(_predict, profile, seed), _failed)
    asked = session.stream(Stage("asking", Prediction, identity, compute, _BATCH), questions)
    predictions = _heeded(model, asked, len(questions))
    levelled = profile.levelled and all(question.answer_style == "label" for question in questions)
    return _levelled(predictions, questions) if levelled else predictions


def _failed(question: Question) -> Prediction:
    return Prediction(question.id, "", None, failed=True)


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
    profile: Profile, seed: int, model: AbstractLanguageModel, batch: Sequence[Question]
) -> Iterable[tuple[int, Prediction]]:
    places = [place for place, question in enumerate(batch) if may_be_asked(model, profile, question)]
    asked = [batch[place] for place in places]
    chats = [reading_chat(question, profile.wording) for question in asked]
    if profile.reading is None:
        tokens = model.next_token(chats, [question.answers for question in asked])
        read = [(each.text, q.label_of(each.label), each.log_probabilities) for q, each in zip(asked, tokens, strict=True)]
    else:
        seeds = [derive(seed, "ask", question.id) for question in asked]
        texts = [reply.text.rstrip(")") for reply in model.generate(chats, profile.reading, seeds)]
        read = [(text, text if text in q.labels else None, ()) for q, text in zip(asked, texts, strict=True)]
    known = dict(zip(places, read, strict=True))
    return (
        (place, _prediction(q, *known[place]) if place in known else Prediction(q.id, "", None, too_long=True))
        for place, q in enumerate(batch)
    )


def _prediction(question: Question, text: str, label: str | None, log_probabilities: tuple[float, ...]) -> Prediction:
    kept = log_probabilities if question.answer_style == "label" else ()
    return Prediction(question.id, text, label, log_probabilities=kept)


def may_be_asked(model: AbstractLanguageModel, profile: Profile, question: Question) -> bool:
    """Whether a question fits the model's context."""
    return fits(model, model.encode(reading_chat(question, profile.wording)), 1)
