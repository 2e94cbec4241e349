"""The fire brigade's system: a webhook that accepts everything and remembers when it came."""

import json
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

from support.http_serving import HttpServing, Quiet


class FireBrigade(HttpServing):
    """Hears of fires.

    Attributes:
        heard: (steady seconds, envelope) of every POST, in order.
    """

    def __init__(self) -> None:
        self.heard: list[tuple[float, dict[str, Any]]] = []
        brigade = self

        class Handler(Quiet, BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                brigade.heard.append((time.monotonic(), json.loads(body)))
                answer = b'{"status":"accepted","case":"F-1"}'
                self.send_response(200)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        super().__init__(Handler)

    def of(self, device_id: str) -> list[tuple[float, dict[str, Any]]]:
        """What it heard of one device."""
        return [one for one in self.heard if one[1]["data"]["device"] == device_id]
