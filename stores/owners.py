"""Owners of vehicles: rows alone, no control row. What stands here is in no journal."""

from collections.abc import Collection, Sequence

import msgspec
import sqlalchemy as sa

from devices.owners import Owner
from devices.registration_faults import RegistryError
from stores.bulk import insert_all, one_of
from stores.queries import AuditRow, put_audit
from stores.records import writing
from stores.registry_widths import width_faults
from stores.schema import owners


class Owners:
    """People who own vehicles, of one records database."""

    def __init__(self, engine: sa.Engine) -> None:
        """Open nothing yet."""
        self._engine = engine

    def by_id(self, ids: Collection[str]) -> dict[str, Owner]:
        """Those of these owners that are known."""
        with self._engine.connect() as connection:
            query = sa.select(owners).where(one_of(connection, owners.c.id, ids))
            return {row.id: _owner_of(row) for row in connection.execute(query)}

    def put(self, new: Sequence[Owner], *, now_ms: int, audit: Sequence[AuditRow] = ()) -> None:
        """Add or replace owners; each id once.

        Raises:
            RegistryError: A text does not fit; nothing was stored.
        """
        rows = [
            msgspec.structs.asdict(owner)
            | {"consent": msgspec.json.encode(owner.consent).decode(), "changed_ms": now_ms}
            for owner in new
        ]
        if faults := width_faults(owners, rows):
            raise RegistryError(faults)
        with writing(self._engine) as connection:
            insert_all(connection, owners, rows, over="id")
            put_audit(connection, audit)

    def erase(self, owner_id: str, audit: Sequence[AuditRow] = ()) -> bool:
        """Forget a person; vehicles keep the id, which says nothing of them. False: unknown."""
        with writing(self._engine) as connection:
            gone = connection.execute(sa.delete(owners).where(owners.c.id == owner_id))
            put_audit(connection, audit)
            return gone.rowcount > 0


def _owner_of(row: sa.Row[tuple[object, ...]]) -> Owner:
    return Owner(
        id=row.id,
        name=row.name,
        phone=row.phone,
        consent=msgspec.json.decode(row.consent, type=tuple[str, ...]),
        consent_ref=row.consent_ref,
        consent_ms=row.consent_ms,
    )
