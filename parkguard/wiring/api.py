"""The API and its adapters."""

import asyncio
import gc
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from fastapi import FastAPI
from typing_extensions import override

from api.app import create_app
from api.deps import ApiPolicy, Services
from api.server import listen, serve
from devices.errors import StoreError
from parkguard.broker import is_loopback
from parkguard.clock import wall_ms
from parkguard.parts import part_names
from parkguard.passwords import hash_password, new_secret
from parkguard.records import open_migrated
from parkguard.settings import Settings
from parkguard.settings_web import base_map, map_hosts
from parkguard.status_files import StatusFile, read_all
from parkguard.wiring.explain import JournalExplainer
from parkguard.wiring.latest import LatestReader
from parkguard.wiring.owner_links import link_keys
from parkguard.wiring.shared import Places, one_of, steady_ms
from parkguard.wiring.telemetry import build_track_store
from stores.queries_actions import ActionWriter
from stores.queries_alerts import AlertQueries
from stores.queries_bindings import BindingQueries
from stores.queries_cameras import CameraQueries
from stores.queries_charging import ChargingQueries
from stores.queries_commands import CommandQueries
from stores.queries_desk import DeskQueries
from stores.queries_devices import DeviceQueries, VehicleQueries
from stores.queries_feed import FeedQueries
from stores.queries_health import HealthQueries
from stores.queries_incidents import IncidentQueries
from stores.queries_maps import MapQueries
from stores.queries_outcomes import OutcomeQueries
from stores.queries_quarantine import BookCount, QuarantineQueries
from stores.queries_registry import RegistryWriter
from stores.queries_tokens import TokenQueries
from stores.queries_users import UserQueries
from stores.telemetry_sqlite import SqliteProjectLedger


def run_api(settings: Settings, *, make_app: Callable[[Services], FastAPI] = create_app) -> int:
    """HTTP until SIGTERM. Tests hand in an app that blocks."""
    places = Places(settings.data_dir)
    with one_of(places, "api") as status:
        engine = open_migrated(settings)
        app = make_app(_services(settings, places, engine, status))
        asyncio.run(serve(app, listen(settings.api.host, settings.api.port), _settle))
    return 0


def _settle() -> None:
    """What stays is not searched for garbage any more: a search stops every answer."""
    gc.collect()
    gc.freeze()


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


def _services(
    settings: Settings, places: Places, engine: sa.Engine, status: StatusFile
) -> Services:
    api = settings.api
    return Services(
        now_ms=wall_ms,
        steady_ms=steady_ms,
        policy=ApiPolicy(
            timezone=settings.timezone,
            docs_open=is_loopback(api.host),
            page_max=api.page_max,
            track_max_days=api.track_max_days,
            every_least_s=2 * max(settings.project.parked_row_s, settings.project.status_row_s),
            feed_poll_ms=api.feed_poll_ms,
            live_poll_ms=api.live_poll_ms,
            sse_queue=api.sse_queue,
            parts=part_names(settings),
            map_hosts=map_hosts(settings.web.map),
            base_map=base_map(settings.web.map),
            fire=settings.fire,
            login=settings.login,
            dispatch=settings.policy,
        ),
        tokens=TokenQueries(engine),
        users=UserQueries(engine),
        devices=DeviceQueries(engine),
        health=HealthQueries(engine),
        bindings=BindingQueries(engine),
        cameras=CameraQueries(engine),
        commands=CommandQueries(engine),
        charging=ChargingQueries(engine),
        vehicles=VehicleQueries(engine),
        alerts=AlertQueries(engine),
        explainer=JournalExplainer(settings, wall_ms),
        incidents=IncidentQueries(engine),
        outcomes=OutcomeQueries(engine),
        desk=DeskQueries(engine),
        maps=MapQueries(engine),
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
        link_keys=link_keys(settings),
    )
