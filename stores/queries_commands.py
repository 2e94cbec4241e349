"""Commands to devices as the API reads them (``api.ports.CommandBook``)."""

from dataclasses import dataclass

import sqlalchemy as sa

from stores.queries import below
from stores.schema import commands


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRow:
    """One command as stored; columns of ``commands``."""

    id: str
    device_id: str
    kind: str
    every_s: float
    for_s: float
    state: str
    by: str
    why: str
    asked_ms: int
    until_ms: int
    changed_ms: int
    sends: int
    detail: str
    version: int


class CommandQueries:
    """Commands of one records database."""

    def __init__(self, engine: sa.Engine) -> None:
        """Open nothing yet."""
        self._engine = engine

    def page(
        self, device_id: str, *, before: tuple[int, str] | None, limit: int
    ) -> list[CommandRow]:
        """Commands below the key (asked_ms, id), newest first. Not scoped: ask after a check."""
        query = (
            sa.select(*commands.c)
            .where(
                commands.c.device_id == device_id,
                below(commands.c.asked_ms, commands.c.id, before),
            )
            .order_by(commands.c.asked_ms.desc(), commands.c.id.desc())
            .limit(limit)
        )
        return self._all(query)

    def one(self, device_id: str, command_id: str) -> CommandRow | None:
        """One command of a device. Not scoped: ask after a check."""
        query = sa.select(*commands.c).where(
            commands.c.device_id == device_id, commands.c.id == command_id
        )
        return next(iter(self._all(query)), None)

    def _all(self, query: sa.Select[tuple[object, ...]]) -> list[CommandRow]:
        with self._engine.connect() as connection:
            return [CommandRow(**row) for row in connection.execute(query).mappings()]
