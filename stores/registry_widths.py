"""What fits into the registry's columns: SQLite takes any text, PostgreSQL does not."""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa


def width_faults(table: sa.Table, rows: Iterable[Mapping[str, object]]) -> list[str]:
    """Name every text that is too long for its column or holds what no database keeps.

    Args:
        table: Where the rows go; its columns' widths count.
        rows: Values by column, ``id`` among them.
    """
    widths = [
        (column.name, column.type.length)
        for column in table.c
        if isinstance(column.type, sa.String) and column.type.length
    ]
    return [
        f"{str(row['id'])[:80]!r}: {name} {_fault_of(value, width)}"
        for row in rows
        for name, width in widths
        if isinstance(value := row.get(name), str) and (len(value) > width or "\x00" in value)
    ]


def _fault_of(value: str, width: int) -> str:
    if len(value) > width:
        return f"has {len(value)} characters, at most {width} are kept"
    return "holds a NUL character"
