"""The wall clock leaps under running parts: an hour on, an hour back, ten years on."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa
from typing_extensions import override

from devices.control import Arm, decode
from devices.entry import Entry, EntryKind
from devices.model import DeviceClass, Vehicle
from parkguard.clock import wall_ms
from parkguard.private_files import write_private
from parkguard.registration import DeviceEntry, Wanted, register
from parkguard.status_files import read_all
from parkguard.synthetic_theft import theft
from stores.journal_reading import SqliteJournalReader
from stores.queries_synthetic import SyntheticRecords
from stores.registry import Registry
from stores.schema import outbox
from support.broker import wait_until
from support.leaping_clock import LeapingClock
from support.machine import Machine, missing_mosquitto
from support.mqtt_client import MqttClient
from support.slow_owners import SlowOwners

pytestmark = [pytest.mark.broker, pytest.mark.long]
HOUR_S, YEAR_S = 3_600, 31_557_600
LEAPS_S = {"v-1": HOUR_S, "v-2": -HOUR_S, "v-3": 10 * YEAR_S}
"""Vehicle -> the leap between the theft of it and the answer of its owner."""
SECOND_S = 3.0
"""A second contact is told so long after the first was."""
TICK_S = 1.5
"""Timers look once a second, and a delivery takes its time."""
WITHIN_S = 60.0
PARTS = ("ingest", "process", "dispatch", "api")
MANY = 100_000


@pytest.mark.promise(39, 16)
@pytest.mark.fault(43)
def test_no_wait_is_longer_or_shorter_for_a_clock_that_leaps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Retries go on, second contacts are told in time, the journal's clock is steady."""
    if (todo := missing_mosquitto()) is not None:
        pytest.fail(todo)
    clock = LeapingClock(tmp_path)
    with SlowOwners() as owners, _machine(tmp_path, owners, clock) as machine:
        machine.start("broker")
        machine.wait_ready("broker")  # first: see LeapingClock
        for part in PARTS:
            machine.start(part)
        wait_until(lambda: _all_up(machine), within_s=WITHIN_S, what="all are ready")
        for vehicle, leap_s in LEAPS_S.items():
            _leap_between(machine, owners, clock, vehicle, leap_s)
        with machine.client() as client:
            assert client.get("/v1/alerts").status_code == 200
        rows = [row for row in _rows(machine) if row["kind"] == "owner_notice"]
        entries = _journal(machine)

    waits_s = {v: round(told[1] - told[0], 1) for v, told in owners.told.items()}
    ticks = [entry for entry in entries if entry.kind == EntryKind.TICK]
    steady = [b.elapsed_ms - a.elapsed_ms for a, b in pairwise(ticks)]
    wall = [b.recv_ms - a.recv_ms for a, b in pairwise(ticks)]
    with capsys.disabled():
        print(f"\nsecond contacts after {waits_s} s, ticks {min(steady)}-{max(steady)} ms")  # noqa: T201 - the figures of the proof
    assert {vehicle: len(told) for vehicle, told in owners.told.items()} == dict.fromkeys(
        LEAPS_S, 2
    )
    assert min(waits_s.values()) >= SECOND_S - TICK_S
    assert {row["state"] for row in rows} == {"sent"}
    assert min(steady) > 0
    assert max(steady) < HOUR_S * 1000
    assert min(wall) < -0.9 * HOUR_S * 1000  # the clock really leapt, back
    assert max(wall) > 9 * YEAR_S * 1000  # ... and on


class _Leaping(Machine):
    """Every part but the broker lives under the clock."""

    clock: LeapingClock

    @override
    def command(self, part: str) -> list[str]:
        command = super().command(part)
        return command if part == "broker" else self.clock.command(command)


def _machine(folder: Path, owners: SlowOwners, clock: LeapingClock) -> _Leaping:
    machine = _Leaping(
        folder,
        registry=("load", "--devices", "1"),
        settings={
            "dispatch": {
                "allow_hosts": ["127.0.0.1"],
                "webhooks": {"owner": {"url": owners.url}},
                "retry_first_s": 0.3,
                "retry_max_s": 1.0,
            },
            "policy": {"second_contact_s": SECOND_S},
        },
    )
    machine.clock = clock
    wanted = Wanted(
        vehicles=[Vehicle(id=v, contacts=("wang", "li"), auto_arm=False) for v in LEAPS_S],
        devices=[
            DeviceEntry(id=f"trk-{v}", cls=DeviceClass.TRACKER, vehicle_id=v) for v in LEAPS_S
        ],
    )
    secrets = register(Registry(machine.engine, wall_ms), wanted).secrets
    write_private(machine.credentials, json.dumps(secrets).encode())
    return machine


def _leap_between(
    machine: Machine, owners: SlowOwners, clock: LeapingClock, vehicle: str, leap_s: int
) -> None:
    """A theft, an owner who cannot be told, a leap, retries, and then both contacts are told."""
    said = f"after a leap of {leap_s} s"
    owners.is_down = True
    _steal(machine, vehicle, clock)
    wait_until(lambda: owners.tried[vehicle] >= 1, within_s=WITHIN_S, what="a first attempt")
    clock.leap(leap_s)
    enough = owners.tried[vehicle] + 2
    wait_until(lambda: owners.tried[vehicle] >= enough, within_s=WITHIN_S, what=f"retries {said}")
    owners.is_down = False
    wait_until(
        lambda: len(owners.told[vehicle]) >= 2, within_s=WITHIN_S, what=f"both contacts {said}"
    )


def _steal(machine: Machine, vehicle: str, clock: LeapingClock) -> None:
    """Arm it, and drive it off, at the time of the parts."""
    device, now_ms = f"trk-{vehicle}", wall_ms() + clock.offset_s * 1000
    SyntheticRecords(machine.engine).say(Arm(at_ms=now_ms, vehicle_id=vehicle))
    wait_until(lambda: _is_copied(machine, vehicle), within_s=WITHIN_S, what="it is armed")
    stolen = theft("pg/v1", boot="b1", number=0, now_ms=now_ms, every_s=300)
    topic = f"pg/v1/up/trk/{device}/fix"
    password = json.loads(machine.credentials.read_bytes())[device]
    broker = machine.settings.broker
    with MqttClient(broker.host, broker.port, user=device, password=password) as client:
        assert not client.refused
        for payload in stolen.payloads:
            client.publish(topic, payload)


def _is_copied(machine: Machine, vehicle: str) -> bool:
    """Whether the arming is in the journal; the registration names the vehicle as well."""
    said = [decode(e.payload) for e in _journal(machine) if e.kind == EntryKind.CONTROL]
    return any(isinstance(each, Arm) and each.vehicle_id == vehicle for each in said)


def _journal(machine: Machine) -> list[Entry]:
    reader = SqliteJournalReader(machine.settings.data_dir / "journal")
    entries = reader.read(0, MANY)
    reader.close()
    return entries


def _rows(machine: Machine) -> list[dict[str, object]]:
    with machine.engine.connect() as connection:
        return [dict(row) for row in connection.execute(sa.select(outbox)).mappings()]


def _all_up(machine: Machine) -> bool:
    """Whether the API says that every part it needs is ready; the projector does not run."""
    said = read_all(machine.settings.data_dir / "run")
    return all(part in said and said[part].ready for part in PARTS)
