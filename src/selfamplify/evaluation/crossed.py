"""The mean of a table of contexts x questions, both of which are random draws: its variance, interval and test.

Every method answers the same questions after the shots of several contexts, so that the answers are crossed: those to one
question have something in common, and so have those of one context. With the model

    y[c, q] = mean + a[c] + b[q] + e[c, q]

and the mean squares MC of contexts, MQ of questions and ME of the rest, the variance of the mean of all C x Q values is
estimated without bias by (MC + MQ - ME) / (C Q) (two-way random effects; Shrout & Fleiss 1979 use the same mean squares), and
its degrees of freedom by Satterthwaite 1946 (https://doi.org/10.2307/3002019). Readers x cases of diagnostic studies are the
same design; as there (Hillis 2007, Statistics in Medicine 26), MQ - ME counts as 0 if it is negative. Two things are ours,
and were chosen by simulation of the coverage, which docs/statistics.md shows: the sum counts as at least 3/4 of MQ, since MC
comes from few contexts and is small by chance now and then; and imagined questions are added (``ends``).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy  # loads scipy.stats, which takes a second, when it is first used
from jaxtyping import Float

Numbers = float | np.ndarray
"""One number, or one for each of several runs."""
OF_DIFFERENCES, OF_ACCURACIES = (-1.0, 1.0), (0.0, 0.0, 1.0, 1.0)
"""The ``ends`` of differences of right and wrong answers, and of the answers of one method."""
_LEAST = 0.75
"""The variance is at least so much of that of a t-test over the questions' means."""


@dataclass(frozen=True)
class Variances:
    """What single values vary by.

    Parameters
    ----------
    contexts, questions, rest : float
        The variances of a, b and e in the model above, none below 0.
    """

    contexts: float
    questions: float
    rest: float

    def of_mean(self, contexts: Numbers, questions: Numbers) -> tuple[Any, Any]:
        """The variance of a mean over so many contexts and questions, at least two of each, and its degrees of freedom."""
        by_context = self.rest + questions * self.contexts
        by_question = contexts * self.questions
        total = by_context + by_question
        df = total**2 / (by_context**2 / (contexts - 1) + by_question**2 / (questions - 1))
        return total / (contexts * questions), df


@dataclass(frozen=True)
class CrossedMean:
    """A mean over contexts and questions.

    Parameters
    ----------
    mean, standard_error : float or array
        The mean, and the square root of its estimated variance.
    df : float or array
        The degrees of freedom of that variance.
    contexts, questions, rest : float or array
        The variances that it consists of; see ``Variances``.
    """

    mean: Numbers
    standard_error: Numbers
    df: Numbers
    contexts: Numbers
    questions: Numbers
    rest: Numbers

    @property
    def variances(self) -> Variances:
        """What single values vary by, for one run."""
        return Variances(float(self.contexts), float(self.questions), float(self.rest))

    @property
    def interval(self) -> tuple[Any, Any]:
        """The ends of the two-sided 95 % interval."""
        half = scipy.stats.t.ppf(0.975, self.df) * self.standard_error
        return self.mean - half, self.mean + half

    @property
    def p(self) -> Any:
        """The two-sided p of the hypothesis that the mean is 0."""
        return 2 * scipy.stats.t.sf(np.abs(self.mean) / self.standard_error, self.df)


def crossed(values: Float[np.ndarray, "*runs context question"], ends: tuple[float, ...]) -> CrossedMean:
    """The mean of values over contexts and questions, with the variance of both.

    Parameters
    ----------
    values : array of shape (contexts, questions)
        At least two contexts. Axes before these are other runs, each with a mean of its own.
    ends : tuple of float
        The values of imagined questions that are added, as many at the lower end of the range of values as at the upper.
        Without them, methods that hardly ever differ would get intervals of no width (Agresti & Coull 1998,
        https://doi.org/10.1080/00031305.1998.10480550; for differences Bonett & Price 2012,
        https://doi.org/10.3102/1076998611411915). They are drawn together by the square root of the number of contexts, so
        that they weigh no more over all contexts than in one.

    Returns
    -------
    CrossedMean
        Of the values with ``ends``.
    """
    contexts = values.shape[-2]
    imagined = [np.mean(ends) + (end - np.mean(ends)) / np.sqrt(contexts) for end in ends]
    values = np.concatenate([values, np.broadcast_to(imagined, (*values.shape[:-1], len(ends)))], axis=-1)
    questions = values.shape[-1]
    mean, by_context, by_question = (np.mean(values, axes, keepdims=True) for axes in ((-2, -1), -1, -2))
    of_contexts = questions * np.var(by_context, axis=(-2, -1), ddof=1)
    of_questions = contexts * np.var(by_question, axis=(-2, -1), ddof=1)
    of_rest = np.sum((values - by_context - by_question + mean) ** 2, axis=(-2, -1)) / ((contexts - 1) * (questions - 1))
    only_questions = np.maximum(of_questions - of_rest, 0.0)
    total = np.maximum(of_contexts + only_questions, _LEAST * of_questions)
    spread = of_contexts**2 / (contexts - 1) + only_questions**2 / (questions - 1)
    df = total**2 / np.maximum(spread, total**2 / (max(contexts, questions) - 1))
    only_contexts = np.maximum(of_contexts - of_rest, 0.0)
    standard_error = np.sqrt(total / (contexts * questions))
    return CrossedMean(mean[..., 0, 0], standard_error, df, only_contexts / questions, only_questions / contexts, of_rest)
