"""A part that stands still when a file tells it to, once; the file is gone then.

python wedged_part.py ingest|dead-ingest|process|dispatch|api SETTINGS FILE
"""

import faulthandler
import sys
import threading
from pathlib import Path

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import override

from alerts.ports import ProcessCommit
from api.app import create_app
from api.deps import Services
from ingest.ports import Envelope
from ingest.source import MqttSource
from parkguard.settings_file import read_settings
from parkguard.wiring.api import run_api
from parkguard.wiring.dispatch import run_dispatch
from parkguard.wiring.ingest import run_ingest
from parkguard.wiring.process import run_process
from stores.delivery import SqlOutbox
from stores.processing import RecordsProcessLedger

PART, FILE = sys.argv[1], Path(sys.argv[3])


def is_told() -> bool:
    """Whether to stand still now; each file tells one process."""
    told = FILE.exists()
    FILE.unlink(missing_ok=True)
    return told


def stand_still() -> None:
    """As a thread that waits for a lock nobody gives back."""
    if is_told():
        threading.Event().wait()


class WedgedSource(MqttSource):
    """Its network thread stands still, or dies of a bug."""

    @override
    def on_publications(self, envelopes: list[Envelope]) -> None:
        if PART == "ingest":
            stand_still()
        elif is_told():
            sys.exit()  # this thread alone
        super().on_publications(envelopes)


class WedgedLedger(RecordsProcessLedger):
    """Its commit never comes back."""

    @override
    def commit(self, commit: ProcessCommit) -> None:
        stand_still()
        super().commit(commit)


class WedgedOutbox(SqlOutbox):
    """Its look for something new never comes back."""

    @override
    def changed(self) -> bool:
        stand_still()
        return super().changed()


class Blocking:
    """A route that forgets that it runs in the event loop."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        stand_still()
        await self._app(scope, receive, send)


def blocking_app(services: Services) -> FastAPI:
    """The API, with it."""
    app = create_app(services)
    app.add_middleware(Blocking)
    return app


if __name__ == "__main__":
    faulthandler.enable()
    settings = read_settings(Path(sys.argv[2]))
    match PART:
        case "process":
            code = run_process(settings, ledger_type=WedgedLedger)
        case "dispatch":
            code = run_dispatch(settings, outbox_type=WedgedOutbox)
        case "api":
            code = run_api(settings, make_app=blocking_app)
        case _:
            code = run_ingest(settings, source_type=WedgedSource)
    sys.exit(code)
