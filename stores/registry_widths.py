"""What fits into the registry's columns: SQLite takes any text, PostgreSQL does not."""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa


def width_faults(table: sa.Table, rows: Iterable[Mapping[str, object]]) -> list[str]:
    """Name every text that is too long for its column or holds what no database keeps.

    Args:
        table: Where the rows go; its columns' widths count.
        rows: Values by column, ``id`` among them.
    """
    widths = {
        column.name: column.type.length
        for column in table.c
        if isinstance(column.type, sa.String) and column.type.length
    }
    return [
        f"{str(row['id'])[:80]!r}: {name} {fault}"
        for row in rows
        for name, width in widths.items()
        if (fault := _fault_of(row.get(name), width))
    ]


def _fault_of(value: object, width: int) -> str:
    if not isinstance(value, str):
        return ""
    if len(value) > width:
        return f"has {len(value)} characters, at most {width} are kept"
    return "holds a NUL character" if "\x00" in value else ""
