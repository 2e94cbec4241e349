"""From accepted records to the arrays of the statistic."""

import numpy as np

from alerts.detection.statistic import Fixes
from devices.admission import Record
from devices.readings import Fix, FixSource, Flag

UNBELIEVED = int(Flag.FUTURE | Flag.LATE)
"""A fix with one of these flags is stored and never scored (decisions.md 12)."""


def rounds_of(records: list[Record]) -> list[list[Record]]:
    """Records cut so that each round has at most one of a device, in order."""
    turns: dict[int, int] = {}
    rounds: list[list[Record]] = []
    for record in records:
        slot = record.device.slot
        turn = turns.get(slot, 0)
        turns[slot] = turn + 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(record)
    return rounds


def believable(fix: Fix) -> bool:
    """Whether a fix may be scored: a position from satellites, neither late nor future."""
    return fix.lat_deg is not None and fix.source is FixSource.GNSS and not fix.flags & UNBELIEVED


def to_arrays(records: list[Record]) -> Fixes:
    """The fixes of one round as arrays; every record holds a believable fix."""
    fixes = [record.reading for record in records]
    nan = float("nan")
    rows = [
        (
            f.lat_deg,
            f.lon_deg,
            nan if f.acc_m is None else f.acc_m,
            nan if f.speed_mps is None else f.speed_mps,
            nan if f.hdop is None else f.hdop,
        )
        for f in fixes
        if isinstance(f, Fix)
    ]
    table = np.array(rows, np.float64)
    whole = np.array(
        [
            (
                record.device.slot,
                f.t_ms,
                -1 if f.sat is None else f.sat,
                -1 if f.ignition is None else int(f.ignition),
            )
            for record, f in zip(records, fixes, strict=True)
            if isinstance(f, Fix)
        ],
        np.int64,
    )
    return Fixes(
        slot=whole[:, 0],
        t_ms=whole[:, 1],
        lat_deg=table[:, 0],
        lon_deg=table[:, 1],
        acc_m=table[:, 2],
        speed_mps=table[:, 3],
        hdop=table[:, 4],
        sat=whole[:, 2],
        ignition=whole[:, 3],
    )
