"""What the replies of a server cost: the tokens that it counted, and what they cost at given prices."""

import re
from dataclasses import dataclass

from ..errors import SettingsError


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens of a server's replies, as the server counted them.

    Parameters
    ----------
    read : int
        Tokens of prompts; by default 0, as the others.
    written : int
        Tokens of replies.
    counted : int
        Replies that came with these numbers.
    uncounted : int
        Replies that came without them.
    """

    read: int = 0
    written: int = 0
    counted: int = 0
    uncounted: int = 0

    @property
    def tokens(self) -> int:
        """Tokens read and written."""
        return self.read + self.written

    def after(self, read: object, written: object) -> "Usage":
        """The usage after one more reply, which came with these numbers; any but integers count as none."""
        if isinstance(read, int) and isinstance(written, int):
            return Usage(self.read + read, self.written + written, self.counted + 1, self.uncounted)
        return Usage(self.read, self.written, self.counted, self.uncounted + 1)


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices in a currency of the user's own.

    Parameters
    ----------
    read, written : float
        The price of a million tokens of prompts, and of replies.
    """

    read: float
    written: float

    @staticmethod
    def of(text: str) -> "Prices":
        """The prices of a text such as ``0.15/0.60``. Raises SettingsError for any other text."""
        number = r"\s*(\d+(?:\.\d*)?|\.\d+)\s*"
        found = re.fullmatch(f"{number}/{number}", text)
        if found is None:
            raise SettingsError(
                f"`price={text!r}` is invalid; write the prices of a million tokens in and out, as in `price='0.15/0.60'`."
            )
        return Prices(float(found[1]), float(found[2]))

    def amount(self, usage: Usage) -> float:
        """What a usage costs."""
        return (usage.read * self.read + usage.written * self.written) / 1e6
