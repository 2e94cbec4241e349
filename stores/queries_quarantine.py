"""What was refused and what was counted, as the API reads it (``api.ports.QuarantineBook``)."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from stores.queries import Scope, in_scope
from stores.schema import books, devices, quarantine


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineRow:
    """One refused message or item of one; columns of ``quarantine``."""

    id: int
    seq: int
    item: int
    recv_ms: int
    topic: str
    device_id: str
    reason: str
    detail: str
    payload: bytes
    code_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookCount:
    """One line of the books."""

    reader: str
    name: str
    reason: str
    count: int


class QuarantineQueries:
    """Quarantine and books of one records database."""

    def __init__(self, engine: sa.Engine) -> None:
        """Open nothing yet."""
        self._engine = engine

    def page(
        self,
        scope: Scope,
        *,
        reason: str | None,
        device: str | None,
        before_id: int | None,
        limit: int,
    ) -> list[QuarantineRow]:
        """Rows below ``before_id``, newest first."""
        query = (
            sa.select(quarantine)
            .where(_refused_in(scope))
            .order_by(quarantine.c.id.desc())
            .limit(limit)
        )
        if before_id is not None:
            query = query.where(quarantine.c.id < before_id)
        if reason is not None:
            query = query.where(quarantine.c.reason == reason)
        if device is not None:
            query = query.where(quarantine.c.device_id == device)
        return self._all(query)

    def one(self, scope: Scope, row_id: int) -> QuarantineRow | None:
        """One row."""
        query = sa.select(quarantine).where(_refused_in(scope), quarantine.c.id == row_id)
        return next(iter(self._all(query)), None)

    def counts(self) -> list[BookCount]:
        """The books, by reader, name and reason."""
        query = sa.select(books).order_by(books.c.reader, books.c.name, books.c.reason)
        with self._engine.connect() as connection:
            return [BookCount(**row) for row in connection.execute(query).mappings()]

    def _all(self, query: sa.Select[Any]) -> list[QuarantineRow]:
        with self._engine.connect() as connection:
            return [QuarantineRow(**row) for row in connection.execute(query).mappings()]


def _refused_in(scope: Scope) -> sa.ColumnElement[bool]:
    """A row belongs to its device; a stranger's row is the whole city's business."""
    if scope.owner_id is None and "" in scope.areas:
        return sa.true()
    inside = in_scope(scope, area=devices.c.area, vehicle_id=None)
    return quarantine.c.device_id.in_(sa.select(devices.c.id).where(inside))
