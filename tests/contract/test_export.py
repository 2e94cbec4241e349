"""``parkguard export`` from SQLite and a real InfluxDB: the same rows in files."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from devices.telemetry import MEASUREMENTS, Row
from parkguard.export_days import day_begin_ms, export_days
from parkguard.settings import Settings
from parkguard.wiring.export import build_row_reader
from parkguard.wiring.telemetry import build_telemetry
from stores.influx_bulk import InfluxBulk
from stores.memory import MemoryTelemetry
from stores.parquet_days import GROUP_ROWS, schema_of
from stores.telemetry_bulk import PagedRows
from stores.telemetry_influx import InfluxTelemetry
from support.export_city import (
    DAY_MS,
    DEVICES,
    FIRST,
    PERIOD,
    SECOND,
    a_platform,
    an_asking,
    at,
    export,
    files_below,
    fill,
    rows_in,
    some_rows,
)
from support.influx_server import InfluxServer
from support.influx_settings import influx_settings

HOSTILE = ("", "trk-000001", "x' OR 'a'='a", "皖-A 88,=\\")
"""No registry takes them, a store does."""


@pytest.fixture(params=["sqlite", pytest.param("influx", marks=pytest.mark.influx)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of a platform on each store in turn, with its devices in the registry."""
    told: dict[str, object] = {"store": "sqlite"}
    if request.param == "influx":
        server: InfluxServer = request.getfixturevalue("influx")
        told = influx_settings(server.new_place(), tmp_path / "private")
    return a_platform(tmp_path, told)


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
