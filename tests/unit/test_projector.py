"""The offset moves only after the store said yes; the same records as the processor's."""

from collections import Counter

import msgspec
import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.admission import Admission, split_runs
from devices.control import Held, RegisterDevices, Requeue
from devices.entry import EntryKind
from devices.errors import StoreError
from devices.telemetry import Row
from support.factories import (
    ROOT,
    a_control,
    a_device,
    a_registry,
    an_entry,
    at_ms,
    fix_bytes,
)
from support.fakes import AWAY, REFUSED
from support.plant import ProcessorPlant, ProjectorPlant
from support.theft import theft_journal

JOURNAL = theft_journal()
SIZE = len(JOURNAL)


def _all_rows() -> dict[tuple[str, str, int, int], Row]:
    plant = ProjectorPlant(JOURNAL)
    plant.projector.project(JOURNAL)
    return plant.telemetry.rows


@pytest.mark.promise(6)
def test_everything_accepted_is_projected_or_thinned() -> None:
    """Accepted (the processor's books) = projected + thinned (the projector's)."""
    processor = ProcessorPlant(JOURNAL)
    processor.processor.step(JOURNAL)
    processor.processor.commit()

    plant = ProjectorPlant(JOURNAL)
    plant.start(rounds=30).run()

    books = plant.book.books
    assert processor.ledger.books["accepted", ""] == books["projected", ""] + books["thinned", ""]
    assert books["projected", ""] == len(plant.telemetry.rows)
    assert books["thinned", ""] > 0


def test_both_readers_accept_the_same_records() -> None:
    """Event rows and the whole ride are there; nothing that was refused is."""
    admission, records = Admission(ROOT), []
    for run in split_runs(JOURNAL):
        if run[0].kind == EntryKind.MQTT:
            records += admission.admit(run, Counter()).records
        elif run[0].kind == EntryKind.CONTROL:
            admission.control(run[0], Counter())
    accepted = {(record.device.id, record.reading.t_ms) for record in records}

    rows = _all_rows()

    assert {(device_id, t_ms) for _, device_id, t_ms, _ in rows} <= accepted
    assert "trk-000009" not in {device_id for _, device_id, _, _ in rows}


def test_offset_moves_only_after_the_store_said_yes() -> None:
    """A refused write leaves offset and books where they were."""
    plant = ProjectorPlant(JOURNAL)
    plant.telemetry.fail_next(REFUSED)

    with pytest.raises(StoreError, match="schema"):
        plant.projector.project(JOURNAL[:40])

    assert plant.book.offset() == 0
    assert plant.book.books == {}
    assert plant.journal.notes == {}


@pytest.mark.promise(4)
def test_store_that_comes_back_loses_nothing_and_doubles_nothing() -> None:
    """Down for five tries: said once, and once when it is back."""
    plant = ProjectorPlant(JOURNAL)
    plant.telemetry.fail_next(*[AWAY] * 5)

    with structlog.testing.capture_logs() as logs:
        plant.start(rounds=40).run()

    assert plant.telemetry.rows == _all_rows()
    assert plant.book.offset() == SIZE
    assert [line["event"] for line in logs if "telemetry" in line["event"]] == [
        "telemetry_lost",
        "telemetry_back",
    ]
    assert plant.told.reasons == ["connection refused", "", "stopped"]


def test_stop_while_the_store_is_down_ends_cleanly() -> None:
    """The next process begins at the same entry."""
    plant = ProjectorPlant(JOURNAL)
    plant.telemetry.fail_next(*[AWAY] * 1_000)

    plant.start(rounds=5).run()
    stopped_at = plant.book.offset()
    plant.telemetry._errors.clear()
    plant.start(rounds=40).run()

    assert stopped_at == 0
    assert plant.telemetry.rows == _all_rows()


@settings(max_examples=40)
@given(lives=st.lists(st.tuples(st.integers(0, 50), st.booleans(), st.booleans()), max_size=6))
def test_killed_at_any_moment_every_row_is_there(lives: list[tuple[int, bool, bool]]) -> None:
    """Before the write, between write and offset, with checkpoints or without."""
    plant = ProjectorPlant(JOURNAL)

    for size, writes, checkpoints in lives:
        projector = plant.start()
        entries = plant.journal.read(plant.book.offset(), size)
        if entries:
            projector.project(entries)
        if checkpoints:
            projector.checkpoint()
        doomed = plant.journal.read(plant.book.offset(), 9)
        rows = projector.rows(doomed, Counter())
        if writes:  # the store said yes, the offset was never written
            plant.telemetry.write(rows)
    plant.start(rounds=40).run()

    books = plant.book.books
    assert plant.telemetry.rows == _all_rows()
    assert books["projected", ""] == len(plant.telemetry.rows)
    assert plant.book.offset() == SIZE


def test_checkpoint_is_saved_in_time_and_tidies() -> None:
    """Archive and retention run with it."""
    plant = ProjectorPlant(JOURNAL)

    plant.start(rounds=40, checkpoint_ms=300).run()

    assert plant.tidied >= 3
    assert max(plant.checkpoints.blobs) == SIZE
    assert plant.journal.notes == {"projector": SIZE}


def test_unreadable_checkpoint_is_rebuilt_from_the_journal() -> None:
    """It is derived."""
    plant = ProjectorPlant(JOURNAL)
    plant.projector.project(JOURNAL[:60])
    plant.checkpoints.save(60, b"\xc1rubbish")

    plant.start(rounds=40).run()

    assert plant.telemetry.rows == _all_rows()


def test_checkpoint_of_yesterday_is_taken() -> None:
    """It knows fixes alone; nothing before it is read again."""
    plant = ProjectorPlant(JOURNAL)
    plant.projector.project(JOURNAL[:60])
    plant.projector.checkpoint()
    (blob,) = plant.checkpoints.blobs.values()
    state = msgspec.msgpack.decode(blob)
    old = {"version": state["version"], "admission": state["admission"]}
    old["kept"] = state["thinned"]["live"]
    plant.checkpoints.save(60, msgspec.msgpack.encode(old))
    plant.journal.dropped = 60

    plant.start(rounds=40).run()

    assert plant.telemetry.rows == _all_rows()


def test_registry_of_the_database_stands_in_for_a_journal_that_was_cut() -> None:
    """Registrations are gone with the first segment; records go on."""
    plant = ProjectorPlant(JOURNAL)
    plant.journal.dropped = 2
    plant.fallback = a_registry(trackers=2)

    plant.start(rounds=40).run()

    assert plant.telemetry.rows == _all_rows()


def test_status_says_how_far_behind_it_is() -> None:
    """Lag and rows."""
    plant = ProjectorPlant(JOURNAL)

    plant.start(rounds=40).run()

    ready, _, metrics = plant.told.lines[-2]
    assert ready
    assert metrics["project_lag_entries"] == 0
    assert metrics["project_rows_total"] == len(plant.telemetry.rows)


def test_message_that_is_run_again_is_projected() -> None:
    """Held for an unknown device, adopted, run again: the store gets what the processor accepts."""
    stranger = a_device(9)
    held = an_entry(fix_bytes(0, seq=1), device=stranger, seq=1)
    adopt = RegisterDevices(at_ms=at_ms(1), devices=[stranger])
    again = Held(
        row=1, recv_ms=held.recv_ms, topic=held.topic, reason="unknown_device", payload=held.payload
    )
    requeue = Requeue(at_ms=at_ms(2), messages=[again])
    journal = [held, a_control(adopt, at_s=1, seq=2), a_control(requeue, at_s=2, seq=3)]
    processor, projector = ProcessorPlant(journal), ProjectorPlant(journal)

    processor.processor.step(journal)
    processor.processor.commit()
    projector.projector.project(journal)

    assert processor.ledger.books["accepted", ""] == 1
    assert [key[:3] for key in projector.telemetry.rows] == [("fix", "trk-000009", at_ms(0))]
    assert projector.book.books == {("projected", ""): 1}
