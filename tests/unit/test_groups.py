"""What happens to many at once is one area incident, no theft of each (scenarios 23, 24, 26)."""

import math

from typing_extensions import override

from alerts.model import AlertState, Level, NoticeKind
from devices.admitted import Record
from devices.control import DeskVerdict, OpenTicket
from devices.model import Device
from devices.readings import AnyReading, EventType
from support.crowd import Crowd, a_site
from support.factories import a_device, a_record, at_ms


def row_of(count: int, apart_m: float = 5.0) -> list[tuple[float, float]]:
    """Spots in a row."""
    return [(apart_m * k, 0.0) for k in range(count)]


def test_a_jammer_that_drives_past_is_one_area_incident() -> None:
    """Scenario 24: twelve vehicles within 90 s; nobody is asked, the desk hears once and again."""
    crowd = Crowd(row_of(12, 60))
    crowd.stay(120)

    crowd.say(EventType.JAMMING_GNSS, *range(1, 13), every_s=7)
    crowd.say(EventType.TILT, 1)

    assert {change.alert_id for change in crowd.areas} == {crowd.areas[0].alert_id}
    assert [change.what for change in crowd.areas] == ["raised", "level", "level"]
    assert {change.reasons[0].code for change in crowd.areas} == {"area_jamming"}
    assert "12" in crowd.areas[-1].reasons[0].text_en
    assert crowd.notices(NoticeKind.OWNER_NOTICE) == []
    assert crowd.of_vehicles(*range(1, 13)) == []


def test_jamming_of_one_or_two_stays_evidence() -> None:
    """A jammer on one vehicle (scenario 25) counts, and so does one with a neighbour."""
    crowd = Crowd(row_of(3, 400))
    crowd.stay(120)

    crowd.say(EventType.JAMMING_GNSS, 1, 2, 3)
    crowd.wait(2)
    crowd.say(EventType.TILT, 1)

    assert crowd.areas == []
    assert crowd.raised == ["v-1"]


def test_site_that_loses_power_is_one_site_incident() -> None:
    """Scenario 23: forty power cuts within seconds count nothing; a shake tells nobody."""
    crowd = Crowd(row_of(40))
    crowd.stay(120)

    crowd.say(EventType.POWER_CUT, *range(1, 41))
    crowd.wait(2)
    crowd.say(EventType.TILT, 7)
    crowd.wait(2)

    assert [change.reasons[0].code for change in crowd.areas] == ["site_power_loss"]
    assert crowd.raised == [""]


def test_three_power_cuts_are_none_of_a_site() -> None:
    """Three bikes whose power is cut have two neighbours each: that is a thief's work."""
    crowd = Crowd(row_of(3))
    crowd.stay(120)

    crowd.say(EventType.POWER_CUT, 1, 2, 3)
    crowd.wait(2)
    crowd.say(EventType.TILT, 1)

    assert crowd.areas == []
    assert crowd.raised == ["v-1"]


def test_power_cuts_far_apart_in_time_are_no_group() -> None:
    """One a minute."""
    crowd = Crowd(row_of(5))
    crowd.stay(120)

    crowd.say(EventType.POWER_CUT, *range(1, 6), every_s=60)

    assert crowd.areas == []


def test_alert_raised_before_its_neighbours_spoke_is_merged() -> None:
    """Power cut and tilt told the owner; then the others lost power, too: it stands down."""
    crowd = Crowd(row_of(6))
    crowd.stay(120)
    crowd.say(EventType.POWER_CUT, 1)
    crowd.say(EventType.TILT, 1)
    crowd.wait(2)
    before = crowd.raised

    crowd.say(EventType.POWER_CUT, 2, 3, 4, 5, 6)
    crowd.wait(2)

    mine = crowd.of_vehicles(1)
    assert before == ["v-1"]
    assert [change.what for change in mine] == ["raised", "merged"]
    assert mine[-1].state is AlertState.MERGED
    assert "site_power_loss" in {reason.code for reason in mine[-1].reasons}
    cut = next(reason for reason in mine[-1].reasons if reason.code == "power_cut")
    assert cut.nats == 0
    assert "v-1" not in crowd.engine.cases.open


def test_alert_that_a_human_confirmed_stays() -> None:
    """The owner said "not me": no group takes that back."""
    crowd = Crowd(row_of(6))
    crowd.stay(120)
    crowd.say(EventType.REMOVED, 1)
    crowd.owner_says("not_me")

    crowd.say(EventType.POWER_CUT, 1, 2, 3, 4, 5, 6)
    crowd.wait(2)

    assert crowd.alert.level is Level.CONFIRMED


def test_removed_tracker_stays_an_alert_in_a_dark_site() -> None:
    """What the group does not explain still counts."""
    crowd = Crowd(row_of(6))
    crowd.stay(120)
    crowd.say(EventType.REMOVED, 1)

    crowd.say(EventType.POWER_CUT, 1, 2, 3, 4, 5, 6)
    crowd.wait(2)

    assert list(crowd.engine.cases.open) == ["v-1"]


def test_spoofed_vehicles_jump_to_one_place() -> None:
    """Scenario 26: thirty vehicles from all sides, one place: one incident, no owner asked."""
    crowd = Crowd([(120.0 * (k % 6), 120.0 * (k // 6)) for k in range(30)])
    crowd.stay(120)

    def at_one_place(number: int, _s: float) -> tuple[float, float]:
        east_m, north_m = crowd.spots[number - 1]
        return 300 - east_m + number % 3, 240 - north_m + number % 2

    crowd.move(120, at_one_place)

    assert {change.reasons[0].code for change in crowd.areas} == {"moves_alike"}
    assert len({change.alert_id for change in crowd.areas}) == 1
    assert crowd.raised == [""]
    assert crowd.notices(NoticeKind.OWNER_NOTICE) == []


def test_ferry_moves_all_alike() -> None:
    """Eight vehicles at 4 m/s: their displacements are alike; after it they settle anew."""
    crowd = Crowd(row_of(8, 10))
    crowd.stay(120)

    crowd.move(300, lambda _k, s: (4.0 * s, 0.0))
    asked = crowd.notices(NoticeKind.OWNER_NOTICE)
    crowd.spots = [(east_m + 1200, north_m) for east_m, north_m in crowd.spots]
    crowd.stay(700)

    assert asked == []
    assert crowd.areas[-1].what == "expired"
    assert crowd.raised == [""]
    assert [crowd.engine.armed_state(k) for k in range(1, 9)] == [2] * 8


def test_vehicles_brought_to_one_place_one_by_one_are_no_group() -> None:
    """A thief's yard: six vehicles in a quarter of an hour; each of them is told."""
    crowd = Crowd(row_of(6))
    crowd.stay(120)

    def one_by_one(number: int, s: float) -> tuple[float, float]:
        gone_m = max(0.0, min(250.0, 5.0 * (s - 150 * (number - 1))))
        return gone_m, 0.0

    crowd.move(950, one_by_one)

    assert crowd.areas == []
    assert sorted(set(crowd.raised)) == [f"v-{k}" for k in range(1, 7)]


def test_only_the_vehicle_without_a_ticket_is_told() -> None:
    """Scenario 30: a van with seven on rebalancing tickets and one that has none."""
    crowd = Crowd(row_of(8))
    crowd.stay(120)
    for number in range(1, 8):
        now_ms = at_ms(crowd.now_s)
        crowd.people(
            OpenTicket(
                at_ms=now_ms,
                vehicle_id=f"v-{number}",
                ticket_id="van",
                ticket="rebalancing",
                until_ms=now_ms + 3_600_000,
            )
        )

    crowd.move(90, lambda _k, s: (6.0 * s, 0.0))

    assert crowd.areas == []
    assert crowd.raised == ["v-8"]


def test_area_incident_that_the_desk_dismisses_counts_nothing_away() -> None:
    """Six thieves with cutters: no power loss, says the desk; a tilt tells the owner again."""
    crowd = Crowd(row_of(6))
    crowd.stay(120)
    crowd.say(EventType.POWER_CUT, *range(1, 7))
    crowd.wait(2)

    crowd.people(
        DeskVerdict(
            at_ms=at_ms(crowd.now_s),
            by="desk-1",
            alert_id=crowd.areas[0].alert_id,
            verdict="dismiss",
        )
    )
    crowd.wait(2)
    crowd.say(EventType.TILT, 1)

    assert [(change.what, change.by) for change in crowd.areas] == [
        ("raised", "system"),
        ("desk_dismissed", "desk-1"),
    ]
    assert crowd.areas[-1].state is AlertState.DISMISSED
    assert crowd.raised == ["", "v-1"]


def test_theft_from_a_group_that_stays_is_told() -> None:
    """One of thirty is ridden away: no neighbour moves with it."""
    crowd = Crowd(row_of(30))
    crowd.stay(120)

    crowd.move(60, lambda k, s: (5.0 * s, 0.0) if k == 9 else (0.0, 0.0))

    assert crowd.areas == []
    assert crowd.raised == ["v-9"]


def test_thieves_that_part_are_no_group() -> None:
    """Six bikes leave at once in six directions: six alerts."""
    crowd = Crowd(row_of(6))
    crowd.stay(120)

    def apart(number: int, s: float) -> tuple[float, float]:
        angle = math.tau * number / 6
        return 5.0 * s * math.cos(angle), 5.0 * s * math.sin(angle)

    crowd.move(90, apart)

    assert crowd.areas == []
    assert sorted(crowd.raised) == [f"v-{k}" for k in range(1, 7)]


def test_group_survives_a_restart() -> None:
    """Claims, areas and discounts stand in the checkpoint."""
    crowd = Crowd(row_of(6))
    crowd.stay(120)
    crowd.say(EventType.POWER_CUT, 1, 2, 3)
    crowd.wait(2)

    crowd.restart()
    crowd.say(EventType.POWER_CUT, 4, 5)
    crowd.wait(2)
    crowd.restart()
    crowd.say(EventType.TILT, 1)

    assert len(crowd.areas) == 1
    assert crowd.raised == [""]


class Batched(Crowd):
    """What is heard within a second is taken in batches of ``size``."""

    def __init__(self, spots: list[tuple[float, float]], size: int) -> None:
        super().__init__(spots)
        self.size = size
        self.heard: list[Record] = []

    @override
    def hear(self, *readings: AnyReading, number: int = 1, device: Device | None = None) -> None:
        device = device or a_device(number)
        self.heard += [a_record(one, device=device, at_s=self.now_s) for one in readings]

    @override
    def wait(self, seconds: float) -> None:
        for k in range(0, len(self.heard), self.size):
            self.engine.records(self.heard[k : k + self.size], self.effects)
        self.heard = []
        super().wait(seconds)


def test_batches_change_nothing() -> None:
    """The same story taken one record at a time or many: the same changes of alerts."""

    def play(size: int) -> list[tuple[str, str, int]]:
        crowd = Batched(row_of(12, 8), size)
        crowd.stay(100)
        crowd.say(EventType.POWER_CUT, *range(1, 6))
        crowd.move(60, lambda k, s: (6.0 * s, 0.0) if k != 5 else (0.0, 7.0 * s))
        crowd.wait(1)
        return [(c.alert_id, c.what, c.version) for c in crowd.effects.alerts]

    one_by_one = play(1)

    assert {what for _, what, _ in one_by_one} >= {"raised"}
    assert play(3) == one_by_one
    assert play(10_000) == one_by_one


def test_registered_site_tells_by_number() -> None:
    """Five power cuts of one site within a minute, too far apart for neighbours."""
    crowd = Crowd(row_of(5, 11), sites=(a_site(),))
    crowd.stay(120)

    crowd.say(EventType.POWER_CUT, 1, 2, 3, 4, 5, every_s=12)

    assert [change.reasons[0].code for change in crowd.areas] == ["site_power_loss"]
