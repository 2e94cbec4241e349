"""What both simulated receivers share: check a signed POST, remember it for good, listen.

Own code, written from docs/dispatch.md: the simulators import nothing of the platform.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import uvicorn
from starlette.applications import Starlette

TOLERANCE_S = 300
"""How far a signature's time may be from ours, seconds. Source: Standard Webhooks."""

Record = dict[str, Any]


class BadSignatureError(Exception):
    """The POST is not from somebody who holds the key, or it is an old one again."""


def verify(key: bytes, headers: Mapping[str, str], body: bytes, *, now_s: float) -> str:
    """Check a signed POST and give its id.

    Raises:
        BadSignatureError: A header is missing, the time is off, or no signature fits.
    """
    try:
        message_id, stamp = headers["webhook-id"], headers["webhook-timestamp"]
        offered = headers["webhook-signature"].split(" ")
        off_s = abs(now_s - int(stamp))
    except (KeyError, ValueError) as exc:
        raise BadSignatureError("header missing or malformed") from exc
    if off_s > TOLERANCE_S:
        raise BadSignatureError(f"timestamp is {off_s:.0f} s off")
    wanted = hmac.digest(key, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256)
    for candidate in offered:
        version, _, text = candidate.partition(",")
        try:
            given = base64.b64decode(text, validate=True)
        except binascii.Error:
            continue
        if version == "v1" and hmac.compare_digest(given, wanted):
            return message_id
    raise BadSignatureError("no signature fits")


class Diary:
    """A JSON Lines file: what stands in it is on the disk before we answer."""

    def __init__(self, path: Path) -> None:
        """Open the file; a line that a crash cut off is dropped."""
        self._path = path
        self._file: IO[bytes] = path.open("a+b")
        self._file.seek(0)
        text = self._file.read()
        self._file.truncate(text.rfind(b"\n") + 1)

    def records(self) -> Iterator[Record]:
        """Give everything written so far, oldest first."""
        for line in self._path.read_bytes().splitlines():
            yield json.loads(line)

    def write(self, record: Record) -> None:
        """Append one record and wait for the disk."""
        self._file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())


class Voice:
    """Says what happens on standard output: ``listening PORT`` first, then one line an event."""

    def __init__(self, *, as_json: bool) -> None:
        """Speak JSON Lines, or words."""
        self._as_json = as_json

    def listening(self, port: int) -> None:
        """Say where we are; tests and the demo wait for this line."""
        self._line(f"listening {port}")

    def say(self, event: str, **fields: object) -> None:
        """Say one event."""
        if self._as_json:
            self._line(json.dumps({"event": event, **fields}, ensure_ascii=False))
        else:
            self._line(" ".join([event, *(f"{name}={value}" for name, value in fields.items())]))

    def _line(self, text: str) -> None:
        print(text, flush=True)  # noqa: T201 - standard output is this program's interface


async def serve(app: Starlette, *, host: str, port: int, voice: Voice) -> None:
    """Listen until the process is told to end; port 0 takes a free one."""
    with socket.create_server((host, port), backlog=512) as listener:
        voice.listening(listener.getsockname()[1])
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
        await uvicorn.Server(config).serve(sockets=[listener])
