"""A strict server that plays the answers of InfluxDB 2.x and 3.x: each request is looked at.

with InfluxStub([Said(204)]) as stub:
    ...
assert stub.faults == []
"""

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

import msgspec

from parkguard.passwords import new_secret
from stores.influx_place import InfluxPlace, InfluxVersion
from support.broker import WAIT_S
from support.http_serving import HttpServing, Quiet

SECRET = new_secret()
ORG, BUCKET = "city", "parkguard"

_NUMBER = r"-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|\d+i)"
_VALUE = rf'(?:{_NUMBER}|"(?:[^"\\]|\\.)*")'
LINE = re.compile(
    rf"[a-z]+,device=[A-Za-z0-9%._~-]+ (?:[a-z_]+={_VALUE},)*seq=-?\d+i \d{{18,19}}", re.DOTALL
)
"""What we write: one tag, ``seq`` last, nanoseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str

    @property
    def lines(self) -> list[str]:
        """Of line protocol."""
        return self.body.split("\n")

    @property
    def json(self) -> object:
        """The body decoded."""
        return msgspec.json.decode(self.body)


@dataclass(frozen=True, slots=True)
class Said:
    """One answer to play. ``body`` other than bytes is sent as JSON; ``after`` is waited for."""

    status: int = 204
    body: object = b""
    headers: dict[str, str] = field(default_factory=dict)
    after: threading.Event | None = None

    @property
    def content(self) -> bytes:
        """As sent."""
        return self.body if isinstance(self.body, bytes) else msgspec.json.encode(self.body)


class InfluxStub(HttpServing):
    """Plays the answers in order; a request more is a fault and gets 500.

    Attributes:
        asked: Every request.
        faults: What no InfluxDB would take.
    """

    def __init__(
        self, answers: Sequence[Said], *, version: InfluxVersion = InfluxVersion.V2
    ) -> None:
        self._answers = list(answers)
        self._version = version
        self.asked: list[Asked] = []
        self.faults: list[str] = []
        stub = self

        class Handler(Quiet, BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                said = stub.take(self)
                if said.after is not None:
                    said.after.wait(WAIT_S)
                self.send_response(said.status)
                for name, value in said.headers.items():
                    self.send_header(name, value)
                if said.status != 204:
                    self.send_header("Content-Length", str(len(said.content)))
                self.end_headers()
                if said.status != 204:
                    self.wfile.write(said.content)

            do_GET = do_POST = do_PATCH = do_PUT = _serve  # noqa: N815 - names of http.server

        super().__init__(Handler)

    def place(self, *, timeout_s: float = 5.0) -> InfluxPlace:
        """How the product reaches it."""
        return InfluxPlace(
            url=self.address,
            version=self._version,
            secret=SECRET,
            bucket=BUCKET,
            org=ORG if self._version is InfluxVersion.V2 else "",
            timeout_s=timeout_s,
        )

    def take(self, handler: BaseHTTPRequestHandler) -> Said:
        """Look at a request and give its answer."""
        parts = urlsplit(handler.path)
        length = int(handler.headers.get("Content-Length") or 0)
        asked = Asked(
            method=handler.command,
            path=parts.path,
            query={name: values[0] for name, values in parse_qs(parts.query).items()},
            headers={name.lower(): value for name, value in handler.headers.items()},
            body=handler.rfile.read(length).decode(),
        )
        self.asked.append(asked)
        self.faults += self._look(asked)
        if not self._answers:
            self.faults.append(f"one request too many: {asked.method} {asked.path}")
            return Said(500)
        return self._answers.pop(0)

    def _look(self, asked: Asked) -> list[str]:
        faults = []
        if asked.path != "/ping" and asked.headers.get("authorization") != f"Token {SECRET}":
            faults.append("no token")
        if asked.path == "/api/v2/write":
            org = ORG if self._version is InfluxVersion.V2 else "-"
            buckets = {f"{BUCKET}/{name}" for name in ("track", "health", "money")}
            if asked.method != "POST" or asked.query.keys() != {"org", "bucket", "precision"}:
                faults.append(f"a write with {asked.method} and {sorted(asked.query)}")
            if asked.query.get("org") != org or asked.query.get("precision") != "ns":
                faults.append(f"a write with {asked.query}")
            if asked.query.get("bucket") not in buckets:
                faults.append(f"no such bucket {asked.query.get('bucket')}")
            if not asked.headers.get("content-type", "").startswith("text/plain"):
                faults.append(f"a write of {asked.headers.get('content-type')}")
            if asked.headers.get("content-encoding", "identity") != "identity":
                faults.append("a packed write")
            faults += [f"bad line {line!r}" for line in asked.lines if not LINE.fullmatch(line)]
        return faults
