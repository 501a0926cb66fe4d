"""A server's refusal, explained: which error it is, and what to do about it."""

from collections.abc import Sequence

from ...errors import ContextError, ModelError
from ...text.lines import argument
from .connections import Refused


def explained(refusal: Refused, model: str, served: Sequence[str]) -> ModelError | ContextError:
    """A refusal as an error with its remedy; ``served`` are the names of the server's models, as far as they are known."""
    reason, status, url = refusal.reason.rstrip("."), refusal.status, refusal.url
    if status in (401, 403):
        return ModelError(
            f"{url} refuses the key, or the lack of one ({status}: {reason}); set SELFAMPLIFY_API_KEY to a key of this server."
        )
    if _too_long(status, reason):
        return ContextError(
            f"{url} rejects a prompt as too long ({status}: {reason}); use `drop_shots=True`, fewer shots, or a model "
            f"with a longer context."
        )
    if status == 404:
        remedy = choice_of(served) if served else f"{choice_of(served)}, or correct the address, which often ends in /v1"
        return ModelError(f"{url} serves no model '{model}' ({status}: {reason}); use {remedy}.")
    if status < 400:
        return ModelError(
            f"{url} can't be used ({status}: {reason}); give the address that it names, as in "
            f'`load_server("http://localhost:8000")`.'
        )
    return ModelError(f"{url} refuses a request for '{model}' ({status}: {reason}); see `selfamplify doctor --server URL`.")


def choice_of(served: Sequence[str]) -> str:
    """What to write in order to choose one of the models that a server lists."""
    return " or ".join(argument("model", name) for name in served or ("NAME",))


def _too_long(status: int, reason: str) -> bool:
    """Whether a request was refused because its prompt is longer than the model's context."""
    lower = reason.lower()
    about_length = "context" in lower and any(word in lower for word in ("length", "size", "window", "exceed"))
    return status == 413 or (status in (400, 422) and about_length)
