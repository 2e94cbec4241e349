"""Effects once, books right, whatever moment the processor is killed at."""

from functools import cache
from typing import NamedTuple

import msgspec
import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.model import Level
from devices.control import (
    AnyControl,
    Disarm,
    RegisterDevices,
    RegisterPlaces,
    RevokeDevice,
    SaveFence,
)
from devices.errors import StoreError
from devices.latest import ArmedState
from devices.model import Fence, Grid
from devices.presence import Presence
from support.factories import a_control, a_device, a_registry, a_tick, an_entry, fix_bytes
from support.fakes import AWAY, REFUSED, MemoryLedger
from support.plant import ProcessorPlant
from support.theft import theft_journal

JOURNAL = theft_journal()
SIZE = len(JOURNAL)


def _whole(ledger: MemoryLedger) -> tuple[object, ...]:
    return (
        ledger.offset(),
        dict(ledger.books),
        ledger.quarantine,
        ledger.changes,
        ledger.incidents,
        ledger.outbox,
        ledger.told_again,
    )


@cache
def _plain() -> MemoryLedger:
    """The ledger of a processor that was never killed."""
    plant = ProcessorPlant(JOURNAL)
    plant.processor.step(JOURNAL)
    plant.processor.commit()
    return plant.ledger


def test_books_of_the_story_balance() -> None:
    """Received = accepted + duplicate + quarantined; lost reports are gaps."""
    books = _plain().books

    quarantined = {reason: n for (name, reason), n in books.items() if name == "quarantined"}
    assert books["received", ""] == (
        books["accepted", ""] + books["duplicate", ""] + sum(quarantined.values())
    )
    assert quarantined == {"number": 5, "unknown_device": 5}
    assert books["gaps", ""] == 5


@pytest.mark.promise(8)
def test_refused_messages_stand_in_quarantine_with_their_bytes() -> None:
    """Topic, reason, raw bytes, by entry."""
    rows = _plain().quarantine

    assert len(rows) == 10
    for (seq, item), row in rows.items():
        assert (JOURNAL[seq - 1].payload, JOURNAL[seq - 1].topic) == (row.payload, row.topic)
        assert item == -1


class Life(NamedTuple):
    """One life of the processor: batches it commits, then one it steps and dies before commit."""

    batches: list[int]
    lost: int
    checkpoints: bool


LIVES = st.lists(
    st.builds(
        Life,
        batches=st.lists(st.integers(1, 40), max_size=3),
        lost=st.integers(0, 40),
        checkpoints=st.booleans(),
    ),
    max_size=6,
)


@settings(max_examples=25)
@given(lives=LIVES)
def test_killed_at_any_moment_every_effect_is_committed_once(lives: list[Life]) -> None:
    """Between step and commit, between commit and checkpoint, with checkpoints or without."""
    plant = ProcessorPlant(JOURNAL)

    for life in [*lives, Life([SIZE], 0, checkpoints=True)]:
        processor = plant.start()
        at = plant.ledger.offset()
        for size in life.batches:
            entries = plant.journal.read(at, size)
            if entries:
                processor.step(entries)
                processor.commit()
                at = entries[-1].seq
            if life.checkpoints:
                processor.checkpoint()
        doomed = plant.journal.read(at, life.lost) if life.lost else []
        if doomed:
            processor.step(doomed)

    assert _whole(plant.ledger) == _whole(_plain())


@pytest.mark.parametrize("k", [0, 1, 2, 30, 70, 90, SIZE])
@pytest.mark.parametrize("blob", [None, b"", b"\xc1garbage", b"version"])
def test_resumes_from_a_checkpoint_from_rubbish_and_from_nothing(
    k: int, blob: bytes | None
) -> None:
    """A checkpoint is derived: losing it costs time, never truth."""
    plant = ProcessorPlant(JOURNAL)
    if k:
        plant.processor.step(JOURNAL[:k])
        plant.processor.commit()
        plant.processor.checkpoint()
    if blob == b"version":
        for seq, good in plant.checkpoints.blobs.items():
            other = msgspec.msgpack.decode(good)
            plant.checkpoints.save(seq, msgspec.msgpack.encode(other | {"version": 99}))
    elif blob is not None:
        plant.checkpoints.save(k, blob)

    processor = plant.start()
    if k < SIZE:
        processor.step(JOURNAL[k:])
        processor.commit()

    assert _whole(plant.ledger) == _whole(_plain())


def test_checkpoint_ahead_of_the_ledger_is_not_used() -> None:
    """It may know of entries whose effects were never committed."""
    plant = ProcessorPlant(JOURNAL)
    plant.processor.step(JOURNAL[:50])
    plant.processor.checkpoint()

    processor = plant.start()
    processor.step(plant.journal.read(plant.ledger.offset(), SIZE))
    processor.commit()

    assert _whole(plant.ledger) == _whole(_plain())


def test_loop_commits_everything_and_leaves_a_checkpoint() -> None:
    """Small batches, many rounds; at the stop the newest state is saved."""
    plant = ProcessorPlant(JOURNAL, batch_max=7)

    plant.start(rounds=40).run()

    assert _whole(plant.ledger) == _whole(_plain())
    assert max(plant.checkpoints.blobs) == SIZE
    assert plant.journal.notes == {"processor": SIZE}
    assert plant.told.lines[-1][:2] == (False, "stopped")


def test_alert_is_committed_at_once() -> None:
    """It does not wait for the batch of books."""
    plant = ProcessorPlant(JOURNAL, batch_max=1)
    plant.start(rounds=10**6)
    raised: list[float] = []

    for entry in JOURNAL:
        plant.processor.step([entry])
        if plant.processor._pending.effects.urgent:
            plant.processor.commit()
            raised.append(entry.recv_ms)

    assert raised == sorted({change.caused_recv_ms for change in _plain().changes})


@pytest.mark.promise(8)
def test_records_database_that_comes_back_loses_nothing() -> None:
    """Refused three times: wait, say so, commit the same again."""
    plant = ProcessorPlant(JOURNAL, batch_max=40)
    plant.ledger.fail_next(AWAY, AWAY, AWAY)

    plant.start(rounds=30).run()

    assert _whole(plant.ledger) == _whole(_plain())
    assert plant.told.reasons[0] == "connection refused"
    assert plant.rounds.waited_s.count(1.0) == 3


def test_records_database_of_another_schema_ends_the_process() -> None:
    """Waiting would not help; nothing was committed, the next process begins there."""
    plant = ProcessorPlant(JOURNAL)
    plant.ledger.fail_next(REFUSED)

    with pytest.raises(StoreError, match="schema"):
        plant.start(rounds=30).run()
    plant.start(rounds=30).run()

    assert _whole(plant.ledger) == _whole(_plain())


def test_failed_commit_counts_nothing_twice() -> None:
    """Gaps and books are added once however often the commit was tried."""
    plant = ProcessorPlant(JOURNAL)
    plant.processor.step(JOURNAL)
    plant.ledger.fail_next(AWAY, AWAY)

    for _ in range(2):
        with pytest.raises(StoreError):
            plant.processor.commit()
    plant.processor.commit()

    assert _whole(plant.ledger) == _whole(_plain())


def test_registry_of_the_database_stands_in_for_a_journal_that_was_cut() -> None:
    """The first entries are gone for age and there is no checkpoint: devices are still known."""
    plant = ProcessorPlant(JOURNAL)
    plant.journal.dropped = 2
    plant.ledger._offset = 2
    plant.fallback = a_registry(trackers=2)

    processor = plant.start()
    processor.step(plant.journal.read(2, SIZE))
    processor.commit()

    assert [change.what for change in plant.ledger.changes] == [
        change.what for change in _plain().changes
    ]
    assert set(plant.ledger.outbox) == set(_plain().outbox)


def test_latest_state_shows_arming_levels_and_presence() -> None:
    """What the API reads without asking anybody."""
    plant = ProcessorPlant(JOURNAL)

    plant.processor.step(JOURNAL)

    assert plant.shown.armed == {1: ArmedState.ARMED, 2: ArmedState.ARMED}
    assert plant.shown.levels[1] == Level.CONFIRMED
    assert plant.latest.rows["presence"][[1, 2]].tolist() == [Presence.ONLINE] * 2


def test_ended_alert_leaves_no_level_behind() -> None:
    """Also when the processor was restarted while it was open."""
    plant = ProcessorPlant(JOURNAL[:70])
    plant.processor.step(JOURNAL[:70])
    plant.processor.commit()
    plant.processor.checkpoint()
    before = plant.shown.levels[1]
    control = a_control(Disarm(at_ms=0, vehicle_id="v-1"), at_s=400, seq=71)
    later = an_entry(fix_bytes(401, seq=400), at_s=401, seq=72, device=a_device(2))

    plant.start().step([control, later])

    assert before == Level.PROBABLE
    assert plant.shown.levels[1] == 0


def test_word_of_people_shows_without_waiting_for_the_tracker() -> None:
    """Disarmed: the API says so at once, not after the next report."""
    plant = ProcessorPlant(JOURNAL)
    plant.processor.step(JOURNAL[:30])

    plant.processor.step([a_control(Disarm(at_ms=0, vehicle_id="v-2"), at_s=400, seq=SIZE + 1)])

    assert plant.shown.armed[2] == ArmedState.DISARMED


def test_revoked_device_is_no_longer_expected() -> None:
    """It is neither offline nor counted."""
    plant = ProcessorPlant(JOURNAL)
    plant.processor.step(JOURNAL)
    revoke = RevokeDevice(at_ms=0, device_id="trk-000002")

    plant.processor.step([a_control(revoke, at_s=400, seq=SIZE + 1), a_tick(401, seq=SIZE + 2)])

    assert plant.latest.rows["presence"][2] == Presence.UNKNOWN


def test_broken_control_goes_to_quarantine() -> None:
    """And the next entry is processed."""
    broken = a_control(RegisterDevices(at_ms=0, devices=[]), seq=1)._replace(payload=b"{}")
    plant = ProcessorPlant([])

    plant.processor.step([broken, a_tick(1, seq=2)])
    plant.processor.commit()

    assert [row.reason for row in plant.ledger.quarantine.values()] == ["control"]
    assert plant.ledger.offset() == 2


def test_status_says_how_far_behind_it_is() -> None:
    """Lag, open alerts and gaps, about once a second."""
    plant = ProcessorPlant(JOURNAL, batch_max=50)

    plant.start(rounds=40).run()

    ready, _, metrics = plant.told.lines[-2]
    assert ready
    assert metrics["process_lag_entries"] == 0
    assert metrics["process_open_alerts"] == 1
    assert metrics["process_open_gaps"] == 5
    assert metrics["devices_online"] + metrics["devices_late"] == 2


def test_places_nobody_can_use_are_counted_and_named_once() -> None:
    """A fence of 5 m, a grid without a polygon: the operator reads which and why."""
    fence = Fence(id="tiny", lat_deg=31.8, lon_deg=117.2, radius_m=5.0)
    places: list[AnyControl] = [
        SaveFence(at_ms=0, fence=fence),
        RegisterPlaces(at_ms=0, grids=[Grid(id="g-1", geometry={})]),
    ]
    plant = ProcessorPlant([a_control(one, seq=k) for k, one in enumerate(places, start=1)])

    with structlog.testing.capture_logs() as lines:
        plant.start(rounds=40).run()

    told = [line for line in lines if line["event"] == "place_unusable"]
    assert plant.told.lines[-2][2]["process_unusable_places"] == 2
    assert sorted(line["place"] for line in told) == ["fence tiny", "grid g-1"]
    assert all(line["reason"] for line in told)


def test_journal_without_entries_is_no_trouble() -> None:
    """The first second of a new city."""
    plant = ProcessorPlant([])

    plant.start(rounds=3).run()

    assert plant.ledger.offset() == 0
    assert plant.told.lines[-1][1] == "stopped"
