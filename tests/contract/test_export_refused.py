"""``parkguard export`` killed, full, or asked wrongly: whole files or none; its audit."""

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
import pytest
import sqlalchemy as sa

from devices.errors import StoreError
from devices.telemetry import Row
from parkguard.cli_export_run import terminable
from parkguard.clock import wall_ms
from parkguard.export_days import export_days
from parkguard.locks import hold_lock
from parkguard.records import open_migrated
from stores.parquet_days import GROUP_ROWS
from stores.schema import audit
from support.export_city import (
    CHILD,
    DOCS,
    FIRST,
    PERIOD,
    a_small_city,
    an_asking,
    at,
    export,
    files_below,
    fill,
    rows_in,
    run,
)
from support.stores_records import rows_of
from support.stores_tmpfs import small_disk
from support.telemetry_rows import a_row


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
