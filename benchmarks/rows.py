"""Rows and bytes of a device's day in the telemetry store, with thinning and without.

    PYTHONPATH=.:tests python -m benchmarks.rows [--devices 20] [--every-s 10] [--json]

A simulated day of e-bikes (two rides, some touches), chargers and cameras, each kind by itself,
goes through the real projector into the real stores as fast as it can: the clock is the messages'.
SQLite: pages of each class's tables. InfluxDB 1.6.7 (started here): its TSM files after a full
compaction, without its index, whose size goes with the devices and not with their rows.
"""

import argparse
import json
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.telemetry import Line
from devices.admission import Admission
from devices.entry import Entry, EntryKind
from devices.model import Device, DeviceClass
from devices.registry import Registry, RegistrySnapshot
from devices.telemetry import MEASUREMENTS
from devices.thinning import Thinner, ThinningPolicy
from ingest.ports import TelemetryWriter
from ingest.projector import Projector, ProjectorLimits
from simulators.cameras import Camera
from simulators.chargers import Charger, StationPlan, Wire
from simulators.city import play
from simulators.gps_noise import GpsNoise, draw_profile
from simulators.outgoing import Actor, DeviceKind, Identity, boot_id, generator
from simulators.vehicles import Habits, Surroundings, Tracker
from simulators.world import CITY, ORIGIN
from stores.influx_place import DATA_CLASS, DataClass
from stores.memory import MemoryCheckpoints, MemoryProjectLedger
from stores.telemetry_influx import InfluxTelemetry
from stores.telemetry_sqlite import SqliteTelemetry
from support.broker import wait_until
from support.fakes import KeptRefused, ListJournal, Told
from support.influx_server import InfluxServer

ROOT = "pg/v1"
START_MS = 1_790_006_400_000
"""2026-09-21 16:00 UTC: a day in Shanghai begins."""
DAY_S = 86_400.0
BATCH = 5_000
"""Entries at once, as ``project.batch_max``."""
ON_THE_WAY_MS = 120
SEED = 7
HABITS = Habits(ride_gap_s=DAY_S / 2, shake_gap_s=DAY_S / 12, from_s=600.0)
STATUS_S, BEAT_S, CUSTOMER_GAP_S = 60.0, 60.0, 1_800.0
"""Intervals of a busy charger and of a camera (docs/wire.md); a station with ten ports has 48
customers a day."""
ALL_ROWS = ThinningPolicy(row_s=0.0, status_row_s=0.0)
POLICIES = {"no": ALL_ROWS, "yes": ThinningPolicy()}
COMPACT_S = 120.0

Make = Callable[[str, float], Actor]
Sizes = tuple[Counter[DataClass], Counter[DataClass]]


def to_wall(at_s: float) -> int:
    """The run's clock, ms UTC."""
    return START_MS + round(at_s * 1000)


def an_e_bike(device_id: str, every_s: float) -> Actor:
    """Parked, touched now and then, ridden about twice a day."""
    rng = generator(SEED, device_id)
    return Tracker(
        identity_of(device_id, "trk", every_s),
        Surroundings(frame=ORIGIN, box=CITY, to_wall=to_wall, report_s=every_s),
        start=(float(rng.uniform(-900, 900)), float(rng.uniform(-900, 900))),
        noise=GpsNoise(draw_profile(rng), rng.spawn(1)[0]),
        rng=rng,
        habits=HABITS,
    )


def a_charger(device_id: str, _every_s: float) -> Actor:
    """A station with its customers."""
    plan = StationPlan(status_s=STATUS_S, arrival_gap_s=CUSTOMER_GAP_S, wire=Wire.FULL)
    return Charger(
        identity_of(device_id, "chg", STATUS_S),
        plan,
        to_wall=to_wall,
        rng=generator(SEED, device_id),
    )


def a_camera(device_id: str, _every_s: float) -> Actor:
    """A healthy one."""
    return Camera(
        identity_of(device_id, "cam", BEAT_S), to_wall=to_wall, rng=generator(SEED, device_id)
    )


KINDS: dict[str, tuple[DeviceClass, Make]] = {
    "e-bike": (DeviceClass.TRACKER, an_e_bike),
    "charger": (DeviceClass.CHARGER, a_charger),
    "camera": (DeviceClass.CAMERA, a_camera),
}


def identity_of(device_id: str, cls: DeviceKind, next_s: float) -> Identity:
    """Who it is."""
    return Identity(device_id=device_id, cls=cls, boot=boot_id(device_id, START_MS), next_s=next_s)


def a_day(cls: DeviceClass, make: Make, *, devices: int, every_s: float) -> list[Entry]:
    """The journal of a day: what all devices say, in the order of time."""
    actors = [make(f"{cls.value}-{number:06d}", every_s) for number in range(devices)]
    return [
        Entry(
            seq=seq,
            kind=EntryKind.MQTT,
            recv_ms=to_wall(at_s) + ON_THE_WAY_MS,
            elapsed_ms=round(at_s * 1000),
            flags=0,
            topic=record.topic(ROOT),
            payload=record.payload,
        )
        for seq, (at_s, record) in enumerate(play(actors, until_s=DAY_S), start=1)
    ]


def project(
    day: list[Entry], cls: DeviceClass, policy: ThinningPolicy, store: TelemetryWriter
) -> None:
    """Run a day through the projector; whatever is accepted is a row or thinned."""
    names = sorted({entry.topic.split("/")[4] for entry in day})
    registry = Registry(
        RegistrySnapshot(
            devices=[
                Device(id=name, slot=slot, cls=cls, vehicle_id=None)
                for slot, name in enumerate(names)
            ],
            vehicles=[],
        )
    )
    ledger = MemoryProjectLedger()
    projector = Projector(
        admission=Admission(ROOT, registry=registry),
        thinner=Thinner(policy),
        journal=ListJournal(),
        ledger=ledger,
        telemetry=store,
        refused=KeptRefused(),
        checkpoints=MemoryCheckpoints(),
        status=Told(),
        limits=ProjectorLimits(batch_max=BATCH, poll_s=1.0, checkpoint_ms=1e9),
        steady_ms=lambda: 0,
        wait=lambda _: True,
        tidy=lambda: None,
    )
    entries = iter(day)
    while batch := list(islice(entries, BATCH)):
        projector.project(batch)
    books: Counter[str] = Counter()
    for (name, _), count in ledger.books().items():
        books[name] += count
    if books["projected"] + books["thinned"] != len(day):
        raise SystemExit(f"{len(day)} messages made, but {dict(books)}")


class CompactingInflux(InfluxServer):
    """An influxd that can be told to put all it has into one TSM file a shard."""

    def compact(self) -> None:
        """Start it again as one that compacts whatever is a second old, and wait until it has."""
        self.kill()
        self._written = self.said().count("Cache snapshot (end)")
        conf = self._folder / "influxd.conf"
        text = conf.read_text().replace(
            "[data]\n",
            '[data]\n  cache-snapshot-write-cold-duration = "1s"\n'
            '  compact-full-write-cold-duration = "1s"\n',
        )
        conf.write_text(text)
        self.influxd = self._spawn("influxd", ["-config", str(conf)])
        wait_until(self._is_compact, within_s=COMPACT_S, what="one TSM file a shard")

    def _is_compact(self) -> bool:
        shards = {path.parent for path in self.data.rglob("*.wal")}
        files = Counter(path.parent for path in self.data.rglob("*.tsm"))
        written = self.said().count("Cache snapshot (end)") - self._written
        return written >= len(shards) == len(files) and set(files.values()) == {1}


def in_sqlite(day: list[Entry], cls: DeviceClass, policy: ThinningPolicy) -> Sizes:
    """Rows and bytes of each measurement's table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.db"
        store = SqliteTelemetry(path)
        project(day, cls, policy, store)
        rows = Counter({name: store.count(name) for name in MEASUREMENTS})
        store.close()
        with closing(sqlite3.connect(path)) as file:
            pages = "SELECT name, sum(pgsize) FROM dbstat GROUP BY name"
            sizes = dict(file.execute(pages).fetchall())
    return by_class(rows), by_class(Counter({name: sizes[name] for name in MEASUREMENTS}))


def in_influx(day: list[Entry], cls: DeviceClass, policy: ThinningPolicy) -> Sizes:
    """Rows and bytes of each retention policy's TSM files."""
    with (
        tempfile.TemporaryDirectory() as folder,
        CompactingInflux(Path(folder)) as server,
    ):
        place = server.new_place()
        store = InfluxTelemetry(place)
        project(day, cls, policy, store)
        rows = by_class(Counter({name: store.count(name) for name in MEASUREMENTS}))
        store.close()
        server.compact()
        files = server.data / "data" / place.bucket
        sizes = {
            kind: sum(path.stat().st_size for path in (files / kind.value).rglob("*.tsm"))
            for kind in DataClass
        }
    return rows, Counter(sizes)


def by_class(counts: Counter[str]) -> Counter[DataClass]:
    """Sums of the measurements of each class."""
    sums: Counter[DataClass] = Counter()
    for name, count in counts.items():
        sums[DATA_CLASS[name]] += count
    return sums


STORES = {"SQLite": in_sqlite, "InfluxDB": in_influx}


def measure(*, devices: int, every_s: float) -> Iterator[Line]:
    """A line for each kind of device, store, class of data, and thinning."""
    for kind, (cls, make) in KINDS.items():
        day = a_day(cls, make, devices=devices, every_s=every_s)
        for store, run in STORES.items():
            for thinned, policy in POLICIES.items():
                rows, sizes = run(day, cls, policy)
                for data in (data for data in DataClass if rows[data]):
                    yield {
                        "device": kind,
                        "messages": round(len(day) / devices),
                        "store": store,
                        "class": data.value,
                        "thinned": thinned,
                        "rows": round(rows[data] / devices, 1),
                        "bytes": round(sizes[data] / devices),
                        "bytes a row": round(sizes[data] / rows[data], 1),
                    }


def main() -> None:
    """Measure and print; every figure is per device and day."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--devices", type=int, default=20, help="of each kind")
    parser.add_argument("--every-s", type=float, default=10.0, help="e-bikes report so often")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    lines = list(measure(devices=asked.devices, every_s=asked.every_s))
    if asked.json:
        print(json.dumps(lines))
        return
    table = Table(*lines[0], title="per device and day")
    for line in lines:
        table.add_row(*map(str, line.values()))
    Console().print(table)


if __name__ == "__main__":
    main()
