"""Notices into the outbox, in the caller's transaction."""

from collections.abc import Mapping, Sequence

import msgspec
import sqlalchemy as sa

from alerts.fire_words import FIRE
from alerts.model import Notice
from stores.records import insert_of
from stores.schema import outbox, outbox_keys

FIRST_DUE_MS = 0
"""Due before everything else of its target: rows are told in the order in which they fell due."""


def put_notices(connection: sa.Connection, notices: Sequence[Notice], *, at_ms: int) -> None:
    """Write notices as due now, in their order.

    A key that is there already is an error of the caller (``IntegrityError``): the API's keys
    carry the version that its own transaction has just given.
    """
    rows = _rows(notices, at_ms=at_ms)
    if rows:
        connection.execute(sa.insert(outbox_keys), [_key_of(row) for row in rows])
        connection.execute(sa.insert(outbox), rows)


def put_new_notices(connection: sa.Connection, notices: Sequence[Notice], *, at_ms: int) -> None:
    """Write those whose key was never given, as due now, in their order.

    Who runs the same entries again, after a crash or at the same time, tells nothing twice: the
    key is taken first, in a table that is not partitioned and so can hold it unique for all time,
    and a second one waits there until the first has committed. A month of the outbox may differ
    between the two; the key does not.
    """
    rows: dict[object, dict[str, object]] = {}
    for row in _rows(notices, at_ms=at_ms):
        rows.setdefault(row["key"], row)
    if rows:
        take = insert_of(connection, outbox_keys).on_conflict_do_nothing()
        taken = connection.execute(
            take.returning(outbox_keys.c.key), [_key_of(row) for row in rows.values()]
        )
        fresh = set(taken.scalars())
        if new := [row for key, row in rows.items() if key in fresh]:
            connection.execute(sa.insert(outbox), new)


def _key_of(row: Mapping[str, object]) -> dict[str, object]:
    return {"key": row["key"], "created_ms": row["created_ms"]}


def _rows(notices: Sequence[Notice], *, at_ms: int) -> list[dict[str, object]]:
    """Notices as rows that are due now."""
    return [
        {
            "key": notice.key,
            "kind": notice.kind,
            "action": notice.action,
            "channel": notice.channel,
            "receiver": notice.receiver,
            "audience": notice.audience,
            "area": notice.area,
            "alert_id": notice.alert_id,
            "incident_id": notice.incident_id,
            "body": msgspec.json.encode(notice.body).decode(),
            "caused_recv_ms": notice.caused_recv_ms,
            "created_ms": at_ms,
            "due_ms": FIRST_DUE_MS if notice.audience == FIRE else at_ms,
            "deadline_ms": at_ms + round(notice.deadline_s * 1000),
            "state": "due",
            "attempts": 0,
        }
        for notice in notices
    ]
