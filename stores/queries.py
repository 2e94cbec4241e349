"""What every query of the API shares: the scope filter, in one place, and a few row tools.

Adapters behind ``api.ports`` on the records database (SQLAlchemy Core; SQLite, PostgreSQL).
"""

from collections.abc import Collection, Sequence
from hashlib import blake2b
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa

from devices.model import SYNTHETIC_ID
from stores.schema import audit, vehicles

AuditRow = tuple[int, str, str, str, str, str]
"""at_ms, by, role, action, object, purpose: a row of the audit before it has a number."""

Columns = Sequence[sa.ColumnElement[Any]]

OBJECT_MAX = 128
"""Width of ``audit.object``; a demotion's subject and a ticket of a vehicle may be longer."""

IN_MAX = 500
"""Most values in one IN list: both databases take more, plans stay small."""


class Scope(Protocol):
    """Which objects the asker sees."""

    @property
    def areas(self) -> tuple[str, ...]:
        """Prefixes of area codes; "" is everything, no prefix is nothing."""
        ...

    @property
    def owner_id(self) -> str | None:
        """None for staff; an owner sees the own vehicles, whatever ``areas``."""
        ...


def in_scope(
    scope: Scope,
    *,
    area: sa.ColumnElement[Any],
    vehicle_id: sa.ColumnElement[Any] | None,
) -> sa.ColumnElement[bool]:
    """Give the condition that keeps a query inside a scope. Every scoped query uses this one.

    Args:
        scope: Who asks.
        area: The object's area column.
        vehicle_id: Its vehicle column; None where an owner sees nothing of the kind.
    """
    if scope.owner_id is None:
        inside = starts_with(area, scope.areas)
        if vehicle_id is None:
            return inside
        return sa.and_(inside, vehicle_id.is_distinct_from(SYNTHETIC_ID))
    if not scope.owner_id or vehicle_id is None:
        return sa.false()
    own = sa.select(vehicles.c.id).where(vehicles.c.owner_id == scope.owner_id)
    return vehicle_id.in_(own)


def starts_with(area: sa.ColumnElement[Any], prefixes: Collection[str]) -> sa.ColumnElement[bool]:
    """Give the condition that an area begins with one of the prefixes."""
    if "" in prefixes:
        return sa.true()
    return sa.or_(
        sa.false(), *(area.startswith(prefix, autoescape=True) for prefix in sorted(prefixes))
    )


def below(
    first: sa.ColumnElement[Any], second: sa.ColumnElement[Any], key: tuple[int, str] | None
) -> sa.ColumnElement[bool]:
    """Give the condition of a page sorted by two columns, both descending."""
    if key is None:
        return sa.true()
    return sa.or_(first < key[0], sa.and_(first == key[0], second < key[1]))


def json_of(text: str) -> Any:  # noqa: ANN401 - JSON is what it is
    """Read a JSON column."""
    return msgspec.json.decode(text)


def put_audit(connection: sa.Connection, entries: Sequence[AuditRow]) -> None:
    """Write audit rows in the caller's transaction; a long object is still told from others."""
    names = ("at_ms", "by", "role", "action", "object", "purpose")
    rows = [dict(zip(names, entry, strict=True)) for entry in entries]
    if rows:
        connection.execute(
            sa.insert(audit), [row | {"object": fitted(str(row["object"]))} for row in rows]
        )


def fitted(name: str) -> str:
    """``name`` as the audit's column takes it: too long, its end is 16 hex digits of the whole."""
    if len(name) <= OBJECT_MAX:
        return name
    digest = blake2b(name.encode(), digest_size=8).hexdigest()
    return f"{name[: OBJECT_MAX - 1 - len(digest)]}~{digest}"


def taken_ids(
    connection: sa.Connection, column: sa.ColumnElement[str], ids: Collection[str]
) -> frozenset[str]:
    """Which of these ids a table has."""
    wanted = sorted(ids)
    found: set[str] = set()
    for start in range(0, len(wanted), IN_MAX):
        some = wanted[start : start + IN_MAX]
        found.update(connection.scalars(sa.select(column).where(column.in_(some))))
    return frozenset(found)
