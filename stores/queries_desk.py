"""What waits for the desk and what it judged (``api.desk_port.DeskBook``)."""

from collections.abc import Collection
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from alerts.lifecycle import IncidentState
from alerts.model import Level
from stores.queries import IN_MAX, Scope, in_scope
from stores.queries_alerts import WAITING
from stores.queries_incidents import Delivery
from stores.schema import alert_log, alerts, incidents, outbox, vehicles

_UNTAKEN = (IncidentState.OPEN.value, IncidentState.ASSIGNED.value)
_JUDGED = ("desk_confirmed", "desk_dismissed")
_LOST = ("undelivered", "rejected")


class _Named(msgspec.Struct):
    """The one member of a vehicle's body that is read here."""

    label: str = ""


_named = msgspec.json.Decoder(_Named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """What waits for people; oldest is None when nothing does."""

    alerts: int
    alerts_oldest_ms: int | None
    untaken: int
    untaken_oldest_ms: int | None
    open: int
    undelivered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRow:
    """One alert that the desk confirmed or dismissed."""

    by: str
    raised_ms: int
    at_ms: int


class DeskQueries:
    """The desk's view of one records database."""

    def __init__(self, engine: sa.Engine) -> None:
        """Open nothing yet."""
        self._engine = engine

    def waits(self, scope: Scope) -> Waits:
        """Count what waits for people in scope."""
        alert_in = in_scope(scope, area=alerts.c.area, vehicle_id=alerts.c.vehicle_id)
        case_in = in_scope(scope, area=incidents.c.area, vehicle_id=incidents.c.vehicle_id)
        is_waiting = sa.and_(
            alert_in, alerts.c.state.in_(WAITING), alerts.c.level >= Level.PROBABLE
        )
        is_open = sa.and_(case_in, incidents.c.state != IncidentState.CLOSED.value)
        count = sa.func.count()
        with self._engine.connect() as connection:
            waiting = connection.execute(
                sa.select(count, sa.func.min(alerts.c.raised_ms)).where(is_waiting)
            ).one()
            untaken = connection.execute(
                sa.select(count, sa.func.min(incidents.c.opened_ms)).where(
                    is_open, incidents.c.state.in_(_UNTAKEN)
                )
            ).one()
            opened = connection.scalar(sa.select(count).select_from(incidents).where(is_open))
            concerned = sa.or_(
                outbox.c.incident_id.in_(sa.select(incidents.c.id).where(is_open)),
                outbox.c.alert_id.in_(sa.select(incidents.c.alert_id).where(is_open)),
                outbox.c.alert_id.in_(sa.select(alerts.c.id).where(is_waiting)),
            )
            lost = connection.scalar(
                sa.select(count).select_from(outbox).where(outbox.c.state.in_(_LOST), concerned)
            )
        return Waits(
            alerts=waiting[0],
            alerts_oldest_ms=waiting[1],
            untaken=untaken[0],
            untaken_oldest_ms=untaken[1],
            open=opened or 0,
            undelivered=lost or 0,
        )

    def judged(self, scope: Scope, *, since_ms: int) -> list[JudgedRow]:
        """Alerts raised since then that the desk confirmed or dismissed."""
        query = (
            sa.select(alert_log.c.by, alerts.c.raised_ms, alert_log.c.at_ms)
            .join(alerts, alerts.c.id == alert_log.c.alert_id)
            .where(
                in_scope(scope, area=alerts.c.area, vehicle_id=alerts.c.vehicle_id),
                alerts.c.raised_ms >= since_ms,
                alert_log.c.what.in_(_JUDGED),
            )
        )
        with self._engine.connect() as connection:
            return [JudgedRow(**row) for row in connection.execute(query).mappings()]

    def labels(self, vehicle_ids: Collection[str]) -> dict[str, str]:
        """Names of vehicles for people; who has none is left out."""
        wanted = sorted({one for one in vehicle_ids if one})
        found: dict[str, str] = {}
        with self._engine.connect() as connection:
            for start in range(0, len(wanted), IN_MAX):
                some = vehicles.c.id.in_(wanted[start : start + IN_MAX])
                query = sa.select(vehicles.c.id, vehicles.c.body).where(some)
                for vehicle_id, body in connection.execute(query):
                    if label := _named.decode(body).label:
                        found[vehicle_id] = label
        return found

    def told(self, alert_id: str) -> list[Delivery]:
        """Who was told of an alert and of its incident, oldest first."""
        columns = [outbox.c[name] for name in Delivery.__slots__]
        query = sa.select(*columns).where(outbox.c.alert_id == alert_id).order_by(outbox.c.id)
        with self._engine.connect() as connection:
            return [Delivery(**row) for row in connection.execute(query).mappings()]
