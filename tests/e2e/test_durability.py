"""The first proof of durability: receiver, processor and broker die under load, nothing is lost
unseen and nothing is doubled.
"""

import csv
import re
import signal
from itertools import groupby
from pathlib import Path

import msgspec
import pytest

from devices.seen import Seen
from ingest.processor import ProcessorState
from stores.checkpoints import FileCheckpoints
from stores.telemetry_sqlite import SqliteTelemetry
from support.background import Background, wait_unsaved
from support.broker import wait_until
from support.machine import Machine, missing_mosquitto

pytestmark = pytest.mark.broker
TOTAL, RATE, DEVICES = 20_000, 2_000, 100
KILLS = 6
FOREVER_MS = 4_102_444_799_999
SIGKILLED = -9
KEEP_ALL: dict[str, dict[str, int]] = {
    "project": {"parked_row_s": 0, "checkpoint_s": 2},
    "process": {"checkpoint_s": 2},
}
"""Nothing is thinned; checkpoints come often, so that restarts begin in the middle."""
PARTS = ("ingest", "process", "project")
SMALL_BATCHES: dict[str, dict[str, int]] = {
    "ingest": {"batch_max": 100},
    "process": {"batch_max": 400},
}
"""On a slow machine all messages would wait for a few large commits, and nobody would die in them:
200 acknowledgements at least (69 are needed), 50 commits (12 with what is read again)."""


@pytest.mark.promise(1, 2, 6)
@pytest.mark.fault(2, 3, 5)
def test_nothing_is_missing_and_nothing_doubled_after_kills_between_commit_and_ack(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Receiver and processor die by SIGKILL six times each, the projector twice."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    made_file = tmp_path / "made.csv"
    with Machine(
        tmp_path, registry=("load", "--devices", str(DEVICES)), settings=_with_small_batches()
    ) as machine:
        machine.start("broker")
        machine.wait_ready("broker")
        receiver = machine.start(
            "ingest",
            *(machine.script("dying_ingest.py", str(4 + 3 * k)) for k in range(KILLS)),
        )
        processor = machine.start(
            "process",
            *(
                machine.script("dying_process.py", "1", ("after", "before")[k % 2])
                for k in range(KILLS)
            ),
        )
        projector = machine.start("project")
        machine.wait_ready("project")
        load = Background(
            machine, "load", "--devices", str(DEVICES), "--rate", str(RATE), "--total", str(TOTAL),
            "--made", str(made_file),
        )  # fmt: skip
        for _ in range(2):
            _wait_received(machine, more=RATE // 2)
            machine.wait_ready("project")
            projector.kill()
        summary = load.result()
        wait_until(
            lambda: len(receiver.codes) >= KILLS and len(processor.codes) >= KILLS,
            within_s=90,
            what=f"all kills: {receiver.codes} {processor.codes}",
        )
        wait_until(lambda: machine.is_settled(TOTAL), within_s=90, what="everything is stored")
        books = machine.books()
        made = _made(made_file)
        stored, rows = _stored(machine, made)

    missing = sum(len(numbers - stored[device]) for device, numbers in made.items())
    doubled = rows - sum(len(numbers) for numbers in stored.values())
    unacknowledged = re.findall(r"dying with (\d+) durable, unacknowledged", receiver.said())
    with capsys.disabled():
        print(  # noqa: T201 - the figures of the proof
            f"\ndurability: made {summary['made']}, stored {rows}, missing {missing}, doubled "
            f"{doubled}, receiver killed {receiver.codes.count(SIGKILLED)}, processor "
            f"{processor.codes.count(SIGKILLED)}, projector {projector.codes.count(SIGKILLED)}, "
            f"redelivered {books['duplicate']}"
        )
    assert receiver.codes[:KILLS] == processor.codes[:KILLS] == [SIGKILLED] * KILLS
    assert projector.codes.count(SIGKILLED) == 2
    assert len(unacknowledged) == KILLS
    assert processor.said().count("dying after the commit") == KILLS // 2
    assert processor.said().count("dying before the commit") == KILLS // 2
    assert (missing, doubled) == (0, 0)
    assert books["duplicate"] >= sum(map(int, unacknowledged))  # all of that came again
    assert books["received"] == books["accepted"] + books["duplicate"] + books["quarantined"]
    assert books["accepted"] == books["projected"] + books["thinned"] == TOTAL
    assert books["gaps"] == 0


@pytest.mark.fault(1)
def test_a_kill_while_nothing_flows_changes_nothing(tmp_path: Path) -> None:
    """The receiver dies idle: what came before stands once, what comes after is taken."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    with Machine(tmp_path, registry=("load", "--devices", "10"), settings=KEEP_ALL) as machine:
        parts = ("broker", "ingest", "process", "project")
        for part in parts:
            machine.start(part)
        machine.wait_ready(*parts)
        for round_ in (1, 2):
            _short_load(machine, tmp_path, round_)
            if round_ == 1:
                machine.parts["ingest"].end(signal.SIGKILL)
                machine.start("ingest")
                machine.wait_ready("ingest")
        books = machine.books()
    assert books["received"] == books["accepted"] == books["projected"] == 400
    assert (books["duplicate"], books["gaps"]) == (0, 0)


def _short_load(machine: Machine, folder: Path, round_: int) -> None:
    """200 messages of ten devices, numbered anew by each round's seed; all are stored."""
    Background(
        machine, "load", "--devices", "10", "--rate", "200", "--total", "200",
        "--seed", str(round_), "--made", str(folder / f"made-{round_}.csv"),
    ).result()  # fmt: skip
    wait_until(lambda: machine.is_settled(200 * round_), within_s=60, what="everything is stored")


@pytest.mark.promise(2)
@pytest.mark.fault(7, 12, 13)
def test_what_a_killed_broker_loses_is_exactly_what_the_gaps_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """SIGTERM of the receiver loses and repeats nothing; mosquitto dies twice by SIGKILL."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    made_file = tmp_path / "made.csv"
    devices, rate, total = 50, 800, 15_000
    with Machine(
        tmp_path, registry=("load", "--devices", str(devices)), settings=KEEP_ALL
    ) as machine:
        for part in ("broker", "ingest", "process", "project"):
            machine.start(part)
        machine.wait_ready("broker", "ingest", "process", "project")
        load = Background(
            machine, "load", "--devices", str(devices), "--rate", str(rate), "--total", str(total),
            "--made", str(made_file),
        )  # fmt: skip

        _wait_received(machine, more=rate)
        code = machine.parts["ingest"].end()
        machine.start("ingest")
        machine.wait_ready("ingest")
        _wait_received(machine, more=rate)
        after_restart = machine.books()
        machine.kill_mosquitto()
        _wait_received(machine, more=rate)
        machine.parts["ingest"].end(signal.SIGKILL)
        wait_unsaved(machine)
        machine.kill_mosquitto()
        machine.start("ingest")
        machine.wait_ready("broker", "ingest")
        lasted = load.is_running
        summary = load.result()
        wait_until(machine.is_quiet, within_s=60, what="everything is stored")
        machine.parts["process"].end()
        books = machine.books()
        made = _made(made_file)
        stored, rows = _stored(machine, made)
        gaps = _gaps(machine)

    lost = {
        device: numbers - stored[device]
        for device, numbers in made.items()
        if numbers - stored[device]
    }
    with capsys.disabled():
        print(  # noqa: T201 - the figures of the proof
            f"\nbroker killed: made {summary['made']}, stored {rows}, lost in the broker "
            f"{sum(map(len, lost.values()))}, gaps {books['gaps']}, redelivered "
            f"{books['duplicate']}"
        )
    assert code == 0
    assert (after_restart["duplicate"], after_restart["gaps"]) == (0, 0)
    assert lasted, "too slow: the load was over before the last kill, a tail's loss never shows"
    assert summary["pending"] == 0
    assert lost == gaps != {}
    assert books["gaps"] == sum(map(len, lost.values())) == total - books["accepted"]
    assert books["accepted"] == books["projected"] == rows


def _wait_received(machine: Machine, *, more: int) -> None:
    """Wait until so many further records were processed."""
    enough = machine.books()["received"] + more
    wait_until(lambda: machine.books()["received"] >= enough, within_s=40, what=f"{more} more")


def _gaps(machine: Machine) -> dict[str, set[int]]:
    """Missing numbers by device, as the processor knows them."""
    found = FileCheckpoints(machine.settings.data_dir / "checkpoints", "processor").newest(
        machine.offsets()[0]
    )
    assert found is not None
    admission = msgspec.msgpack.decode(found[1], type=ProcessorState).pipeline.admission
    names = {device.slot: device.id for device in admission.registry.devices}
    return {
        names[slot]: {n for _, first, last in missing for n in range(first, last + 1)}
        for slot, state in admission.seen
        if (missing := Seen.load(state).missing())
    }


def _with_small_batches() -> dict[str, dict[str, int]]:
    return {part: KEEP_ALL.get(part, {}) | SMALL_BATCHES.get(part, {}) for part in PARTS}


def _made(path: Path) -> dict[str, set[int]]:
    """Sequence numbers by device, as the sender wrote them down."""
    with path.open(encoding="utf-8") as file:
        rows = sorted((device, int(seq)) for device, _boot, seq in csv.reader(file))
    return {
        device: {seq for _, seq in group} for device, group in groupby(rows, key=lambda r: r[0])
    }


def _stored(machine: Machine, made: dict[str, set[int]]) -> tuple[dict[str, set[int]], int]:
    """Sequence numbers by device in the telemetry store, and how many rows there are."""
    telemetry = SqliteTelemetry(machine.settings.data_dir / "telemetry.db")
    stored = {
        device: {row.seq for row in telemetry.rows("fix", device, 0, FOREVER_MS, None, TOTAL)}
        for device in made
    }
    rows = telemetry.count("fix")
    telemetry.close()
    return stored, rows
