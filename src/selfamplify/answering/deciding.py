"""How an answer is decided: by what the model writes, or by the likelihood of each answer."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from ..errors import SettingsError
from ..session import Session
from .ending import Ending

Decide = Literal["generate", "likelihood"]
"""``"generate"``: the model writes, and its label is read (the paper's way). ``"likelihood"``: the most probable label."""
Calibrate = Literal["off", "content_free", "batch"]
"""What log-probabilities are relative to: nothing, questions without content, or training questions (``batch.py``)."""


@dataclass(frozen=True)
class Deciding:
    """How answers are decided.

    Parameters
    ----------
    decide : {"generate", "likelihood"}
        By default what the model writes decides.
    calibrate : {"off", "content_free", "batch"}
        What log-probabilities are taken relative to: by default nothing.

    Raises
    ------
    SettingsError
        For an unknown way, and for calibration of what is written.
    """

    decide: Decide = "generate"
    calibrate: Calibrate = "off"

    def __post_init__(self) -> None:
        if self.decide not in get_args(Decide):
            raise SettingsError(f'`decide={self.decide!r}` is invalid; use `decide="generate"` or `decide="likelihood"`.')
        if self.calibrate not in get_args(Calibrate):
            raise SettingsError(f"`calibrate={self.calibrate!r}` is invalid; use one of: {', '.join(get_args(Calibrate))}.")
        if self.calibrate != "off" and self.decide == "generate":
            raise SettingsError(
                f'`calibrate="{self.calibrate}"` corrects log-probabilities, and these answers are read from what the model '
                f'writes; add `decide="likelihood"`, or leave it out.'
            )

    @property
    def likely(self) -> bool:
        """Whether likelihood decides."""
        return self.decide == "likelihood"

    def settings(self) -> dict[str, Any]:
        """What the record of a run says of it."""
        return {"decide": self.decide, "calibrate": self.calibrate}


GENERATE = Deciding()


def check_likelihood(session: Session, ending: Ending) -> None:
    """Raise SettingsError if the session's model can't decide the answers of such a prompt by likelihood, or a judge reads."""
    model = session.model
    if session.judge is not None:
        raise SettingsError(
            f"The judge {session.judge.name} reads what a model writes, and by likelihood nothing is read; leave `judge` out, "
            f'or use `decide="generate"`.'
        )
    if model.likelihoods == "none":
        raise SettingsError(
            f"{model.name} returns no log-probabilities of the next token after the start of a reply "
            f'(`selfamplify doctor --server URL` shows what a server supports); use `decide="generate"`, or another server.'
        )
    if ending.form != "letters" and model.likelihoods != "texts":
        raise SettingsError(
            f"The answers in this prompt are texts of several tokens, and {model.name} returns log-probabilities of the next "
            f'token only; use `decide="generate"`, a local model, or a prompt whose shots end in a label such as (A).'
        )
