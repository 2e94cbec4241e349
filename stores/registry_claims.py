"""Whose an id in a foreign adapter is: one device's at a time, by the database's own key."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from devices.registration_faults import Claim, ForeignIdTaken, taken_fault
from stores.bulk import one_of
from stores.records import insert_of
from stores.schema import foreign_ids


def take_claims(
    connection: sa.Connection, claims: Mapping[Claim, str], device_ids: Sequence[str]
) -> None:
    """Give foreign ids to devices; what these devices had before is free first.

    Args:
        connection: Inside a writing transaction.
        claims: Device by (adapter, foreign id).
        device_ids: Every device that is registered now, also without a claim.

    Raises:
        ForeignIdTaken: Another device has one; roll back.
    """
    drop_claims(connection, device_ids)
    wanted = sorted(claims)
    if wanted:  # waits for another registration that is writing one of them (PostgreSQL)
        connection.execute(
            insert_of(connection, foreign_ids).on_conflict_do_nothing(),
            [
                {"adapter": claim[0], "foreign_id": claim[1], "device_id": claims[claim]}
                for claim in wanted
            ],
        )
    held: dict[Claim, str] = {}
    if wanted:
        named = {foreign_id for _, foreign_id in wanted}
        query = sa.select(foreign_ids).where(one_of(connection, foreign_ids.c.foreign_id, named))
        held |= {(row.adapter, row.foreign_id): row.device_id for row in connection.execute(query)}
    taken = [claim for claim in wanted if held.get(claim) != claims[claim]]
    if taken:  # whoever had it a moment ago may have let it go since (PostgreSQL)
        raise ForeignIdTaken(
            [taken_fault(each, claims[each], held.get(each, "another device")) for each in taken]
        )


def drop_claims(connection: sa.Connection, device_ids: Sequence[str]) -> None:
    """Free the foreign ids of devices."""
    mine = one_of(connection, foreign_ids.c.device_id, device_ids)
    connection.execute(sa.delete(foreign_ids).where(mine))
