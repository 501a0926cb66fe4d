"""Questions that a model could not answer, since its logits were not numbers: they count as wrong, and a note says so."""

import warnings
from collections.abc import Sequence

from ..errors import NotFiniteError, SelfAmplifyWarning
from ..models.model import AbstractLanguageModel
from ..records import Asked, Cost, Response
from ..records.responses import FAILED
from ..text.lines import counted


def failed_response(asked: Asked) -> Response:
    """What stands for the response to a question that could not be answered."""
    return Response(asked.question.id, "", None, FAILED, Cost(1, 0.0))


def note_failed(model: AbstractLanguageModel, responses: Sequence[Response]) -> None:
    """Warn if some responses failed. Raises NotFiniteError if all did."""
    failed = sum(each.rule == FAILED for each in responses)
    if not failed:
        return
    message = (
        f"{model.name} returned logits that are not numbers for {failed} of {counted(len(responses), 'question')}, which "
        f'{"counts" if failed == 1 else "count"} as wrong; load it in another precision: `dtype="float32"`.'
    )
    if failed == len(responses):
        raise NotFiniteError(message)
    warnings.warn(message, SelfAmplifyWarning, stacklevel=3)
