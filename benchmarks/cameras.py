"""The nearest cameras of a city: the search, the whole answer, a heartbeat, a checkpoint.

    python -m benchmarks.cameras [--json]

4,704 cameras (health.md, one real city) strewn over 28 by 28 km, every tenth frozen; 500 places.
CPU time of one thread.
"""

import argparse
import json
import time
from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from api.near_cameras import cameras_near
from api.roles import CITY
from devices.camera_conditions import CameraMemory, camera_heard
from devices.camera_places import CameraPlaces
from devices.cameras import Cameras
from devices.causes import Cause
from devices.entry import Entry, EntryKind
from devices.latest import HealthColumns, blank_rows, health_of
from devices.model import Device, DeviceClass
from devices.presence import Presence
from devices.readings import CameraChannel, CameraHeartbeat

CAMERAS, PLACES, BEATS = 4_704, 500, 5_000
T0_MS = 1_764_032_400_000


class Columns:
    """Shared columns without a file (``api.ports.LatestState``)."""

    def __init__(self, rows: NDArray[np.void]) -> None:
        """Read these."""
        self._rows = rows

    def get(self, slot: int) -> np.void | None:
        """One row."""
        row: np.void = self._rows[slot]
        return row

    def many(self, slots: NDArray[np.int64]) -> NDArray[np.void]:
        """Several rows."""
        return self._rows[slots]

    def health(self, slots: NDArray[np.int64]) -> HealthColumns:
        """As they stand."""
        return health_of(self._rows, slots)


def each_us(run: Callable[[int], object], times: int) -> dict[str, float]:
    """Median and p99 of one call."""
    took = []
    for k in range(times):
        began = time.process_time()
        run(k)
        took.append(time.process_time() - began)
    return {
        "median_us": round(float(np.median(took)) * 1e6),
        "p99_us": round(float(np.quantile(took, 0.99)) * 1e6),
    }


def measure() -> dict[str, object]:
    """All figures."""
    rng = np.random.default_rng(1)
    spots = np.column_stack(
        [rng.uniform(31.7, 31.95, CAMERAS + PLACES), rng.uniform(117.1, 117.4, CAMERAS + PLACES)]
    ).tolist()
    cameras = [
        Device(id=f"cam-{k:06d}", slot=k, cls=DeviceClass.CAMERA, lat_deg=lat, lon_deg=lon)
        for k, (lat, lon) in enumerate(spots[:CAMERAS])
    ]
    rows = blank_rows(CAMERAS)
    rows["presence"], rows["recv_ms"], rows["version"] = Presence.ONLINE, 1, 2
    rows["causes"][::10] = int(Cause.FROZEN)
    places, latest, asked = CameraPlaces(cameras, {}), Columns(rows), spots[CAMERAS:]

    def answer(k: int, max_m: float) -> object:
        lat, lon = asked[k]
        return cameras_near(places, latest, CITY, lat_deg=lat, lon_deg=lon, most=5, max_m=max_m)

    memory = Cameras(msgspec.msgpack.encode(dict.fromkeys(range(CAMERAS), _watched())))
    kept = memory.dump()
    return {
        "cameras": CAMERAS,
        "search_200_m": each_us(lambda k: places.nearest(*asked[k], within_m=200.0), PLACES),
        "answer_1_km": each_us(lambda k: answer(k, 1_000.0), PLACES),
        "answer_20_km": each_us(lambda k: answer(k, 20_000.0), PLACES),
        "heartbeat": each_us(lambda k: memory.heard(0, *_beat(k)), BEATS),
        "checkpoint_dump": each_us(lambda _: memory.dump(), 20),
        "checkpoint_load": each_us(lambda _: Cameras(kept), 20),
        "checkpoint_kib": len(kept) // 1024,
    }


def _beat(k: int) -> tuple[CameraHeartbeat, Entry]:
    """The k-th heartbeat of a camera that is well, a minute apart."""
    t_ms = T0_MS + k * 60_000
    channel = CameraChannel(
        n=1,
        online=True,
        fps=25,
        fps_expected=25,
        frames=k * 1_500,
        last_frame_t=t_ms - 40,
        kbps=3_000 + k % 500,
        recording=True,
        occluded=False,
        tampered=False,
    )
    heartbeat = CameraHeartbeat(
        t_ms=t_ms,
        channels=(channel,),
        disk_total_gb=4_000,
        disk_used_gb=2_000,
        oldest_t_ms=T0_MS - 31 * 86_400_000,
    )
    return heartbeat, Entry(k, int(EntryKind.MQTT), t_ms, k * 60_000, 0, "", b"")


def _watched() -> CameraMemory:
    """What is remembered of a camera after some heartbeats."""
    memory = CameraMemory()
    for k in range(50):
        heartbeat, entry = _beat(k)
        camera_heard(memory, heartbeat, slot=0, recv_ms=entry.recv_ms, now_ms=entry.elapsed_ms)
    return memory


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    figures = measure()
    if parser.parse_args().json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:18s} {value}")


if __name__ == "__main__":
    main()
