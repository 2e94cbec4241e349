"""The outside that waits for a heartbeat, as a small HTTP server in the test."""

from http.server import BaseHTTPRequestHandler

from support.http_serving import HttpServing, Quiet


class DeadMansSwitch(HttpServing):
    """Counts calls of its one secret address.

    Attributes:
        beats: How often it was called.
        strays: Calls of any other address.
    """

    PATH = "/ping/8c1f0d5e-6a1b-4f6e-9a55-2f7f0f0f3b61"

    def __init__(self) -> None:
        self.beats = self.strays = 0
        switch = self

        class Handler(Quiet, BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                known = self.path == switch.PATH
                switch.beats += known
                switch.strays += not known
                self.send_response(200 if known else 404)
                self.end_headers()

        super().__init__(Handler)
        self.url = f"{self.address}{self.PATH}"
