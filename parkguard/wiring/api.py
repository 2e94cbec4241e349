"""The API and its adapters."""

import asyncio
import sqlite3
from pathlib import Path
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa
from typing_extensions import override

from api.app import create_app
from api.deps import ApiPolicy, Services
from api.server import listen, serve
from devices.errors import StoreError
from parkguard.broker import BrokerKind, choose_kind, is_loopback
from parkguard.clock import wall_ms
from parkguard.parts import PART_NAMES
from parkguard.passwords import hash_password, new_secret
from parkguard.records import open_migrated
from parkguard.settings import Settings
from parkguard.status_files import StatusFile, read_all
from parkguard.wiring.shared import Places, one_of, steady_ms
from parkguard.wiring.telemetry import build_track_store
from stores.latest_state import LatestStateFile, LatestVersionError
from stores.queries_actions import ActionWriter
from stores.queries_alerts import AlertQueries
from stores.queries_devices import DeviceQueries, VehicleQueries
from stores.queries_feed import FeedQueries
from stores.queries_incidents import IncidentQueries
from stores.queries_quarantine import BookCount, QuarantineQueries
from stores.queries_registry import RegistryWriter
from stores.queries_tokens import TokenQueries
from stores.telemetry_sqlite import SqliteProjectLedger


def run_api(settings: Settings) -> int:
    """HTTP until SIGTERM."""
    places = Places(settings.data_dir)
    with one_of(places, "api") as status:
        engine = open_migrated(settings)
        app = create_app(_services(settings, places, engine, status))
        asyncio.run(serve(app, listen(settings.api.host, settings.api.port)))
    return 0


class DeviceSecret(NamedTuple):
    """A device's new password and what the broker's file holds of it."""

    plain: str
    hash: str


def new_device_secret() -> DeviceSecret:
    """Make a random one."""
    plain = new_secret()
    return DeviceSecret(plain, hash_password(plain))


class AllBooks(QuarantineQueries):
    """Quarantine, and the books of both readers: the projector keeps its own."""

    def __init__(self, engine: sa.Engine, project: Path) -> None:
        """``project`` is the projector's ledger."""
        super().__init__(engine)
        self._project = SqliteProjectLedger(project)

    @override
    def counts(self) -> list[BookCount]:
        """The books, by reader, name and reason."""
        projected = [
            BookCount(reader="projector", name=name, reason=reason, count=count)
            for (name, reason), count in sorted(self._project.books().items())
        ]
        return super().counts() + projected


class LatestReader:
    """LatestState for the API; the processor may make the file later."""

    def __init__(self, path: Path) -> None:
        """Open nothing yet."""
        self._path = path
        self._file: LatestStateFile | None = None

    def get(self, slot: int) -> np.void | None:
        """One row, None while there is none."""
        if self._file is None:
            try:
                self._file = LatestStateFile.create_or_open(self._path, writable=False)
            except (FileNotFoundError, LatestVersionError):
                return None  # the processor makes it, or makes it anew, when it starts
        return self._file.get(slot)


def _services(
    settings: Settings, places: Places, engine: sa.Engine, status: StatusFile
) -> Services:
    api = settings.api
    external = choose_kind(settings.broker) is BrokerKind.EXTERNAL
    return Services(
        now_ms=wall_ms,
        steady_ms=steady_ms,
        policy=ApiPolicy(
            docs_open=is_loopback(api.host),
            page_max=api.page_max,
            track_max_days=api.track_max_days,
            feed_poll_ms=api.feed_poll_ms,
            live_poll_ms=api.live_poll_ms,
            sse_queue=api.sse_queue,
            parts=PART_NAMES[1:] if external else PART_NAMES,
        ),
        tokens=TokenQueries(engine),
        devices=DeviceQueries(engine),
        vehicles=VehicleQueries(engine),
        alerts=AlertQueries(engine),
        incidents=IncidentQueries(engine),
        feed=FeedQueries(engine),
        quarantine=AllBooks(engine, places.project),
        actions=ActionWriter(engine),
        registry=RegistryWriter(engine, wall_ms),
        telemetry=build_track_store(settings),
        latest=LatestReader(places.latest),
        statuses=lambda: read_all(places.run),
        status=status,
        busy=(sa.exc.OperationalError, sa.exc.TimeoutError, sqlite3.OperationalError, StoreError),
        new_secret=new_device_secret,
    )
