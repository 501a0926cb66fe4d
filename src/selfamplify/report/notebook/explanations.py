"""How a notebook shows an explanation on its own, without the text of its question."""

from markupsafe import Markup

from ...prompting.chosen import best_pair, keywords
from ...records import DecisiveWords, Explanation, NamedWords, ScoredPairs, ScoredWords, WrittenText
from ...text.shading import html_style, shares
from ..marks import proof_text, score_text
from .pieces import block, dim, grid, joined, paragraph, text
from .questions import KEYWORD, span

_K = 6
"""How many keywords are underlined where the number is not known: as many as a rationale has by default."""
_PAIRS = 6


def explanation(own: Explanation) -> Markup:
    """The explanation's words, coloured by score and with the keywords underlined, or its text."""
    match own:
        case WrittenText():
            return _block(own, paragraph(text(own.text)))
        case NamedWords():
            return _block(own, paragraph(joined((span(word, [KEYWORD], "") for word in own.words), ", ")))
        case DecisiveWords():
            return _decisive(own)
        case ScoredPairs():
            return _block(own, _words(own), _pairs(own), dim(_measures(own)))
        case ScoredWords():
            return _block(own, _words(own), dim(_measures(own)))


def _decisive(own: DecisiveWords) -> Markup:
    """The words, each with what replaces it, and both answers."""
    others = own.instead or ("",) * len(own.words)
    shown = (
        span(word, [KEYWORD], "") + text(f" → {other}" if other else "") for word, other in zip(own.words, others, strict=True)
    )
    how, change = ("with the others", "replacement") if own.instead else ("without them", "removal")
    changed = f"{how} {own.without} ({proof_text(own)})" if own.changes else f"no {change} changed that; these come closest"
    return _block(own, paragraph(joined(shown, ", ")), dim(f"the model answers {own.answer}; {changed}"))


def _block(own: Explanation, *parts: Markup) -> Markup:
    return block(own.explainer, f"question {own.question_id}", *parts)


def _words(own: ScoredWords | ScoredPairs) -> Markup:
    scores = own.shares if isinstance(own, ScoredPairs) else own.scores
    chosen = {word.lower() for word in keywords(own, _K)}
    styled = (
        span(word, [html_style(share), *([KEYWORD] if word.lower() in chosen else [])], score_text(own, place))
        for place, (word, share) in enumerate(zip(own.words, shares(scores), strict=True))
    )
    return paragraph(joined(styled, " "))


def _pairs(own: ScoredPairs) -> Markup:
    """The pairs of the highest scores, the one that a rationale names first."""
    best = best_pair(own)
    pairs = sorted(own.by_pair.items(), key=lambda pair: (pair[0] != best, -pair[1]))[:_PAIRS]
    errors = dict(zip(own.by_pair, own.pair_errors or (), strict=False))
    rows = [
        (text(f"{own.words[both[0]]} and {own.words[both[1]]}"), text(f"{together:+.4f}{_error(errors.get(both))}"))
        for both, together in pairs
    ]
    return grid(("words", f"together ({own.value})"), rows, 1)


def _error(error: float | None) -> str:
    return "" if error is None else f" ± {error:.4f}"


def _measures(own: ScoredWords | ScoredPairs) -> str:
    gap = "" if own.completeness_gap is None else f", completeness gap {own.completeness_gap:.2g}"
    instead = "" if own.baseline is None else f", absent words replaced by {own.baseline}"
    seconds = f", {own.cost.seconds:.2f} s" if own.cost.seconds else ""
    return f"blue for the answer, orange against it; {own.cost.forward_passes} forward passes{seconds}{gap}{instead}"
