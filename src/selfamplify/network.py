"""Whether the Hugging Face hub can be reached. Without it, downloaded copies are used, and no time is lost on retries."""


def hub_answers() -> bool:
    """Whether the hub answers one short request within five seconds."""
    from huggingface_hub.constants import ENDPOINT  # heavy
    from huggingface_hub.utils import get_session

    try:
        get_session().head(ENDPOINT, timeout=5)
    except Exception:  # for any reason
        return False
    return True
