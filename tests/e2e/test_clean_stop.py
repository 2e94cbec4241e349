"""Parts end under load within 10 s, with exit code 0, and nothing is delivered again."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from devices.entry import DUP, EntryKind
from parkguard.children import die_with_parent
from parkguard.clock import monotonic_s
from parkguard.parts import PART_NAMES
from stores.journal_reading import SqliteJournalReader
from support.broker import wait_until
from support.machine import Machine, Runs, missing_mosquitto

pytestmark = [pytest.mark.broker, pytest.mark.long]
STOPS, UPS = 20, 2
DEVICES, RATE = 50, 1_000
MORE = 300
"""So many messages are journalled between two ends."""
STOP_S = 10.0
"""Source: reliability.md P10."""
SLACK_S = 5.0
"""What a busy machine may take longer to end a process."""
WITHIN_S = 60.0
MANY = 1_000_000


@pytest.mark.promise(10)
@pytest.mark.fault(7)
def test_twenty_clean_ends_of_the_receiver_under_load_repeat_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its queue, the journal, the acknowledgements, its network thread."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    took_s: list[float] = []
    codes: list[str] = []
    with Machine(tmp_path, registry=("load", "--devices", str(DEVICES))) as machine:
        machine.start("broker")
        machine.wait_ready("broker")
        with _load(machine):
            runs = machine.start("ingest", machine.script("forked_ingest.py", str(STOPS)))
            for number in range(1, STOPS + 1):
                _wait_journalled(machine)
                began_s = monotonic_s()
                os.kill(int(_said(runs, "pid", number)), signal.SIGTERM)
                codes.append(_said(runs, "code", number))
                took_s.append(monotonic_s() - began_s)
        count, again = _repeated(machine)

    with capsys.disabled():
        print(f"\n{STOPS} ends of the receiver: longest {max(took_s):.1f} s, {count} messages")  # noqa: T201 - the figures of the proof
    assert codes == ["0"] * STOPS
    assert again == []
    assert max(took_s) <= STOP_S + SLACK_S


@pytest.mark.promise(10)
@pytest.mark.fault(7)
def test_clean_ends_of_everything_under_load_repeat_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``parkguard up`` and its six parts; what waited in the broker comes at the next start."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    took_s: list[float] = []
    with Machine(tmp_path, registry=("load", "--devices", str(DEVICES))) as machine:
        with ExitStack() as leaving:
            for number in range(UPS):
                machine.start("up")
                _wait_up(machine, number + 1)
                if not number:
                    leaving.enter_context(_load(machine))
                _wait_journalled(machine)
                began_s = monotonic_s()
                assert machine.parts["up"].end() == 0, machine.parts["up"].said()[-2000:]
                took_s.append(monotonic_s() - began_s)
        said = machine.parts["up"].said()
        count, again = _repeated(machine)

    with capsys.disabled():
        print(f"\n{UPS} ends of everything: longest {max(took_s):.1f} s, {count} messages")  # noqa: T201 - the figures of the proof
    assert said.count("part_stopped") == UPS * len(PART_NAMES)
    assert again == []
    assert max(took_s) <= STOP_S + SLACK_S


def _said(runs: Runs, word: str, count: int) -> str:
    """What the script said after its ``count``-th such word, as soon as it has."""
    found: list[str] = []

    def is_there() -> bool:
        found[:] = re.findall(rf"{word} (-?\d+)\n", runs.said())
        return len(found) >= count

    wait_until(is_there, within_s=WITHIN_S, what=f"{word} {count}; it said {runs.said()[-500:]}")
    return found[count - 1]


def _wait_up(machine: Machine, count: int) -> None:
    runs = machine.parts["up"]
    wait_until(
        lambda: runs.pid and runs.said().count('"up_ready"') >= count,
        within_s=WITHIN_S,
        what="up is ready",
    )


@contextmanager
def _load(machine: Machine) -> Iterator[None]:
    """Many trackers speak, QoS 1, until the block ends."""
    broker = machine.settings.broker
    command = [
        *(sys.executable, "-m", "simulators", "load", "--json"),
        *("--host", broker.host, "--port", str(broker.port)),
        *("--credentials", str(machine.credentials), "--devices", str(DEVICES)),
        *("--rate", str(RATE), "--total", str(MANY)),
    ]
    with (machine.folder / "load.log").open("ab") as log:
        process = subprocess.Popen(die_with_parent(command), stdout=log, stderr=log)  # noqa: S603
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _wait_journalled(machine: Machine) -> None:
    """Wait until some more messages are journalled."""
    enough = _last_seq(machine) + MORE
    wait_until(
        lambda: _last_seq(machine) >= enough, within_s=WITHIN_S, what=f"{MORE} more in the journal"
    )


def _last_seq(machine: Machine) -> int:
    reader = SqliteJournalReader(machine.settings.data_dir / "journal")
    seq = reader.last_seq()
    reader.close()
    return seq


def _repeated(machine: Machine) -> tuple[int, list[tuple[str, bytes]]]:
    """How many messages are in the journal, and which of them the broker delivered again.

    What it had delivered and we had not taken is not there yet when it comes again; and what a
    device sends again, without the broker's acknowledgement, is another message to the broker.
    """
    reader = SqliteJournalReader(machine.settings.data_dir / "journal")
    count = seq = 0
    known: set[tuple[str, bytes]] = set()
    again: list[tuple[str, bytes]] = []
    while entries := reader.read(seq, 5_000):
        seq = entries[-1].seq
        for entry in entries:
            if entry.kind == EntryKind.MQTT:
                said = (entry.topic, entry.payload)
                again += [said] if entry.flags & DUP and said in known else []
                known.add(said)
                count += 1
    reader.close()
    return count, again
