"""What an import costs: rows/s, CPU and memory, from a CSV to SQLite and to PostgreSQL.

    PYTHONPATH=.:tests python -m benchmarks.importing [--rows 1000000] [--store sqlite postgres]

Vehicles, then a tracker for each: looked at and written as ``parkguard import`` does it, each step
in a process of its own, for its memory. The same vehicles again are the step ``again``.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import sqlalchemy as sa

from devices.crs import Crs
from parkguard.clock import wall_ms
from parkguard.importing.device_shelf import Devices
from parkguard.importing.fault_book import FaultBook
from parkguard.importing.fresh_secrets import FreshSecrets
from parkguard.importing.kinds import Kind
from parkguard.importing.reading import open_source
from parkguard.importing.run import check, write
from parkguard.importing.shelf import Shelf
from parkguard.importing.shelves import Vehicles
from stores.records import migrate, open_records
from stores.registry import Registry
from support.postgres_server import PostgresServer

STEPS = (("vehicles", Kind.VEHICLES), ("trackers", Kind.TRACKERS), ("again", Kind.VEHICLES))


def files_of(folder: Path, rows: int) -> dict[Kind, Path]:
    """A city's sheets, in Chinese: a vehicle and its tracker in each row."""
    vehicles, trackers = folder / "vehicles.csv", folder / "trackers.csv"
    with vehicles.open("w", encoding="utf-8-sig") as file:
        file.write("车辆编号,车牌,描述,车主,区域,授权\n")
        file.writelines(
            f"veh-{k:07d},皖A·{k:07d},red Yadea,owner-{k % 700_000:06d},"
            f"3401{k % 90:02d}001001{k % 99 + 1:02d},防盗 公安共享\n"
            for k in range(rows)
        )
    with trackers.open("w", encoding="utf-8") as file:
        file.write("设备编号,车辆,型号,厂商,foreign.jt808\n")
        file.writelines(f"trk-{k:07d},veh-{k:07d},T{k % 7},Acme,0139{k:08d}\n" for k in range(rows))
    return {Kind.VEHICLES: vehicles, Kind.TRACKERS: trackers}


def measure(url: str, path: Path, kind: Kind) -> dict[str, float]:
    """Import one file: seconds, CPU seconds and memory; run in a process of its own."""
    engine = open_records(url)
    at_start_kib = _memory_kib("VmRSS")
    began, cpu = time.perf_counter(), _cpu_s()
    source = open_source(path, kind)
    with FaultBook(None, source.headers) as book, FreshSecrets() as fresh:
        shelf = _shelf(engine, kind, fresh, path.parent / "secrets.jsonl")
        counts = check(source, shelf, book, lambda _size: None)
        looked_s = time.perf_counter() - began
        if book.total:
            raise RuntimeError(f"{book.total} faults: {book.first[0]}")
        write(source, shelf, set(), counts, lambda _size: None)
    took_s, cpu_s = time.perf_counter() - began, _cpu_s() - cpu
    engine.dispose()
    return {
        "rows": counts.rows,
        "written": counts.written,
        "looked_s": looked_s,
        "took_s": took_s,
        "cpu_s": cpu_s,
        "grown_mib": (_memory_kib("VmHWM") - at_start_kib) / 1024,
    }


def _shelf(engine: sa.Engine, kind: Kind, fresh: FreshSecrets, secrets: Path) -> Shelf:
    registry = Registry(engine, wall_ms, "bench")
    if kind is Kind.VEHICLES:
        return Vehicles(engine, registry)

    def keep(new: Mapping[str, str]) -> None:
        with secrets.open("a") as file:
            file.writelines(f"{name},{secret}\n" for name, secret in new.items())

    return Devices(engine, registry, kind, Crs.WGS84, fresh=fresh, keep_secrets=keep)


def _cpu_s() -> float:
    """CPU of this process and of those it started that have ended, seconds."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _memory_kib(what: str) -> int:
    """Memory of this process, KiB: ``VmRSS`` now, ``VmHWM`` at its most."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what))


@contextmanager
def place_of(store: str, folder: Path) -> Iterator[str]:
    """The address of an empty records database."""
    if store == "sqlite":
        url = f"sqlite:///{folder / 'records.db'}"
        engine = open_records(url)
        migrate(engine)
        engine.dispose()
        yield url
        return
    with PostgresServer() as server:
        yield server.new_database()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--store", nargs="+", default=["sqlite", "postgres"])
    asked = parser.parse_args()
    spawn = get_context("spawn")
    for store in asked.store:
        with tempfile.TemporaryDirectory() as name, place_of(store, Path(name)) as url:
            files = files_of(Path(name), asked.rows)
            for step, kind in STEPS:
                with spawn.Pool(1) as pool:
                    found = pool.apply(measure, (url, files[kind], kind))
                sys.stdout.write(_line(store, step, found) + "\n")
                sys.stdout.flush()


def _line(store: str, step: str, found: Mapping[str, float]) -> str:
    rows = found["rows"]
    return (
        f"{store:9} {step:9} {rows:>9,.0f} rows, {found['written']:>9,.0f} written: "
        f"{found['took_s']:.1f} s ({found['looked_s']:.1f} s looking), "
        f"{rows / found['took_s']:,.0f} rows/s, {found['cpu_s'] / rows * 1e6:.0f} µs CPU a row, "
        f"memory +{found['grown_mib']:.0f} MiB"
    )


if __name__ == "__main__":
    main()
