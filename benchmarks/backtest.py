"""A month of 1,000 vehicles back-tested with another rate: how long, and in how much memory.

    python -m benchmarks.backtest [--vehicles 1000] [--days 3] [--rate 1e-6] [--picture FILE]
        [--json]

Makes the journal and the records of such a month (``backtest_city``: 370 messages a vehicle and
day, 10 thefts and 10 excursions a day), then runs ``parkguard replay --from-journal --set
detection.police_rate=...`` as a process of its own. Full size: --days 30, 11.1 million messages.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.backtest_city import City
from parkguard.cli_progress import long_work
from parkguard.clock import wall_ms
from parkguard.records import open_migrated
from parkguard.settings import Settings

PER_DAY, THEFTS_A_DAY = 370, 10
WHOLE = 1_000 * 30 * PER_DAY
"""Messages of the month that the issue names."""


def make(folder: Path, *, vehicles: int, days: float, seed: int) -> dict[str, float]:
    """Write journal and records; figures of it."""
    city = City(
        vehicles=vehicles,
        days=days,
        per_day=PER_DAY,
        thefts_a_day=THEFTS_A_DAY,
        t0_ms=wall_ms() - round(days * 86_400_000),
        seed=seed,
    )
    records = open_migrated(Settings(data_dir=folder))
    began_s = time.perf_counter()
    with long_work() as progress:
        task = progress.add_task("living the month", total=None)
        lived = city.live(
            folder / "journal",
            records,
            lambda done, total: progress.update(task, completed=done, total=total),
        )
    records.dispose()
    size = sum(path.stat().st_size for path in (folder / "journal").rglob("*") if path.is_file())
    made_s = time.perf_counter() - began_s
    return asdict(lived) | {"made_s": made_s, "journal_bytes": size}


def replay(
    folder: Path, *, days: float, rate: float, picture: Path | None
) -> tuple[dict[str, float], dict[str, object]]:
    """Run the command; figures, and what it printed."""
    command = ["parkguard", "replay", "--from-journal", "--since", f"{days * 24 + 1:.0f}h"]
    command += ["--picture", str(picture.resolve())] if picture else []
    began_s = time.perf_counter()
    done = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", *command, "--set", f"detection.police_rate={rate:g}", "--json"],
        env={**os.environ, "PARKGUARD_DATA_DIR": str(folder)},  # noqa: TID251 - handed on
        stdout=subprocess.PIPE,
    )
    assert done.stdout is not None  # noqa: S101 - tells the type
    said = done.stdout.read()
    _, status, used = os.wait4(done.pid, 0)
    if status:
        raise SystemExit(f"replay ended with {os.waitstatus_to_exitcode(status)}")
    return {
        "replay_wall_s": time.perf_counter() - began_s,
        "replay_cpu_s": used.ru_utime + used.ru_stime,
        "replay_rss_mb": used.ru_maxrss / 1024,
    }, json.loads(said)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vehicles", type=int, default=1_000)
    parser.add_argument("--days", type=float, default=3.0)
    parser.add_argument("--rate", type=float, default=1e-6, help="detection.police_rate to try")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="keep journal and records here")
    parser.add_argument("--picture", type=Path, help="draw what the back-test found (.svg, .png)")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="parkguard-backtest-") as name:
        folder = asked.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        figures = make(folder, vehicles=asked.vehicles, days=asked.days, seed=asked.seed)
        took, said = replay(folder, days=asked.days, rate=asked.rate, picture=asked.picture)
    figures |= took
    messages = figures["messages"]
    if said["messages"] != messages:
        raise SystemExit(f"{messages} messages made, {said['messages']} replayed")
    figures["messages_per_cpu_s"] = messages / figures["replay_cpu_s"]
    figures["whole_month_cpu_s"] = WHOLE / figures["messages_per_cpu_s"]
    figures = {key: round(value, 1) for key, value in figures.items()}
    if asked.json:
        print(json.dumps(figures | {"seed": asked.seed, "backtest": said["backtest"]}))
        return
    for key, value in figures.items():
        print(f"{key:24s} {value:16,.1f}")
    print(json.dumps(said["backtest"], indent=1))


if __name__ == "__main__":
    main()
