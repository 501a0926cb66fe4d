"""What the replies of a server have cost so far, in words."""

from collections.abc import Callable
from dataclasses import dataclass

from ..records.usage import Prices, Usage


@dataclass(frozen=True)
class Spending:
    """What a command's work costs.

    Parameters
    ----------
    usage : callable
        Returns what was used so far; None if nothing is paid for, as on a model of this machine.
    prices : Prices, optional
        Prices of tokens; without them, the cost is a number of tokens.
    """

    usage: Callable[[], Usage | None]
    prices: Prices | None = None

    @property
    def so_far(self) -> float | None:
        """Tokens, or the amount that they cost; None if nothing was counted."""
        used = self.usage()
        if used is None or not used.counted:
            return None
        return self.prices.amount(used) if self.prices else float(used.tokens)

    def shown(self, spent: float, more: float) -> str:
        """What was spent, and what the rest will cost if that is known: ``4,700 tokens so far, about 7,800 more``."""
        first = f"cost {_amount(spent)}" if self.prices else f"{spent:,.0f} tokens"
        rest = _amount(more) if self.prices else f"{more:,.0f}"
        return f"{first} so far" + (f", about {rest} more" if more > 0 else "")

    def total(self) -> str:
        """What was used in all, in a sentence; empty if nothing is paid for, or nothing was counted and no price is known."""
        used = self.usage()
        if used is None or not (used.counted or (self.prices and used.uncounted)):
            return ""
        if not used.counted:
            return "The server reported no token counts, so the cost is unknown."
        priced = f", which cost {_amount(self.prices.amount(used))}" if self.prices else ""
        missing = (
            f" It reported none for {used.uncounted:,} other {'reply' if used.uncounted == 1 else 'replies'}."
            if used.uncounted
            else ""
        )
        return f"The server counted {used.read:,} tokens in and {used.written:,} out{priced}.{missing}"


def _amount(cost: float) -> str:
    """An amount of money, to four decimals below 1."""
    return f"{cost:,.2f}" if cost >= 1 else f"{cost:.4f}"
