"""CPU of the core alone, µs per message: decode, admit, health, detect. No I/O.

    python -m benchmarks.core [--messages 40000] [--json]

The baseline in the same run is ``json.loads`` of the same bytes.
"""

import argparse
import json
import statistics
import time
from collections import Counter
from collections.abc import Callable
from functools import partial

from alerts.detection.thresholds import Thresholds
from alerts.engine import Engine
from alerts.model import Effects
from alerts.policy import DetectionPolicy, DispatchPolicy
from benchmarks.parked import T0_MS, registry, reports, topic_of
from devices.admission import Admission
from devices.admitted import Record
from devices.entry import Entry
from devices.fix_lane import decode_fix
from devices.health import Health
from devices.latest import blank_rows
from devices.model import PLAIN
from devices.presence import PresencePolicy
from devices.rows import to_row
from devices.thinning import Thinner, ThinningPolicy

FLEET = 2_000
ROOM = 4 * FLEET
"""Rows of LatestState: more than ``Health`` asks for when it grows."""
EVERY_S = 10
REPEATS = 3


def fixes(messages: int) -> list[Entry]:
    """Fixes of a parked fleet, one per vehicle and round, 10 s apart."""
    entries = []
    made = reports(messages, vehicles=FLEET, every_s=EVERY_S)
    for seq, (device, t_ms, payload) in enumerate(made, start=1):
        raw = json.dumps(payload, separators=(",", ":")).encode()
        entries.append(Entry(seq, 0, t_ms + 50, t_ms - T0_MS + 50, 0, topic_of(device), raw))
    return entries


def cpu_us(run: Callable[[], object], messages: int) -> float:
    """Median over the repeats, µs of CPU per message."""
    figures = []
    for _ in range(REPEATS):
        began = time.process_time_ns()
        run()
        figures.append((time.process_time_ns() - began) / 1000 / messages)
    return statistics.median(figures)


def _decode(entries: list[Entry]) -> None:
    for entry in entries:
        device_id = entry.topic.rsplit("/", 2)[1]
        decode_fix(device_id, entry.payload, entry.recv_ms, PLAIN, 0)


def measure(messages: int) -> dict[str, float]:
    """All figures by name."""
    entries = fixes(messages)
    figures = {
        "json_loads (baseline)": cpu_us(lambda: [json.loads(e.payload) for e in entries], messages),
        "decode": cpu_us(partial(_decode, entries), messages),
    }

    def admit() -> list[Record]:
        return Admission("pg/v1", registry=registry(FLEET)).admit(entries, Counter()).records

    figures["decode and admit"] = cpu_us(admit, messages)
    records = admit()
    for batch in (1, 256, 2_000):
        figures[f"health, batches of {batch}"] = cpu_us(partial(_health, records, batch), messages)
        figures[f"detect, batches of {batch}"] = cpu_us(partial(_detect, records, batch), messages)
    figures["thin and row"] = cpu_us(lambda: _rows(records), messages)
    return figures


def _batches(records: list[Record], size: int) -> list[list[Record]]:
    return [records[k : k + size] for k in range(0, len(records), size)]


def _health(records: list[Record], size: int) -> None:
    rows = blank_rows(ROOM)
    known = registry(FLEET)
    health = Health(lambda _: rows, PresencePolicy())
    for device in known.devices.values():
        health.register(device)
    for batch in _batches(records, size):
        health.records(batch)


def _detect(records: list[Record], size: int) -> None:
    engine = Engine(
        registry(FLEET),
        DetectionPolicy(),
        DispatchPolicy(),
        thresholds=Thresholds.flat(owner=8.0, police=12.0),
    )
    effects = Effects()
    for batch in _batches(records, size):
        engine.records(batch, effects)


def _rows(records: list[Record]) -> None:
    thinner = Thinner(ThinningPolicy())
    for record in records:
        if thinner.keeps(record):
            to_row(record)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=40_000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = measure(arguments.messages)
    if arguments.json:
        print(json.dumps({name: round(value, 2) for name, value in figures.items()}))
        return
    for name, value in figures.items():
        print(f"{name:32s} {value:8.2f} µs CPU per message")


if __name__ == "__main__":
    main()
