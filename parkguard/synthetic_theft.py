"""What a synthetic theft says on the wire, and who it is. Pure: the caller brings the time.

A tracker in the middle of the ocean stands still and is then driven off; the messages are
ordinary ones, so that whatever stops a real theft from being seen stops this one.
"""

from dataclasses import dataclass

import msgspec

from devices.geo import M_PER_DEG_LAT
from devices.model import SYNTHETIC_ID, DeviceClass, Vehicle
from parkguard.registration import DeviceEntry, Wanted

WANTED = Wanted(
    vehicles=[
        Vehicle(
            id=SYNTHETIC_ID, label="synthetic", kind="synthetic", contacts=(), consent=(),
            auto_arm=False,
        )
    ],
    devices=[DeviceEntry(id=SYNTHETIC_ID, cls=DeviceClass.TRACKER, vehicle_id=SYNTHETIC_ID)],
)  # fmt: skip
"""Nobody is asked and nobody is told: no contact, no consent to anything."""
LAT_DEG, LON_DEG = -48.8767, -123.3933
"""The place in the ocean that is farthest from any land: in nobody's grid and no fence."""
PARKED, MOVING = 5, 10
"""Fixes before and after it is driven off; three that agree make an anchor (detection.md)."""
SPEED_MPS = 30.0
"""As fast as a van that carries it away, and slower than what is held back as a leap (45 m/s)."""
STEP_S = 2.0
"""Between two fixes: the movement then takes 20 s and 600 m."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Theft:
    """The fixes of one theft, as they are sent.

    Attributes:
        topic: Where to.
        payloads: In order.
    """

    topic: str
    payloads: tuple[bytes, ...]


def theft(root: str, *, boot: str, number: int, now_ms: int, every_s: float) -> Theft:
    """Give a theft that ends now.

    Args:
        root: First levels of every topic.
        boot: Of this process.
        number: Of the theft, from 0: every second one brings it back to where it was.
        now_ms: Wall clock, ms UTC.
        every_s: Thefts follow each other so quickly; each ends before the next begins.
    """
    count = PARKED + MOVING
    first, back = 1 + number * count, number % 2 == 1
    step_s = min(STEP_S, every_s / (count + 1))
    payloads = [
        _fix(
            boot,
            first + k,
            t_ms=now_ms - round((count - 1 - k) * step_s * 1000),
            north_m=abs(MOVING * back - max(0, k - PARKED + 1)) * step_s * SPEED_MPS,
            speed_mps=SPEED_MPS if k >= PARKED else 0.0,
            next_s=every_s,
        )
        for k in range(count)
    ]
    topic = f"{root}/up/{DeviceClass.TRACKER}/{SYNTHETIC_ID}/fix"
    return Theft(topic=topic, payloads=tuple(payloads))


def _fix(
    boot: str, seq: int, *, t_ms: int, north_m: float, speed_mps: float, next_s: float
) -> bytes:
    pos = {
        "lat": round(LAT_DEG + north_m / M_PER_DEG_LAT, 7),
        "lon": LON_DEG,
        "src": "gnss",
        "valid": True,
        "acc_m": 3.0,
        "hdop": 0.8,
        "sat": 14,
        "spd_kmh": round(speed_mps * 3.6, 1),
    }
    return msgspec.json.encode(
        {
            "v": 1,
            "boot": boot,
            "seq": seq,
            "t": t_ms,
            "pos": pos,
            "st": {"ign": False},
            "next_s": next_s,
        }
    )
