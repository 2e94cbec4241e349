"""Availability of a large fleet over a month: CPU of the core, and of reading the log from SQLite.

    python -m benchmarks.availability [--devices 100000] [--days 30] [--changes 4] [--json]

Every device changes so many times a day, at random; the database has fewer devices, or making it
takes most of the time. The baseline is a loop over the same changes
in plain Python, on a hundredth of the devices. Memory is that of the process at its end.
"""

import argparse
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from devices.availability import AVAILABLE, COUNTED, Changes, Ledger, State, lines
from devices.presence import Presence
from stores.queries_health import HealthQueries
from stores.records import migrate, open_records, writing

DAY_MS = 86_400_000
T0_MS = 1_764_000_000_000
GROUPS = 5_000


def day_of(random: np.random.Generator, devices: int, per_day: int, day: int) -> Changes:
    """One day's changes, ascending by slot, of one device by time."""
    slot = np.repeat(np.arange(1, devices + 1), per_day)
    at_ms = T0_MS + day * DAY_MS + random.integers(0, DAY_MS, (devices, per_day))
    at_ms.sort(axis=1)
    return Changes(
        slot=slot,
        at_ms=at_ms.ravel(),
        presence=random.integers(0, len(Presence), len(slot)).astype(np.uint8),
        causes=random.integers(0, 2, len(slot)) << 16,
        admin=np.zeros(len(slot), np.uint8),
    )


def core(devices: int, days: list[Changes]) -> object:
    """As the API does it, without the database."""
    slots = np.arange(1, devices + 1)
    ledger = Ledger(slots, day_of(np.random.default_rng(1), devices, 0, 0), T0_MS)
    for k, day in enumerate(days, 1):
        ledger.add(day, T0_MS + k * DAY_MS)
    spent = ledger.spent()
    return lines(spent, [f"site-{slot % GROUPS}" for slot in slots.tolist()])


def baseline(days: list[Changes], devices: int) -> dict[int, float]:
    """The same for the first devices, row by row."""
    held: dict[int, tuple[int, int]] = {}
    spent: dict[int, list[int]] = {}
    for day in days:
        mine = int(np.searchsorted(day.slot, devices, side="right"))
        for slot, at_ms, presence in zip(
            day.slot[:mine].tolist(),
            day.at_ms[:mine].tolist(),
            day.presence[:mine].tolist(),
            strict=True,
        ):
            if slot in held:
                since_ms, state = held[slot]
                spent.setdefault(slot, [0] * len(State))[state] += at_ms - since_ms
            held[slot] = (at_ms, presence)
    return {
        slot: sum(ms[state] for state in AVAILABLE) / max(1, sum(ms[state] for state in COUNTED))
        for slot, ms in spent.items()
    }


def stored(folder: Path, devices: int, days: list[Changes]) -> HealthQueries:
    """The same changes in a records database, in the order in which they came."""
    engine = open_records(f"sqlite:///{folder / 'records.db'}")
    migrate(engine)
    seq = 0
    with writing(engine) as connection:
        connection.exec_driver_sql(
            "INSERT INTO devices (id, cls, area, secret_hash, registered_ms) "
            "VALUES (?, 'trk', '', '', 0)",
            [(f"trk-{slot}",) for slot in range(1, devices + 1)],
        )
    for day in days:
        order = np.argsort(day.at_ms)
        rows = [
            (slot, seq + k, at_ms, presence, causes, "active")
            for k, (slot, at_ms, presence, causes) in enumerate(
                zip(
                    day.slot[order].tolist(),
                    day.at_ms[order].tolist(),
                    day.presence[order].tolist(),
                    day.causes[order].tolist(),
                    strict=True,
                ),
                1,
            )
        ]
        seq += len(rows)
        with writing(engine) as connection:
            connection.exec_driver_sql("INSERT INTO health_log VALUES (?, ?, ?, ?, ?, ?)", rows)
    return HealthQueries(engine)


def timed(work: Callable[[], object]) -> float:
    """CPU, seconds."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--changes", type=int, default=4, help="of each device, a day")
    parser.add_argument("--stored", type=int, default=10_000, help="devices in the database")
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args()
    random = np.random.default_rng(7)
    days = [day_of(random, told.devices, told.changes, day) for day in range(told.days)]
    few = max(1, told.devices // 100)
    line = {
        "changes": told.devices * told.days * told.changes,
        "core_cpu_s": round(timed(lambda: core(told.devices, days)), 2),
        "baseline_cpu_s": round(timed(lambda: baseline(days, few)) * told.devices / few, 1),
    }
    days = [day_of(random, told.stored, told.changes, day) for day in range(told.days)]
    stored_changes = max(1, told.stored * told.days * told.changes)
    with TemporaryDirectory(dir=told.folder) as folder:
        book = stored(Path(folder), told.stored, days)
        size = (Path(folder) / "records.db").stat().st_size
        slots = list(range(1, told.stored + 1))
        end_ms = T0_MS + told.days * DAY_MS
        line["log_bytes_per_change"] = round(size / stored_changes, 1)
        took = timed(lambda: book.spent(slots, T0_MS, end_ms))
        line["stored_cpu_us_per_change"] = round(1e6 * took / stored_changes, 2)
        one = timed(lambda: [book.spent([slot], T0_MS, end_ms) for slot in slots[:20]]) / 20
        line["one_device_cpu_ms"] = round(1000 * one, 2)
    line["memory_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(line) if told.json else "  ".join(f"{k} {v}" for k, v in line.items()))


if __name__ == "__main__":
    main()
