"""Three false alarms in 30 days: alerts stay with the owner until a human says otherwise."""

import msgspec
import pytest

from alerts.demotion import Demotions
from alerts.lifecycle import Outcome
from alerts.model import AlertKind, Labelled, Level
from alerts.outcomes import BLAMED, Dismissal
from alerts.policy import DispatchPolicy
from devices.control import (
    DeskVerdict,
    IncidentMoved,
    LiftDemotion,
    RegisterDevices,
    RegisterPlaces,
)
from devices.model import Site
from devices.readings import EventType
from support.factories import ELAPSED0_MS, T0_MS, a_device, a_fix, at_ms, place
from support.scene import Scene

DAY_MS = 86_400_000
RULE = "movement:movement"


def _label(day: float, outcome: str = "gps_drift", **changes: object) -> Labelled:
    values: dict[str, object] = {
        "alert_id": f"a-{day}",
        "vehicle_id": "v-1",
        "device_id": "trk-1",
        "kind": AlertKind.MOVEMENT,
        "rule": RULE,
        "level": Level.SUSPECTED,
        "model": "",
        "site": "site-1",
        "area": "340104001",
        "raised_ms": T0_MS + round(day * DAY_MS),
        "labelled_ms": T0_MS + round(day * DAY_MS),
        "outcome": outcome,
        "by": "desk-1",
    }
    return Labelled(**(values | changes))  # type: ignore[arg-type]


def _after(history: list[tuple[float, str]], **changes: object) -> Demotions:
    demotions = Demotions(DispatchPolicy())
    for day, outcome in history:
        demotions.take(_label(day, outcome, **changes), ELAPSED0_MS + round(day * DAY_MS))
    return demotions


def _held(demotions: Demotions, day: float, *, device: str = "trk-1", site: str = "site-1") -> str:
    found = demotions.of(device, RULE, site, ELAPSED0_MS + round(day * DAY_MS))
    return "" if found is None else found.subject


DRIFT = Outcome.GPS_DRIFT.value


@pytest.mark.parametrize(
    ("history", "day", "held"),
    [
        ([(0, DRIFT), (1, DRIFT)], 1, ""),
        ([(0, DRIFT), (1, DRIFT), (2, DRIFT)], 2, "device:trk-1"),
        ([(0, DRIFT), (1, "device_fault"), (2, "desk_dismissed")], 31.9, "device:trk-1"),
        ([(0, DRIFT), (1, DRIFT), (2, DRIFT)], 32, ""),
        ([(0, DRIFT), (1, DRIFT), (30.5, DRIFT)], 30.5, ""),
        ([(0, DRIFT), (1, DRIFT), (2, DRIFT), (20, DRIFT)], 49.9, "device:trk-1"),
        ([(0, DRIFT), (1, "theft_recovered"), (2, DRIFT), (3, "unknown")], 3, ""),
        ([(0, "owner_me"), (1, "owner_error"), (2, "borrowed_by_family"), (3, "test")], 3, ""),
        ([(0, DRIFT), (0, DRIFT), (0, DRIFT), (40, DRIFT), (41, DRIFT)], 41, ""),
    ],
)
def test_history_by_hand(history: list[tuple[float, str]], day: float, held: str) -> None:
    """Days and outcomes, then who is held down on a day."""
    assert _held(_after(history), day) == held


def test_only_what_the_tracker_is_blamed_for_counts() -> None:
    """An owner who forgot to disarm three times keeps his watch."""
    for outcome in (*Outcome, *Dismissal):
        held = _held(_after([(k, outcome.value) for k in range(3)]), 3)

        assert bool(held) == (outcome in BLAMED), outcome


def test_rule_is_demoted_at_its_site_alone() -> None:
    """Three trackers, one false alarm each: the place is the trouble, not the city."""
    demotions = Demotions(DispatchPolicy())
    for number in range(3):
        label = _label(number, device_id=f"trk-{number}")
        demotions.take(label, ELAPSED0_MS + number * DAY_MS)

    assert _held(demotions, 3, device="trk-9") == f"rule:{RULE}@site-1"
    assert _held(demotions, 3, device="trk-9", site="site-2") == ""
    assert _held(demotions, 3, device="trk-9", site="") == ""


def test_rule_that_is_more_often_right_than_wrong_is_kept() -> None:
    """Four thefts against three false alarms at one site."""
    history = [(0.1 * k, "theft_recovered") for k in range(4)] + [(k, DRIFT) for k in range(1, 4)]
    demotions = _after(history)

    assert _held(demotions, 3, device="trk-9") == ""
    assert _held(demotions, 3) == "device:trk-1"


def test_lifting_begins_anew() -> None:
    """What counted before counts no longer; lifting nothing changes nothing."""
    demotions = _after([(0, DRIFT), (1, DRIFT), (2, DRIFT)])
    now = {"elapsed_ms": ELAPSED0_MS + 3 * DAY_MS, "wall_ms": T0_MS + 3 * DAY_MS}

    (lifted,) = demotions.lift("device:trk-1", by="desk-1", **now)
    demotions.take(_label(4), ELAPSED0_MS + 4 * DAY_MS)

    assert (lifted.by, lifted.lifted_ms, lifted.since_ms) == (
        "desk-1",
        T0_MS + 3 * DAY_MS,
        T0_MS + 2 * DAY_MS,
    )
    assert _held(demotions, 4, site="") == ""
    assert demotions.lift("device:trk-9", by="desk-1", **now) == []


# -- through the engine -------------------------------------------------------------------------


class Street(Scene):
    """One vehicle that is stolen, or seems to be, again and again."""

    def again(self) -> None:
        """Shaken and ridden away, as far as the tracker says."""
        self.park()
        self.event(EventType.VIBRATION)
        self.ride(60)

    def dismiss(self, outcome: str | None = None) -> None:
        """The desk says that it was nothing."""
        self.people(
            DeskVerdict(
                at_ms=at_ms(self.now_s),
                by="desk-1",
                alert_id=self.alert.alert_id,
                verdict="dismiss",
                outcome=outcome,
            )
        )

    @classmethod
    def demoted(cls) -> "Street":
        """Three false alarms, and a fourth alert."""
        street = cls()
        for _ in range(3):
            street.again()
            street.dismiss()
        street.again()
        return street


def test_demoted_tracker_asks_the_owner_and_no_more() -> None:
    """Before: police-ready. After three dismissals: level 1, with the reason in both languages."""
    street = Street.demoted()
    levels = [change.level for change in street.effects.alerts if change.what == "police_ready"]
    alert = street.alert
    (told,) = [reason for reason in alert.reasons if reason.code == "demoted"]

    assert levels == [Level.PROBABLE] * 3
    assert (alert.level, alert.ready) == (Level.SUSPECTED, False)
    assert "3 false alarms in 30 days" in told.text_en
    assert "30天内误报3次" in told.text_zh
    assert [change.subject for change in street.effects.demotions] == ["device:trk-000001"]
    assert [label.outcome for label in street.effects.labels] == ["desk_dismissed"] * 3
    assert street.asked()


def test_a_human_makes_it_an_incident_all_the_same() -> None:
    """The owner of a demoted tracker says: not me."""
    street = Street.demoted()

    street.owner_says("not_me")

    assert street.alert.level is Level.CONFIRMED
    assert len(street.effects.incidents) == 1


def test_a_call_for_help_is_not_held_down_and_says_so_to_nobody() -> None:
    """SOS of a demoted tracker: level 4, without the word that only a person tells the police."""
    street = Street.demoted()
    street.dismiss()
    street.event(EventType.SOS)

    assert street.alert.level is Level.DANGER
    assert "demoted" not in {reason.code for reason in street.alert.reasons}


def test_lifted_tracker_makes_police_ready_again() -> None:
    """The next strong fix of the same alert does."""
    street = Street.demoted()

    street.people(LiftDemotion(at_ms=at_ms(street.now_s), by="li", subject="device:trk-000001"))
    street.ride(30)

    assert street.alert.level is Level.PROBABLE
    assert street.effects.demotions[-1].by == "li"


def test_restart_forgets_no_false_alarm() -> None:
    """The checkpoint holds what counted, and which ended alert waits for its closing."""
    street = Street()
    for _ in range(2):
        street.again()
        street.dismiss("gps_drift")
    street.again()
    street.owner_says("not_me")
    alert = street.alert
    street.owner_says("me")
    street.restart()

    street.people(
        IncidentMoved(
            at_ms=at_ms(street.now_s),
            by="officer-1",
            incident_id=alert.incident or "",
            alert_id=alert.alert_id,
            state="closed",
            outcome="device_fault",
        )
    )

    assert [label.outcome for label in street.effects.labels] == [
        "gps_drift",
        "gps_drift",
        "device_fault",
    ]
    assert [change.subject for change in street.effects.demotions] == ["device:trk-000001"]


def test_label_says_model_site_and_rule() -> None:
    """As they were when it was raised."""
    street = Street()
    device = msgspec.structs.replace(a_device(), model="GT-1", site_id="site-7")
    street.people(RegisterDevices(at_ms=at_ms(0), devices=[device]))
    for k in range(36):
        street.wait(10)
        street.gone_m += 50 if k >= 30 else 0
        street.hear(a_fix(street.now_s, street.gone_m), device=device)
    street.dismiss("maintenance")

    (label,) = street.effects.labels
    assert (label.rule, label.outcome, label.level) == (RULE, "maintenance", Level.SUSPECTED)
    assert (label.model, label.site) == ("GT-1", "site-7")
    assert label.raised_ms < label.labelled_ms


def test_an_ended_alert_waits_for_its_closing_and_not_for_ever() -> None:
    """A quarter later nobody closes it any more."""
    street = Street()
    street.again()
    street.owner_says("not_me")
    first = street.alert.alert_id
    street.owner_says("me")
    assert list(street.engine.cases.unclosed) == [first]

    street.sleep_until(street.now_s + 91 * 86_400)
    street.again()
    street.owner_says("not_me")
    second = street.alert.alert_id
    street.owner_says("me")

    assert list(street.engine.cases.unclosed) == [second]


def test_site_of_a_label_is_the_one_that_holds_the_anchor() -> None:
    """Not the place where it alarmed: that is on the way of a thief."""
    street = Street()
    lat_deg, lon_deg = place(20)
    site = Site(id="site-3", lat_deg=lat_deg, lon_deg=lon_deg)
    street.people(RegisterPlaces(at_ms=at_ms(0), sites=[site]))

    street.again()
    street.dismiss()

    assert street.effects.alerts[-1].moved_m > 200
    assert [label.site for label in street.effects.labels] == ["site-3"]
