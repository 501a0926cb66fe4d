"""What a wording is: every sentence that the method says to a model, as a template.

Templates are filled with ``str.format``; texts of data are only ever inserted, never used as templates.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ..text.stop_words import StopWords

Order = Literal["xry", "xyr"]
"""Whether a shot's rationale r comes before its answer y, as in the paper, or after it (Lampinen et al. 2022,
https://arxiv.org/abs/2204.02329, who find that explanations after the answer help large models)."""

APPENDED = "\nYour reply begins with the text between the marks; write only what follows it.\n<<<{prefill}>>>"
"""How a model whose server can't continue the start of a reply is asked to: in a text after the user's turn."""


@dataclass(frozen=True)
class Wording:
    """The sentences that are said to a model: instructions (preprompts) with their output examples, and the shots' replies.

    Each sentence is a template for ``str.format``. Its placeholders are ``{choices}`` ("(A), (B), (C) or (D)", or "negative or
    positive"), ``{preamble}`` and ``{example}`` (the sentences filled in before), ``{k}`` (the number of keywords),
    ``{keywords}`` and ``{words}`` (the quoted list), ``{p}`` (the number of steps), ``{steps}`` and ``{thought}`` (the text of
    the rationale), ``{think}``, ``{label}`` (the answer as it is written: its letter, its label's name or its text) and
    ``{other}`` (another answer, as ``choice`` writes it).

    Parameters
    ----------
    name : str
        What results call the wording.
    preamble : str
        Opens every instruction and says what the choices look like, or what is asked.
    ask_answer, ask_keywords, ask_steps, ask_thought, ask_decisive, ask_replaced, ask_pair : str
        The instructions: for the answer alone, or after keywords, steps, a chain of thought, words without which the answer
        would be another one, other words with which it would be, or a pair of words.
    answer : str
        The reply of a shot without a rationale.
    keywords, keyword : str
        The keyword rationale, with several keywords or a single one.
    steps : str
        The rationale in steps.
    think, thought : str
        The start of a chain of thought, and the whole rationale.
    decisive, misleading : str
        The rationale by the words without which the model's answer is another one: if it is right, or else becomes right.
        ``{instead}`` is ``gone``, or the words that replace them.
    gone : str
        What words that are removed would be.
    turned, shifted : str
        What these say of the answer without the words: that it is ``{answer}``, or, if it stays the same, that ``{answer}`` is
        less or more likely (``{degree}``).
    pair : str
        The rationale by two words that act together.
    topk_request, topk_reply : str
        How self_topk asks for keywords, and the start of the reply.
    explain_request, explain_reply : str
        How self_exp asks for an explanation, and the start of the reply.
    conclude, conclude_thought : str
        Continue a reply, or a chain of thought, up to its answer.
    read : str
        The start of the reply from which f(x) is read in step 1.
    choice : str
        An answer in the list of ``{choices}``.
    system : str
        A system turn before everything else; by default none.
    explain_begins : str
        The first words of self_exp's explanation, which are given; by default none.
    words_between, topk_between, steps_between : str
        What an output example shows between its first placeholders and the last, as in ``"word1", … and "word6"``: in the
        instruction for keywords, in self_topk's request, and in self_exp's. By default it shows all.
    stop_words : {"none", "authors", "default"}
        Which words are never written as keywords.
    """

    name: str
    preamble: str
    ask_answer: str
    ask_keywords: str
    ask_steps: str
    ask_thought: str
    ask_decisive: str
    ask_replaced: str
    ask_pair: str
    answer: str = "The answer is ({label})"
    keywords: str = "The {k} keywords {keywords} are important to predict that the answer is ({label})"
    keyword: str = "The keyword {keywords} is important to predict that the answer is ({label})"
    steps: str = "{p}-step rationale: {steps}, therefore the answer is ({label})"
    think: str = "Let's think step by step."
    thought: str = "{think} {thought} Therefore, the answer is ({label})"
    decisive: str = "If {words} were {instead}, {then}, therefore the answer is ({label})"
    misleading: str = "If {words}, which might suggest {other}, were {instead}, {then}, therefore the answer is ({label})"
    gone: str = "not there"
    turned: str = "the answer would be {answer}"
    shifted: str = "{answer} would be a {degree} likely answer"
    pair: str = "The words {words} together are important to predict that the answer is ({label})"
    topk_request: str = "Choose the right answer with the {k} most important keywords used to answer.\nExample: {example}"
    topk_reply: str = "The answer is ({label}), the {k} most important keywords to make the prediction are"
    explain_request: str = (
        "Choose the right answer and generate a concise {p}-step explanation, with only one sentence per step.\n"
        "Example: {example}"
    )
    explain_reply: str = "The answer is ({label}), {p}-step explanation:"
    conclude: str = ", therefore the answer is ("
    conclude_thought: str = " Therefore, the answer is ("
    read: str = "The answer is ("
    choice: str = "({label})"
    system: str = ""
    explain_begins: str = ""
    words_between: str = ""
    topk_between: str = ""
    steps_between: str = ""
    stop_words: StopWords = "default"

    def choices(self, labels: Sequence[str]) -> str:
        """The answers as an instruction lists them: ``(A), (B), (C) or (D)``."""
        shown = [self.choice.format(label=label) for label in labels]
        return " or ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)

    def opened(self, labels: Sequence[str]) -> str:
        """The preamble of an instruction."""
        return self.preamble.format(choices=self.choices(labels))

    def example_words(self, count: int) -> str:
        """The keywords of an instruction's output example."""
        words = placeholders("word", count)
        if not self.words_between or count < 3:
            return listed(words)
        return f'"{words[0]}", "{words[1]}"{self.words_between}"{words[-1]}"'

    def topk_example(self, label: str, count: int) -> str:
        """The reply that self_topk's request shows."""
        words = placeholders("word", count)
        shown = f'"{words[0]}"{self.topk_between}"{words[-1]}"' if self.topk_between and count > 1 else listed(words)
        return f"{self.topk_reply.format(label=label, k=count)} {shown}"

    def explain_example(self, label: str, count: int) -> str:
        """The reply that self_exp's request shows."""
        return f"{self.explain_reply.format(label=label, p=count)} {self.example_steps(count)}."

    def example_steps(self, count: int) -> str:
        """The steps of an output example."""
        steps = placeholders("step", count)
        if not self.steps_between or count < 3:
            return ", ".join(steps)
        return f"{steps[0]}, {steps[1]}{self.steps_between}{steps[-1]}"

    def answer_instruction(self, labels: Sequence[str]) -> str:
        """The instruction of standard (IO) prompting, which is also used to ask questions in step 1.

        Parameters
        ----------
        labels : sequence of str
            The answers that it names; the output example, if there is one, shows the first.

        Returns
        -------
        str
            The instruction.
        """
        example = self.answer.format(label=labels[0] if labels else "")
        return self.ask_answer.format(preamble=self.opened(labels), example=example)

    def rationale_last(self) -> "Wording":
        """The same with rationales after their answers (x, y, r), on a line of their own, so that a reply can end before."""
        return replace(
            self,
            name=f"{self.name}-xyr",
            ask_keywords="{preamble} Give the answer, and then {k} keywords that explain it.",
            ask_steps="{preamble} Give the answer, and then explain it in {p} short sentences.",
            keywords=f"{self.answer}\nThe {{k}} keywords {{keywords}} are important to predict this answer",
            keyword=f"{self.answer}\nThe keyword {{keywords}} is important to predict this answer",
            steps=f"{self.answer}\nExplanation: {{steps}}",
            ask_decisive="{preamble} Give the answer, and then say without which words it would be another one.",
            ask_replaced="{preamble} Give the answer, and then say with which other words it would be another one.",
            ask_pair="{preamble} Give the answer, and then two words that explain it together.",
            decisive=f"{self.answer}\nIf {{words}} were {{instead}}, {{then}}",
            misleading=f"{self.answer}\nIf {{words}}, which might suggest {{other}}, were {{instead}}, {{then}}",
            pair=f"{self.answer}\nThe words {{words}} together are important to predict this answer",
        )

    def instructed(self, instruction: str) -> "Wording":
        """The same with another preamble, such as a question of the user's own."""
        topk, explain = map(_opened, (self.topk_request, self.explain_request))
        preamble = instruction.strip().replace("{", "{{").replace("}", "}}")
        return replace(self, preamble=preamble, topk_request=topk, explain_request=explain)


def _opened(request: str) -> str:
    """A request that opens with the preamble."""
    return request if "{preamble}" in request else f"{{preamble}} {request}"


def listed(words: Sequence[str]) -> str:
    """The words in quotation marks, listed as in the paper's sentence: ``"a", "b", and "c"``, or ``"a" and "b"``."""
    quoted = [f'"{word}"' for word in words]
    if len(quoted) < 3:
        return " and ".join(quoted)
    return ", ".join([*quoted[:-1], f"and {quoted[-1]}"])


def placeholders(word: str, count: int) -> list[str]:
    """The placeholders ``word1``, ``word2``, …, which an output example shows in place of content."""
    return [f"{word}{number}" for number in range(1, count + 1)]


def without_example(template: str) -> str:
    """A template without the lines that show an example, for models that repeat it."""
    return "\n".join(line for line in template.split("\n") if "{example}" not in line)


def copies_placeholders(text: str) -> bool:
    """Whether a text holds a placeholder of an output example, such as ``step2`` or ``word3``."""
    return re.search(r"\b(?:key)?(?:word|step)\d+\b", text, flags=re.IGNORECASE) is not None


def without_conclusion(text: str) -> str:
    """The reasoning as one line, without a final "therefore the answer is …", which the rationale adds itself."""
    conclusion = r"[,;]?\s*\b(?:therefore|thus|hence|so),?\s+the answer is\b"
    return re.split(conclusion, " ".join(text.split()), maxsplit=1, flags=re.IGNORECASE)[0].strip()
