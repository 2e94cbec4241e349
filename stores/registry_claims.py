"""Whose an id in a foreign adapter is: one device's at a time, by the database's own key."""

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from devices.registration_faults import Claim, ForeignIdTaken, taken_fault
from stores.bulk import insert_absent, one_of
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
    rows = [
        {"adapter": claim[0], "foreign_id": claim[1], "device_id": claims[claim]}
        for claim in wanted
    ]  # waits for another registration that is writing one of them (PostgreSQL)
    if insert_absent(connection, foreign_ids, rows) == len(rows):
        return
    held = holders_of(connection, wanted)
    taken = [claim for claim in wanted if held.get(claim) != claims[claim]]
    if taken:  # whoever had it a moment ago may have let it go since (PostgreSQL)
        raise ForeignIdTaken(
            [taken_fault(each, claims[each], held.get(each, "another device")) for each in taken]
        )


def holders_of(connection: sa.Connection, claims: Collection[Claim]) -> dict[Claim, str]:
    """Which device has each foreign id; without those that nobody has.

    One question an adapter: its name is the first column of the key, and without it the whole
    table would be read.
    """
    wanted: dict[str, list[str]] = {}
    for adapter, foreign_id in claims:
        wanted.setdefault(adapter, []).append(foreign_id)
    columns = foreign_ids.c
    return {
        (adapter, row.foreign_id): row.device_id
        for adapter, named in wanted.items()
        for row in connection.execute(
            sa.select(columns.foreign_id, columns.device_id).where(
                columns.adapter == adapter, one_of(connection, columns.foreign_id, named)
            )
        )
    }


def drop_claims(connection: sa.Connection, device_ids: Sequence[str]) -> None:
    """Free the foreign ids of devices."""
    mine = one_of(connection, foreign_ids.c.device_id, device_ids)
    connection.execute(sa.delete(foreign_ids).where(mine))
