"""Fires in the records database: an incident a device, told before all else; SQLite, PostgreSQL."""

from collections.abc import Sequence

import sqlalchemy as sa

from alerts.delivery.model import DueNotice
from alerts.health_notices import HealthNotices
from alerts.model import Effects
from alerts.notice_policy import NoticePolicy
from api.roles import CITY
from devices.health_events import HealthEvent, HealthEventKind
from stores.delivery import SqlOutbox
from stores.processing_effects import put_effects
from stores.queries import OBJECT_MAX, fitted
from stores.queries_alerts import AlertQueries
from stores.queries_incidents import IncidentQueries
from stores.records import writing
from stores.schema import incidents, outbox
from support.delivery_rows import T0_MS, put_row
from support.factories import a_tick
from support.fire_house import OTHER, STATION, House


def store(engine: sa.Engine, *effects: Effects) -> None:
    """As the processor commits."""
    with writing(engine) as connection:
        for one in effects:
            put_effects(connection, one, now_ms=T0_MS)


def due(engine: sa.Engine, target: str, limit: int = 2) -> Sequence[DueNotice]:
    box = SqlOutbox(engine)
    box.backlog()
    return box.due("webhook", target, now_ms=T0_MS + 1, busy=(), limit=limit)


def test_each_burning_station_has_an_incident_of_its_own(engine: sa.Engine) -> None:
    """People see the device; a replay of the same entries adds nothing."""
    house = House()
    for device in (STATION, OTHER):
        house.status(smoke=True, device=device)
    effects = house.effects

    store(engine, *effects)
    store(engine, *effects)

    rows = IncidentQueries(engine).page(CITY, state=None, area=None, before=None, limit=9)
    assert {(row.kind, row.vehicle_id, row.device_id, row.level) for row in rows} == {
        ("fire", "", STATION.id, 4),
        ("fire", "", OTHER.id, 4),
    }
    alert = AlertQueries(engine).one(CITY, rows[0].alert_id)
    assert alert is not None
    assert alert.vehicle_id == ""
    assert len(due(engine, "fire", limit=9)) == 2


def test_a_later_episode_joins_the_open_incident_and_is_told(engine: sa.Engine) -> None:
    """Its notices name the incident that people have."""
    house = House()
    house.status(smoke=True)
    house.status(smoke=False)
    house.wait(320)
    house.status(smoke=True)

    store(engine, *house.effects)

    with engine.connect() as connection:
        (incident_id,) = connection.scalars(sa.select(incidents.c.id))
        opened = connection.execute(
            sa.select(outbox.c.incident_id).where(
                outbox.c.receiver == "fire", outbox.c.action == "opened"
            )
        ).all()
    assert [row.incident_id for row in opened] == [incident_id, incident_id]


def test_a_fire_is_told_before_a_backlog(engine: sa.Engine) -> None:
    """Whatever waits for the same target since yesterday."""
    with writing(engine) as connection:
        for number in range(5):
            put_row(connection, number, at_ms=T0_MS - 60_000)
    house = House()
    house.status(smoke=True)
    house.wait(60)
    store(engine, *house.effects)

    (first, _) = due(engine, "police")

    assert (first.action, first.audience) == ("escalated", "fire")


def test_health_notices_are_due_for_their_district(engine: sa.Engine) -> None:
    """Once, however often the entries run."""
    notices, effects = HealthNotices(NoticePolicy(receivers=("maintenance",))), Effects()
    event = HealthEvent(
        kind=HealthEventKind.FLAPPING,
        key="flapping-1",
        device_id=STATION.id,
        area="340104001001",
        at_ms=T0_MS,
        elapsed_ms=0,
        causes=0,
    )
    registry = House().pipeline.admission.registry
    notices.take(event, registry, effects)
    notices.tick(a_tick(60), registry, effects)

    store(engine, effects, effects)

    (notice,) = due(engine, "maintenance")
    assert (notice.receiver, notice.kind) == ("maintenance:340104", "health_notice")


def test_long_objects_of_the_audit_stay_apart() -> None:
    """Two subjects that differ in their end only."""
    long = "rule:movement:movement@" + "s" * OBJECT_MAX

    assert fitted("vehicle:v-1") == "vehicle:v-1"
    assert len({fitted(long + "1"), fitted(long + "2")}) == 2
    assert len(fitted(long)) == OBJECT_MAX
