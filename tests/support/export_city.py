"""A small city whose telemetry is exported."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from typer.testing import CliRunner, Result

from devices.model import DeviceClass
from devices.telemetry import MEASUREMENTS, USUAL, Row
from parkguard.cli import app
from parkguard.cli_shared import CommandError
from parkguard.clock import wall_ms
from parkguard.export_days import Asked, day_begin_ms
from parkguard.records import open_migrated
from parkguard.settings import Settings
from parkguard.wiring.telemetry import build_telemetry
from stores.parquet_days import day_path
from stores.registry import Registry
from stores.registry_devices import NewDevice
from support.telemetry_rows import a_row

CHILD = Path(__file__).with_name("export_child.py")
DOCS = Path(__file__).parents[2] / "docs" / "export.md"
FIRST, SECOND = date(2025, 11, 28), date(2025, 11, 29)
PERIOD = ("--from", "2025-11-28", "--to", "2025-11-29")
DAY_MS = 86_400_000
DEVICES = ("chg-000001", "trk-000001", "trk-000002")


def a_platform(folder: Path, telemetry: dict[str, object]) -> Settings:
    """Registry and settings file of a small city."""
    made = Settings.model_validate({"data_dir": folder / "data", "telemetry": telemetry})
    (folder / "settings.json").write_text(made.model_dump_json())
    engine = open_migrated(made)
    Registry(engine, wall_ms).add_devices(
        [
            NewDevice(id=name, cls=DeviceClass.TRACKER, secret_hash="-")  # noqa: S106 - none
            for name in DEVICES
        ]
    )
    engine.dispose()
    return made


def a_small_city(tmp_path: Path) -> Settings:
    """On SQLite, where the store does not matter."""
    return a_platform(tmp_path, {"store": "sqlite"})


def fill(settings: Settings, rows: Sequence[Row]) -> None:
    """Write rows as the projector would."""
    store = build_telemetry(settings)
    store.write(rows)
    store.close()


def run(settings: Settings, *words: str) -> Result:
    """Call it."""
    file = settings.data_dir.parent / "settings.json"
    return CliRunner().invoke(app, ["--settings", str(file), "export", *words])


def export(settings: Settings, *words: str) -> Any:  # noqa: ANN401 - whatever the command prints
    """Call it for a machine; where it fails, the line it says."""
    done = run(settings, *words, "--json")
    if isinstance(done.exception, CommandError):
        return str(done.exception)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def at(day: date, second: float, **told: Any) -> Row:  # noqa: ANN401 - as a_row
    """A row of a moment of a day, UTC."""
    return a_row(**told)._replace(t_ms=day_begin_ms(day) + round(second * 1000))


def some_rows(device_ids: Sequence[str] = DEVICES) -> list[Row]:
    """Both days from the first to the last millisecond, each column known and unknown."""
    values: dict[str, list[float | int | str | None]] = {
        "float": [0.0, -0.5, 31.820000000000004, None, 3.0],
        "int": [0, None, 2**53 + 1, -7],
        "str": ["", "皖\U0001f6b2 'x', \"y\"\n", None],
    }
    rows = []
    for name, columns in MEASUREMENTS.items():
        for device_id in device_ids:
            for k, second in enumerate((0, 0, 12.345, 86_399.999, 86_400, 172_799.999)):
                told = {
                    column: values[kind][k % len(values[kind])] for column, kind in columns.items()
                }
                fields = tuple(
                    USUAL[name].get(column) if value is None else value
                    for column, value in told.items()
                )
                t_ms = day_begin_ms(FIRST) + round(second * 1000)
                rows.append(Row(name, device_id, t_ms, k, fields))
    return rows


def rows_in(folder: Path, day: date, measurement: str = "fix") -> list[Row]:
    """A file as rows again."""
    table = pq.ParquetFile(day_path(folder, measurement, day.isoformat())).read()
    times = table["time"].cast(pa.int64()).to_pylist()
    fields = zip(*(table[name].to_pylist() for name in MEASUREMENTS[measurement]), strict=True)
    keys = zip(table["device"].to_pylist(), times, table["seq"].to_pylist(), fields, strict=True)
    return [Row(measurement, *key) for key in keys]


def files_below(folder: Path) -> list[str]:
    """Everything but the lock."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != ".export.lock")
    return sorted(path.relative_to(folder).as_posix() for path in found)


def an_asking(folder: Path, device_ids: Sequence[str]) -> Asked:
    """Fixes of one day."""
    return Asked(
        first=FIRST, last=FIRST, measurements=["fix"], device_ids=device_ids, folder=folder
    )
