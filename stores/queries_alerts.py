"""Alerts and their timelines as the API reads them (``api.ports.AlertBook``)."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from alerts.model import AlertState, vehicle_named
from stores.queries import Scope, below, in_scope, json_of
from stores.schema import alert_log, alerts


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """One alert as stored; columns of ``alerts``, ``reasons`` decoded.

    ``vehicle_id`` is "" where it is of a device or of an area.
    """

    id: str
    vehicle_id: str
    device_id: str
    kind: str
    level: int
    state: str
    onset_ms: int
    raised_ms: int
    updated_ms: int
    lat_deg: float | None
    lon_deg: float | None
    acc_m: float | None
    moved_m: float
    late_s: float
    grid: str
    area: str
    reasons: list[dict[str, object]]
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertStep:
    """One line of an alert's timeline; columns of ``alert_log``."""

    version: int
    what: str
    level: int
    at_ms: int
    t_ms: int
    moved_m: float
    by: str


WAITING = (AlertState.RAISED.value, AlertState.VERIFYING.value)
"""States of an alert that no person has judged yet."""

_STEP = [column for column in alert_log.c if column.name != "alert_id"]


class AlertQueries:
    """Alerts of one records database."""

    def __init__(self, engine: sa.Engine) -> None:
        """Open nothing yet."""
        self._engine = engine

    def page(
        self,
        scope: Scope,
        *,
        state: str | None,
        level: int | None,
        waiting: bool = False,
        before: tuple[int, str] | None,
        limit: int,
    ) -> list[AlertRow]:
        """Alerts below the key (raised_ms, id), newest first; ``level`` is the least level.

        ``waiting``: only those that no person has judged yet.
        """
        query = (
            sa.select(alerts)
            .where(_alert_in(scope), below(alerts.c.raised_ms, alerts.c.id, before))
            .order_by(alerts.c.raised_ms.desc(), alerts.c.id.desc())
            .limit(limit)
        )
        if state is not None:
            query = query.where(alerts.c.state == state)
        if waiting:
            query = query.where(alerts.c.state.in_(WAITING))
        if level is not None:
            query = query.where(alerts.c.level >= level)
        return self._all(query)

    def one(self, scope: Scope, alert_id: str) -> AlertRow | None:
        """One alert."""
        query = sa.select(alerts).where(_alert_in(scope), alerts.c.id == alert_id)
        return next(iter(self._all(query)), None)

    def timeline(self, alert_id: str) -> list[AlertStep]:
        """Steps of one alert, oldest first."""
        query = (
            sa.select(*_STEP).where(alert_log.c.alert_id == alert_id).order_by(alert_log.c.version)
        )
        with self._engine.connect() as connection:
            return [AlertStep(**row) for row in connection.execute(query).mappings()]

    def _all(self, query: sa.Select[Any]) -> list[AlertRow]:
        with self._engine.connect() as connection:
            return [_alert(row) for row in connection.execute(query).mappings()]


def _alert(row: sa.RowMapping) -> AlertRow:
    seen = {"reasons": json_of(row["reasons"]), "vehicle_id": vehicle_named(row["vehicle_id"])}
    return AlertRow(**(dict(row) | seen))


def _alert_in(scope: Scope) -> sa.ColumnElement[bool]:
    return in_scope(scope, area=alerts.c.area, vehicle_id=alerts.c.vehicle_id)
