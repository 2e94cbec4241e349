"""Demotion through a whole journal: people's verdicts of then decide what is police-ready later."""

from pathlib import Path

import pytest

from alerts.model import AlertChange
from devices.control import AnyControl, DeskVerdict, LiftDemotion, RegisterDevices, RegisterVehicles
from devices.entry import Entry, Incoming
from devices.readings import EventType
from parkguard.replay.from_journal import JournalReplay
from parkguard.replay.run import Replay
from parkguard.settings import Settings
from stores.journal_reading import SqliteJournalReader
from support.factories import (
    a_control,
    a_device,
    a_registry,
    a_tick,
    a_vehicle,
    an_entry,
    at_ms,
    event_bytes,
    fix_bytes,
)
from support.stores_journal import writing_to

ROUND_S, RIDES = 500, 5
LIFTED_S = 4 * ROUND_S + 100
THEN = {f"alert-{k}": "v-1" for k in range(RIDES)}
"""Alerts that were raised live, by ids of then: the run has its own of the same matters."""


def _month() -> list[Entry]:
    """Five times parked, shaken and moved 300 m; dismissed each time, lifted before the last."""
    said: list[tuple[float, AnyControl]] = [
        (0, RegisterVehicles(at_ms=at_ms(0), vehicles=[a_vehicle()])),
        (0, RegisterDevices(at_ms=at_ms(0), devices=[a_device()])),
        (LIFTED_S, LiftDemotion(at_ms=at_ms(LIFTED_S), by="li", subject="device:trk-000001")),
    ]
    entries: list[Entry] = []
    for k in range(RIDES):
        began_s = k * ROUND_S
        dismissed_s = began_s + 400
        verdict = DeskVerdict(
            at_ms=at_ms(dismissed_s), by="desk", alert_id=f"alert-{k}", verdict="dismiss"
        )
        said.append((dismissed_s, verdict))
        shaken_s = began_s + 310.5
        shaken = event_bytes(EventType.VIBRATION, shaken_s)
        entries.append(an_entry(shaken, at_s=shaken_s, channel="event"))
        for at_s in range(began_s + 1, began_s + ROUND_S, 10):
            east_m = 300.0 * k + min(300.0, max(0.0, 5.0 * (at_s - began_s - 310)))
            entries.append(an_entry(fix_bytes(at_s, seq=at_s, east_m=east_m), at_s=at_s))
    entries += [a_control(control, at_s=at_s) for at_s, control in said]
    entries += [a_tick(at_s) for at_s in range(RIDES * ROUND_S)]
    return sorted(entries, key=lambda entry: entry.recv_ms)


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The month on disk."""
    folder = tmp_path_factory.mktemp("month")
    with writing_to(folder) as writer:
        writer.append(
            [
                Incoming(e.kind, e.recv_ms, e.elapsed_ms, e.flags, e.topic, e.payload)
                for e in _month()
            ]
        )
    return folder


@pytest.mark.parametrize("stride_ms", [0, 30_000])
def test_verdicts_of_then_demote_in_the_run(journal: Path, stride_ms: int) -> None:
    """Three are police-ready, the fourth stays with the owner, after the lift the fifth is."""
    run = Replay(Settings())
    reader = SqliteJournalReader(journal)
    month = JournalReplay(run, reader, since_ms=0, stride_ms=stride_ms, live=THEN)
    month.feed(a_registry, lambda *_: None)
    reader.close()

    changes = [change.alert for change in run.timeline.observed.changes]
    by_alert: dict[str, list[AlertChange]] = {}
    for change in changes:
        by_alert.setdefault(change.alert_id, []).append(change)

    stories = [{one.what for one in story} for story in by_alert.values()]
    assert ["police_ready" in story for story in stories] == [True, True, True, False, True]
    assert all("desk_dismissed" in story for story in stories)
    fourth = list(by_alert.values())[3]
    assert "demoted" in {reason.code for reason in fourth[-1].reasons}
    assert max(int(one.level) for one in fourth) == 1
    assert month.said == dict.fromkeys(THEN, "desk_dismissed")
