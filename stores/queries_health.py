"""The health log as API and command line read it (``api.ports.HealthBook``)."""

from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import sqlalchemy as sa

from devices.availability import ADMIN_CODE, Changes, Ledger, Spent
from devices.health_events import HealthChange
from stores.queries import IN_MAX, Scope, in_scope
from stores.schema import devices, health_log

PIECE_MS = 86_400_000
"""A long period is read by the day: a day of 100,000 devices is some 100 MiB at most."""
FETCHED = 10_000
"""Rows taken from the database at once."""
OVERLAP_MS = 60_000
"""New rows are looked for from this long before the newest seen: by their entry they are told from
it, and a clock that is put back a little hides none."""

_ADMIN = sa.case(
    *((health_log.c.admin == state.value, code) for state, code in ADMIN_CODE.items()), else_=0
)
_NUMBERS = (
    health_log.c.slot,
    health_log.c.seq,
    health_log.c.at_ms,
    health_log.c.presence,
    health_log.c.causes,
    _ADMIN,
)
_CHANGE = tuple(health_log.c[name] for name in HealthChange.__struct_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetDevice:
    """What devices are grouped by."""

    slot: int
    id: str
    cls: str
    area: str
    site_id: str | None
    vendor: str
    model: str
    admin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthNews:
    """A new row of the log with whose it is and what was before; -1 = nothing was."""

    slot: int
    seq: int
    at_ms: int
    presence: int
    causes: int
    admin: str
    id: str
    cls: str
    area: str
    site_id: str | None
    vehicle_id: str | None
    before_presence: int
    before_causes: int
    before_admin: str


class HealthQueries:
    """Changes of one records database, read only."""

    def __init__(self, engine: sa.Engine) -> None:
        """Open nothing yet."""
        self._engine = engine

    def changes(
        self, slot: int, from_ms: int, to_ms: int, *, below_seq: int | None = None, limit: int
    ) -> list[HealthChange]:
        """Changes of one device in [from_ms, to_ms], newest first. Not scoped: ask after a check.

        Args:
            slot: Whose.
            from_ms: First time, wall ms UTC.
            to_ms: Last time.
            below_seq: Only of earlier journal entries than this.
            limit: Most rows.
        """
        query = (
            sa.select(*_CHANGE)
            .where(health_log.c.slot == slot, health_log.c.at_ms.between(from_ms, to_ms))
            .order_by(health_log.c.seq.desc())
            .limit(limit)
        )
        if below_seq is not None:
            query = query.where(health_log.c.seq < below_seq)
        with self._engine.connect() as connection:
            return [HealthChange(**row) for row in connection.execute(query).mappings()]

    def held(self, slot: int, at_ms: int) -> HealthChange | None:
        """What held at a moment: the newest change before it. Not scoped: ask after a check."""
        found = self.changes(slot, 0, at_ms - 1, limit=1)
        return found[0] if found else None

    def fleet(self, scope: Scope) -> list[FleetDevice]:
        """Devices of a scope, ascending by slot."""
        names = tuple(FleetDevice.__slots__)
        inside = in_scope(scope, area=devices.c.area, vehicle_id=devices.c.vehicle_id)
        query = (
            sa.select(*(devices.c[name] for name in names)).where(inside).order_by(devices.c.slot)
        )
        with self._engine.connect() as connection:
            return [
                FleetDevice(**dict(zip(names, row, strict=True)))
                for row in connection.execute(query)
            ]

    def spent(self, slots: list[int], from_ms: int, to_ms: int) -> Spent:
        """How devices spent [from_ms, to_ms); many are read day by day, a few each by itself.

        Args:
            slots: Whose, ascending. Not scoped: ``fleet`` is.
            from_ms: Begin, wall ms UTC.
            to_ms: End, at most now.
        """
        with self._engine.connect() as connection:
            before = _before(connection, from_ms, slots)
            ledger = Ledger(np.array(slots, np.int64), before, from_ms)
            piece_ms = PIECE_MS if len(slots) > IN_MAX else max(PIECE_MS, to_ms - from_ms)
            for begin_ms in range(from_ms, to_ms, piece_ms):
                end_ms = min(to_ms, begin_ms + piece_ms)
                ledger.add(_between(connection, begin_ms, end_ms, slots), end_ms)
        return ledger.spent()

    def head(self) -> tuple[int, int]:
        """Where the log ends: receive time, ms UTC, and the newest entry near it; 0, 0 if empty."""
        newest_ms = sa.select(sa.func.max(health_log.c.at_ms))
        with self._engine.connect() as connection:
            at_ms = connection.scalar(newest_ms) or 0
            near = sa.select(sa.func.max(health_log.c.seq)).where(
                health_log.c.at_ms >= at_ms - OVERLAP_MS
            )
            return at_ms, connection.scalar(near) or 0

    def news(self, after: tuple[int, int], now_ms: int, *, limit: int) -> list[HealthNews]:
        """Rows of later entries than ``after``, ascending by entry; not scoped.

        Args:
            after: Receive time and entry of the newest row seen (``head``).
            now_ms: Wall clock: of a clock that was put back, rows come before the newest seen.
            limit: Most rows; an entry that does not fit is there whole the next time.
        """
        at_ms, seq = after
        before = health_log.alias("before")
        previous = (
            sa.select(sa.func.max(before.c.seq))
            .where(before.c.slot == health_log.c.slot, before.c.seq < health_log.c.seq)
            .scalar_subquery()
        )
        known = health_log.alias("known")
        whose = [devices.c[name] for name in ("id", "cls", "area", "site_id", "vehicle_id")]
        query = (
            sa.select(
                *_CHANGE,
                *whose,
                sa.func.coalesce(known.c.presence, -1).label("before_presence"),
                sa.func.coalesce(known.c.causes, -1).label("before_causes"),
                sa.func.coalesce(known.c.admin, "").label("before_admin"),
            )
            .join(devices, devices.c.slot == health_log.c.slot)
            .outerjoin(known, sa.and_(known.c.slot == health_log.c.slot, known.c.seq == previous))
            .where(health_log.c.at_ms >= min(at_ms, now_ms) - OVERLAP_MS, health_log.c.seq > seq)
            .order_by(health_log.c.seq, health_log.c.slot)
            .limit(limit + 1)
        )
        with self._engine.connect() as connection:
            found = [HealthNews(**row) for row in connection.execute(query).mappings()]
        if len(found) <= limit:
            return found
        whole = [row for row in found if row.seq < found[-1].seq]
        return whole or self._entry(found[-1].seq, query)

    def _entry(self, seq: int, query: sa.Select[Any]) -> list[HealthNews]:
        """All rows of one entry that has more than a page."""
        whole = query.where(health_log.c.seq == seq).limit(None)
        with self._engine.connect() as connection:
            return [HealthNews(**row) for row in connection.execute(whole).mappings()]


def _before(connection: sa.Connection, from_ms: int, slots: list[int]) -> Changes:
    """Of each device the newest change before a moment."""
    first = (
        sa.select(health_log.c.seq)
        .where(health_log.c.at_ms >= from_ms)
        .order_by(health_log.c.at_ms, health_log.c.seq)
        .limit(1)
    )
    bound = connection.scalar(first)
    older = health_log.alias("older")
    newest = (
        sa.select(older.c.seq)
        .where(older.c.slot == devices.c.slot, older.c.at_ms < from_ms)
        .order_by(older.c.seq.desc())
        .limit(1)
    )
    if bound is not None:  # found at once, without walking back over the period
        newest = newest.where(older.c.seq < bound)
    wanted = sa.select(devices.c.slot, newest.correlate(devices).scalar_subquery())
    key = sa.tuple_(health_log.c.slot, health_log.c.seq)
    query = sa.select(*_NUMBERS).where(key.in_(_few(wanted, slots, devices.c.slot)))
    return _changes(connection, query)


def _between(connection: sa.Connection, begin_ms: int, end_ms: int, slots: list[int]) -> Changes:
    query = sa.select(*_NUMBERS).where(health_log.c.at_ms >= begin_ms, health_log.c.at_ms < end_ms)
    return _changes(connection, _few(query, slots, health_log.c.slot))


def _few(query: sa.Select[Any], slots: list[int], column: sa.ColumnElement[int]) -> sa.Select[Any]:
    """Few devices are looked up each; of many the ledger passes over who was not asked for."""
    return query.where(column.in_(slots)) if len(slots) <= IN_MAX else query


def _changes(connection: sa.Connection, query: sa.Select[Any]) -> Changes:
    """Columns by slot and entry; sorted here, or the database would walk over all devices."""
    parts = connection.execute(query).partitions(FETCHED)
    numbers = np.fromiter(chain.from_iterable(chain.from_iterable(parts)), np.int64)
    table = numbers.reshape(-1, len(_NUMBERS))
    table = table[np.lexsort((table[:, 1], table[:, 0]))]
    return Changes(
        slot=table[:, 0],
        at_ms=table[:, 2],
        presence=table[:, 3].astype(np.uint8),
        causes=table[:, 4],
        admin=table[:, 5].astype(np.uint8),
    )
