"""The outside that waits for a heartbeat, as a small HTTP server in the test."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from typing_extensions import override


class DeadMansSwitch:
    """Counts calls of its one secret address.

    Attributes:
        beats: How often it was called.
        strays: Calls of any other address.
    """

    PATH = "/ping/8c1f0d5e-6a1b-4f6e-9a55-2f7f0f0f3b61"

    def __init__(self) -> None:
        self.beats = self.strays = 0
        switch = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                known = self.path == switch.PATH
                switch.beats += known
                switch.strays += not known
                self.send_response(200 if known else 404)
                self.end_headers()

            @override
            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}{self.PATH}"
        self._thread = threading.Thread(target=self._server.serve_forever)

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
