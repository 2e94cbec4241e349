"""HTTP/1.1 connections whose request heads are bounded.

``httptools`` reads a head of any length: without a bound a stranger could fill our memory with one.
"""

from typing import Any

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_MAX_BYTES = 65_536
"""A longer head is refused: request line and headers. uvicorn's own bound with its other parser."""
TOO_LONG = "Request head too long."


class BoundedHttp(HttpToolsProtocol):
    """Closes a connection whose head goes on beyond the bound, by two reads at most."""

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - uvicorn's
        """Begin before the first head."""
        super().__init__(*arguments, **named)
        self._head_bytes = 0
        self._in_head = True

    @override
    def data_received(self, data: bytes) -> None:
        """Read on; refuse what is no request, or a head without end."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_MAX_BYTES and not self.transport.is_closing():
            self.logger.warning(TOO_LONG)
            self.send_400_response(TOO_LONG)

    @override
    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    @override
    def on_headers_complete(self) -> None:
        """The head was read."""
        self._in_head = False
        super().on_headers_complete()
