"""CPU of one tick over a million devices, with more and less that changed; and their memory.

    python -m benchmarks.health [--devices 1000000] [--json]

Every device speaks, then ticks are measured: nobody changed; 1 % and 30 % became late by a will;
30 % of all sites fell silent at once, and it is told. Seconds of CPU, median.
"""

import argparse
import json
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np

from devices.admitted import Record
from devices.entry import Entry, EntryKind
from devices.health import Health
from devices.latest import blank_rows
from devices.model import Device, DeviceClass
from devices.presence import Presence, PresencePolicy
from devices.readings import AnyReading, DeviceState, StateReport

T0_MS = 1_790_000_000_000
SITES, DISTRICTS = 6_000, ("340102", "340103", "340104", "340111", "340121", "340122")
"""One real city: 5,662 sites (health.md), six of its districts."""
DARK = (0, 1, 2)
"""Last digits of the sites that lose all their devices: 30 % of them."""
TOLD_S = 190
"""A will makes offline after 120 s, and an outage settles for 60."""
ROUNDS = 7
BATCH = 2_000
INTERVAL_S = 180


class Fleet:
    """Devices under one health, and a clock of seconds."""

    def __init__(self, size: int) -> None:
        rows = blank_rows(2 * size)
        self.health = Health(lambda _: rows, PresencePolicy())
        self.devices = [_device(slot) for slot in range(1, size + 1)]
        self.now_s = 0
        before_mb = _resident_mb()
        for device in self.devices:
            self.health.register(device)
        self.register_mb = _resident_mb() - before_mb

    def hear(self, devices: list[Device], state: DeviceState) -> None:
        """A word of each of these."""
        for start in range(0, len(devices), BATCH):
            self.health.records([self._record(d, state) for d in devices[start : start + BATCH]])

    def _record(self, device: Device, state: DeviceState) -> Record:
        reading: AnyReading = StateReport(t_ms=T0_MS + self.now_s * 1000, state=state, key=1)
        return Record(self._entry(EntryKind.MQTT), device, reading)

    def _entry(self, kind: EntryKind) -> Entry:
        at_ms = self.now_s * 1000
        return Entry(
            self.now_s, int(kind), T0_MS + at_ms, at_ms, int(kind == EntryKind.TICK), "", b""
        )

    def tick(self) -> float:
        """One second later: CPU seconds of its tick."""
        self.now_s += 1
        entry = self._entry(EntryKind.TICK)
        began = time.process_time()
        self.health.tick(entry, connected=True)
        self.health.take_changes()
        self.health.take_events()
        return time.process_time() - began


def _device(slot: int) -> Device:
    return Device(
        id=f"trk-{slot:07d}",
        slot=slot,
        cls=DeviceClass.TRACKER,
        site_id=f"site-{slot % SITES}",
        area=f"{DISTRICTS[slot % SITES % len(DISTRICTS)]}0010010{slot % 10}",
        interval_s=INTERVAL_S,
    )


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def _rounds(tick: Callable[[], float]) -> float:
    return statistics.median(tick() for _ in range(ROUNDS))


def _shares(fleet: Fleet) -> Iterator[tuple[str, float]]:
    """Ticks in which so many became late, or well again."""
    rng = np.random.default_rng(7)
    for share in (0.01, 0.30):
        figures = []
        chosen = rng.choice(len(fleet.devices), round(share * len(fleet.devices)), replace=False)
        some = [fleet.devices[k] for k in chosen.tolist()]
        for k in range(ROUNDS + 1):
            fleet.hear(some, DeviceState.ONLINE if k % 2 else DeviceState.DISCONNECTED)
            figures.append(fleet.tick())
        yield f"{share:.0%} changed", statistics.median(figures)


def measure(size: int) -> dict[str, float]:
    """All figures by name."""
    fleet = Fleet(size)
    figures = {"first tick": fleet.tick()}
    fleet.hear(fleet.devices, DeviceState.ONLINE)
    fleet.tick()
    figures["0 % changed"] = _rounds(fleet.tick)
    figures.update(_shares(fleet))
    blob = msgspec.msgpack.encode(fleet.health.dump())
    fleet.hear([one for one in fleet.devices if _is_dark(one)], DeviceState.LOST)
    fleet.tick()
    fleet.hear([one for one in fleet.devices if not _is_dark(one)], DeviceState.ONLINE)
    ticks = [fleet.tick() for _ in range(TOLD_S)]
    offline = fleet.health.counts()[Presence.OFFLINE.word]
    figures[f"{offline} gone at once and told: slowest tick"] = max(ticks)
    figures["registered: MB"] = fleet.register_mb
    figures["checkpoint: MB"] = len(blob) / 1e6
    return figures


def _is_dark(device: Device) -> bool:
    return device.slot % SITES % 10 in DARK


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = measure(arguments.devices)
    if arguments.json:
        print(json.dumps({name: round(value, 4) for name, value in figures.items()}))
        return
    for name, value in figures.items():
        print(f"{name:38s} {value:10.3f}")


if __name__ == "__main__":
    main()
