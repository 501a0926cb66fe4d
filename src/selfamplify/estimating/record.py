"""What a comparison will take: the parts of its work, and their sums."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """One part of a comparison, in whole.

    Parameters
    ----------
    what : str
        Such as ``"answering with kernel_shap"``.
    items : int
        How many questions are asked, explained or answered.
    groups : int
        The least number of batches: items after one prompt form a batch, whose shared beginning is computed once.
    read, written : int
        Tokens that the model reads, without shared beginnings, and that it writes.
    shared : int
        Tokens of the shared beginnings, over all groups.
    longest : int
        The longest reply that was measured, in tokens.
    seconds : float
        How long all of it takes.
    measured : int
        How many items were measured.
    window : int
        How many items the run computes together at most.
    """

    what: str
    items: int
    groups: int
    read: int
    written: int
    shared: int
    longest: int
    seconds: float
    measured: int
    window: int = 1


@dataclass(frozen=True)
class Estimate:
    """What a comparison will take.

    Parameters
    ----------
    machine : str
        Where it would run.
    works : tuple of Work
        Its parts.
    failed : dict
        The methods that can't be estimated, since a shot could not be explained, with the reasons.
    memory : float
        Bytes of memory, weights included, at most.
    disk : float
        Bytes of the run folder.
    measuring : float
        Seconds that the measurement took.
    fits : bool
        Whether that memory is there; True where this was not checked.
    """

    machine: str
    works: tuple[Work, ...]
    failed: dict[str, str]
    memory: float
    disk: float
    measuring: float
    fits: bool = True

    @property
    def seconds(self) -> float:
        return sum(each.seconds for each in self.works)

    @property
    def read(self) -> int:
        """All tokens that the model reads."""
        return sum(each.read + each.shared for each in self.works)

    @property
    def written(self) -> int:
        return sum(each.written for each in self.works)

    @property
    def uncertain(self) -> tuple[str, ...]:
        """The parts that were measured in smaller batches than they will be computed in, and so may take less time."""
        return tuple(each.what for each in self.works if each.measured < min(each.window, each.items // each.groups))
