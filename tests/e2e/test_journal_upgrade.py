"""An upgrade with 10,000 unread entries in a journal of the release before loses none."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec
import pytest

from devices.entry import EntryKind, Incoming
from parkguard.clock import wall_ms
from stores.checkpoints import FileCheckpoints
from stores.processing import RecordsControl
from support.broker import wait_until
from support.machine import Machine
from support.stores_damage import faults_of
from support.stores_journal import writing_to
from support.stores_journal_first_form import append_first_form, begin_first_form

DEVICES, READ, UNREAD, NEW = 20, 1_000, 10_000, 200
AGED = ("processor", "projector")


def fixes(ids: list[str], after_elapsed_ms: int) -> Iterator[Incoming]:
    """Fixes of parked vehicles for ever, each device once a second, numbered."""
    began_ms = wall_ms()
    number = 0
    while True:
        number += 1
        for place, device in enumerate(ids):
            t_ms = began_ms + number * 10
            body = {
                "v": 1,
                "boot": "b1",
                "seq": number,
                "t": t_ms,
                "pos": {"lat": 31.8 + place / 100, "lon": 117.2, "acc_m": 6.5, "spd_kmh": 0},
            }
            yield Incoming(
                kind=int(EntryKind.MQTT),
                recv_ms=t_ms + 5,
                elapsed_ms=after_elapsed_ms + number * 10,
                flags=0,
                topic=f"pg/v1/up/trk/{device}/fix",
                payload=json.dumps(body).encode(),
            )


@pytest.mark.promise(10)
def test_ten_thousand_unread_entries_of_the_release_before_are_all_taken(tmp_path: Path) -> None:
    """Its segment is of another form, its readers' states are of another version."""
    with Machine(tmp_path, registry=("load", "--devices", str(DEVICES))) as machine:
        folder = machine.settings.data_dir / "journal"
        controls = RecordsControl(machine.engine).after(0, 10_000)
        said = fixes(sorted(device.id for device in machine.registered.devices), 1)
        old = begin_first_form(folder, control_upto=controls[-1][0])
        people = [
            Incoming(int(EntryKind.CONTROL), wall_ms(), 1, 0, "", body) for _, body in controls
        ]
        last = append_first_form(old, 1, [*people, *islice(said, READ)])
        readers = [machine.start(part) for part in ("process", "project")]
        wait_until(lambda: machine.is_settled(READ), within_s=60, what="the first are read")
        for reader in readers:
            reader.end()
        aged = [age(machine.settings.data_dir / "checkpoints", name) for name in AGED]
        append_first_form(old, last + 1, list(islice(said, UNREAD)))

        with writing_to(folder) as writer:
            writer.append(list(islice(said, NEW)))
        for part in ("process", "project"):
            machine.start(part)
        total = READ + UNREAD + NEW
        wait_until(lambda: machine.is_settled(total), within_s=90, what="all are read")
        books, resumed = machine.books(), machine.parts["process"].said()

    assert aged == [True, True]
    assert resumed.count('"checkpoint": 0,') == 2  # the aged state was not loaded
    assert (books["received"], books["accepted"]) == (total, total)
    assert books["projected"] + books["thinned"] == total
    assert (books["duplicate"], books["quarantined"], books["gaps"]) == (0, 0, 0)
    assert len(list(folder.glob("*.db"))) == 2
    assert faults_of(folder) == ""


def age(folder: Path, name: str) -> bool:
    """Make a reader's newest state one of an older version; whether there was one."""
    kept = FileCheckpoints(folder, name)
    found = kept.newest(1 << 60)
    if found is None:
        return False
    state = msgspec.msgpack.decode(found[1])
    state["version"] -= 1
    kept.save(found[0], msgspec.msgpack.encode(state))
    return True
