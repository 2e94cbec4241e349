"""A parked fleet and its fixes, the same for every benchmark that needs some."""

from collections.abc import Iterator

import numpy as np

from devices.model import Device, DeviceClass, Vehicle
from devices.registry import Registry, RegistrySnapshot

T0_MS = 1_764_032_462_000
_NOISE_DEG = 4e-5
"""About 4 m: a fair receiver that stands still."""


def device_id(k: int) -> str:
    """The tracker of vehicle ``k``."""
    return f"trk-{k:06d}"


def vehicle_id(k: int) -> str:
    """Vehicle ``k``."""
    return f"v-{k}"


def topic_of(k: int) -> str:
    """Where the tracker of vehicle ``k`` publishes its fixes."""
    return f"pg/v1/up/trk/{device_id(k)}/fix"


def registry(vehicles: int) -> Registry:
    """The fleet: each vehicle with one tracker, slot = number of the vehicle."""
    return Registry(
        RegistrySnapshot(
            devices=[
                Device(id=device_id(k), slot=k, cls=DeviceClass.TRACKER, vehicle_id=vehicle_id(k))
                for k in range(vehicles)
            ],
            vehicles=[Vehicle(id=vehicle_id(k)) for k in range(vehicles)],
        )
    )


def reports(
    messages: int, *, vehicles: int, every_s: float, seed: int = 1
) -> Iterator[tuple[int, int, dict[str, object]]]:
    """Vehicle number, time (ms UTC) and payload of each, in order of time.

    Every vehicle reports every ``every_s`` seconds, spread over that interval.
    """
    noise = np.random.default_rng(seed).normal(0, _NOISE_DEG, (messages, 2))
    for n in range(messages):
        k, round_ = n % vehicles, n // vehicles
        t_ms = T0_MS + round((round_ + k / vehicles) * every_s * 1000)
        payload: dict[str, object] = {
            "v": 1,
            "id": device_id(k),
            "boot": "7f3a",
            "seq": round_,
            "t": t_ms,
            "pos": {
                "lat": round(31.8 + k * 1e-4 + noise[n, 0], 6),
                "lon": round(117.2 + noise[n, 1], 6),
                "acc_m": 6.5,
                "hdop": 0.9,
                "sat": 14,
                "spd_kmh": 0.4,
                "cog": 87,
            },
            "st": {"ign": False, "motion": False, "armed": True, "ext_power": True},
            "bat": {"pct": 82, "mv": 3980, "ext_mv": 52100},
            "net": {"rssi_dbm": -87},
            "next_s": every_s,
        }
        yield k, t_ms, payload
