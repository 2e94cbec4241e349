"""Fixes of a vehicle's trackers as the telemetry store keeps them."""

from api.deps import Services
from api.schemas import FixOut
from devices.bindings import within
from devices.telemetry import MEASUREMENTS, Row

_SEQ_MIN, _SEQ_MAX = -(2**63), 2**63 - 1
_COLUMNS = tuple(MEASUREMENTS["fix"])


def rows_between(
    services: Services,
    vehicle_id: str,
    begin_ms: int,
    end_ms: int,
    *,
    after: tuple[int | str, ...] | None,
    limit: int,
) -> list[Row]:
    """Give the rows of a period by time, of each tracker while it was on the vehicle.

    Args:
        services: Of the app.
        vehicle_id: Whose.
        begin_ms: First moment, ms UTC.
        end_ms: Last moment, ms UTC.
        after: The last row seen (t_ms, device id, seq); None from the begin.
        limit: Most rows of one stretch of one tracker: cut what is given to it.
    """
    rows: list[Row] = []
    for device_id, times in within(
        services.bindings.of_vehicle(vehicle_id), begin_ms, end_ms
    ).items():
        for first_ms, last_ms in times:
            key = _after(after, device_id)
            rows += services.telemetry.track(device_id, first_ms, last_ms, key, limit)
    rows.sort(key=lambda row: (row.t_ms, row.device_id, row.seq))
    return rows


def fix_out(row: Row) -> FixOut | None:
    """Answer one fix; a report without a position is no part of a track."""
    fields = dict(zip(_COLUMNS, row.fields, strict=True))
    lat_deg, lon_deg = _number(fields["lat_deg"]), _number(fields["lon_deg"])
    if lat_deg is None or lon_deg is None:
        return None
    source = fields["source"]
    return FixOut(
        device=row.device_id,
        t_ms=row.t_ms,
        seq=row.seq,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        acc_m=_number(fields["acc_m"]),
        speed_mps=_number(fields["speed_mps"]),
        course_deg=_number(fields["course_deg"]),
        source=source if isinstance(source, str) else None,
    )


def _after(key: tuple[int | str, ...] | None, device_id: str) -> tuple[int, int] | None:
    """Give where one device's rows go on, from the last row of the page over all devices."""
    if key is None:
        return None
    t_ms, last_device, seq = int(key[0]), str(key[1]), int(key[2])
    if device_id == last_device:
        return t_ms, seq
    return t_ms, _SEQ_MAX if device_id < last_device else _SEQ_MIN


def _number(value: float | str | None) -> float | None:
    return float(value) if isinstance(value, int | float) else None
