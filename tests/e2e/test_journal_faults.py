"""The receiver and its journal's disk: synced before acknowledged, full, locked, gone, damaged.

One broker and one receiver for all of it; what a fault ends is started again, as `up` does.
"""

import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from devices.entry import DUP, Entry
from parkguard.status_files import PartStatus, read_all
from stores.journal_reading import SqliteJournalReader
from stores.telemetry_sqlite import SqliteProjectLedger
from support.broker import wait_until
from support.machine import START_S, Machine, missing_mosquitto
from support.mqtt_client import MqttClient
from support.stores_damage import contents, noise
from support.stores_tmpfs import fill_up, small_disk
from support.strace import traced

pytestmark = pytest.mark.broker
DISK_KIB = 40_960
ALARM_MB, RESERVE_MB = 16, 8
JOURNAL = {"journal": {"alarm_mb": ALARM_MB, "reserve_mb": RESERVE_MB}}
_MARK = re.compile(rb"mark-\d{5}")
READ_UPTO = 1_000_000
"""So far the projector is when the journal is deleted: new entries stand above."""
CANNOT = 1
"""Exit code of a part that cannot go on and says why (docs/operate.md)."""


@dataclass
class Post:
    """A receiver, and a device whose messages can be told apart."""

    machine: Machine
    device: MqttClient
    device_id: str
    sent: list[bytes] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """The journal."""
        return self.machine.settings.data_dir / "journal"

    @property
    def newest(self) -> Path:
        """The segment that is written."""
        return max(self.folder.glob("0*.db"))

    @property
    def status(self) -> PartStatus:
        """What the receiver says of itself."""
        return read_all(self.machine.settings.data_dir / "run")["ingest"]

    def send(self, count: int, *, one_by_one: bool = False) -> list[bytes]:
        """Publish so many messages; gives their marks."""
        marks = [b"mark-%05d" % (len(self.sent) + k) for k in range(count)]
        for mark in marks:
            publish = self.device.publish if one_by_one else self.device.send
            publish(f"pg/v1/up/trk/{self.device_id}/fix", b'{"v":1,"mark":"%s"}' % mark)
        self.sent += marks
        return marks

    def entries(self) -> dict[bytes, list[Entry]]:
        """Entries of the journal by their mark."""
        found: dict[bytes, list[Entry]] = {}
        reader = SqliteJournalReader(self.folder)
        after = 0
        while some := reader.read(after, 5_000):
            after = some[-1].seq
            for entry in some:
                for mark in _MARK.findall(entry.payload):
                    found.setdefault(mark, []).append(entry)
        reader.close()
        return found

    def wait_stored(self, marks: list[bytes]) -> None:
        """Wait until all of them are in the journal."""
        wait_until(
            lambda: set(marks) <= self.entries().keys(), within_s=START_S, what="all in the journal"
        )

    def wait_held(self, why: str, *, queue: int = 0) -> None:
        """Wait until intake is held for this reason and so many messages wait to be taken."""
        wait_until(
            lambda: (
                why in self.status.reason and self.status.metrics.get("ingest_queue", 0) >= queue
            ),
            within_s=START_S,
            what=f"held, {why}; it says {self.status}",
        )

    def wait_died(self, codes: int) -> int:
        """Wait until one more run of the receiver than ``codes`` has ended; its exit code."""
        runs = self.machine.parts["ingest"]
        wait_until(lambda: len(runs.codes) > codes, within_s=START_S, what="the receiver ended")
        return runs.codes[codes]

    def journal(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `parkguard journal ...`."""
        return run(self.machine, "journal", *words)


def run(machine: Machine, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command on this machine's settings to its end."""
    return subprocess.run(  # noqa: S603 - our own command
        [*machine.command(words[0]), *words[1:]],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    """Broker and receiver, the journal on a small disk of its own."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    folder = tmp_path_factory.mktemp("post")
    with (
        small_disk(folder / "data" / "journal", kib=DISK_KIB),
        Machine(folder, registry=("load", "--devices", "1"), settings=JOURNAL) as machine,
    ):
        machine.start("broker")
        machine.wait_ready("broker")
        machine.start("ingest")
        machine.wait_ready("ingest")
        ((device_id, secret),) = json.loads(machine.credentials.read_text()).items()
        port = machine.settings.broker.port
        with MqttClient("127.0.0.1", port, user=device_id, password=secret) as device:
            yield Post(machine, device, device_id)


@contextmanager
def locked(path: Path) -> Iterator[sqlite3.Connection]:
    """Another program's write lock on a segment, let go at the end."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other
        if other.in_transaction:
            other.execute("ROLLBACK")


def _acknowledged(said: str) -> int:
    """PUBACKs in what strace says of sendto; several leave in one call."""
    return sum(line.count(r"@\2") for line in said.splitlines() if "sendto(" in line)


@pytest.mark.promise(1)
def test_no_acknowledgement_leaves_before_its_commit_is_synced(post: Post, tmp_path: Path) -> None:
    """By the kernel's own account: written to the log, the log synced, then the PUBACK sent."""
    log = tmp_path / "calls"
    calls = ("-y", "-s", "9000", "-e", "trace=pwrite64,fdatasync,sendto")
    with traced(post.machine.pid("ingest"), log, *calls):
        marks: list[bytes] = []

        def all_acknowledged() -> bool:
            return _acknowledged(log.read_text(errors="replace")) >= len(marks)

        for _ in range(3):  # each acknowledged before the next: so many commits at least
            marks += post.send(10, one_by_one=True)
            wait_until(all_acknowledged)

    written: set[str] = set()
    synced: set[str] = set()
    acknowledged = syncs = 0
    for line in log.read_text(errors="replace").splitlines():
        if "pwrite64(" in line and "-wal>" in line:
            written |= set(re.findall(r"mark-\d{5}", line))
        elif "fdatasync" in line and line.endswith("= 0"):
            synced |= written
            syncs += 1
        elif newly := _acknowledged(line):
            acknowledged += newly
            assert acknowledged <= len(synced), line
    assert acknowledged == len(synced) == len(marks)
    assert syncs > 1


@pytest.mark.promise(1)
@pytest.mark.fault(25, 28)
def test_commit_whose_sync_fails_ends_the_receiver_unacknowledged(
    post: Post, tmp_path: Path
) -> None:
    """Locked by somebody, it waits; when the disk then fails, it ends, and all comes again."""
    log, codes = tmp_path / "calls", len(post.machine.parts["ingest"].codes)
    calls = ("-y", "-s", "9000", "-e", "trace=pwrite64,fdatasync,sendto")
    broken = ("-e", "inject=fdatasync:error=EIO:when=2+")  # the held batch, a tick, is the first
    with locked(post.newest) as other:
        post.wait_held("locked")
        marks = post.send(20)
        post.wait_held("locked", queue=len(marks))
        assert not set(marks) & post.entries().keys()
        with traced(post.machine.pid("ingest"), log, *calls, *broken):
            other.execute("ROLLBACK")
            code = post.wait_died(codes)
    said = log.read_text(errors="replace")
    post.machine.wait_ready("ingest")
    post.wait_stored(marks)

    assert code == CANNOT
    assert said.count("EIO (Input/output error) (INJECTED)") == 1
    assert marks[-1].decode() in said
    assert not _acknowledged(said)
    assert "nothing was acknowledged" in post.machine.parts["ingest"].said()
    assert all(post.entries()[mark][-1].flags & DUP for mark in marks)


@pytest.mark.fault(25)
def test_journal_that_is_locked_a_while_loses_nothing(post: Post) -> None:
    """It waits, acknowledges nothing meanwhile, and goes on by itself with each message once."""
    with locked(post.newest):
        post.wait_held("locked")
        marks = post.send(20)
        post.wait_held("locked", queue=len(marks))
        kept = post.entries().keys() & set(marks)
    post.wait_stored(marks)
    post.machine.wait_ready("ingest")

    assert kept == set()
    assert {len(post.entries()[mark]) for mark in marks} == {1}


@pytest.mark.promise(5)
@pytest.mark.fault(24)
def test_full_disk_is_told_before_it_stops_intake_and_intake_resumes(post: Post) -> None:
    """An alarm while there is room, then no acknowledgement, then everything, without a restart."""
    pid = post.machine.pid("ingest")
    ballast = fill_up(post.folder, leave_bytes=(RESERVE_MB + 4) << 20)
    wait_until(lambda: post.status.metrics.get("journal_disk_short"), what="the alarm")
    early, stats = post.status, json.loads(post.journal("stats", "--json").stdout)
    ballast.rename(post.folder / "more")
    fill_up(post.folder, leave_bytes=1 << 20)
    post.wait_held("free")
    marks = post.send(20)
    post.wait_held("free", queue=len(marks))
    kept = post.entries().keys() & set(marks)
    (post.folder / "more").unlink()
    ballast.unlink()
    post.wait_stored(marks)
    post.machine.wait_ready("ingest")
    wait_until(lambda: not post.status.metrics["journal_disk_short"], what="the end of the alarm")

    assert early.ready
    assert "journal_disk_short" in post.machine.parts["ingest"].said()
    assert stats["reserve_bytes"] < stats["free_bytes"] < stats["alarm_bytes"]
    assert kept == set()
    assert {len(post.entries()[mark]) for mark in marks} == {1}
    assert post.machine.pid("ingest") == pid
    assert post.journal("verify").returncode == 0


@pytest.mark.fault(26)
def test_journal_deleted_under_the_receiver_ends_it_unacknowledged(post: Post) -> None:
    """Bytes in a file without a name are no journal: it stops, says so, and all comes again."""
    runs = post.machine.parts["ingest"]
    codes, quiet = len(runs.codes), len(runs.said())
    with closing(SqliteProjectLedger(post.machine.settings.data_dir / "project.db")) as ledger:
        ledger.commit(READ_UPTO, 0, {})
    with locked(post.newest) as other:
        post.wait_held("locked")
        marks = post.send(20)
        post.wait_held("locked", queue=len(marks))
        post.newest.unlink()
        other.execute("ROLLBACK")
        code = post.wait_died(codes)
    post.machine.wait_ready("ingest")
    post.wait_stored(marks)

    assert code == CANNOT
    assert "nothing was acknowledged" in runs.said()[quiet:]
    assert "journal_begun_anew" in runs.said()[quiet:]
    assert all(entry.flags & DUP for mark in marks for entry in post.entries()[mark])
    assert min(entry.seq for each in post.entries().values() for entry in each) > READ_UPTO


@pytest.mark.fault(27)
def test_damaged_page_is_refused_with_the_way_back_and_the_way_works(post: Post) -> None:
    """Exit code 1, every byte as it was; after `journal rescue` the receiver goes on."""
    before = post.send(200)
    post.wait_stored(before)
    post.machine.parts["ingest"].end()
    noise(post.newest, post.newest.stat().st_size - 2 * 8192, seed=1, length=8192)
    damaged = contents(post.folder)

    refused = run(post.machine, "ingest")
    left, status = contents(post.folder), post.status
    verified: dict[str, Any] = json.loads(post.journal("verify", "--json").stdout)
    rescued = post.journal("rescue", "--json")
    assert rescued.returncode == 0, rescued.stderr
    post.machine.start("ingest")
    post.machine.wait_ready("ingest")
    marks = post.send(5)
    post.wait_stored(marks)

    assert refused.returncode == CANNOT
    assert "parkguard journal rescue" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not status.ready
    assert "is damaged" in status.reason
    assert left == damaged
    assert not verified["whole"]
    assert json.loads(rescued.stdout)["saved"] > 0
