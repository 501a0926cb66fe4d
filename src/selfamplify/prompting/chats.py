"""How a question x is put to a model on its own (section 3.2), and a response to a judge."""

from dataclasses import replace

from ..records import Chat, Message, Question
from .wording import Wording

_JUDGE_REQUEST = (
    "A model was asked a multiple choice question, where choices look like {choices}. Read its response and say which "
    "choice it gives as its answer.\nQuestion: {question}\nResponse: {response}"
)


def reading_chat(question: Question, wording: Wording) -> Chat:
    """The standard prompt, continued by "The answer is (": what follows is f(x)."""
    return request(wording, wording.answer_instruction(question.named), question, wording.read)


def request(wording: Wording, instruction: str, question: Question, prefill: str = "") -> Chat:
    """One user turn, an instruction and then the question, after the system turn if the wording has one."""
    text = question.render()
    return Chat((*system_turn(wording.system), Message("user", f"{instruction}\n{text}")), prefill, text)


def system_turn(text: str) -> tuple[Message, ...]:
    """The system turn with a text; none without."""
    return (Message("system", text),) if text else ()


def judge_chat(question: Question, response: str) -> Chat:
    """What a judge model is asked: which choice a response gives (section 4.1 lets a model recover the labels)."""
    shown_by_letter = replace(question, answer_style="letter")
    shown = ", ".join(f"({label})" for label in question.labels)
    content = _JUDGE_REQUEST.format(choices=shown, question=shown_by_letter.render(), response=response)
    return Chat((Message("user", content),), "The answer is (")
