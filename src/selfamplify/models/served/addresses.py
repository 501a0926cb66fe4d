"""The address of a server, as a user may write it."""

from urllib.parse import urlsplit

import httpx2

from ...errors import SettingsError


def base_url(url: str) -> str:
    """The address to which ``/chat/completions`` is appended; a bare host gets ``/v1``.

    Raises SettingsError for an invalid address, and for one that holds a key or a query.
    """
    remedy = 'use `load_server("http://localhost:8000")`'
    parts = urlsplit(url.strip() if "://" in url else f"http://{url.strip()}")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise SettingsError(
            f"A server's address must not hold a key or a query; {remedy}, and set SELFAMPLIFY_API_KEY to the key."
        )
    try:
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        httpx2.URL(url)
    except (ValueError, httpx2.InvalidURL):
        valid = False
    if not valid:
        raise SettingsError(f"'{url}' is not a server's address; {remedy}.")
    path = parts.path.rstrip("/").removesuffix("/chat/completions")
    return f"{parts.scheme}://{parts.netloc}{path or '/v1'}"
