"""A migrated records database and values for its ledger, with believable defaults."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from alerts.model import (
    AlertChange,
    AlertKind,
    AlertState,
    Channel,
    Effects,
    Group,
    IncidentOpened,
    Level,
    Notice,
    NoticeKind,
    Reason,
)
from alerts.ports import ProcessCommit, QuarantineRow
from stores.records import migrate, open_records

NOW_MS = 1_790_000_000_000
"""A believable moment, ms UTC."""


def url_of(path: Path) -> str:
    """The address of a database file."""
    return f"sqlite:///{path}"


@contextmanager
def records_in(folder: Path) -> Iterator[sa.Engine]:
    """A records database as the product opens it."""
    engine = open_records(url_of(folder / "records.db"))
    migrate(engine)
    try:
        yield engine
    finally:
        engine.dispose()


def rows_of(engine: sa.Engine, table: sa.Table) -> list[dict[str, Any]]:
    """Every row of a table, in key order."""
    query = sa.select(table).order_by(*table.primary_key.columns)
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def a_change(version: int = 1, *, alert_id: str = "a1", **changes: object) -> AlertChange:
    """A movement alert of vehicle v-1 at level 1, one second later with every version."""
    change = AlertChange(
        alert_id=alert_id,
        vehicle_id="v-1",
        device_id="trk-000001",
        kind=AlertKind.MOVEMENT,
        level=Level.SUSPECTED,
        state=AlertState.RAISED,
        what="raised" if version == 1 else "level",
        onset_ms=NOW_MS - 20_000,
        caused_t_ms=NOW_MS + version * 1000 - 300,
        caused_recv_ms=NOW_MS + version * 1000,
        reasons=(
            Reason(
                code="movement",
                group=Group.POSITION,
                nats=7.5,
                text_en="moved 84 m",
                text_zh="移动 84 米",
            ),
        ),
        lat_deg=31.82 + version / 1000,
        lon_deg=117.22,
        acc_m=6.5,
        moved_m=84.0,
        late_s=0.3,
        grid="34010400100001",
        area="34010400100001",
        version=version,
    )
    return dataclasses.replace(change, **changes)  # type: ignore[arg-type]


def an_opening(alert: AlertChange, *, incident_id: str | None = None) -> IncidentOpened:
    """The incident of an alert, at the change that confirmed it."""
    return IncidentOpened(
        incident_id=incident_id or f"inc-{alert.alert_id}",
        alert=alert,
        opened_ms=alert.caused_recv_ms,
    )


def a_notice(key: str, *, alert_id: str = "a1", incident_id: str | None = None) -> Notice:
    """A telling to the police's webhook, due for a day."""
    return Notice(
        key=key,
        kind=NoticeKind.ALERT if incident_id is None else NoticeKind.INCIDENT,
        action="opened",
        channel=Channel.WEBHOOK,
        receiver="police",
        audience="police",
        area="34010400100001",
        alert_id=alert_id,
        incident_id=incident_id,
        body={"alert_id": alert_id, "incident_id": incident_id, "label": "红车"},
        caused_recv_ms=NOW_MS,
    )


def a_refusal(
    seq: int, item: int = -1, *, payload: bytes = b"\xff{", **changes: object
) -> QuarantineRow:
    """A message that was no UTF-8."""
    row = QuarantineRow(
        seq=seq,
        item=item,
        recv_ms=NOW_MS,
        topic="pg/v1/up/trk/trk-000001/fix",
        device_id="trk-000001",
        reason="utf8",
        detail="invalid start byte",
        payload=payload,
        retained=False,
    )
    return dataclasses.replace(row, **changes)  # type: ignore[arg-type]


def a_commit(
    upto_seq: int,
    *,
    recv_ms: int | None = None,
    books: Mapping[tuple[str, str], int] | None = None,
    alerts: Sequence[AlertChange] = (),
    incidents: Sequence[IncidentOpened] = (),
    notices: Sequence[Notice] = (),
    quarantine: Sequence[QuarantineRow] = (),
    requeued: Sequence[int] = (),
) -> ProcessCommit:
    """One transaction of the processor."""
    return ProcessCommit(
        upto_seq=upto_seq,
        recv_ms=NOW_MS + upto_seq if recv_ms is None else recv_ms,
        books=books or {},
        quarantine=quarantine,
        requeued=requeued,
        effects=Effects(
            alerts=list(alerts),
            incidents=list(incidents),
            notices=list(notices),
        ),
    )
