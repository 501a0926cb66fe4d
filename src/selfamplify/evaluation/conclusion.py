"""What may be concluded from a difference, in a plain sentence."""

from collections.abc import Sequence

from ..text.lines import counted
from .difference import Difference
from .power import SMALL, Needed


def conclusion(first: str, second: str, found: Difference) -> str:
    """What may be said about two methods after their test.

    Parameters
    ----------
    first, second : str
        The names of the methods.
    found : Difference
        Of the first minus the second.

    Returns
    -------
    str
        One sentence if a difference is shown; otherwise also what could have been shown, and what it takes to show 2 points.
    """
    points = f"{100 * abs(found.estimate):.1f} points"
    turned = found if found.estimate >= 0 else found.turned()
    better = "better" if found.estimate >= 0 else "worse"
    within = f"95 % interval {100 * turned.low:.1f} to {100 * turned.high:.1f}"
    if found.verdict == "shown":
        return f"{first} is {better} than {second} by {points} ({within}; {_tested(found)})."
    if found.verdict == "doubtful":
        alone = f"({p_in_words(found.p)} alone)"
        return (
            f"{first} may be {better} than {second} by {points} ({within}), but that may be chance: {_tested(found)} {alone}."
        )
    within = f"{100 * found.estimate:+.1f} points, 95 % interval {100 * found.low:+.1f} to {100 * found.high:+.1f}"
    decides = f"; the test decides, with {p_in_words(found.p)}" if found.leaves_out_0 else ""
    return f"No difference between {first} and {second} was shown ({within}{decides}). {could_have_shown([found])}"


def could_have_shown(found: Sequence[Difference]) -> str:
    """What tests with the same questions, contexts and number of tests could have shown, and what it takes to show 2 points."""
    one = found[0]
    shots = counted(one.contexts, "context")
    tests = f" and {one.tests} tests" if one.tests > 1 else ""
    with_these = f"With {counted(one.questions, 'question')} in {shots}{tests}"
    sizes = sorted(each.detectable for each in found if each.detectable is not None)
    if not sizes:
        return f"{with_these}, no difference, however large, would probably have been shown; {_takes(found)}."
    least, most = f"{100 * sizes[0]:.1f}", f"{100 * sizes[-1]:.1f}"
    span = least if least == most else f"{least} to {most}"
    shown = f"{with_these}, only a difference of {span} points or more would probably have been shown"
    if len(sizes) < len(found):
        shown += ", and in some of the tests none, however large"
    elif sizes[-1] <= SMALL:
        return f"{shown}."
    return f"{shown}; {_takes(found)}."


def p_in_words(p: float) -> str:
    """A p as sentences show it."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _tested(found: Difference) -> str:
    corrected = f", corrected for {found.tests} tests" if found.tests > 1 else ""
    return f"{p_in_words(found.p_holm)}{corrected}"


def _takes(found: Sequence[Difference]) -> str:
    """What shows 2 points, in the test that needs the fewest answers and in the one that needs the most."""
    needed = [each.needed for each in found if each.needed is not None]
    if not needed:
        return "to show 2 points takes more than 1,000 contexts"
    by_answers = sorted(needed, key=lambda each: each.contexts * each.questions)
    least, most = by_answers[0], by_answers[-1]
    if len(needed) < len(found):
        return f"to show 2 points takes about {_in_words(least)}, and in some of the tests more than 1,000 contexts"
    if least.contexts != most.contexts:
        return f"to show 2 points takes about {_in_words(least)} to {_in_words(most)}"
    span = "" if _rounded(least.questions) == _rounded(most.questions) else f"{_rounded(least.questions):,} to "
    return f"to show 2 points takes about {span}{_in_words(most)}"


def _in_words(needed: Needed) -> str:
    questions = f"{_rounded(needed.questions):,} questions"
    return questions + (f" in each of {needed.contexts} contexts" if needed.contexts > 1 else "")


def _rounded(count: int) -> int:
    """To two significant digits, since more would pretend to be exact."""
    digits = max(len(str(count)) - 2, 0)
    return round(count, -digits)
