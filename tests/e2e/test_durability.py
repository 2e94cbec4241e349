"""The first proof of durability: 20,000 messages, ten kills in the worst moments, nothing lost."""

import csv
from itertools import groupby
from pathlib import Path

import pytest

from stores.telemetry_sqlite import SqliteTelemetry
from support.broker import wait_until
from support.machine import Machine, missing_mosquitto

pytestmark = pytest.mark.broker
TOTAL, RATE, DEVICES = 20_000, 2_000, 100
KILLS = 6
FOREVER_MS = 4_102_444_799_999
SIGKILLED = -9


def test_nothing_is_missing_and_nothing_doubled_after_kills_between_commit_and_ack(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Receiver and processor die by SIGKILL six times each, the projector twice."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    made_file = tmp_path / "made.csv"
    keep_all = {
        "project": {"parked_row_s": 0.001, "checkpoint_s": 2},
        "process": {"checkpoint_s": 2},
    }
    with Machine(
        tmp_path, registry=("load", "--devices", str(DEVICES)), settings=keep_all
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

        summary = machine.simulate(
            "load",
            *("--devices", str(DEVICES), "--rate", str(RATE), "--total", str(TOTAL)),
            *("--made", str(made_file)),
        )
        projector.kill()
        wait_until(lambda: len(projector.codes) == 1, what="the projector died")
        machine.wait_ready("project")
        projector.kill()
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
    with capsys.disabled():
        print(  # noqa: T201 - the figures of the proof
            f"\ndurability: made {summary['made']}, stored {rows}, missing {missing}, doubled "
            f"{doubled}, receiver killed {receiver.codes.count(SIGKILLED)}, processor "
            f"{processor.codes.count(SIGKILLED)}, projector {projector.codes.count(SIGKILLED)}, "
            f"redelivered {books['duplicate']}"
        )
    assert receiver.codes[:KILLS] == processor.codes[:KILLS] == [SIGKILLED] * KILLS
    assert receiver.said().count("durable, unacknowledged") == KILLS
    assert processor.said().count("dying after the commit") == KILLS // 2
    assert processor.said().count("dying before the commit") == KILLS // 2
    assert (missing, doubled) == (0, 0)
    assert books["duplicate"] > 0  # what was durable and unacknowledged came again
    assert books["received"] == books["accepted"] + books["duplicate"] + books["quarantined"]
    assert books["accepted"] == books["projected"] + books["thinned"] == TOTAL
    assert books["gaps"] == 0


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
