"""What a telemetry row costs: CPU of client and server, rows/s and bytes, for each store.

    PYTHONPATH=.:tests python -m benchmarks.telemetry [--devices 1000 100000] [--rows 200000]

Full fixes (11 columns and ``seq``, two of them as usual), in batches of 5,000 as the projector
writes them, each device in turn. Beside ours, in the same run: a ``Point`` per row through the
batching ``WriteApi``, as the client's own examples do. InfluxDB is Debian's 1.6.7 behind nginx,
started here (tests/support).
"""

import argparse
import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write.point import Point
from influxdb_client.client.write_api import WriteOptions
from rich.console import Console
from rich.table import Table

from devices.telemetry import MEASUREMENTS, Row
from stores.influx_lines import point_ns
from stores.influx_place import DataClass, InfluxPlace
from stores.telemetry_influx import InfluxTelemetry
from stores.telemetry_sqlite import SqliteTelemetry
from support.influx_server import InfluxServer

BATCH = 5_000
NOW_MS = 1_790_000_000_000
TICKS_PER_S = os.sysconf("SC_CLK_TCK")

Write = Callable[[Sequence[Row]], None]
Line = dict[str, str | int | float]


def made(devices: int, rows: int) -> Iterator[list[Row]]:
    """Batches of fixes, every device in turn, 10 s apart."""
    rng = random.Random(7)  # noqa: S311 - no secret
    columns = tuple(MEASUREMENTS["fix"])
    for start in range(0, rows, BATCH):
        batch = []
        for k in range(start, min(start + BATCH, rows)):
            round_, number = divmod(k, devices)
            said: dict[str, float | str] = {
                "lat_deg": round(31.8 + rng.random() / 10, 6),
                "lon_deg": round(117.2 + rng.random() / 10, 6),
                "acc_m": 6.5,
                "speed_mps": round(rng.random() * 9, 1),
                "course_deg": float(rng.randrange(360)),
                "sat": 11,
                "source": "gnss",
                "battery_pct": 77.0,
                "state_bits": 5,
                "flags": 0,
                "rssi_dbm": -87,
            }
            t_ms = NOW_MS + round_ * 10_000
            fields = tuple(said.get(column) for column in columns)
            batch.append(Row("fix", f"trk-{number:07d}", t_ms, round_, fields))
        yield batch


def measure(name: str, devices: int, rows: int, write: Write, server: Callable[[], float]) -> Line:
    """Write everything; µs per row of the client's CPU and of the server's."""
    client_s = 0.0
    server_s, began = server(), time.perf_counter()
    for batch in made(devices, rows):
        before = time.process_time()
        write(batch)
        client_s += time.process_time() - before
    before = time.process_time()
    write([])
    client_s += time.process_time() - before
    took_s, server_s = time.perf_counter() - began, server() - server_s
    return {
        "store": name,
        "devices": devices,
        "rows": rows,
        "client_us": round(client_s / rows * 1e6, 1),
        "server_us": round(server_s / rows * 1e6, 1),
        "rows_per_s": round(rows / took_s),
    }


def cpu_s(pid: int) -> float:
    """CPU time of a process so far, seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def bytes_below(folder: Path) -> int:
    """Size of all files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@contextmanager
def points(place: InfluxPlace) -> Iterator[Write]:
    """The obvious way: a Point per row, the client's own batching; an empty batch flushes."""
    client = InfluxDBClient(
        url=place.url, token=f"{place.user}:{place.secret}", org="-", auth_basic=True
    )
    api = client.write_api(write_options=WriteOptions(batch_size=BATCH))
    columns = tuple(MEASUREMENTS["fix"])

    def write(rows: Sequence[Row]) -> None:
        if not rows:
            api.close()  # type: ignore[no-untyped-call]
        for row in rows:
            point = Point(row.measurement).tag("device", row.device_id)  # type: ignore[no-untyped-call]
            for column, value in zip(columns, row.fields, strict=True):
                if value is not None:
                    point.field(column, value)
            point.field("seq", row.seq).time(point_ns(row))
            api.write(bucket=place.name(DataClass.TRACK), record=point)

    yield write
    client.close()  # type: ignore[no-untyped-call]


def run(devices: int, rows: int) -> Iterator[Line]:
    """SQLite, InfluxDB by us, InfluxDB by Points: each on an empty store."""
    with tempfile.TemporaryDirectory() as folder:
        sqlite = SqliteTelemetry(Path(folder) / "t.db")
        yield measure("sqlite", devices, rows, sqlite.write, lambda: 0.0) | {
            "bytes": round(bytes_below(Path(folder)) / rows)
        }
        sqlite.close()
    for name in ("influx", "influx, Points"):
        with tempfile.TemporaryDirectory() as folder, InfluxServer(Path(folder)) as server:
            place = server.new_place()
            store = InfluxTelemetry(replace(place, timeout_s=300.0))  # to count takes long
            pid = server.influxd.pid if server.influxd else 0
            with points(place) as write:
                ours = store.write if name == "influx" else write
                line = measure(name, devices, rows, ours, partial(cpu_s, pid))
                if name == "influx":
                    write([])
            yield line | {
                "bytes": round(bytes_below(server.data) / rows),
                "lost": rows - store.count("fix"),
            }
            store.close()


def tell(
    doc: str | None,
    title: str,
    devices: Sequence[int],
    rows: int,
    run: Callable[[int, int], Iterator[Line]],
) -> None:
    """Ask the command line for fleets and rows, run each, and print a line for each way.

    Args:
        doc: The program's docstring.
        title: Of the table.
        devices: Fleets unless told otherwise.
        rows: Rows unless told otherwise.
        run: Gives the lines of one fleet.
    """
    parser = argparse.ArgumentParser(description=(doc or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--devices", type=int, nargs="+", default=devices)
    parser.add_argument("--rows", type=int, default=rows)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    lines = [line for fleet in asked.devices for line in run(fleet, asked.rows)]
    if asked.json:
        print(json.dumps(lines))
        return
    columns = list(dict.fromkeys(name for line in lines for name in line))
    table = Table(*columns, title=title)
    for line in lines:
        table.add_row(*(str(line.get(column, "")) for column in columns))
    Console().print(table)


def main() -> None:
    """Print one line for each store and fleet."""
    title = "telemetry: µs of CPU per row, rows/s, bytes on disk per row, rows lost"
    tell(__doc__, title, [1_000, 100_000], 200_000, run)


if __name__ == "__main__":
    main()
