"""The live journal gives what the same messages give from a file."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from devices.control import (
    AnyControl,
    DeleteFence,
    Delivered,
    DeskVerdict,
    Disarm,
    Held,
    IncidentMoved,
    OwnerAnswer,
    RegisterDevices,
    RegisterVehicles,
    ReportStolen,
    Requeue,
    RevokeDevice,
    SaveFence,
)
from devices.entry import Entry, Incoming
from devices.model import Fence
from parkguard.cli import app
from parkguard.clock import wall_ms
from parkguard.records import open_migrated
from parkguard.replay.from_journal import JournalReplay
from parkguard.replay.run import Replay
from parkguard.settings import Settings
from stores.journal_reading import SqliteJournalReader
from stores.registry import Registry
from support.factories import (
    ELAPSED0_MS,
    T0_MS,
    a_control,
    a_device,
    a_registry,
    a_tick,
    a_vehicle,
    an_entry,
    at_ms,
    fix_bytes,
)
from support.replay_files import fix, run_of, theft
from support.stores_journal import writing_to


def _registered(at_s: float = -2.0) -> list[Entry]:
    controls: list[AnyControl] = [
        RegisterVehicles(at_ms=at_ms(at_s), vehicles=[a_vehicle()]),
        RegisterDevices(at_ms=at_ms(at_s), devices=[a_device()]),
    ]
    return [a_control(control, at_s=at_s) for control in controls]


def _ride(*, ends_s: int = 340) -> list[Entry]:
    """Parked, then ridden away, with a tick a second."""
    entries = []
    for at_s in range(ends_s):
        entries.append(a_tick(at_s))
        if at_s % 10 == 0:
            east_m = max(0.0, 5.0 * (at_s - 190))
            entries.append(an_entry(fix_bytes(at_s, seq=at_s, east_m=east_m), at_s=at_s))
    return entries


def _written(folder: Path, entries: list[Entry], *, shift_ms: int = 0) -> Path:
    """A journal on disk; ``shift_ms`` moves its wall clock (payloads stay as they are)."""
    with writing_to(folder / "journal") as writer:
        writer.append(
            [
                Incoming(
                    entry.kind,
                    entry.recv_ms + shift_ms,
                    entry.elapsed_ms,
                    entry.flags,
                    entry.topic,
                    entry.payload,
                )
                for entry in entries
            ]
        )
    return folder / "journal"


def _replayed(folder: Path, *, since_ms: int = 0, settings: Settings | None = None) -> Replay:
    run = Replay(settings or Settings())
    reader = SqliteJournalReader(folder)
    journal = JournalReplay(run, reader, since_ms=since_ms)
    told: list[tuple[int, int]] = []
    journal.feed(a_registry, lambda done, total: told.append((done, total)))
    kept = reader.last_seq() - reader.first_seq() + 1
    assert told[-1] == (kept, kept)
    reader.close()
    return run


def test_journal_gives_the_alerts_of_its_messages(tmp_path: Path) -> None:
    """Its own ticks, its own registrations."""
    run = _replayed(_written(tmp_path, [*_registered(), *_ride()]))

    changes = run.timeline.observed.changes
    assert [change.alert.what for change in changes][:1] == ["raised"]
    assert run.timeline.observed.totals() == {
        "received": 34,
        "accepted": 34,
        "duplicate": 0,
        "quarantined": 0,
    }
    assert run.timeline.messages == 34


def test_journal_is_read_and_nothing_is_noted_in_it(tmp_path: Path) -> None:
    """Retention counts readers; a replay is none."""
    folder = _written(tmp_path, [*_registered(), *_ride(ends_s=20)])
    before = {path: path.stat().st_size for path in folder.rglob("*") if path.suffix == ".db"}

    _replayed(folder)

    assert not (folder / "readers").exists()
    assert {path: path.stat().st_size for path in before} == before


def test_what_lies_before_the_period_only_teaches(tmp_path: Path) -> None:
    """Devices are known, their older messages are not counted."""
    folder = _written(tmp_path, [*_registered(), *_ride()])

    run = _replayed(folder, since_ms=at_ms(300))

    observed = run.timeline.observed
    assert observed.books["received"] == 4
    assert observed.changes == []
    assert run.timeline.pipeline.admission.registry.devices.keys() == {"trk-000001"}


def test_what_people_did_before_the_period_does_not_happen_in_it(tmp_path: Path) -> None:
    """It speaks of alerts and messages of then; the run begins without any."""
    raised = _replayed(_written(tmp_path / "a", [*_registered(), *_ride()]))
    alert_id = raised.timeline.observed.changes[0].alert.alert_id
    moved = IncidentMoved(
        at_ms=at_ms(250), incident_id="i", alert_id=alert_id, state="closed", outcome="gps_drift"
    )
    stranger = an_entry(fix_bytes(1, seq=1), at_s=1, device=a_device(2))
    before: list[AnyControl] = [
        ReportStolen(at_ms=at_ms(250), vehicle_id="v-1"),
        OwnerAnswer(at_ms=at_ms(250), vehicle_id="v-1", alert_id=alert_id, answer="not_me"),
        DeskVerdict(at_ms=at_ms(250), alert_id=alert_id, verdict="confirm"),
        Delivered(at_ms=at_ms(250), alert_id=alert_id, notice="owner_notice", receiver="owner"),
        moved,
        _requeue(stranger, row=1),
    ]
    ride = _ride()
    k = next(k for k, entry in enumerate(ride) if entry.recv_ms >= at_ms(250))
    controls = [a_control(control, at_s=250) for control in before]
    garbage = controls[0]._replace(payload=b"{}")
    journal = [*_registered(), stranger, *ride[:k], *controls, garbage, *ride[k:]]

    run = _replayed(_written(tmp_path / "b", journal), since_ms=at_ms(300))

    observed = run.timeline.observed
    assert (observed.changes, observed.incidents, observed.quarantine) == ([], [], {})
    assert observed.totals() == {"received": 4, "accepted": 4, "duplicate": 0, "quarantined": 0}
    assert run.notes == []


def test_what_was_registered_fenced_and_armed_before_the_period_is_known(tmp_path: Path) -> None:
    """The newest word of each."""
    yard, shed = (Fence(id=name, lat_deg=31.8, lon_deg=117.2, radius_m=80) for name in "ab")
    before: list[AnyControl] = [
        SaveFence(at_ms=at_ms(-1), fence=yard),
        SaveFence(at_ms=at_ms(-1), fence=shed),
        DeleteFence(at_ms=at_ms(-1), fence_id=shed.id),
        Disarm(at_ms=at_ms(-1), vehicle_id="v-1"),
        RegisterDevices(at_ms=at_ms(-1), devices=[a_device(2)]),
        RevokeDevice(at_ms=at_ms(-1), device_id=a_device(2).id),
    ]
    controls = [a_control(control, at_s=-1) for control in before]
    revoked = an_entry(fix_bytes(339, seq=1), at_s=339, device=a_device(2))

    run = _replayed(
        _written(tmp_path, [*_registered(), *controls, *_ride(), revoked]), since_ms=at_ms(0)
    )

    observed = run.timeline.observed
    assert run.timeline.pipeline.admission.registry.fences.keys() == {yard.id}
    assert observed.changes == []
    assert [refusal.reason for refusal in observed.quarantine.values()] == ["revoked"]


def test_registry_comes_from_the_records_when_the_beginning_is_gone(tmp_path: Path) -> None:
    """As for the processor."""
    with writing_to(tmp_path / "journal", start_after=500) as writer:
        writer.append([Incoming(*entry[1:]) for entry in _ride(ends_s=30)])

    run = _replayed(tmp_path / "journal")

    assert run.timeline.observed.books["accepted"] == 3


def test_held_messages_of_an_adopted_device_leave_the_quarantine(tmp_path: Path) -> None:
    """The journal names rows of the records database; the run has numbers of its own."""
    other = a_device(2)
    first = an_entry(fix_bytes(1, seq=1), at_s=1, device=other)
    run = _replayed(
        _written(
            tmp_path,
            [
                *_registered(),
                first,
                a_control(RegisterDevices(at_ms=at_ms(5), devices=[other]), at_s=5),
                a_control(_requeue(first, row=4_711), at_s=6),
            ],
        )
    )

    assert run.timeline.observed.quarantine == {}
    assert run.timeline.observed.share(other.id)["accepted"] == 1


def test_held_message_of_before_the_period_is_received_in_it(tmp_path: Path) -> None:
    """The run never refused it: nothing is taken off that was not counted."""
    other = a_device(2)
    first = an_entry(fix_bytes(1, seq=1), at_s=1, device=other)
    registered = a_control(RegisterDevices(at_ms=at_ms(5), devices=[other]), at_s=5)
    folder = _written(
        tmp_path, [*_registered(), first, registered, a_control(_requeue(first, row=7), at_s=60)]
    )

    observed = _replayed(folder, since_ms=at_ms(30)).timeline.observed

    counted = {"received": 1, "accepted": 1, "duplicate": 0, "quarantined": 0}
    assert observed.totals() == observed.share(other.id) == counted


def test_messages_that_are_alike_leave_the_quarantine_one_by_one(tmp_path: Path) -> None:
    """Received twice in one millisecond, refused twice, run again twice."""
    other = a_device(2)
    twin = an_entry(fix_bytes(1, seq=1), at_s=1, device=other)
    registered = a_control(RegisterDevices(at_ms=at_ms(5), devices=[other]), at_s=5)

    def journal(name: str, *requeues: Requeue) -> Replay:
        again = [a_control(requeue, at_s=6) for requeue in requeues]
        folder = _written(tmp_path / name, [*_registered(), twin, twin, registered, *again])
        return _replayed(folder)

    one, two = _requeue(twin, row=4_711), _requeue(twin, row=4_712)
    both = Requeue(at_ms=at_ms(6), messages=[*one.messages, *two.messages])
    for run in (journal("together", both), journal("apart", one, two)):
        assert run.timeline.observed.quarantine == {}
        assert run.timeline.observed.share(other.id) == {
            "received": 2,
            "accepted": 1,
            "duplicate": 1,
            "quarantined": 0,
        }
    assert journal("half", one).timeline.observed.share(other.id)["quarantined"] == 1


def _requeue(entry: Entry, *, row: int) -> Requeue:
    held = Held(
        row=row,
        recv_ms=entry.recv_ms,
        topic=entry.topic,
        payload=entry.payload,
        reason="unknown_device",
    )
    return Requeue(at_ms=entry.recv_ms, messages=[held])


def test_outcomes_of_incidents_are_the_truth(tmp_path: Path) -> None:
    """A theft from its onset to its closing; parked before and after."""
    folder = _written(tmp_path / "a", [*_registered(), *_ride()])
    alert = _replayed(folder).timeline.observed.changes[0].alert
    words: list[AnyControl] = [
        OwnerAnswer(at_ms=at_ms(341), vehicle_id="v-1", alert_id=alert.alert_id, answer="not_me"),
        IncidentMoved(
            at_ms=at_ms(400),
            incident_id="inc",
            alert_id=alert.alert_id,
            state="closed",
            outcome="theft_recovered",
        ),
        IncidentMoved(
            at_ms=at_ms(401), incident_id="i", alert_id="0", state="closed", outcome="gps_drift"
        ),
    ]
    controls = [a_control(word, at_s=(word.at_ms - T0_MS) / 1000) for word in words]

    run = _replayed(
        _written(tmp_path / "b", [*_registered(), *_ride(), *controls, a_tick(500)]),
        since_ms=at_ms(0),
    )

    parked, theft_, after = run.truths
    assert (parked.state, theft_.state, after.state) == ("parked", "theft", "parked")
    assert (theft_.onset, theft_.upto) == (alert.onset_ms, at_ms(400))
    assert (parked.since, after.upto) == (at_ms(0), at_ms(500))
    assert len(run.notes) == 1
    assert len(run.timeline.observed.incidents) == 1


def test_file_of_the_same_ride_raises_at_the_same_moment(tmp_path: Path) -> None:
    """The journal and the file are two forms of one input."""
    device, *_ = theft()
    lines = [
        device,
        *(fix(s, seq=s, east_m=max(0.0, 5.0 * (s - 190))) for s in range(0, 340, 10)),
    ]

    journal = _replayed(_written(tmp_path, [*_registered(0), *_ride()]))
    file = run_of(lines)

    def raised(run: Replay) -> list[int]:
        changes = run.timeline.observed.changes
        return [c.alert.caused_recv_ms for c in changes if c.alert.what == "raised"]

    assert raised(journal) == raised(file) != []


def test_command_reads_the_journal_of_its_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last days of now, scored."""
    monkeypatch.chdir(tmp_path)
    _written(tmp_path / "var", [*_registered(), *_ride(ends_s=50)], shift_ms=wall_ms() - T0_MS)

    done = CliRunner().invoke(
        app, ["replay", "--from-journal", "--since", "1h", "--score", "--json"]
    )

    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["messages"] == 5
    assert said["score"]["owner_notice"]["false"] == 0


def test_command_takes_the_registry_of_the_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or says where it looked for it."""
    monkeypatch.chdir(tmp_path)
    with writing_to(tmp_path / "var" / "journal", start_after=500) as writer:
        now_ms = wall_ms()
        writer.append(
            [Incoming(2, now_ms, ELAPSED0_MS, 1, "", b""), Incoming(0, now_ms, 0, 0, "a", b"b")]
        )
    call = ["replay", "--from-journal", "--json"]

    missing = CliRunner().invoke(app, call)
    engine = open_migrated(Settings())
    Registry(engine, wall_ms).add_vehicles([a_vehicle()])
    engine.dispose()
    found = CliRunner().invoke(app, call)

    assert "no longer reaches back" in str(missing.exception)
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["totals"]["quarantined"] == 1
