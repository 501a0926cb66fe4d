"""How a reply is read outside of this package; the last part of reading.py."""

from typing import Any

from reading import Choice, Offered, read, through_last_line, with_prefill, without_thinking


def label(reply: str, row: dict[str, Any], settings: dict[str, Any]) -> str | None:
    """The label that a reply names, or None if no rule finds one.

    Parameters
    ----------
    reply : str
        What the model wrote.
    row : dict
        The question: its ``choices`` are a list of ``{"label": …, "text": …}``.
    settings : dict
        From settings.json: ``last_line``, ``prefill`` and ``answer_style`` are used.
    """
    said = without_thinking(reply).strip()
    if settings["prefill"]:  # some servers and models repeat it
        said = said.removeprefix(settings["prefill"].strip()).strip()
    whole = with_prefill(settings["prefill"], through_last_line(said, settings["last_line"]).strip())
    found = read(whole, Offered(tuple(Choice(**choice) for choice in row["choices"]), settings["answer_style"]))
    return found[0] if found else None
