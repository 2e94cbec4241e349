"""The owners' gateway as a webhook that fails when told so, in the test's own process."""

import json
from collections import Counter, defaultdict
from http.server import BaseHTTPRequestHandler
from typing import Any

from parkguard.clock import monotonic_s
from support.http_serving import HttpServing, Quiet

ACCEPTED = b'{"status":"accepted"}'


class SlowOwners(HttpServing):
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

        class Handler(Quiet, BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                self.send_response(owners.take(json.loads(self.rfile.read(length))))
                self.send_header("content-length", str(len(ACCEPTED)))
                self.end_headers()
                self.wfile.write(ACCEPTED)

        super().__init__(Handler)
        self.url = f"{self.address}/"

    def take(self, said: dict[str, Any]) -> int:
        """One notice; the status of the answer."""
        vehicle = said["data"]["vehicle"] if "data" in said else said["vehicle"]
        self.tried[vehicle] += 1
        if self.is_down:
            return 503
        self.told[vehicle].append(monotonic_s())
        return 200
