"""How a question x is put to a model on its own (section 3.2), and a response to a judge."""

from ..records import Chat, Message, Question
from .wording import Wording

_JUDGE_REQUEST = (
    "A model was asked a multiple choice question, where choices look like {choices}. Read its response and say which "
    "choice it gives as its answer.\nQuestion: {question}\nResponse: {response}"
)


def reading_chat(question: Question, wording: Wording) -> Chat:
    """The standard prompt, continued by "The answer is (": the next token is f(x)."""
    return request(wording.answer_instruction(question.labels), question, wording.read)


def request(instruction: str, question: Question, prefill: str = "") -> Chat:
    """One user turn: an instruction, then the question."""
    text = question.render()
    return Chat((Message("user", f"{instruction}\n{text}"),), prefill, text)


def judge_chat(question: Question, response: str) -> Chat:
    """What a judge model is asked: which choice a response gives (section 4.1 lets a model recover the labels)."""
    shown = ", ".join(f"({label})" for label in question.labels)
    content = _JUDGE_REQUEST.format(choices=shown, question=question.render(), response=response)
    return Chat((Message("user", content),), "The answer is (")
