"""Messages a second of ``parkguard replay`` on one core: a file of fixes of 1,000 vehicles.

    python -m benchmarks.replay [--messages 200000] [--vehicles 1000] [--every-s 10] [--json]

Everything is counted: reading the file, parsing its lines, ticks once a second, decode, identity,
health, detection. The baseline in the same run is ``json.loads`` of the same lines.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

from benchmarks.parked import device_id, reports, topic_of, vehicle_id
from parkguard.replay.reading import read_lines
from parkguard.replay.run import Replay
from parkguard.settings import Settings


def write_file(path: Path, *, messages: int, vehicles: int, every_s: int) -> None:
    """A parked fleet, each vehicle with a report every ``every_s``, spread over the interval."""
    with path.open("w") as file:
        for k in range(vehicles):
            device = {"kind": "device", "class": "trk", "id": device_id(k)}
            file.write(json.dumps(device | {"vehicle": vehicle_id(k)}) + "\n")
        for k, t_ms, payload in reports(messages, vehicles=vehicles, every_s=every_s):
            line = {
                "kind": "mqtt",
                "recv_t": t_ms,
                "topic": topic_of(k),
                "payload": payload,
                "qos": 1,
            }
            file.write(json.dumps(line, separators=(",", ":")) + "\n")


def measure(*, messages: int, vehicles: int, every_s: int) -> dict[str, float]:
    """Figures by name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fleet.jsonl"
        write_file(path, messages=messages, vehicles=vehicles, every_s=every_s)
        began = time.process_time()
        with path.open("rb") as file:
            for line in file:
                json.loads(line)
        baseline_s = time.process_time() - began
        run = Replay(Settings())
        began, wall_began = time.process_time(), time.perf_counter()
        with path.open("rb") as file:
            run.feed(read_lines(file, path.name))
        run.finish()
        cpu_s, wall_s = time.process_time() - began, time.perf_counter() - wall_began
    totals = run.timeline.observed.totals()
    if totals["accepted"] != messages:
        raise SystemExit(f"{messages} messages made, but {totals}")
    return {
        "messages": messages,
        "messages_per_cpu_s": messages / cpu_s,
        "messages_per_wall_s": messages / wall_s,
        "cpu_us_per_message": cpu_s / messages * 1e6,
        "json_loads_us_per_line": baseline_s / messages * 1e6,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--vehicles", type=int, default=1_000)
    parser.add_argument("--every-s", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    figures = measure(messages=asked.messages, vehicles=asked.vehicles, every_s=asked.every_s)
    if asked.json:
        print(json.dumps({name: round(value, 2) for name, value in figures.items()}))
        return
    for name, value in figures.items():
        print(f"{name:24s} {value:12,.1f}")


if __name__ == "__main__":
    main()
