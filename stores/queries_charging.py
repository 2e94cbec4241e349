"""Charging stations as the API reads them (``api.charging_port.ChargingBook``)."""

from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from devices.charger_now import StationNow
from devices.day_facts import DayFacts
from devices.model import DeviceClass
from stores.queries import Scope, in_scope, starts_with
from stores.schema import charger_days, charger_now, devices

_now = msgspec.json.Decoder(StationNow)
_facts = msgspec.json.Decoder(DayFacts)


class Place(NamedTuple):
    """A station and where it stands."""

    slot: int
    id: str
    name: str
    site_id: str
    area: str


class Shown(NamedTuple):
    """How a station stood at ``at_ms`` (receive time, ms UTC)."""

    at_ms: int
    now: StationNow


class ChargingQueries:
    """Stations and their days of one records database."""

    def __init__(self, engine: sa.Engine) -> None:
        """Open nothing yet."""
        self._engine = engine

    def stations(self, scope: Scope, *, area: str | None) -> list[Place]:
        """Registered charging stations in scope, ascending by slot; ``area`` is a prefix."""
        query = (
            sa.select(
                devices.c.slot, devices.c.id, devices.c.name, devices.c.site_id, devices.c.area
            )
            .where(_stations_in(scope, area))
            .order_by(devices.c.slot)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query)
            return [Place(r.slot, r.id, r.name, r.site_id or "", r.area) for r in rows]

    def now(self, slot: int) -> Shown | None:
        """One station. Not scoped: ask after a check."""
        query = sa.select(charger_now.c.at_ms, charger_now.c.body).where(charger_now.c.slot == slot)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return None if row is None else Shown(row.at_ms, _now.decode(row.body))

    def all_now(self, scope: Scope, *, area: str | None) -> dict[int, Shown]:
        """All stations in scope that ever spoke, by slot."""
        query = (
            sa.select(charger_now.c.slot, charger_now.c.at_ms, charger_now.c.body)
            .join(devices, devices.c.slot == charger_now.c.slot)
            .where(_stations_in(scope, area))
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query)
            return {row.slot: Shown(row.at_ms, _now.decode(row.body)) for row in rows}

    def days(
        self, scope: Scope, *, first: str, last: str, area: str | None
    ) -> list[tuple[int, DayFacts]]:
        """Days of stations in scope, by slot, from ``first`` to ``last``; ascending by day."""
        query = (
            sa.select(charger_days.c.slot, charger_days.c.body)
            .join(devices, devices.c.slot == charger_days.c.slot)
            .where(_stations_in(scope, area), charger_days.c.day.between(first, last))
            .order_by(charger_days.c.day, charger_days.c.slot)
        )
        with self._engine.connect() as connection:
            return [(row.slot, _facts.decode(row.body)) for row in connection.execute(query)]

    def days_of(self, slot: int, *, first: str, last: str) -> list[DayFacts]:
        """Days of one station, ascending. Not scoped: ask after a check."""
        mine = sa.and_(charger_days.c.slot == slot, charger_days.c.day.between(first, last))
        query = sa.select(charger_days.c.body).where(mine).order_by(charger_days.c.day)
        with self._engine.connect() as connection:
            return [_facts.decode(body) for body in connection.scalars(query)]


def _stations_in(scope: Scope, area: str | None) -> sa.ColumnElement[bool]:
    inside = in_scope(scope, area=devices.c.area, vehicle_id=None)
    wanted = sa.true() if area is None else starts_with(devices.c.area, (area,))
    return sa.and_(devices.c.cls == DeviceClass.CHARGER, inside, wanted)
