"""A small city for API tests: a records database, tokens of every role, known objects."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from api.deps import ApiPolicy, Services
from api.roles import Role
from api.tokens import new_token
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
from stores.queries_quarantine import QuarantineQueries
from stores.queries_registry import RegistryWriter
from stores.queries_tokens import TokenQueries
from stores.queries_users import UserQueries
from stores.records import open_records
from stores.schema import metadata, tokens
from support.api_fakes import FakeExplainer, FakeLatest, FakeStatus, FakeTrack, KeptStatus

NOW_MS = 1_764_059_400_000
"""2025-11-25T08:30:00Z, the moment at which every test world stands still."""

HERE = "340104001"
"""The area most objects are in."""

THERE = "340103002"
"""Another district."""

LINK_KEY = b"the key of owners' links in tests"

REASONS = [{"code": "movement", "en": "moved 84 m", "zh": "84", "nats": 7.1, "group": "position"}]


@dataclass(slots=True, kw_only=True)
class World:
    """Services on one database, and the clock in the test's hands."""

    engine: sa.Engine
    services: Services
    latest: FakeLatest
    track: FakeTrack
    explainer: FakeExplainer
    statuses: dict[str, FakeStatus]
    status: KeptStatus
    clock: list[int]
    tokens: dict[str, str] = field(default_factory=dict)

    def token(
        self,
        role: Role | str,
        *,
        areas: Sequence[str] = ("",),
        owner_id: str | None = None,
        name: str | None = None,
        expires_ms: int | None = None,
        revoked_ms: int | None = None,
    ) -> str:
        """Put a token into the database and give its text."""
        made = new_token()
        number = len(self.tokens)
        self.tokens[made.plain] = f"tok_{number:016x}"
        with self.engine.begin() as connection:
            connection.execute(
                sa.insert(tokens).values(
                    id=self.tokens[made.plain],
                    hash=made.hash,
                    name=name or f"{role}-{number}",
                    role=str(role),
                    areas=msgspec.json.encode(list(areas)).decode(),
                    owner_id=owner_id,
                    created_ms=NOW_MS + number,
                    expires_ms=expires_ms,
                    revoked_ms=revoked_ms,
                )
            )
        return made.plain

    def headers(self, role: Role | str, **given: object) -> dict[str, str]:
        """Headers of a fresh token."""
        return bearer(self.token(role, **given))  # type: ignore[arg-type]

    def put(self, table: sa.Table, **values: object) -> None:
        """Insert one row."""
        with self.engine.begin() as connection:
            connection.execute(sa.insert(table).values(**values))

    def rows(self, table: sa.Table) -> list[dict[str, Any]]:
        """All rows of a table, by its first column."""
        with self.engine.connect() as connection:
            found = connection.execute(sa.select(table).order_by(next(iter(table.c))))
            return [dict(row) for row in found.mappings()]


def bearer(token: str) -> dict[str, str]:
    """The header of a token."""
    return {"Authorization": f"Bearer {token}"}


def a_world(folder: Path, **policy: object) -> World:
    """Build an empty city in a folder."""
    engine = open_records(f"sqlite:///{folder / 'records.db'}")
    metadata.create_all(engine)
    return a_world_on(engine, **policy)


def a_world_on(engine: sa.Engine, **policy: object) -> World:
    """Build an empty city on a records database."""
    clock = [NOW_MS]
    latest, track, kept = FakeLatest(), FakeTrack(), KeptStatus()
    statuses: dict[str, FakeStatus] = {}
    explainer = FakeExplainer()
    services = Services(
        now_ms=lambda: clock[0],
        steady_ms=lambda: clock[0],
        policy=ApiPolicy(**policy),  # type: ignore[arg-type]
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
        explainer=explainer,
        incidents=IncidentQueries(engine),
        outcomes=OutcomeQueries(engine),
        desk=DeskQueries(engine),
        maps=MapQueries(engine),
        feed=FeedQueries(engine),
        quarantine=QuarantineQueries(engine),
        actions=ActionWriter(engine),
        registry=RegistryWriter(engine, lambda: clock[0]),
        new_secret=new_token,
        telemetry=track,
        latest=latest,
        statuses=lambda: statuses,
        status=kept,
        link_keys=(LINK_KEY,),
        busy=(sa.exc.OperationalError, sa.exc.TimeoutError),
    )
    return World(
        engine=engine,
        services=services,
        latest=latest,
        track=track,
        explainer=explainer,
        statuses=statuses,
        status=kept,
        clock=clock,
    )
