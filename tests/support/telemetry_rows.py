"""Telemetry rows with believable defaults."""

from devices.telemetry import MEASUREMENTS, USUAL, Row

NOW_MS = 1_790_000_000_000


def a_row(
    at_s: float = 0.0,
    *,
    device_id: str = "trk-000001",
    seq: int = 1,
    measurement: str = "fix",
    **fields: float | str | None,
) -> Row:
    """A row with a place near home; what is not told is as usual, or unknown."""
    known = {"lat_deg": 31.82, "lon_deg": 117.22, "acc_m": 6.5} if measurement == "fix" else {}
    told = {**USUAL[measurement], **known, **fields}
    values = tuple(told.get(column) for column in MEASUREMENTS[measurement])
    return Row(measurement, device_id, NOW_MS + round(at_s * 1000), seq, values)
