"""How an answer is decided: by what the model writes, or by the likelihood of each answer."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from ..arguments import check_whole, is_above_0
from ..errors import SettingsError
from ..prompting.prompt import Prompt
from ..prompting.wording import Wording
from ..records.chats import COLDEST
from ..session import Session
from ..text.lines import argument
from .ending import Ending, ending_of

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
    self_consistency : int
        How many replies to each question are sampled and vote (``consistency.py``): by default 1, the prompt's own decoding.
    temperature : float, optional
        The temperature of these replies, by default 0.7.

    Raises
    ------
    SettingsError
        For an unknown way, for calibration of what is written, for votes where nothing is written, and for a temperature that
        is not above 0, or without votes.
    """

    decide: Decide = "generate"
    calibrate: Calibrate = "off"
    self_consistency: int = 1
    temperature: float | None = None

    def __post_init__(self) -> None:
        self._check_votes()
        if self.decide not in get_args(Decide):
            raise SettingsError(f'`decide={self.decide!r}` is invalid; use `decide="generate"` or `decide="likelihood"`.')
        if self.calibrate not in get_args(Calibrate):
            raise SettingsError(f"`calibrate={self.calibrate!r}` is invalid; use one of: {', '.join(get_args(Calibrate))}.")
        if self.calibrate != "off" and self.decide == "generate":
            raise SettingsError(
                f'`calibrate="{self.calibrate}"` corrects log-probabilities, but with `decide="generate"` answers are read '
                f'from what the model writes; add `decide="likelihood"`, or leave it out.'
            )

    def _check_votes(self) -> None:
        check_whole("self_consistency", self.self_consistency, 1, 5)
        if self.self_consistency > 1 and self.decide == "likelihood":
            raise SettingsError(
                f'`self_consistency={self.self_consistency}` lets sampled replies vote, but `decide="likelihood"` samples '
                f'none; use `decide="generate"`, or leave it out.'
            )
        if self.temperature is None:
            return
        if not (is_above_0(self.temperature) and self.temperature >= COLDEST):
            raise SettingsError(
                f"{argument('temperature', self.temperature)} is invalid; use a number of at least {COLDEST}, such as "
                f"`temperature=0.7`."
            )
        if self.self_consistency == 1:
            raise SettingsError(
                f"`temperature={self.temperature}` is only for replies that vote; add `self_consistency=5`, or leave it out."
            )

    @property
    def votes(self) -> bool:
        """Whether several replies vote."""
        return self.self_consistency > 1

    @property
    def likely(self) -> bool:
        """Whether likelihood decides."""
        return self.decide == "likelihood"

    def draws(self, prompt: Prompt, wording: Wording) -> bool:
        """Whether replies after a prompt are drawn, so that each seed has its own."""
        writes = not self.likely or ending_of(prompt, wording).start is None
        return self.votes or (writes and prompt.decoding.do_sample)

    def settings(self) -> dict[str, Any]:
        """What the record of a run says of it."""
        drawn = {"self_consistency": self.self_consistency, "temperature": self.sampling_temperature} if self.votes else {}
        return {"decide": self.decide, "calibrate": self.calibrate, **drawn}

    @property
    def sampling_temperature(self) -> float:
        """The temperature of replies that vote: the one given, or that of Wang et al. for GPT-3 (their section 3.1)."""
        return 0.7 if self.temperature is None else float(self.temperature)


GENERATE = Deciding()


def check_likelihood(session: Session, ending: Ending) -> None:
    """Raise SettingsError if the session's model can't decide the answers of such a prompt by likelihood, or a judge reads."""
    model = session.model
    if session.judge is not None:
        raise SettingsError(
            f"The judge {session.judge.name} reads replies, but by likelihood no reply is read; leave `judge` out, "
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
