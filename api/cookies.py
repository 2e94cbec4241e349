"""The session's cookie, and whether a request that brings it comes from our own pages.

``__Host-``: the browser takes it over TLS only (and from 127.0.0.1 and localhost), for this host
alone, and no other host can set it. ``SameSite=Strict`` is the first wall against requests that
other sites make; ``is_ours`` is the second.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

COOKIE = "__Host-parkguard"
_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Strict"

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Change nothing (RFC 9110, 9.2.1): taken from wherever the browser sends the cookie."""

_ASKED = frozenset({b"origin", b"host", b"sec-fetch-site"})

RawHeaders = Iterable[tuple[bytes, bytes]]


def cookie_line(plain: str, seconds: int) -> str:
    """``Set-Cookie`` of a session that lasts so long."""
    return f"{COOKIE}={plain}; {_ATTRIBUTES}; Max-Age={seconds}"


CLEARED = f"{COOKIE}=; {_ATTRIBUTES}; Max-Age=0"
"""``Set-Cookie`` that makes the browser forget it."""


def session_of(headers: RawHeaders) -> str | None:
    """The session in a request's cookies, None when there is none, or more than one."""
    found = [
        value
        for name, line in headers
        if name == b"cookie"
        for key, _, value in (
            pair.strip().partition("=") for pair in line.decode("latin-1").split(";")
        )
        if key == COOKIE
    ]
    return found[0] if len(found) == 1 else None


def is_ours(headers: RawHeaders) -> bool:
    """Whether a request says that one of our own pages made it (``Origin`` names our host).

    Browsers send ``Origin`` with every request that changes something. The scheme is not
    compared: behind a proxy that ends TLS we do not know ours, and the cookie is ``Secure``.
    """
    given = {name: value.decode("latin-1") for name, value in headers if name in _ASKED}
    if b"origin" not in given:
        return given.get(b"sec-fetch-site") == "same-origin"
    origin = urlsplit(given[b"origin"])
    return origin.scheme in {"http", "https"} and origin.netloc == given.get(b"host")
