"""A small HTTP server in the test's own process."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from typing_extensions import override

LOOK_S = 0.02
"""How soon it notices that it is to end."""


class Quiet:
    """Mixed into a handler: it says nothing on stderr."""

    def log_message(self, _text: str, *_values: object) -> None:
        """Say nothing."""


class _Patient(ThreadingHTTPServer):
    """A server whose client may go away in the middle (a timeout)."""

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class HttpServing:
    """Serves on a free port of 127.0.0.1 while its block runs.

    Args:
        handler: Answers each request.

    Attributes:
        address: Where it is, without a path.
    """

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        self._server = _Patient(("127.0.0.1", 0), handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(LOOK_S,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
