"""Commands to devices as the processor writes them, and their end after the retention."""

from collections.abc import Sequence

import sqlalchemy as sa

from devices.command import CommandChange, CommandState
from stores.quarantine import storable
from stores.records import FORGET_MAX, insert_of, writing
from stores.schema import commands

_OPEN = [state.value for state in CommandState if state.is_open]
_KEPT = frozenset({"id", "device_id", "kind", "every_s", "for_s", "by", "why", "asked_ms"})


def put_commands(connection: sa.Connection, changes: Sequence[CommandChange]) -> None:
    """Write the newest of each command; a row that is newer stays as it is.

    Args:
        connection: Inside a writing transaction.
        changes: In the order in which they came about.
    """
    newest = {change.cmd_id: change for change in changes}
    insert = insert_of(connection, commands)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["id"],
            set_={c.name: insert.excluded[c.name] for c in commands.c if c.name not in _KEPT},
            where=commands.c.version < insert.excluded.version,
        ),
        [
            {
                "id": change.cmd_id,
                "device_id": change.device_id,
                "kind": change.order.kind,
                "every_s": change.order.every_s,
                "for_s": change.order.for_s,
                "state": change.state,
                "by": change.by,
                "why": change.why,
                "asked_ms": change.asked_ms,
                "until_ms": change.until_ms,
                "changed_ms": change.at_ms,
                "sends": change.sends,
                "detail": storable(change.detail),
                "version": change.version,
            }
            for change in newest.values()
        ],
    )


def forget_commands(engine: sa.Engine, before_ms: int) -> int:
    """Remove what ended before a moment, ``FORGET_MAX`` at most; gives how many it was."""
    ended = sa.and_(commands.c.changed_ms < before_ms, commands.c.state.not_in(_OPEN))
    old = sa.select(commands.c.id).where(ended).limit(FORGET_MAX)
    with writing(engine) as connection:
        return connection.execute(sa.delete(commands).where(commands.c.id.in_(old))).rowcount
