"""Why a request gets no answer: an HTTP status, and a reason for the client that sent it."""


class Refusal(Exception):
    """A request that is not answered.

    Parameters
    ----------
    status : int
        The HTTP status.
    message : str
        What was wrong, and what to send instead.
    parameter : str, optional
        The field of the request that is to blame; else None.
    code : str, optional
        OpenAI's name for the reason, such as ``"model_not_found"``; else None.
    wait : int
        After how many seconds another try may help; by default 0, no hint.
    """

    def __init__(self, status: int, message: str, parameter: str | None = None, code: str | None = None, wait: int = 0):
        super().__init__(message)
        self.status = status
        self.message = message
        self.parameter = parameter
        self.code = code
        self.wait = wait
