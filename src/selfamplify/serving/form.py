"""The form at ``/``: a question, its answer, and on request the words that made the model give it. It has no script."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from markupsafe import Markup

from ..attribution.record import AnswerAttribution
from ..page.rendering import FILES, environment, named_by_hash
from ..page.words import Piece, shade
from ..prompting.chosen import keywords
from ..prompting.origins import described
from ..records import ScoredWords
from ..text.shading import shares
from .refusals import Refusal
from .service import Service
from .work import Answered

_TEMPLATES = Path(__file__).parent / "templates"
_K = 6
"""How many words are underlined where no number is known: as many as a rationale has by default."""
_HOW = {
    "constrained": "the reply names no answer, so the model was asked to continue it with one",
    "judge": "a model read the reply",
    "none": "no answer could be read",
}
"""How a label was read, where no rule of the package has read it."""


def fields(body: bytes) -> dict[str, str]:
    """The fields of a form as a browser sends them. Raises Refusal for anything else."""
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=10))
    except ValueError:
        raise Refusal(400, "The form can't be read; open the page again.") from None


@dataclass(frozen=True)
class Form:
    """Draws the form of a service; ``policy`` is its content security policy."""

    service: Service
    style: str = field(default_factory=lambda: "".join(file.read_text(encoding="utf-8") for file in _STYLES), repr=False)

    @property
    def policy(self) -> str:
        sources = f"default-src 'none'; style-src {named_by_hash(self.style)}"
        return f"{sources}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

    def empty(self) -> str:
        """The form with an example, which is the question of a shot."""
        return self._drawn(example(self.service))

    def refused(self, text: str, reason: str) -> str:
        """The form with a question, and why it is not answered."""
        return self._drawn(text, reason=reason)

    def answered(
        self, text: str, found: Answered | None, explained: AnswerAttribution | None = None, unexplained: str | None = None
    ) -> str:
        """The form with a question, its answer, and the words that led to it, or why they are not shown."""
        how = None if found is None or found.read is None else _HOW.get(found.read.rule, f"by the rule “{found.read.rule}”")
        pieces = None if explained is None else _pieces(explained)
        return self._drawn(text, found=found, how=how, pieces=pieces, explained=explained, unexplained=unexplained)

    def _drawn(self, text: str, **more: Any) -> str:
        prompt = self.service.prompt
        given = {"found": None, "how": None, "pieces": None, "explained": None, "unexplained": None, "reason": None} | more
        return (
            environment(_TEMPLATES)
            .get_template("form.html.jinja")
            .render(
                service=self.service,
                prompt=prompt,
                after=prompt and described(prompt),
                text=text,
                style=Markup(self.style),  # nosec B704 # our own
                **given,
            )
        )


_STYLES = (FILES / "style.css", _TEMPLATES / "form.css")


def example(service: Service) -> str:
    """A question that the server can answer: that of the first shot, if it is written as a new one is."""
    prompt = service.prompt
    if prompt is None:
        return "What do cats chase?"
    layout = prompt.layout
    if prompt.shots and (layout is None or layout.shots and (layout.choices or prompt.answer_style == "label")):
        return prompt.shown(prompt.shots[0].question)
    return {
        "letter": "What do cats chase? (A) mice (B) stones",
        "label": "A fine day.",
        "text": "What do cats chase?\n- mice\n- stones",
    }[prompt.answer_style]


def _pieces(explained: AnswerAttribution) -> list[Piece]:
    """The question as it was asked in pieces, its words shaded by their scores."""
    text = explained.messages[0].content
    words = ScoredWords("form", explained.explainer, explained.words, explained.scores, "logprob")
    chosen = {word.lower() for word in keywords(words, _K)}
    found, end = list[Piece](), 0
    for unit, share in zip(explained.units, shares(explained.scores), strict=True):
        named = unit.score > 0 and unit.text.lower() in chosen
        said = f"score {unit.score:+.3f}{', keyword' if named else ''}"
        found += [Piece(text[end : unit.start]), Piece(unit.text, shade(share), said, named)]
        end = unit.end
    return [piece for piece in (*found, Piece(text[end:])) if piece.text]
