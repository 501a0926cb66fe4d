"""Self-consistency: several replies to a question are sampled, and the label that most of them give is the answer.

Wang et al. 2023 (https://arxiv.org/abs/2203.11171). Their unweighted majority vote, which they found as good as votes weighted
by the probabilities of the replies (their table 1). Sampling draws from the 50 most probable tokens, as everywhere in this
package (they: 40, or all tokens).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..prompting.prompt import Prompt
from ..records import Cost, Response
from ..seeds import derive
from ..session import Session
from ..work.stage import within

Draw = Callable[[Session, Prompt, int], list[Response]]
"""One reply to each question, with the label that was read from it, by the prompt's decoding and a seed."""
RULE = "majority"


def voted(session: Session, prompt: Prompt, seed: int, replies: int, temperature: float, draw: Draw) -> list[Response]:
    """One response per question: the majority of ``replies`` that are drawn at a temperature.

    Each round of replies has its own seed, and its records are kept on their own, so that an interrupted vote continues.
    """
    sampling = replace(prompt, decoding=prompt.decoding.sampled(temperature))
    rounds: list[list[Response]] = []
    for number in range(replies):
        shown = replace(session, progress=within(session.progress, f"reply {number + 1} of {replies}"))
        rounds.append(draw(shown, sampling, derive(seed, "self-consistency", str(number))))
    return [majority(drawn) for drawn in zip(*rounds, strict=True)]


def majority(drawn: Sequence[Response]) -> Response:
    """The response that the replies to one question make together.

    Every reply from which a label was recovered, by whatever rule, has one vote. Of labels with equally many votes, the one
    that was voted for first wins. The text is the first reply that gives the winning label; without any vote it is
    the first reply, and the label is None.
    """
    votes = tuple(reply.label for reply in drawn)
    counts = Counter(vote for vote in votes if vote is not None)
    label = counts.most_common(1)[0][0] if counts else None  # equal counts stay in the order in which they were first met
    shown = drawn[votes.index(label)]
    cost = Cost(sum(reply.cost.forward_passes for reply in drawn), sum(reply.cost.seconds for reply in drawn))
    unparsed = sum(reply.unparsed > 0 for reply in drawn)
    rule = "none" if label is None else RULE
    return replace(shown, label=label, rule=rule, cost=cost, votes=votes, unparsed_votes=unparsed)
