"""Every sentence that the method says to a model, in one place: ours, and the paper's appendix A.3.

Templates are filled with ``str.format``; texts of data are only ever inserted, never used as templates.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Wording:
    """The sentences that are said to a model: instructions (preprompts) with their output examples, and the shots' replies.

    Each sentence is a template for ``str.format``. Its placeholders are ``{choices}`` ("(A), (B), (C) or (D)"), ``{preamble}``
    and ``{example}`` (the sentences filled in before), ``{k}`` (the number of keywords), ``{keywords}`` (the quoted list),
    ``{p}`` (the number of steps), ``{steps}`` and ``{thought}`` (the text of the rationale), ``{think}``, and ``{label}`` (the
    letter of the answer).

    Parameters
    ----------
    name : str
        What results call the wording.
    preamble : str
        Opens every instruction and says what the choices look like.
    ask_answer, ask_keywords, ask_steps, ask_thought : str
        The instructions: for the answer alone, or after keywords, steps or a chain of thought.
    answer : str
        The reply of a shot without a rationale.
    keywords, keyword : str
        The keyword rationale, with several keywords or a single one.
    steps : str
        The rationale in steps.
    think, thought : str
        The start of a chain of thought, and the whole rationale.
    topk_request, topk_reply : str
        How self_topk asks for keywords, and the start of the reply.
    explain_request, explain_reply : str
        How self_exp asks for an explanation, and the start of the reply.
    conclude, conclude_thought : str
        Continue a reply, or a chain of thought, up to the letter of its answer.
    read : str
        The start of the reply from which f(x) is read in step 1.
    """

    name: str
    preamble: str
    ask_answer: str
    ask_keywords: str
    ask_steps: str
    ask_thought: str
    answer: str = "The answer is ({label})"
    keywords: str = "The {k} keywords {keywords} are important to predict that the answer is ({label})"
    keyword: str = "The keyword {keywords} is important to predict that the answer is ({label})"
    steps: str = "{p}-step rationale: {steps}, therefore the answer is ({label})"
    think: str = "Let's think step by step."
    thought: str = "{think} {thought} Therefore, the answer is ({label})"
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

    def answer_instruction(self, labels: Sequence[str]) -> str:
        """The instruction of standard (IO) prompting, which is also used to ask questions in step 1.

        Parameters
        ----------
        labels : sequence of str
            The labels of the choices; the example shows the first.

        Returns
        -------
        str
            The instruction.
        """
        return self.ask_answer.format(
            preamble=self.preamble.format(choices=choices(labels)), example=self.answer.format(label=labels[0])
        )


OURS = Wording(
    name="default",
    preamble="You are presented with a multiple choice question, where choices will look like {choices}.",
    ask_answer="{preamble} Generate the right single answer.\nOutput example: {example}",
    ask_keywords=(
        "{preamble} Generate {k} keywords providing hints and generate the right single answer.\nOutput example: {example}"
    ),
    ask_steps=(
        "{preamble} Generate a concise {p}-step explanation, with only one sentence per step, and generate the right single "
        "answer.\nOutput example: {example}"
    ),
    ask_thought="{preamble} Think step by step and generate the right single answer.\nOutput example: {example}",
)

APPENDIX = Wording(
    name="paper",
    preamble="You are presented with multiple choice question, where choices will look like {choices},",
    ask_answer="{preamble} generate the right single answer\nOuput example: {example}",
    ask_keywords=(
        "{preamble} generate {k} keywords providing hints and generate the right single answer\nOuput example: {example}"
    ),
    ask_steps=(
        "{preamble} generate a concise {p}-step explanation, with only one sentence per step and generate the right single "
        "answer\nOuput example: {example}"
    ),
    ask_thought="{preamble} think step by step and generate the right single answer\nOuput example: {example}",
)


def listed(words: Sequence[str]) -> str:
    """The words in quotation marks, listed as in the paper's sentence: ``"a", "b", and "c"``."""
    quoted = [f'"{word}"' for word in words]
    return ", ".join([*quoted[:-1], f"and {quoted[-1]}"]) if len(quoted) > 1 else quoted[0]


def choices(labels: Sequence[str]) -> str:
    """The labels as an instruction lists them: ``(A), (B), (C) or (D)``."""
    shown = [f"({label})" for label in labels]
    return " or ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]


def placeholders(word: str, count: int) -> list[str]:
    """The placeholders ``word1``, ``word2``, …, which an output example shows in place of content."""
    return [f"{word}{number}" for number in range(1, count + 1)]


def without_example(template: str) -> str:
    """A template without the lines that show an example, for models that repeat it."""
    return "\n".join(line for line in template.split("\n") if "{example}" not in line)


def is_placeholder(text: str) -> bool:
    """Whether a text repeats the placeholders of an output example, such as ``step1, step2, step3``, and says nothing else."""
    rest = re.sub(r"\b(?:word|keyword|step)\s?\d+\b", "", text, flags=re.IGNORECASE)
    return rest != text and not re.search(r"\w", re.sub(r"\band\b", "", rest))


def without_conclusion(text: str) -> str:
    """The reasoning as one line, without a final "therefore the answer is …", which the rationale adds itself."""
    conclusion = r"[,;]?\s*\b(?:therefore|thus|hence|so),?\s+the answer is\b"
    return re.split(conclusion, " ".join(text.split()), maxsplit=1, flags=re.IGNORECASE)[0].strip()
