"""The owners' gateway as a webhook that fails when told so, in the test's own process."""

import json
import threading
from collections import Counter, defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from typing_extensions import override

from parkguard.clock import monotonic_s

ACCEPTED = b'{"status":"accepted"}'


class SlowOwners:
    """Takes notices to owners, or answers 503.

    Attributes:
        is_down: Whether it fails now.
        tried: Calls by vehicle, failed ones too.
        told: When each notice was taken, by vehicle, steady seconds.
    """

    def __init__(self) -> None:
        self.is_down = False
        self.tried: Counter[str] = Counter()
        self.told: defaultdict[str, list[float]] = defaultdict(list)
        owners = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                self.send_response(owners.take(json.loads(self.rfile.read(length))))
                self.send_header("content-length", str(len(ACCEPTED)))
                self.end_headers()
                self.wfile.write(ACCEPTED)

            @override
            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def take(self, said: dict[str, Any]) -> int:
        """One notice; the status of the answer."""
        vehicle = said["data"]["vehicle"] if "data" in said else said["vehicle"]
        self.tried[vehicle] += 1
        if self.is_down:
            return 503
        self.told[vehicle].append(monotonic_s())
        return 200

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
