"""What one step of the pipeline tells whom."""

import msgspec

from alerts.engine import Engine
from alerts.pipeline import Outcome, Pipeline
from alerts.policy import DetectionPolicy, DispatchPolicy
from devices.admission import Admission
from devices.causes import Cause
from devices.control import (
    Arm,
    CollectionTask,
    Disarm,
    Held,
    IncidentMoved,
    RegisterDevices,
    RegisterVehicles,
    Requeue,
)
from devices.entry import Entry
from devices.health import Health
from devices.presence import Presence, PresencePolicy
from support.charger_shop import CHARGER
from support.factories import (
    ROOT,
    a_control,
    a_device,
    a_tick,
    a_vehicle,
    an_entry,
    at_ms,
    fix_bytes,
)
from support.fakes import LatestColumns
from support.rates import thresholds


class Line:
    """The whole pipeline, entry by entry."""

    def __init__(self) -> None:
        admission = Admission(ROOT)
        self.latest = LatestColumns()
        self.pipeline = Pipeline(
            admission=admission,
            health=Health(self.latest, PresencePolicy()),
            engine=Engine(
                admission.registry, DetectionPolicy(), DispatchPolicy(), thresholds=thresholds()
            ),
        )
        self.seq = 0

    def step(self, *entries: Entry) -> Outcome:
        """One step, and what it gave."""
        numbered = [e._replace(seq=self.seq + k) for k, e in enumerate(entries, start=1)]
        self.seq += len(entries)
        outcome = Outcome()
        self.pipeline.step(numbered, outcome)
        return outcome


def _status(at_s: float, coins: int) -> bytes:
    said = {
        "v": 1,
        "boot": "7",
        "seq": round(at_s),
        "t": at_ms(at_s),
        "ctr": {"coins_total": coins},
    }
    return msgspec.json.encode(said | {"ports": [{"n": 1, "state": "available"}]})


def test_requeued_words_of_a_station_count_and_prove_no_life() -> None:
    """It was nobody's while it took three coins; now it is ours, and silent."""
    line = Line()
    early = an_entry(_status(60, 10), at_s=60, device=CHARGER, channel="status")
    later = an_entry(_status(120, 13), at_s=120, device=CHARGER, channel="status")
    refusals = line.step(early, later).refusals
    held = [
        Held(
            row=k,
            recv_ms=one.entry.recv_ms,
            topic=one.entry.topic,
            payload=one.payload,
            reason=str(one.reason),
        )
        for k, one in enumerate(refusals, start=1)
    ]
    adopt = RegisterDevices(at_ms=at_ms(9_000), devices=[CHARGER])
    requeue = Requeue(at_ms=at_ms(9_000), messages=held)

    line.step(a_control(adopt, at_s=9_000), a_control(requeue, at_s=9_000), a_tick(9_001))

    state = line.pipeline.chargers.state(CHARGER.slot)
    assert len(held) == 2
    assert state is not None
    assert state.money.credited_fen == 300
    assert line.latest.rows["presence"][CHARGER.slot] == Presence.UNKNOWN


def test_station_is_written_once_and_its_open_door_is_known() -> None:
    """Rows come at ticks; somebody who is sent to the box ends the word of a break-in."""
    line = Line()
    line.step(a_control(RegisterDevices(at_ms=0, devices=[CHARGER])), a_tick(0))
    body = msgspec.json.decode(_status(1, 10)) | {"door_open": True}
    word = an_entry(msgspec.json.encode(body), at_s=1, device=CHARGER, channel="status")

    first = line.step(word, a_tick(2)).stations
    again = line.step(a_tick(13)).stations
    told = int(line.latest.rows["causes"][CHARGER.slot])
    task = CollectionTask(at_ms=0, device_id=CHARGER.id, until_ms=at_ms(900))
    line.step(a_control(task, at_s=14), a_tick(15))

    assert [change.slot for change in first] == [CHARGER.slot]
    assert again == []
    assert told & Cause.BOX_OPEN
    assert not int(line.latest.rows["causes"][CHARGER.slot]) & Cause.BOX_OPEN


def test_touched_are_slots_that_were_armed_without_a_record() -> None:
    """By registration, by people's words: the API shows them at once."""
    line = Line()
    begin = line.step(
        a_control(RegisterDevices(at_ms=0, devices=[a_device(1), a_device(2, vehicle_id="v-1")])),
        a_control(RegisterVehicles(at_ms=0, vehicles=[a_vehicle(1)])),
    )
    disarm = line.step(a_control(Disarm(at_ms=0, vehicle_id="v-1"), at_s=1))
    arm = line.step(a_control(Arm(at_ms=0, vehicle_id="v-1"), at_s=2))
    record = line.step(an_entry(fix_bytes(3, seq=1), at_s=3))
    nobody = line.step(
        a_control(IncidentMoved(at_ms=0, incident_id="i", alert_id="a", state="closed"), at_s=4),
        a_tick(5),
    )

    assert (begin.touched, disarm.touched, arm.touched) == ({1, 2}, {1, 2}, {1, 2})
    assert (record.touched, nobody.touched) == ({1}, set())
