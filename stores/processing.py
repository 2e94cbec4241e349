"""The processor's side of the records database: one transaction a commit, all or nothing.

Everything is keyed, so that a commit repeated after a crash changes nothing: alerts by version,
their log by (alert, version), incidents and outbox rows by id, quarantine by (seq, item).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import msgspec
import sqlalchemy as sa

from alerts.model import AlertChange, IncidentOpened
from alerts.ports import ProcessCommit, QuarantineRow
from devices.errors import StoreError
from stores.queries_outbox import outbox_rows
from stores.records import insert_of, writing
from stores.schema import (
    alert_log,
    alerts,
    books,
    control,
    incident_log,
    incidents,
    outbox,
    quarantine,
    reader_offsets,
)

READER = "processor"
_FOLLOWED = ("level", "lat_deg", "lon_deg", "acc_m", "grid", "area", "reasons", "updated_ms")
"""Columns of an incident that follow its alert."""


def put_control(connection: sa.Connection, body: bytes, at_ms: int) -> int:
    """Insert one control row inside the caller's transaction; gives its id."""
    result = connection.execute(sa.insert(control).values(at_ms=at_ms, body=body))
    key = result.inserted_primary_key
    if key is None:
        raise StoreError("the control table gave no id", may_pass=False)
    return int(key[0])


@contextmanager
def store_errors() -> Iterator[None]:
    """Database errors as ``StoreError``: what may pass is tried again, a bug is not."""
    try:
        yield
    except sa.exc.OperationalError as exc:
        raise StoreError(f"records: {exc.orig}", may_pass=True) from exc
    except sa.exc.DBAPIError as exc:
        raise StoreError(f"records: {exc.orig}", may_pass=bool(exc.connection_invalidated)) from exc


class RecordsControl:
    """The ``control`` table as the receiver reads it."""

    def __init__(self, engine: sa.Engine) -> None:
        """Read from ``engine``."""
        self._engine = engine

    def after(self, control_id: int, limit: int) -> list[tuple[int, bytes]]:
        """Rows (id, body) above ``control_id``, ascending.

        Raises:
            StoreError: The database is away.
        """
        query = (
            sa.select(control.c.id, control.c.body)
            .where(control.c.id > control_id)
            .order_by(control.c.id)
            .limit(limit)
        )
        with store_errors(), self._engine.connect() as connection:
            return [(row.id, bytes(row.body)) for row in connection.execute(query)]


class RecordsProcessLedger:
    """Offset, books, quarantine, alerts, incidents and outbox of the processor."""

    def __init__(self, engine: sa.Engine, code_version: str, *, now_ms: Callable[[], int]) -> None:
        """``now_ms`` stamps when a row was made (wall, ms UTC)."""
        self._engine = engine
        self._code_version = code_version
        self._now_ms = now_ms

    def offset(self) -> int:
        """The committed offset, 0 at first."""
        query = sa.select(reader_offsets.c.seq).where(reader_offsets.c.reader == READER)
        with store_errors(), self._engine.connect() as connection:
            return int(connection.execute(query).scalar() or 0)

    def commit(self, commit: ProcessCommit) -> None:
        """Store everything in one transaction, or nothing.

        Raises:
            StoreError: Nothing was stored.
        """
        with store_errors(), writing(self._engine) as connection:
            now_ms = self._now_ms()
            for change in commit.effects.alerts:
                self._alert(connection, change)
            for opened in commit.effects.incidents:
                self._incident(connection, opened)
            if commit.effects.notices:
                connection.execute(
                    insert_of(connection, outbox).on_conflict_do_nothing(),
                    outbox_rows(commit.effects.notices, at_ms=now_ms),
                )
            if commit.quarantine:
                self._quarantine(connection, commit.quarantine)
            _books(connection, commit)
            _offset(connection, commit)

    def _alert(self, connection: sa.Connection, change: AlertChange) -> None:
        values = {
            "id": change.alert_id,
            "vehicle_id": change.vehicle_id,
            "device_id": change.device_id,
            "kind": change.kind,
            "level": int(change.level),
            "state": change.state,
            "onset_ms": change.onset_ms,
            "raised_ms": change.caused_recv_ms,
            "updated_ms": change.caused_recv_ms,
            "lat_deg": change.lat_deg,
            "lon_deg": change.lon_deg,
            "acc_m": change.acc_m,
            "moved_m": change.moved_m,
            "late_s": change.late_s,
            "grid": change.grid,
            "area": change.area,
            "reasons": _reasons(change),
            "version": change.version,
        }
        insert = insert_of(connection, alerts).values(values)
        updated = {
            name: insert.excluded[name] for name in values if name not in {"id", "raised_ms"}
        }
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=["id"],
                set_=updated,
                where=alerts.c.version < insert.excluded.version,
            )
        )
        connection.execute(
            insert_of(connection, alert_log)
            .values(
                alert_id=change.alert_id,
                version=change.version,
                what=change.what,
                level=int(change.level),
                at_ms=change.caused_recv_ms,
                t_ms=change.caused_t_ms,
                moved_m=change.moved_m,
                by=change.by,
            )
            .on_conflict_do_nothing()
        )
        connection.execute(
            sa.update(incidents)
            .where(incidents.c.alert_id == change.alert_id, incidents.c.state != "closed")
            .values({name: values[name] for name in _FOLLOWED})
        )

    def _incident(self, connection: sa.Connection, opened: IncidentOpened) -> None:
        alert = opened.alert
        inserted = connection.execute(
            insert_of(connection, incidents)
            .values(
                id=opened.incident_id,
                alert_id=alert.alert_id,
                vehicle_id=alert.vehicle_id,
                device_id=alert.device_id,
                kind=alert.kind,
                level=int(alert.level),
                state="open",
                grid=alert.grid,
                area=alert.area,
                onset_ms=alert.onset_ms,
                opened_ms=opened.opened_ms,
                updated_ms=opened.opened_ms,
                lat_deg=alert.lat_deg,
                lon_deg=alert.lon_deg,
                acc_m=alert.acc_m,
                reasons=_reasons(alert),
                version=1,
            )
            .on_conflict_do_nothing()
            .returning(incidents.c.id)
        ).first()
        if inserted is not None:
            _log(connection, opened.incident_id, opened, "-", "open", f"alert {alert.alert_id}")
            return
        known = sa.select(incidents.c.id).where(incidents.c.id == opened.incident_id)
        if connection.execute(known).first() is not None:
            return  # a commit repeated after a crash
        other = connection.execute(
            sa.select(incidents.c.id, incidents.c.state).where(
                incidents.c.vehicle_id == alert.vehicle_id,
                incidents.c.kind == alert.kind,
                incidents.c.state != "closed",
            )
        ).first()
        if other is not None:  # at most one open incident per vehicle and kind (P17)
            text = f"alert {alert.alert_id} joined"
            _log(connection, other.id, opened, other.state, other.state, text)

    def _quarantine(self, connection: sa.Connection, rows: Sequence[QuarantineRow]) -> None:
        insert = insert_of(connection, quarantine).on_conflict_do_nothing()
        connection.execute(
            insert,
            [
                {
                    "seq": row.seq,
                    "item": row.item,
                    "recv_ms": row.recv_ms,
                    "topic": row.topic,
                    "device_id": row.device_id,
                    "reason": row.reason,
                    "detail": row.detail,
                    "payload": row.payload,
                    "code_version": self._code_version,
                }
                for row in rows
            ],
        )


def _reasons(change: AlertChange) -> str:
    return msgspec.json.encode(
        [
            {"code": r.code, "en": r.text_en, "zh": r.text_zh, "nats": r.nats, "group": r.group}
            for r in change.reasons
        ]
    ).decode()


def _log(
    connection: sa.Connection,
    incident_id: str,
    opened: IncidentOpened,
    *states_and_reason: str,
) -> None:
    before, after, reason = states_and_reason
    connection.execute(
        sa.insert(incident_log).values(
            incident_id=incident_id,
            at_ms=opened.opened_ms,
            by=opened.alert.by,
            from_state=before,
            to_state=after,
            reason=reason,
        )
    )


def _books(connection: sa.Connection, commit: ProcessCommit) -> None:
    rows = [
        {"reader": READER, "name": name, "reason": reason, "count": count}
        for (name, reason), count in commit.books.items()
        if count
    ]
    if rows:
        insert = insert_of(connection, books)
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=["reader", "name", "reason"],
                set_={"count": books.c.count + insert.excluded["count"]},
            ),
            rows,
        )


def _offset(connection: sa.Connection, commit: ProcessCommit) -> None:
    insert = insert_of(connection, reader_offsets).values(
        reader=READER, seq=commit.upto_seq, recv_ms=commit.recv_ms
    )
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["reader"],
            set_={"seq": insert.excluded.seq, "recv_ms": insert.excluded.recv_ms},
        )
    )
