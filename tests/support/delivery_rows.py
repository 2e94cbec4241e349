"""Records for delivery tests: a database, incidents in it, notices that wait."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from alerts.delivery.model import DueNotice
from stores.records import open_records
from stores.schema import (
    alert_log,
    alerts,
    control,
    feed,
    incident_log,
    incidents,
    metadata,
    outbox,
)

T0_MS = 1_790_000_000_000
"""A believable moment, ms UTC."""

DAY_MS = 86_400_000


def a_notice(**changes: Any) -> DueNotice:  # noqa: ANN401 - any field of it
    """The police's first notice of an incident."""
    values: dict[str, Any] = {
        "id": 7,
        "key": "inc-1:1:police",
        "kind": "incident",
        "action": "opened",
        "channel": "webhook",
        "receiver": "police",
        "audience": "officer",
        "area": "34010200000001",
        "alert_id": "al-1",
        "incident_id": "inc-1",
        "body": json.dumps({"incident_id": "inc-1", "alert_id": "al-1", "action": "opened"}),
        "caused_recv_ms": T0_MS,
        "created_ms": T0_MS,
        "deadline_ms": T0_MS + DAY_MS,
        "attempts": 0,
    }
    return DueNotice(**values | changes)


@contextmanager
def records_at(path: Path) -> Iterator[sa.Engine]:
    """A records database as the product opens it; made when it is not there."""
    engine = open_records(f"sqlite:///{path}")
    metadata.create_all(engine)
    try:
        yield engine
    finally:
        engine.dispose()


def put_incident(connection: sa.Connection, number: int, *, at_ms: int) -> str:
    """An open incident with its alert; gives the incident's id."""
    incident_id, alert_id = f"inc-{number}", f"al-{number}"
    common = {
        "vehicle_id": f"e-{number}",
        "device_id": f"trk-{number}",
        "kind": "movement",
        "level": 3,
        "onset_ms": at_ms - 60_000,
        "updated_ms": at_ms,
        "lat_deg": 31.8,
        "lon_deg": 117.2,
        "acc_m": 5.0,
        "grid": "34010200000001",
        "area": "34010200000001",
        "reasons": "[]",
        "version": 1,
    }
    connection.execute(
        sa.insert(alerts).values(
            **common, id=alert_id, state="confirmed", raised_ms=at_ms, moved_m=118.0, late_s=0.0
        )
    )
    connection.execute(
        sa.insert(alert_log).values(
            alert_id=alert_id, version=1, what="raised", level=3, at_ms=at_ms, t_ms=at_ms - 500,
            moved_m=118.0, by="system",
        )
    )  # fmt: skip
    connection.execute(
        sa.insert(incidents).values(
            **common, id=incident_id, alert_id=alert_id, state="open", opened_ms=at_ms
        )
    )
    return incident_id


def put_row(
    connection: sa.Connection, number: int, *, at_ms: int, version: int = 1, **changes: object
) -> int:
    """A due outbox row about incident ``number``; gives its id."""
    values: dict[str, Any] = {
        "kind": "incident",
        "action": "opened" if version == 1 else "updated",
        "channel": "webhook",
        "receiver": "police",
        "audience": "officer",
        "area": "34010200000001",
        "alert_id": f"al-{number}",
        "incident_id": f"inc-{number}",
        "caused_recv_ms": at_ms,
        "created_ms": at_ms,
        "due_ms": at_ms,
        "deadline_ms": at_ms + DAY_MS,
        "state": "due",
        "attempts": 0,
    }
    values |= changes
    where = f"{values['channel']}:{values['receiver']}"
    values.setdefault("key", f"inc-{number}:{version}:{where}")
    values.setdefault("body", json.dumps(body_of(number, version=version, action=values["action"])))
    return int(
        connection.execute(sa.insert(outbox).values(**values).returning(outbox.c.id)).scalar_one()
    )


def body_of(number: int, *, version: int = 1, action: str = "opened") -> dict[str, object]:
    """An incident's body as the processor writes it."""
    return {
        "incident_id": f"inc-{number}",
        "alert_id": f"al-{number}",
        "vehicle": f"e-{number}",
        "label": "blue Yadea",
        "action": action,
        "state": "open",
        "level": 3,
        "lat_deg": 31.8 + version / 1000,
        "lon_deg": 117.2,
        "case_number": None,
        "version": version,
        "by": "system",
    }


def rows(engine: sa.Engine, table: sa.Table) -> list[Mapping[str, Any]]:
    """Every row of a table in the order of its key."""
    with engine.connect() as connection:
        order = list(table.primary_key)
        return [
            dict(row) for row in connection.execute(sa.select(table).order_by(*order)).mappings()
        ]


def row_of(engine: sa.Engine, outbox_id: int) -> Mapping[str, Any]:
    """One outbox row."""
    return next(row for row in rows(engine, outbox) if row["id"] == outbox_id)


def states(engine: sa.Engine) -> list[str]:
    """The state of every outbox row that leaves the house, by id."""
    return [row["state"] for row in rows(engine, outbox) if row["channel"] != "feed"]


def feed_rows(engine: sa.Engine) -> list[Mapping[str, Any]]:
    """The feed, by number, with decoded bodies."""
    return [{**row, "body": json.loads(row["body"])} for row in rows(engine, feed)]


def controls(engine: sa.Engine) -> list[dict[str, Any]]:
    """The control rows, decoded."""
    return [json.loads(row["body"]) for row in rows(engine, control)]


def logged(engine: sa.Engine) -> list[Mapping[str, Any]]:
    """The incident log."""
    return rows(engine, incident_log)


def incident(engine: sa.Engine, number: int) -> Mapping[str, Any]:
    """One incident."""
    return next(row for row in rows(engine, incidents) if row["id"] == f"inc-{number}")
