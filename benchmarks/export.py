"""What an export costs: rows/s, bytes per row and memory, from each store.

    PYTHONPATH=.:tests python -m benchmarks.export [--devices 1000 10000] [--rows 1000000]

Full fixes as in benchmarks.telemetry, all of one day, read back and written as Parquet in a process
of its own. "a device at a time" is the obvious way for InfluxDB: a request (or two) a device.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

from benchmarks.telemetry import NOW_MS, Line, made, tell
from devices.telemetry import Row
from parkguard.export_days import Asked, RowReader, export_days
from stores.influx_bulk import InfluxBulk
from stores.influx_place import InfluxPlace
from stores.influx_reads import InfluxReads
from stores.telemetry_bulk import PagedRows
from stores.telemetry_influx import InfluxTelemetry
from stores.telemetry_sqlite import SqliteTelemetry
from support.influx_server import InfluxServer

DAY = datetime.fromtimestamp(NOW_MS / 1000, UTC).date()
WAYS = ("sqlite", "influx, a device at a time", "influx")


def reader_of(way: str, place: InfluxPlace | Path) -> RowReader:
    """The store as an export reads it."""
    if isinstance(place, Path):
        return PagedRows(SqliteTelemetry(place))
    return InfluxBulk(place) if way == "influx" else PagedRows(InfluxReads(place))


def memory_kib(what: str) -> int:
    """Memory of this process, KiB: ``VmRSS`` now, ``VmHWM`` at its most."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what))


def measure(way: str, place: InfluxPlace | Path, devices: int) -> Line:
    """Export the day; run in a process of its own, for its memory."""
    reader = reader_of(way, place)
    at_start_kib = memory_kib("VmRSS")
    with tempfile.TemporaryDirectory() as folder:
        asked = Asked(
            first=DAY,
            last=DAY,
            measurements=["fix"],
            device_ids=[f"trk-{number:07d}" for number in range(devices)],
            folder=Path(folder),
        )
        began, cpu = time.perf_counter(), time.process_time()
        (done,) = export_days(reader, asked, lambda _what, _devices: None)
        took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    reader.close()
    grown_kib = memory_kib("VmHWM") - at_start_kib
    return {
        "from": way,
        "devices": devices,
        "rows": done.rows,
        "rows_per_s": round(done.rows / took_s),
        "cpu_us_per_row": round(cpu_s / done.rows * 1e6, 1),
        "bytes_per_row": round(done.bytes / done.rows, 1),
        "memory_grown_mib": round(grown_kib / 1024),
    }


def fill(write: Callable[[Sequence[Row]], None], devices: int, rows: int) -> None:
    """Write everything."""
    for batch in made(devices, rows):
        write(batch)


def run(devices: int, rows: int) -> Iterator[Line]:
    """Every way, each in a fresh process."""
    with (
        tempfile.TemporaryDirectory() as folder,
        InfluxServer(Path(folder)) as server,
        get_context("spawn").Pool(1, maxtasksperchild=1) as pool,
    ):
        path, place = Path(folder) / "t.db", server.new_place()
        sqlite, influx = SqliteTelemetry(path), InfluxTelemetry(place)
        fill(sqlite.write, devices, rows)
        fill(influx.write, devices, rows)
        for way in WAYS:
            yield pool.apply(measure, (way, path if way == "sqlite" else place, devices))
        sqlite.close()
        influx.close()


def main() -> None:
    """Print one line for each way and fleet."""
    title = "export of a day: rows/s, CPU of the exporting process, bytes in Parquet"
    tell(__doc__, title, [1_000, 10_000], 1_000_000, run)


if __name__ == "__main__":
    main()
