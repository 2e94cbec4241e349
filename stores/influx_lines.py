"""Rows as line protocol, and back. Pure: no server, no clock.

- The only tag is ``device``. It is written with percent signs (RFC 3986) where it is no plain id,
  so no rule about blanks, commas or backslashes in tags ever matters.
- A column's type is that of ``MEASUREMENTS``, for ever: ``int`` as ``5i``, ``float`` never so.
- What is unknown is left out, and what is as usual (``USUAL``) too. ``seq`` is a field, so that no
  row is empty and it comes back whole.
- Time is ``t_ms`` plus ``seq``: modulo 1,000 as microseconds where it is a counter and the row has
  no flag, else modulo 1,000,000 as nanoseconds (hashes; clocks that stand still are flagged). So
  rows of one device and millisecond stand side by side; two whose ``seq`` differ by a multiple
  would share a point. Whole microseconds take a third off a row: 1.x stores its time beside every
  column (seen 2026-11).
"""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import NamedTuple
from urllib.parse import quote

from devices.telemetry import MEASUREMENTS, USUAL, ColumnType, Row

NS_PER_MS, NS_PER_US, US_PER_MS = 1_000_000, 1_000, 1_000
COUNTER_END = 2**32
"""A device's counter is below, a hash of 8 bytes as good as never."""
EMPTY_TAG = "%"
"""Stands for "": InfluxDB has no empty tag, and no other name is written so."""

_TAKES: dict[ColumnType, tuple[type, ...]] = {
    "float": (float, int),
    "int": (int,),
    "str": (str,),
}
_FORMATS: dict[ColumnType, str] = {"float": "%s", "int": "%si", "str": '"%s"'}

Value = float | int | str | None

_USUAL: dict[str, list[tuple[int, int | str]]] = {
    name: [(list(columns).index(column), value) for column, value in USUAL[name].items()]
    for name, columns in MEASUREMENTS.items()
}
_FLAGS = {name: list(columns).index("flags") for name, columns in MEASUREMENTS.items()}
_KINDS: dict[str, list[tuple[ColumnType, int | str | None]]] = {
    name: [(kind, USUAL[name].get(column)) for column, kind in columns.items()]
    for name, columns in MEASUREMENTS.items()
}
"""Type of each column, and what it is where nothing is written."""


class _Shape(NamedTuple):
    """How rows of one measurement with the same columns to write are written.

    Attributes:
        template: ``name,device=%s ... seq=%si %s``.
        known: Takes the values to write out of the fields, in order.
        texts: Places of texts among them.
    """

    template: str
    known: Callable[[Sequence[Value]], tuple[Value, ...]]
    texts: tuple[int, ...]


class LineWriter:
    """Writes lines; remembers the shapes and names it has met."""

    def __init__(self) -> None:
        """Start without a shape."""
        self._shapes: dict[tuple[str, tuple[type, ...], tuple[bool, ...]], _Shape] = {}
        self._tags: dict[str, str] = {}

    def lines(self, rows: Sequence[Row]) -> list[str]:
        """One line a row, in order.

        Raises:
            ValueError: A value is not of its column's type: nothing may ever change one.
        """
        shapes, tags = self._shapes, self._tags
        if len(tags) > MAX_TAGS:
            tags.clear()
        found = []
        for row in rows:
            measurement, device_id, _, seq, fields = row
            usual = tuple([fields[place] == value for place, value in _USUAL[measurement]])
            key = (measurement, tuple(map(type, fields)), usual)
            shape = shapes.get(key)
            if shape is None:
                shape = shapes[key] = _shape(measurement, fields)
            tag = tags.get(device_id)
            if tag is None:
                tag = tags[device_id] = tag_of(device_id)
            values = shape.known(fields)
            if shape.texts:
                values = _escaped(values, shape.texts)
            found.append(shape.template % (tag, *values, seq, point_ns(row)))
        return found


MAX_TAGS = 4_000_000
"""Device names remembered; more than a city has."""


def tag_of(device_id: str) -> str:
    """A device's name as it stands in the database."""
    return quote(device_id, safe="") or EMPTY_TAG


def point_ns(row: Row) -> int:
    """A row's time in the database, nanoseconds UTC."""
    measurement, _, t_ms, seq, fields = row
    if 0 <= seq < COUNTER_END and fields[_FLAGS[measurement]] == 0:
        return t_ms * NS_PER_MS + seq % US_PER_MS * NS_PER_US
    return t_ms * NS_PER_MS + seq % NS_PER_MS


def row_of(measurement: str, device_id: str, values: Sequence[Value]) -> Row:
    """One row from what the database gives for ``time, seq`` and the columns in their order."""
    time_ns, seq, *told = values
    fields = tuple(
        usual if value is None else _CASTS[kind](value)
        for value, (kind, usual) in zip(told, _KINDS[measurement], strict=True)
    )
    return Row(measurement, device_id, int(time_ns or 0) // NS_PER_MS, int(seq or 0), fields)


_CASTS: dict[ColumnType, Callable[[Value], Value]] = {
    "float": lambda value: float(value or 0.0),
    "int": lambda value: int(value or 0),
    "str": str,
}


def _shape(measurement: str, fields: Sequence[Value]) -> _Shape:
    places: list[int] = []
    parts: list[str] = []
    texts: list[int] = []
    for place, (column, kind) in enumerate(MEASUREMENTS[measurement].items()):
        value = fields[place]
        if value is None:
            continue
        if type(value) not in _TAKES[kind]:
            raise ValueError(f"{measurement}.{column} is {kind}, not {type(value).__name__}")
        if value == USUAL[measurement].get(column):
            continue
        if kind == "str":
            texts.append(len(places))
        places.append(place)
        parts.append(f"{column}={_FORMATS[kind]}")
    template = f"{measurement},device=%s {','.join([*parts, 'seq=%si'])} %s"
    return _Shape(template, _taking(places), tuple(texts))


def _taking(places: Sequence[int]) -> Callable[[Sequence[Value]], tuple[Value, ...]]:
    if not places:
        return lambda _: ()
    if len(places) == 1:
        (place,) = places
        return lambda fields: (fields[place],)
    return itemgetter(*places)


def _escaped(values: tuple[Value, ...], texts: tuple[int, ...]) -> tuple[Value, ...]:
    """The values with quotes and backslashes of texts escaped; most have none."""
    changed: list[Value] | None = None
    for place in texts:
        text = values[place]
        if isinstance(text, str) and ("\\" in text or '"' in text):
            changed = changed or list(values)
            changed[place] = text.replace("\\", "\\\\").replace('"', '\\"')
    return values if changed is None else tuple(changed)
