"""Walls around every request: body limits, time for a body, headers of every answer."""

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.deps import ApiPolicy
from api.problems import ProblemCode, problem_response

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
"""On every answer that does not set its own (the docs page sets another policy)."""


class SecurityHeaders:
    """ASGI layer: adds ``SECURITY_HEADERS``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; put the headers on what comes back."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class BodyLimit:
    """ASGI layer: reads a body whole before the app sees it, within a size and a time.

    No route streams its body in, so reading it here costs nothing, and a slow or endless sender
    never holds a route.
    """

    def __init__(self, app: ASGIApp, *, policy: ApiPolicy) -> None:
        self._app = app
        self._max_bytes = policy.body_max_bytes
        self._max_s = policy.body_max_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body in one piece, or answer 413 or 408."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if "content-length" not in headers and "transfer-encoding" not in headers:
            await self._app(scope, receive, send)
            return
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:20]) > self._max_bytes:
            await problem_response(ProblemCode.BODY_TOO_LARGE)(scope, receive, send)
            return
        body: bytes | ProblemCode | None = ProblemCode.BODY_TIMEOUT
        with anyio.move_on_after(self._max_s):
            body = await self._read(receive)
        if body is None:
            return  # gone while sending
        if isinstance(body, ProblemCode):
            await problem_response(body)(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)

    async def _read(self, receive: Receive) -> bytes | ProblemCode | None:
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self._max_bytes:
                return ProblemCode.BODY_TOO_LARGE
            chunks.append(chunk)
            if not message.get("more_body", False):
                return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give the body once, then whatever the connection says (its end)."""
    waiting = [body]

    async def replay() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return replay
