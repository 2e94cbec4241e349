"""Notices into the outbox, in the caller's transaction."""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from alerts.model import Notice
from stores.schema import outbox


def put_notices(connection: sa.Connection, notices: Sequence[Notice], *, at_ms: int) -> None:
    """Write notices as due now, in their order.

    A key that is there already is an error of the caller (``IntegrityError``): the API's keys
    carry the version that its own transaction has just given.
    """
    if notices:
        connection.execute(sa.insert(outbox), outbox_rows(notices, at_ms=at_ms))


def outbox_rows(notices: Sequence[Notice], *, at_ms: int) -> list[dict[str, object]]:
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
            "due_ms": at_ms,
            "deadline_ms": at_ms + round(notice.deadline_s * 1000),
            "state": "due",
            "attempts": 0,
        }
        for notice in notices
    ]
