"""Step 3, prompt design (section 3.4): the preprompt and the shots (x, r, y)."""

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any
from warnings import warn

from pydantic import TypeAdapter

from ..arguments import check_whole
from ..errors import SelfAmplifyWarning
from ..records import (
    AnswerStyle,
    Chat,
    Decoding,
    Edit,
    Evidence,
    Imported,
    Layout,
    Provenance,
    Question,
    QuickCheck,
    Shot,
)
from ..records.shown import html_repr
from ..text.files import write_whole
from ..text.lines import counted
from ..text.replies import with_prefill
from .demonstrations import Demonstrations
from .edited import Edited, edited
from .prompt_file import document, file_of, read
from .texts import Texts


@dataclass(frozen=True, repr=False)
class Prompt:
    """A finished few-shot prompt: everything needed to ask a new question, with this package or any other tool.

    Parameters
    ----------
    method : str
        The row of the paper's tables it belongs to (``"self_amplify"``, ``"io"``, ``"auto_cot"``, …).
    instruction : str
        Opens the first user turn, since some chat templates do not take a system role.
    shots : tuple of Shot
        The demonstrations, in the order in which they are shown.
    label_map : dict
        For each answer letter its name in the user's own label space.
    decoding : Decoding
        How replies are generated; by default greedily, 300 tokens at most.
    prefill : str
        The start of every reply; by default empty.
    provenance : Provenance, optional
        How the prompt came about; None for a prompt made by hand.
    answer_style : {"letter", "label", "text"}
        How questions offer their choices, and how answers are written; by default by letters.
    system : str
        A system turn before everything else; by default none.
    similar_last : bool
        Whether each question is asked with the shots in the order of their similarity to it, the most similar one last; by
        default they stay in their order. Similarity is the share of common words among all words of both (Jaccard).
    evidence : Evidence, optional
        How well the prompt did where ``tune`` chose it; else None.
    check : QuickCheck, optional
        How it did on a few training questions when ``build`` had finished it; None if that was not tried.
    layout : Layout, optional
        How an imported prompt writes its questions; None, the default, for the answer style's own way.
    imported : Imported, optional
        Where the prompt was imported from; None if it was not.
    edits : tuple of Edit
        How it was changed by hand; by default not at all.
    """

    method: str
    instruction: str
    shots: tuple[Shot, ...]
    label_map: dict[str, str]
    decoding: Decoding = Decoding()
    prefill: str = ""
    provenance: Provenance | None = None
    answer_style: AnswerStyle = "letter"
    system: str = ""
    similar_last: bool = False
    evidence: Evidence | None = None
    check: QuickCheck | None = None
    layout: Layout | None = None
    imported: Imported | None = None
    edits: tuple[Edit, ...] = ()

    _repr_html_ = html_repr

    def __repr__(self) -> str:
        explainer = f" with {self.provenance.explainer}" if self.provenance and self.provenance.explainer else ""
        task = f" for {self.provenance.task}" if self.provenance else ""
        return f"Prompt({self.method}{explainer}{task}: {counted(len(self.shots), 'shot')})"

    @property
    def named(self) -> tuple[str, ...]:
        """The answers that an instruction names, as they are written; none where they differ from question to question."""
        if self.provenance:
            return self.provenance.labels
        names = {"letter": tuple(self.label_map), "label": tuple(self.label_map.values()), "text": ()}
        return names[self.answer_style]

    @cached_property
    def _shown(self) -> Demonstrations:
        """What a model is shown."""
        own = (self.instruction, self.shots, self.prefill, self.answer_style, self.system, self.similar_last, self.layout)
        return Demonstrations(*own)

    def shown(self, question: Question) -> str:
        """The text of a question with its choices, as this prompt shows them."""
        return self._shown.shown(question)

    def chat(self, question: Question | str) -> Chat:
        """The turns that ask a question after the shots.

        Parameters
        ----------
        question
            A record, or a text, with the choices in it unless the instruction names them.
        """
        return self._shown.chat(question)

    def messages(self, question: Question | str) -> list[dict[str, str]]:
        """The same as plain chat messages: ``[{"role": …, "content": …}, …]``, the last one being the user's question."""
        return [asdict(message) for message in self.chat(question).messages]

    def reply(self, text: str) -> str:
        """A whole reply: the prefill, and what the model wrote after it."""
        return with_prefill(self.prefill, text)

    def with_length(self, max_new_tokens: int | None) -> "Prompt":
        """The same prompt with another limit of the reply, in tokens; None leaves it."""
        if max_new_tokens is None:
            return self
        check_whole("max_new_tokens", max_new_tokens, 1, 300)
        return replace(self, decoding=replace(self.decoding, max_new_tokens=max_new_tokens))

    def with_shots(self, count: int) -> "Prompt":
        """The same prompt with its first ``count`` shots, without evidence and quick check, which are about all of them.

        Its provenance records how many were dropped.
        """
        dropped = len(self.shots) - count
        if dropped <= 0:
            return self
        made = self.provenance and replace(self.provenance, dropped_shots=self.provenance.dropped_shots + dropped)
        return replace(self, shots=self.shots[:count], provenance=made, evidence=None, check=None)

    @property
    def context(self) -> list[dict[str, str]]:
        """The messages of the shots alone; empty for a zero-shot prompt."""
        return self._shown.context

    def digest(self) -> str:
        """SHA-256 of what a model is shown: the context, the instruction and the prefill."""
        return self._shown.digest()

    @property
    def texts(self) -> Texts:
        """The texts that may be edited; a choice is one if the turns show it."""
        return self._shown.texts

    def with_texts(self, texts: Texts, at: str = "") -> "Prompt":
        """The prompt with its texts edited by hand, which it records; itself if nothing differs.

        Parameters
        ----------
        texts : Texts
            Its texts, with changes. Shots may be left out or in another order; none can be added.
        at : str
            When they were edited, in UTC (ISO 8601); by default empty: it is not known.

        Returns
        -------
        Prompt
            Without evidence and quick check, which are about the prompt before. A shot with another question loses its
            explanation.

        Raises
        ------
        DataError
            If shots are added, or one is there twice, or if a shot has more or fewer choices than before.
        """
        found = edited(self._shown, texts)
        return self._edited(found, at) if found else self

    def _edited(self, found: Edited, at: str = "") -> "Prompt":
        """The prompt after an edit, with a record of it."""
        edit = Edit(parts=found.parts, before=found.before, at=at, lost_evidence=self.evidence is not None)
        after = found.after
        texts = {"instruction": after.instruction, "system": after.system, "prefill": after.prefill, "shots": after.shots}
        return replace(self, **texts, edits=(*self.edits, edit), evidence=None, check=None)

    def save(self, path: str | Path) -> Path:
        """Write prompt.json.

        Parameters
        ----------
        path
            A file whose name ends in .json, or a folder.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        RunError
            If the file can't be written.
        """
        file = file_of(path)
        write_whole(file, self.as_json())
        return file

    def as_json(self) -> str:
        """The contents of prompt.json."""
        return document(_ADAPTER.dump_python(self, mode="json"), self._shown)

    def export(self, to: str, out: str | Path, **options: Any) -> list[Path]:
        """Write the prompt as the files of another tool, such as ``"openai"``: see ``selfamplify.export``.

        That function is found by its name when it is called, since what exports prompts knows more than a prompt does.
        """
        package = __name__.partition(".")[0]
        return import_module(f"{package}.export.exporting").export(self, to, out, **options)

    @staticmethod
    def load(path: str | Path) -> "Prompt":
        """Read a prompt.json. A warning says if its texts were edited by hand, which the prompt then records.

        Parameters
        ----------
        path
            The file, or its folder.

        Raises
        ------
        DataError
            If the file is missing, damaged or of another version, if anything but its texts was changed by hand, or if
            ``messages`` and the texts that they are made of were edited in a way that does not fit together.
        """
        prompt, found = read(path, _ADAPTER.validate_python, lambda own: own._shown)
        if found is None:
            return prompt
        own = prompt._edited(found)
        warn(f"{file_of(path)} was {own.edits[-1]}.", SelfAmplifyWarning, stacklevel=2)
        return own


_ADAPTER = TypeAdapter(Prompt)
