"""``parkguard export`` from SQLite and a real InfluxDB: the same rows, whole files, or none."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from devices.errors import StoreError
from devices.model import DeviceClass
from devices.telemetry import MEASUREMENTS, Row
from parkguard.cli import app
from parkguard.cli_export_run import terminable
from parkguard.cli_shared import CommandError
from parkguard.clock import wall_ms
from parkguard.export_days import Asked, day_begin_ms, export_days
from parkguard.locks import hold_lock
from parkguard.records import open_migrated
from parkguard.settings import Settings
from parkguard.wiring.export import build_row_reader
from parkguard.wiring.telemetry import build_telemetry
from stores.influx_bulk import InfluxBulk
from stores.memory import MemoryTelemetry
from stores.parquet_days import GROUP_ROWS, day_path, schema_of
from stores.registry import Registry
from stores.registry_devices import NewDevice
from stores.schema import audit
from stores.telemetry_bulk import PagedRows
from stores.telemetry_influx import InfluxTelemetry
from support.influx_server import InfluxServer
from support.influx_settings import influx_settings
from support.stores_records import rows_of
from support.stores_tmpfs import small_disk
from support.telemetry_rows import a_row

CHILD = Path(__file__).parents[1] / "support" / "export_child.py"
DOCS = Path(__file__).parents[2] / "docs" / "export.md"
FIRST, SECOND = date(2025, 11, 28), date(2025, 11, 29)
PERIOD = ("--from", "2025-11-28", "--to", "2025-11-29")
DAY_MS = 86_400_000
DEVICES = ("chg-000001", "trk-000001", "trk-000002")
HOSTILE = ("", "trk-000001", "x' OR 'a'='a", "皖-A 88,=\\")
"""No registry takes them, a store does."""


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    """One server for all tests; each has a database of its own."""
    with InfluxServer(tmp_path_factory.mktemp("influx")) as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("influx", marks=pytest.mark.influx)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of a platform on each store in turn, with its devices in the registry."""
    told: dict[str, object] = {"store": "sqlite"}
    if request.param == "influx":
        server: InfluxServer = request.getfixturevalue("influx")
        told = influx_settings(server.new_place(), tmp_path / "private")
    return a_platform(tmp_path, told)


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
                fields = [values[kind][k % len(values[kind])] for kind in columns.values()]
                row = Row(
                    name, device_id, day_begin_ms(FIRST) + round(second * 1000), k, (*fields,)
                )
                rows.append(row)
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


def test_rows_come_back_as_they_were(settings: Settings, tmp_path: Path) -> None:
    """Every measurement, two days, several devices; device after device, as time goes."""
    fill(settings, rows := some_rows())

    said = export(settings, *PERIOD, "--out", str(tmp_path / "out"))

    expected = sorted(rows, key=lambda row: (row.device_id, row.t_ms, row.seq))
    for name in MEASUREMENTS:
        for day in (FIRST, SECOND):
            begin_ms = day_begin_ms(day)
            assert rows_in(tmp_path / "out", day, name) == [
                row
                for row in expected
                if row.measurement == name and begin_ms <= row.t_ms < begin_ms + DAY_MS
            ]
    assert sum(one["rows"] for one in said["files"]) == len(rows)
    assert len(said["files"]) == 2 * len(MEASUREMENTS)
    assert {"measurement", "day", "rows", "bytes", "file"} == set(said["files"][0])


def test_any_name_of_a_device_comes_back(settings: Settings, tmp_path: Path) -> None:
    """Unicode, quotes, none at all."""
    fill(settings, rows := [row for row in some_rows(HOSTILE) if row.measurement == "fix"])
    reader = build_row_reader(settings)

    list(export_days(reader, an_asking(tmp_path, HOSTILE), lambda _what, _devices: None))

    reader.close()
    assert rows_in(tmp_path, FIRST) == [row for row in rows if row.t_ms < day_begin_ms(SECOND)]


def test_only_what_is_asked_for_is_written(settings: Settings) -> None:
    """Into the folder below data_dir, where no other is named."""
    fill(settings, some_rows())

    export(settings, "--from", "2025-11-29", "--to", "2025-11-29", "--measurement", "event")

    folder = settings.data_dir / "export"
    assert files_below(folder) == ["event/day=2025-11-29/part-0.parquet"]
    assert rows_in(folder, SECOND, "event")[0].t_ms == day_begin_ms(SECOND)


def test_second_run_replaces_a_day(settings: Settings, tmp_path: Path) -> None:
    """What has been erased since is gone; a day without rows has no file."""
    fill(settings, some_rows())
    asked = (*PERIOD, "--out", str(tmp_path / "out"))
    export(settings, *asked)
    store = build_telemetry(settings)
    store.erase(DEVICES[0])

    export(settings, *asked)
    left = {row.device_id for row in rows_in(tmp_path / "out", FIRST)}
    for device_id in DEVICES:
        store.erase(device_id)
    said = export(settings, *asked)
    store.close()

    assert left == set(DEVICES[1:])
    assert "no rows of fix" in said
    assert files_below(tmp_path / "out") == []


@pytest.mark.influx
def test_many_devices_come_in_few_requests_and_the_same(influx: InfluxServer) -> None:
    """Long names, a device with more than a page, devices with nothing."""
    place = influx.new_place()
    store = InfluxTelemetry(place)
    names = [f"皖-{'x' * 50}-{k:03d}" for k in range(120)]
    rows = [at(FIRST, k % 3, device_id=name, seq=k) for name in names[::2] for k in range(7)]
    rows += [at(FIRST, 100 + k, device_id=names[30], seq=k) for k in range(9_500)]
    store.write(rows)
    period = (day_begin_ms(FIRST), day_begin_ms(SECOND) - 1)
    bulk = InfluxBulk(place)

    together = [list(page) for page in bulk.of_devices("fix", names, *period)]
    alone = [row for page in PagedRows(store).of_devices("fix", names, *period) for row in page]

    assert [row for page in together for row in page] == alone
    assert len(alone) == len(rows)
    assert len(together) < 60
    bulk.close()
    store.close()


def test_columns_have_the_types_of_the_measurements() -> None:
    """Also where every value is unknown: a file of one day fits that of another."""
    kinds = {"float": pa.float64(), "int": pa.int64(), "str": pa.string()}

    for name, columns in MEASUREMENTS.items():
        schema = schema_of(name)
        assert schema.names == ["device", "time", "seq", *columns]
        assert schema.field("time").type == pa.timestamp("ms", tz="UTC")
        assert [schema.field(column).type for column in columns] == [
            kinds[kind] for kind in columns.values()
        ]


def test_files_are_private_compressed_and_in_groups(tmp_path: Path) -> None:
    """0600 in folders 0700; zstd; groups that skip what is not asked for."""
    store = MemoryTelemetry()
    row = at(FIRST, 0)
    page = [row._replace(seq=k) for k in range(10_000)]

    class Endless:
        """The same page for each device."""

        def of_devices(
            self, measurement: str, device_ids: Sequence[str], from_ms: int, to_ms: int
        ) -> Iterator[Sequence[Row]]:
            del measurement, from_ms, to_ms
            for device_id in device_ids:
                yield [one._replace(device_id=device_id) for one in page]

        def close(self) -> None:
            store.close()

    asked = an_asking(tmp_path / "out", [f"trk-{k:06d}" for k in range(20)])

    (done,) = export_days(Endless(), asked, lambda _what, _devices: None)

    path = Path(done.file)
    told = pq.ParquetFile(path).metadata
    assert [f"{p.stat().st_mode & 0o777:o}" for p in (path, *list(path.parents)[:3])] == [
        "600",
        "700",
        "700",
        "700",
    ]
    assert (done.rows, told.num_rows, told.num_row_groups) == (200_000, 200_000, 2)
    assert GROUP_ROWS <= told.row_group(0).num_rows < GROUP_ROWS + 20_000
    assert told.row_group(0).column(0).compression == "ZSTD"
    assert told.row_group(1).column(0).statistics.min > "trk-000000"
    assert done.bytes == path.stat().st_size


def an_asking(folder: Path, device_ids: Sequence[str]) -> Asked:
    """Fixes of one day."""
    return Asked(
        first=FIRST, last=FIRST, measurements=["fix"], device_ids=device_ids, folder=folder
    )


def test_killed_in_the_middle_leaves_no_half_file(tmp_path: Path) -> None:
    """SIGKILL: the file of before stays as it was, and the next run sweeps up."""
    settings = a_small_city(tmp_path)
    fill(settings, [at(FIRST, k, seq=k) for k in range(10)])
    folder = tmp_path / "out"
    asked = (*PERIOD, "--out", str(folder))
    export(settings, *asked)
    before = rows_in(folder, FIRST)

    killed = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, str(CHILD), str(folder), FIRST.isoformat(), "20"],
        check=False,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    found = files_below(folder)
    after = rows_in(folder, FIRST)
    export(settings, *asked)

    assert killed.returncode == -signal.SIGKILL
    assert len(found) == 2
    assert [name for name in found if name.endswith(".parquet")] == [
        "fix/day=2025-11-28/part-0.parquet"
    ]
    assert after == before
    assert files_below(folder) == ["fix/day=2025-11-28/part-0.parquet"]
    assert rows_in(folder, FIRST) == before


def test_store_that_fails_in_the_middle_leaves_no_half_file(tmp_path: Path) -> None:
    """After whole row groups were written."""

    class Failing:
        """A store that goes away."""

        def of_devices(
            self, measurement: str, device_ids: Sequence[str], from_ms: int, to_ms: int
        ) -> Iterator[Sequence[Row]]:
            del measurement, device_ids, from_ms, to_ms
            yield [at(FIRST, 0)] * (GROUP_ROWS + 1)
            raise StoreError("gone", may_pass=True)

        def close(self) -> None:
            """Nothing to let go of."""

    with pytest.raises(StoreError, match="gone"):
        list(export_days(Failing(), an_asking(tmp_path, ["a"]), lambda _what, _devices: None))

    assert (tmp_path / "fix" / "day=2025-11-28").is_dir()
    assert files_below(tmp_path) == []


def test_terminated_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    """SIGTERM, as a shutdown sends it: exit code 143, and no file under any name."""

    class Stopped:
        """A store during whose answer the machine is shut down."""

        def of_devices(
            self, measurement: str, device_ids: Sequence[str], from_ms: int, to_ms: int
        ) -> Iterator[Sequence[Row]]:
            del measurement, device_ids, from_ms, to_ms
            yield [at(FIRST, 0)] * (GROUP_ROWS + 1)
            signal.raise_signal(signal.SIGTERM)

        def close(self) -> None:
            """Nothing to let go of."""

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as ended, terminable():
        list(export_days(Stopped(), an_asking(tmp_path, ["a"]), lambda _what, _devices: None))

    assert ended.value.code == 143
    assert files_below(tmp_path) == []
    assert signal.getsignal(signal.SIGTERM) == before


def test_missing_extra_is_told_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no other command loads it."""
    settings = a_small_city(tmp_path)
    program = "import sys, parkguard.cli; sys.exit('pyarrow' in sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], check=False)  # noqa: S603 - ours
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    assert "pip install 'pyarrow>=26'" in export(settings, *PERIOD)
    assert loaded.returncode == 0


def test_full_disk_is_told_and_leaves_no_half_file(tmp_path: Path) -> None:
    """The files of before stay."""
    settings = a_small_city(tmp_path)
    fill(settings, [at(FIRST, 1)])
    with small_disk(tmp_path / "disk", kib=1_000) as disk:
        asked = (*PERIOD, "--out", str(disk / "out"))
        export(settings, *asked, "--measurement", "fix")
        fill(
            settings,
            [
                at(FIRST, 2 + k / 100, seq=k, ext=sha256(b"%d" % k).hexdigest())
                for k in range(30_000)
            ],
        )

        said = export(settings, *asked)

        assert said == f"cannot write {disk / 'out'}: No space left on device"
        assert files_below(disk / "out") == ["fix/day=2025-11-28/part-0.parquet"]
        assert len(rows_in(disk / "out", FIRST)) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "28.11.2025", "--to", "2025-11-28"), "--from 28.11.2025: write a day (UTC)"),
        (("--from", "2025-11-31", "--to", "2025-12-01"), "--from 2025-11-31: write a day (UTC)"),
        (("--from", "2025-11-29", "--to", "2025-11-28"), "the period is empty"),
        (("--from", "1970-01-01", "--to", "2025-11-28"), "nothing before 2000-01-01"),
        (("--from", "2999-01-01", "--to", "2999-01-01"), "is in the future"),
        ((*PERIOD, "--measurement", "fixes"), "take one of fix, event, charger"),
    ],
)
def test_wrong_words_are_told(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    """Exit code 2, one line, before anything is opened."""
    done = run(a_small_city(tmp_path), *words)

    assert done.exit_code == 2
    assert said in done.output
    assert done.output.count("\n") == 1


def test_what_cannot_be_done_is_told(tmp_path: Path) -> None:
    """No store yet, no rows, a folder that is none, another export: exit code 1."""
    settings = a_small_city(tmp_path)
    no_store = export(settings, *PERIOD)
    (tmp_path / "file").touch()
    fill(settings, [at(FIRST, 1)])

    no_folder = export(settings, *PERIOD, "--out", str(tmp_path / "file" / "out"))
    no_rows = export(settings, "--from", "2025-11-01", "--to", "2025-11-02")
    with hold_lock(tmp_path / "held" / ".export.lock"):
        held = export(settings, *PERIOD, "--out", str(tmp_path / "held"))

    assert "parkguard up" in no_store
    assert no_folder.startswith(f"cannot write {tmp_path / 'file'}")
    assert "no rows of fix" in no_rows
    assert "from 2025-11-01 to 2025-11-02 (UTC)" in no_rows
    assert "another export writes" in held


def test_day_that_is_not_over_is_said(tmp_path: Path) -> None:
    """It is exported as far as it goes, and to be exported again."""
    settings = a_small_city(tmp_path)
    fill(settings, [a_row()._replace(t_ms=wall_ms() - 1000)])

    done = run(settings, "--from", "2025-11-28", "--to", "2099-12-31", "--measurement", "fix")

    assert done.exit_code == 0
    assert "is not over" in done.stderr
    assert len(files_below(settings.data_dir / "export")) == 1


def test_export_is_in_the_audit(tmp_path: Path) -> None:
    """Who, what and which period, before the first row is read; refused ones are not."""
    settings = a_small_city(tmp_path)
    fill(settings, [at(FIRST, 1)])
    export(settings, *PERIOD, "--measurement", "fix", "--measurement", "event")
    run(settings, "--from", "x", "--to", "y")

    engine: sa.Engine = open_migrated(settings)
    (noted,) = rows_of(engine, audit)
    engine.dispose()

    assert noted["action"] == "telemetry_exported"
    assert noted["object"] == "export:2025-11-28..2025-11-29:fix,event"
    assert noted["by"].startswith("cli:")
    assert noted["role"] == "admin"


def test_queries_of_the_docs_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB on what the command writes: a track, an hour at one place, two weeks of battery."""
    settings = a_small_city(tmp_path)
    week_later = date(2025, 12, 5)
    rows = [at(FIRST, k * 300, seq=k, lat_deg=31.82, battery_pct=90.0 - k) for k in range(13)]
    rows += [at(FIRST, 3_900 + k, seq=k, lat_deg=31.9 + k / 100) for k in range(3)]
    rows += [at(week_later, k, seq=k, battery_pct=50.0) for k in range(3)]
    rows += [at(FIRST, 9, device_id="trk-000002", lat_deg=None, lon_deg=None)]
    fill(settings, rows)
    monkeypatch.chdir(tmp_path)
    export(settings, "--from", "2025-11-28", "--to", "2025-12-05", "--out", "export")

    track, dwell, battery = (asked(query) for query in queries_of_the_docs())

    assert len(track) == 16
    assert track[0]["device"] == "trk-000001"
    assert track == sorted(track, key=lambda row: row["time"])
    assert dwell == [
        {"lat": 31.82, "lon": 117.22, "stays": 1, "median_min": 60.0, "longest_min": 60.0}
    ]
    assert [(row["week"].isoformat(), row["least"], row["mean"]) for row in battery] == [
        ("2025-11-24", 78.0, 84.0),
        ("2025-12-01", 50.0, 50.0),
    ]


def queries_of_the_docs() -> list[str]:
    """The SQL of docs/export.md, in order, on the days of these tests."""
    blocks = DOCS.read_text().split("```sql\n")[1:]
    texts = [block.partition("```")[0] for block in blocks]
    return [text.replace("2026-", "2025-").replace("trk-000017", "trk-000001") for text in texts]


def asked(query: str) -> list[dict[str, Any]]:
    """Rows of a query."""
    with duckdb.connect() as connection:
        found: pa.Table = connection.sql(query).to_arrow_table()
    return [dict(row) for row in found.to_pylist()]
