"""Taps of phones and what was answered to them, in the caller's transaction.

A tap is one step of one incident by one person under one key. A refusal is not kept: nothing was
done, so the same tap may be tried again.
"""

from typing import Protocol

import msgspec
import sqlalchemy as sa

from stores.queries import json_of
from stores.records import FORGET_MAX, writing
from stores.schema_taps import taps


class Tap(Protocol):
    """Which tap it is."""

    @property
    def by(self) -> str:
        """Who tapped."""
        ...

    @property
    def key(self) -> str:
        """Made by the phone for this one tap."""
        ...

    @property
    def what(self) -> str:
        """The step."""
        ...

    @property
    def at_ms(self) -> int:
        """When it came, ms UTC."""
        ...


def answer_to(connection: sa.Connection, incident_id: str, tap: Tap) -> dict[str, object] | None:
    """What was answered to this tap before; None = it is new."""
    query = sa.select(taps.c.answer).where(
        taps.c.incident_id == incident_id,
        taps.c.by == tap.by,
        taps.c.key == tap.key,
        taps.c.what == tap.what,
    )
    text = connection.scalar(query)
    if text is None:
        return None
    answer: dict[str, object] = json_of(text)
    return answer


def put_tap(connection: sa.Connection, incident_id: str, tap: Tap, answer: object) -> None:
    """Keep what was answered to a new tap."""
    connection.execute(
        sa.insert(taps).values(
            incident_id=incident_id,
            by=tap.by,
            key=tap.key,
            what=tap.what,
            at_ms=tap.at_ms,
            answer=msgspec.json.encode(answer).decode(),
        )
    )


def forget_taps(engine: sa.Engine, before_ms: int) -> bool:
    """Remove taps that came before a moment: one step of it; whether there may be more."""
    old = (
        sa.select(taps.c.incident_id, taps.c.by, taps.c.key, taps.c.what)
        .where(taps.c.at_ms < before_ms)
        .order_by(taps.c.at_ms)
        .limit(FORGET_MAX)
    )
    this = sa.tuple_(taps.c.incident_id, taps.c.by, taps.c.key, taps.c.what)
    with writing(engine) as connection:
        gone = connection.execute(sa.delete(taps).where(this.in_(old))).rowcount
    return gone == FORGET_MAX
