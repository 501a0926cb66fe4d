"""How a notebook shows a shot, and a whole prompt."""

from dataclasses import replace

from markupsafe import Markup

from ...prompting.chosen import keywords
from ...prompting.origins import origins
from ...prompting.prompt import Prompt
from ...records import DecisiveWords, NamedWords, ScoredPairs, ScoredWords, Shot
from ...text.lines import counted
from .pieces import block, dim, folded, items, joined, paragraph, text
from .questions import marked

_OPEN = 2
"""How many shots of a prompt are shown at once; the reader opens the others."""


def shot(own: Shot) -> Markup:
    """A question with the words of its explanation marked, and the reply to it."""
    return block(own.question.id, "", _question(own), _reply(own))


def prompt(own: Prompt) -> Markup:
    """How a prompt was made, its instruction, its shots, and how well it did where it was chosen."""
    made = own.provenance
    by = f" with {made.explainer}" if made and made.explainer else ""
    about = [f"for {made.task}", f"by {made.model}", f"shots by {made.selection}", f"seed {made.seed}"] if made else []
    shots = [_shot(replace(each, question=replace(each.question, answer_style=own.answer_style))) for each in own.shots]
    rest = [folded(f"{counted(len(shots) - _OPEN, 'more shot')}", joined(shots[_OPEN:]))] if len(shots) > _OPEN else []
    turns = [paragraph(dim("system: ") + text(own.system))] if own.system else []
    turns += [paragraph(dim("instruction: ") + text(own.instruction)), *shots[:_OPEN], *rest]
    turns += [paragraph(dim("every reply begins: ") + text(own.prefill))] if own.prefill else []
    further = [*origins(own), *([own.evidence.conclusion] if own.evidence else [])]
    return block(f"{own.method}{by}", ", ".join([counted(len(own.shots), "shot"), *about]), *turns, items(further))


def _shot(own: Shot) -> Markup:
    ruled = Markup('<div style="border-left:3px solid rgba(128,128,128,0.5);padding-left:0.7em;margin:0.5em 0">{}{}</div>')
    return ruled.format(_question(own), _reply(own))


def _question(own: Shot) -> Markup:
    match own.explanation:
        case ScoredWords() | ScoredPairs() | DecisiveWords() | NamedWords() as found:
            return marked(own.question, found, _named(own, found))
        case _:
            return paragraph(text(own.question.render()))


def _named(own: Shot, found: ScoredWords | ScoredPairs | DecisiveWords | NamedWords) -> int:
    """How many keywords the reply names: they are the best ones, so that the count says which."""
    named, k = 0, 0
    while k < len(found.words):
        words = keywords(found, k + 1)
        if len(words) <= named or not all(f'"{word}"' in own.reply for word in words):
            break
        named, k = len(words), k + 1
    return k


def _reply(own: Shot) -> Markup:
    return paragraph(dim("reply: ") + text(own.reply))
