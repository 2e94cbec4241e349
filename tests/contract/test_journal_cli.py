"""``parkguard journal``: what it holds, whether it is whole, and what came last."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from devices import control
from devices.control import SaveFence
from devices.entry import DUP, EntryKind, Incoming
from devices.model import Fence
from parkguard.cli import app
from stores.journal_reading import SqliteJournalReader
from stores.journal_segments import retire
from support.broker import wait_until
from support.stores_damage import noise
from support.stores_journal import DAY_MS, NOW_MS, a_batch, fill, writing_to

FIX = (
    b'{"v":1,"seq":7,"t":1790000000000,"owner":"Zhang Wei","phone":13912345678,'
    b'"pos":{"lat":31.820613,"lon":117.227239,"spd_kmh":4.2},"st":{"armed":true},'
    b'"net":{"rssi_dbm":-87,"cell":{"mcc":460,"cid":123456789}}}'
)
SECRETS = ("Zhang", "13912345678", "31.82", "117.22", "123456789", "460", "Lakeside")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The journal that the commands look at."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PARKGUARD_DATA_DIR", str(tmp_path))
    return tmp_path / "journal"


def call(*words: str, code: int = 0) -> str:
    """What `parkguard journal ...` prints."""
    done = CliRunner().invoke(app, ["journal", *words], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.stdout


def said(kind: EntryKind, payload: bytes, *, topic: str = "", flags: int = 0) -> Incoming:
    return Incoming(int(kind), NOW_MS, 1, flags, topic, payload)


def test_stats_tell_segments_readers_and_room(folder: Path) -> None:
    """By number: what is kept, what is compressed, who is how far."""
    last = fill(folder, batches=12)
    reader = SqliteJournalReader(folder)
    reader.note("processor", last)
    reader.note("projector", last - 150)
    retire(
        folder, now_ms=NOW_MS, retention_ms=DAY_MS, readers=("processor", "projector"), at_most=2
    )

    told: dict[str, Any] = json.loads(call("stats", "--json"))
    table = call("stats")

    packed = [one for one in told["segments"] if one["archived"]]
    lags = {one["reader"]: (one["noted"], one["entries"]) for one in told["readers"]}
    assert told["entries"] == last == told["segments"][-1]["last"]
    assert len(packed) == 2
    assert all(0 < one["bytes"] < one["plain_bytes"] for one in packed)
    assert lags == {"processor": (last, 0), "projector": (last - 150, 150)}
    assert told["readers"][1]["behind_ms"] == 149_000
    assert told["newest_ms"] == NOW_MS + last * 1000
    assert told["reserve_bytes"] < told["alarm_bytes"]
    assert "150 entries behind" in table
    assert "enough" in table


def test_reader_that_never_came_is_told(folder: Path) -> None:
    """It holds everything, whatever the retention says."""
    fill(folder, batches=1)

    assert "has never read" in call("stats")


@pytest.mark.promise(5)
@pytest.mark.parametrize(
    ("limit", "told"), [("ALARM_MB", "SHORT"), ("RESERVE_MB", "INTAKE IS STOPPED")]
)
def test_short_disk_stands_in_the_stats(
    folder: Path, monkeypatch: pytest.MonkeyPatch, limit: str, told: str
) -> None:
    """Before intake stops, and when it has."""
    fill(folder, batches=1)
    monkeypatch.setenv(f"PARKGUARD_JOURNAL__{limit}", "1e9")

    assert told in call("stats")


def test_verify_of_a_whole_journal_ends_with_0(folder: Path) -> None:
    """Every entry was read."""
    last = fill(folder, batches=12)

    told = json.loads(call("verify", "--json"))

    assert told["whole"]
    assert sum(one["rows"] for one in told["segments"]) == last
    assert "whole" in call("verify")


@pytest.mark.fault(27)
@pytest.mark.parametrize(
    ("segment", "share", "found"),
    [(1, 0.6, "checksum"), (-1, 0.0, "not a database"), (-1, 0.9, "Page")],
)
def test_verify_of_a_damaged_journal_ends_with_1_and_names_the_segment(
    folder: Path, segment: int, share: float, found: str
) -> None:
    """Inside a payload, at the head, on the last page: the others are read all the same."""
    fill(folder, batches=12)
    path = sorted(folder.glob("*.db"))[segment]
    noise(
        path, int(path.stat().st_size * share) // 8192 * 8192 + (4000 if segment > 0 else 0), seed=1
    )

    told = json.loads(call("verify", "--json", code=1))

    faulty = [one["first"] for one in told["segments"] if one["faults"]]
    assert not told["whole"]
    assert faulty == [int(path.stem)]
    assert len(told["segments"]) == len(list(folder.glob("*.db")))
    assert found in call("verify", code=1)


def test_no_journal_is_told(tmp_path: Path) -> None:
    """One line, exit code 1, what to do."""
    done = subprocess.run(
        [sys.executable, "-m", "parkguard", "journal", "stats"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert str(tmp_path) in done.stderr
    assert "Traceback" not in done.stderr


def write(folder: Path) -> None:
    """A message, a broken one, what people did, a tick."""
    fence = Fence(id="fence-1", name="Lakeside", lat_deg=31.82, lon_deg=117.22, radius_m=50.0)
    with writing_to(folder) as writer:
        writer.append(
            [
                said(EntryKind.MQTT, FIX, topic="pg/v1/up/trk/trk-1/fix", flags=DUP),
                said(EntryKind.MQTT, b"\x1b[31m{broken", topic="pg/v1/up/trk/trk-2/fix"),
                said(EntryKind.CONTROL, control.encode(SaveFence(at_ms=1, fence=fence))),
                said(EntryKind.TICK, b"", flags=1),
            ]
        )


def test_tail_shows_what_came_last_without_who_and_where(folder: Path) -> None:
    """Speed, signal and state are for whoever looks after the devices; places are not."""
    write(folder)

    lines = call("tail").splitlines()

    assert len(lines) == 3
    assert '"seq":7' in lines[0]
    assert '"spd_kmh":4.2' in lines[0]
    assert '"rssi_dbm":-87' in lines[0]
    assert "[repeated]" in lines[0]
    assert "trk-2/fix not readable (encoding)" in lines[1]
    assert "save_fence" in lines[2]
    assert not [word for word in SECRETS if word in "".join(lines)]
    assert "\x1b" not in "".join(lines)


def test_tail_shows_everything_when_asked_to(folder: Path) -> None:
    """For whoever must see it; the help says that it is personal."""
    write(folder)

    assert "31.820613" in call("tail", "--personal")


def test_tail_for_programs_is_an_object_a_line(folder: Path) -> None:
    """Ticks only when asked for; places hidden here, too."""
    write(folder)

    rows = [json.loads(line) for line in call("tail", "--ticks", "--json").splitlines()]

    assert [row["kind"] for row in rows] == ["message", "message", "people", "tick"]
    assert rows[0]["marks"] == ["repeated"]
    assert rows[0]["says"]["pos"] == {"lat": "…", "lon": "…", "spd_kmh": 4.2}
    assert rows[3]["says"] == {"broker_connected": True}


def test_tail_looks_back_over_ticks_and_segments(folder: Path) -> None:
    """So many messages as asked for, however many ticks stand between."""
    tick = said(EntryKind.TICK, b"", flags=1)
    with writing_to(folder, segment_bytes=1 << 16) as writer:
        writer.append(a_batch(5))
        for _ in range(6):
            writer.append([tick] * 1000)
        writer.append(a_batch(2, first=6))

    seqs = [json.loads(line)["seq"] for line in call("tail", "-n", "4", "--json").splitlines()]

    assert seqs == [4, 5, 6006, 6007]


@contextmanager
def following(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`parkguard journal tail --follow` as a process."""
    with (
        log.open("wb") as out,
        subprocess.Popen(
            [sys.executable, "-m", "parkguard", "journal", "tail", "-f", "--json"],
            stdout=out,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def test_tail_follows_until_ctrl_c(folder: Path, tmp_path: Path) -> None:
    """What is written meanwhile comes by itself; Ctrl-C is no error."""
    log = tmp_path / "out"
    with writing_to(folder) as writer:
        writer.append(a_batch(2))
        with following(log) as process:
            wait_until(lambda: log.read_bytes().count(b"\n") == 2, within_s=30, what="the newest")
            writer.append(a_batch(3, first=3))
            wait_until(lambda: log.read_bytes().count(b"\n") == 5, within_s=30, what="what came")
            process.send_signal(signal.SIGINT)
            code = process.wait(30)

    assert code == 0
    assert [json.loads(line)["seq"] for line in log.read_text().splitlines()] == [1, 2, 3, 4, 5]
