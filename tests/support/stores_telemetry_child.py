"""Run as a process: write ten telemetry rows at a time and print how many are stored."""

import sys
from pathlib import Path

from devices.telemetry import MEASUREMENTS, Row
from stores.telemetry_sqlite import SqliteTelemetry


def main() -> None:
    """Write until killed."""
    store = SqliteTelemetry(Path(sys.argv[1]))
    unknown = (None,) * len(MEASUREMENTS["fix"])
    stored = 0
    while True:
        store.write(
            [
                Row("fix", f"trk-{k}", 1_790_000_000_000 + k, k, unknown)
                for k in range(stored, stored + 10)
            ]
        )
        stored += 10
        sys.stdout.write(f"{stored}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
