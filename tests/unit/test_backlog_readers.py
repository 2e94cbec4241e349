"""Processor and projector over a journal whose long batches wait: they agree, at any restart."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.model import Effects
from alerts.pipeline import Outcome
from devices.backlog import BacklogPolicy
from devices.control import RegisterDevices, RegisterVehicles, RevokeDevice
from devices.entry import Entry
from support.factories import a_control, a_device, a_tick, a_vehicle, an_entry, at_ms, fix_bytes
from support.plant import ProcessorPlant, ProjectorPlant

FIXES, BATCHES, DEVICES = 20, 8, (1, 2, 3)
MADE = len(DEVICES) * (FIXES * BATCHES + 1)


def _batch(device: int, number: int, at_s: float) -> Entry:
    """Fixes of three hours ago, a long message of some 36 kB."""
    first = number * FIXES
    fixes = [
        msgspec.json.decode(fix_bytes(at_s - 10_800 + k, seq=k)) | {"ext": {"x": "y" * 1_500}}
        for k in range(first, first + FIXES)
    ]
    body = msgspec.json.encode({"v": 1, "boot": "b1", "backfill": True, "fixes": fixes})
    return an_entry(body, at_s=at_s, device=a_device(device), channel="batch")


def _journal() -> list[Entry]:
    devices = [a_device(number) for number in DEVICES]
    entries = [
        a_control(RegisterDevices(at_ms=0, devices=devices)),
        a_control(RegisterVehicles(at_ms=0, vehicles=[a_vehicle(number) for number in DEVICES])),
        a_tick(0),
    ]
    entries += [_batch(device, number, 0.5) for number in range(BATCHES) for device in DEVICES]
    live = FIXES * BATCHES
    entries += [an_entry(fix_bytes(0.6, seq=live), at_s=0.6, device=device) for device in devices]
    entries += [a_tick(1), a_control(RevokeDevice(at_ms=at_ms(1.5), device_id="trk-000003"))]
    entries += [a_tick(at_s) for at_s in range(2, 8)]
    return [entry._replace(seq=seq) for seq, entry in enumerate(entries, start=1)]


JOURNAL = _journal()
SIZE = len(JOURNAL)


def _waiting(plant: ProcessorPlant) -> float:
    plant.processor._tell()
    return plant.told.lines[-1][2]["process_backlog_messages"]


def test_what_happens_now_is_taken_before_what_was_kept() -> None:
    plant = ProcessorPlant(JOURNAL)
    plant.processor.step(JOURNAL[:30])  # all batches and the live fixes have come
    plant.processor.commit()
    assert sum(len(entry.payload) for entry in JOURNAL[3:27]) > BacklogPolicy().second_bytes
    taken = plant.ledger.books["received", ""]
    assert taken == FIXES + len(DEVICES)  # one batch, and never two in a row beside what is live
    assert _waiting(plant) == (MADE - taken) / FIXES


@pytest.mark.promise(6)
@given(
    kills=st.lists(st.integers(1, SIZE), max_size=3, unique=True).map(sorted),
    saves=st.booleans(),
    batch_max=st.sampled_from([3, 7, 1_000]),
)
@settings(max_examples=10, deadline=None)
def test_both_readers_take_the_same_whenever_they_are_killed(
    *, kills: list[int], saves: bool, batch_max: int
) -> None:
    processor = ProcessorPlant(JOURNAL, batch_max=batch_max)
    projector = ProjectorPlant(JOURNAL, batch_max=batch_max)
    begin = 0
    for end in [*kills, SIZE]:
        if begin < end:
            processor.processor.step(JOURNAL[begin:end])
            processor.processor.commit()
            assert projector.projector.project(JOURNAL[begin:end])
        if saves:
            processor.processor.checkpoint()
            projector.projector.checkpoint()
        processor.start()
        projector.start()
        begin = end
    books, projected = processor.ledger.books, projector.book.books
    held = books["quarantined", "revoked"]  # each a message of as many fixes
    assert held > 0
    assert books["accepted", ""] + FIXES * held == MADE
    assert books["received", ""] == books["accepted", ""] + held
    assert books["accepted", ""] == projected["projected", ""] + projected["thinned", ""]
    assert _waiting(processor) == 0


def test_an_upload_is_judged_when_the_last_of_it_was_taken() -> None:
    """Its first message passed at once, the next ones wait: they are one upload, not several."""
    plant = ProcessorPlant(JOURNAL)
    plant.processor.step(JOURNAL[:30])
    ticks = [a_tick(60 + at_s)._replace(seq=SIZE + at_s) for at_s in range(2)]
    engine, pipeline = plant.processor._pipeline.engine, plant.processor._pipeline
    engine.tick(ticks[0], Effects())
    assert pipeline.more_waits("trk-000001")
    assert {upload.device_id for upload in engine.dump().late} == {"trk-000001"}

    pipeline.step([a_tick(60 + k)._replace(seq=SIZE + k) for k in range(20)], Outcome())
    assert engine.dump().late == []


def test_a_checkpoint_of_before_there_was_a_backlog_is_taken() -> None:
    """It was made when everything was taken at once; nothing of it is projected a second time."""
    before = ProjectorPlant(JOURNAL)
    before.projector._backlog.order = lambda entries: entries  # type: ignore[method-assign]
    before.projector.project(JOURNAL[:10])
    (state,) = (msgspec.msgpack.decode(blob) for blob in [_saved(before)])
    before.checkpoints.blobs[10] = msgspec.msgpack.encode(
        {name: each for name, each in state.items() if name != "backlog"} | {"version": 2}
    )
    before.projector.project(JOURNAL[10:30])
    fresh = before.start()
    fresh.project(JOURNAL[30:])
    assert before.book.books.total() == MADE


def _saved(plant: ProjectorPlant) -> bytes:
    plant.projector.checkpoint()
    (blob,) = plant.checkpoints.blobs.values()
    return blob
