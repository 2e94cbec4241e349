"""The measurements of the telemetry store: one table of columns for every adapter.

A ``Row`` is keyed (device, time, seq) as decisions.md 14; writing one twice changes nothing.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

ColumnType = Literal["float", "int", "str"]

MEASUREMENTS: Mapping[str, Mapping[str, ColumnType]] = {
    "fix": {
        "lat_deg": "float",
        "lon_deg": "float",
        "acc_m": "float",
        "speed_mps": "float",
        "course_deg": "float",
        "sat": "int",
        "source": "str",
        "battery_pct": "float",
        "ext_mv": "int",
        "rssi_dbm": "int",
        "state_bits": "int",
        "flags": "int",
        "ext": "str",
    },
    "event": {
        "type": "str",
        "ev_id": "str",
        "on": "int",
        "level": "int",
        "lat_deg": "float",
        "lon_deg": "float",
        "flags": "int",
        "ext": "str",
        "port": "int",
        "channel": "int",
    },
    "charger": {
        "rssi_dbm": "int",
        "temp_c": "float",
        "mains_v": "float",
        "coins_total": "int",
        "amount_total_fen": "int",
        "energy_total_wh": "int",
        "ports_busy": "int",
        "ports_faulted": "int",
        "ports": "str",
        "flags": "int",
        "ext": "str",
        "sessions_total": "int",
        "door_open": "int",
        "box_coins": "int",
        "box_amount_fen": "int",
    },
    "camera": {
        "fps": "float",
        "frames": "int",
        "kbps": "int",
        "online": "int",
        "recording": "int",
        "disk_used_gb": "float",
        "clock_off_ms": "int",
        "temp_c": "float",
        "flags": "int",
        "ext": "str",
        "up_s": "float",
        "fw": "str",
        "disk_ok": "int",
        "oldest_ms": "int",
    },
    "state": {
        "state": "str",
        "reason": "str",
        "flags": "int",
        "ext": "str",
    },
    "session": {
        "kind": "str",
        "session": "str",
        "port": "int",
        "pay": "str",
        "paid_fen": "int",
        "start_ms": "int",
        "energy_wh": "int",
        "meter_wh": "int",
        "seconds": "int",
        "w_max": "float",
        "w_end": "float",
        "stop": "str",
        "charged_fen": "int",
        "refund_fen": "int",
        "cur": "str",
        "offline": "int",
        "flags": "int",
        "ext": "str",
    },
    "coin": {
        "kind": "str",
        "n": "int",
        "denom_fen": "int",
        "amount_fen": "int",
        "port": "int",
        "session": "str",
        "by": "str",
        "counted_fen": "int",
        "coins_total": "int",
        "amount_total_fen": "int",
        "box_coins": "int",
        "flags": "int",
        "ext": "str",
    },
    "info": {
        "model": "str",
        "fw": "str",
        "hw": "str",
        "caps": "str",
        "interval_s": "float",
        "receipts": "int",
        "flags": "int",
        "ext": "str",
    },
    "ack": {
        "cmd_id": "str",
        "result": "str",
        "detail": "str",
        "flags": "int",
        "ext": "str",
    },
}
"""Columns per measurement, in the order of ``Row.fields``. A column's type never changes.

A store of yesterday gets a new column by adding it; one that is written no more (``recv_ms`` of all
measurements, ``hdop`` of fixes, until 2026-11) stays there and is not read. What they told is in
``flags`` (late, future) and ``acc_m``, ``sat``; the journal has them."""

_OWN_USUAL: Mapping[str, Mapping[str, int | str]] = {
    "fix": {"source": "gnss"},
    "event": {"on": 1},
    "session": {"cur": "CNY", "offline": 0},
}
USUAL: Mapping[str, Mapping[str, int | str]] = {
    name: {"flags": 0, **_OWN_USUAL.get(name, {})} for name in MEASUREMENTS
}
"""Columns that are known in every row and nearly always this: a store in which every column costs
may leave it out, and gives it back."""


MEASURES: Mapping[str, tuple[str, ...]] = {
    "fix": ("battery_pct", "rssi_dbm", "ext_mv", "acc_m", "sat", "speed_mps"),
    "charger": (
        "ports_busy",
        "ports_faulted",
        "temp_c",
        "mains_v",
        "rssi_dbm",
        "energy_total_wh",
        "sessions_total",
        "coins_total",
        "amount_total_fen",
        "box_coins",
        "box_amount_fen",
    ),
    "camera": (
        "fps",
        "kbps",
        "online",
        "recording",
        "disk_used_gb",
        "clock_off_ms",
        "temp_c",
        "up_s",
    ),
}
"""Columns that a chart can show: numbers whose mean says something. Places are none of them."""


class Interval(NamedTuple):
    """One measure over one interval.

    Attributes:
        begin_ms: Begin, a multiple of the interval's length since 1970, ms UTC.
        rows: Rows in which it was known.
    """

    begin_ms: int
    mean: float
    least: float
    most: float
    rows: int


class Row(NamedTuple):
    """One row for the telemetry store.

    Attributes:
        measurement: A key of ``MEASUREMENTS``.
        device_id: Registry id (the tag of a time-series database).
        t_ms: Time of the measurement, ms UTC; corrected as decisions.md 12.
        seq: Makes rows of one device and time unique; from the device or from a hash.
        fields: Values in the column order of the measurement; None = unknown.
    """

    measurement: str
    device_id: str
    t_ms: int
    seq: int
    fields: tuple[float | int | str | None, ...]
