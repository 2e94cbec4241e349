"""The casebook: one open alert per vehicle, levels that only rise, keys that never repeat."""

from hypothesis import given
from hypothesis import strategies as st

from alerts.casebook import Casebook
from alerts.model import (
    AlertKind,
    AlertState,
    Effects,
    Group,
    Level,
    NoticeKind,
    Reason,
)
from alerts.open_alert import Cause, OpenAlert
from alerts.policy import DispatchPolicy
from support.factories import ELAPSED0_MS, a_device, a_vehicle, at_ms

SHAKE = Reason(code="vibration", group=Group.INERTIAL, nats=2, text_en="shaken", text_zh="震动")
MOVED = Reason(code="movement", group=Group.POSITION, nats=9, text_en="moved", text_zh="移动")
CALM = Reason(code="unshaken", group=Group.INERTIAL, nats=-3, text_en="calm", text_zh="静止")


def _cause(at_s: float = 0, *, moved_m: float = 100.0, grid: str = "", by: str = "system") -> Cause:
    return Cause(
        t_ms=at_ms(at_s),
        recv_ms=at_ms(at_s),
        elapsed_ms=ELAPSED0_MS + round(at_s * 1000),
        lat_deg=31.8,
        lon_deg=117.2,
        moved_m=moved_m,
        grid=grid,
        by=by,
    )


class Desk:
    """A casebook with one vehicle and everything that came of it."""

    def __init__(self, policy: DispatchPolicy | None = None) -> None:
        self.cases = Casebook(policy or DispatchPolicy())
        self.effects = Effects()

    def signal(self, level: Level, *reasons: Reason, cause: Cause | None = None) -> OpenAlert:
        """One signal about ``v-1``."""
        return self.cases.signal(
            a_vehicle(),
            a_device(),
            kind=AlertKind.MOVEMENT,
            level=level,
            onset_ms=at_ms(0),
            reasons=list(reasons or (MOVED,)),
            cause=cause or _cause(),
            what="police_ready" if level == Level.PROBABLE else "level",
            effects=self.effects,
        )

    @property
    def story(self) -> list[str]:
        """The timeline's words."""
        return [change.what for change in self.effects.alerts]


def test_repeated_signal_is_one_alert() -> None:
    """Ten fixes of one ride: raised once, told once."""
    desk = Desk()

    alerts = {desk.signal(Level.SUSPECTED, cause=_cause(k)).alert_id for k in range(10)}

    assert len(alerts) == 1
    assert desk.story == ["raised"]
    assert len([n for n in desk.effects.notices if n.kind is NoticeKind.OWNER_NOTICE]) == 1


def test_new_reason_joins_and_an_old_one_is_renewed() -> None:
    """The alert keeps its reasons; numbers are the newest."""
    desk = Desk()
    desk.signal(Level.SUSPECTED, MOVED)
    farther = Reason(code="movement", group=Group.POSITION, nats=14, text_en="far", text_zh="远")

    alert = desk.signal(Level.SUSPECTED, SHAKE, farther)

    assert [(reason.code, reason.nats) for reason in alert.reasons] == [
        ("movement", 14),
        ("vibration", 2),
    ]
    assert alert.groups == {Group.POSITION, Group.INERTIAL}


def test_reason_against_a_theft_is_no_witness() -> None:
    """A sensor that felt nothing is not the second group."""
    alert = Desk().signal(Level.SUSPECTED, MOVED, CALM)

    assert alert.groups == {Group.POSITION}


def test_lower_level_later_changes_nothing() -> None:
    """A level never drops silently."""
    desk = Desk()
    desk.signal(Level.PROBABLE, MOVED, SHAKE)

    alert = desk.signal(Level.SUSPECTED, MOVED, cause=_cause(10))

    assert alert.level is Level.PROBABLE
    assert desk.story == ["raised", "police_ready"]


def test_place_of_the_newest_signal_is_the_alerts_place() -> None:
    """Whoever looks sees where it is, not where it was."""
    desk = Desk()
    desk.signal(Level.SUSPECTED)

    alert = desk.signal(Level.SUSPECTED, cause=_cause(10, moved_m=180, grid="g-2"))

    assert (alert.cause.moved_m, alert.cause.grid) == (180, "g-2")


def test_alert_outside_every_grid_belongs_to_the_area_of_its_vehicle() -> None:
    """The city desk's, and counted."""
    cases, effects = Casebook(DispatchPolicy()), Effects()
    cases.signal(
        a_vehicle(area="340104"),
        a_device(),
        kind=AlertKind.MOVEMENT,
        level=Level.SUSPECTED,
        onset_ms=0,
        reasons=[MOVED],
        cause=_cause(),
        what="level",
        effects=effects,
    )

    assert effects.alerts[0].area == "340104"


def test_age_of_a_late_cause_is_kept() -> None:
    """A late alert says how late."""
    desk = Desk()

    desk.signal(Level.SUSPECTED, cause=_cause(0)._replace(recv_ms=at_ms(480)))

    assert desk.effects.alerts[0].late_s == 480


def test_confirmation_counts_once() -> None:
    """Desk and owner both confirm: one incident, one opening."""
    desk = Desk()
    alert = desk.signal(Level.PROBABLE, MOVED, SHAKE)

    desk.cases.confirm(alert, "owner_not_me", _cause(20, by="wang"), desk.effects)
    desk.cases.confirm(alert, "desk_confirmed", _cause(25, by="desk-1"), desk.effects)

    assert desk.story == ["raised", "police_ready", "owner_not_me"]
    assert desk.effects.alerts[-1].by == "wang"
    assert len(desk.effects.incidents) == 1


def test_incident_hears_of_a_new_grid_at_once_and_else_once_a_minute() -> None:
    """At most one push per 60 s but for level and grid."""
    desk = Desk()
    alert = desk.signal(Level.CONFIRMED, cause=_cause(0, grid="g-1"))
    told = len(desk.effects.notices)

    for at_s, grid in [(10, "g-1"), (20, "g-2"), (30, "g-2"), (79, "g-2"), (80, "g-2")]:
        desk.cases.moved(alert, _cause(at_s, grid=grid), desk.effects)

    updates = [n for n in desk.effects.notices[told:] if n.kind is NoticeKind.INCIDENT]
    assert [notice.caused_recv_ms for notice in updates[::3]] == [at_ms(20), at_ms(80)]


def test_ended_alert_is_no_longer_open() -> None:
    """The next signal raises a new one."""
    desk = Desk()
    alert = desk.signal(Level.SUSPECTED)

    desk.cases.end(
        alert,
        state=AlertState.DISMISSED,
        what="owner_me",
        cause=_cause(5, by="wang"),
        effects=desk.effects,
    )

    assert desk.cases.open == {}
    assert desk.cases.by_id(alert.alert_id) is None
    assert desk.effects.alerts[-1].state is AlertState.DISMISSED


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("signal"), st.sampled_from([Level.SUSPECTED, Level.PROBABLE])),
        st.tuples(st.just("danger"), st.just(Level.DANGER)),
        st.tuples(st.sampled_from(["moved", "told", "confirm", "wait"]), st.just(Level.NOTED)),
    ),
    max_size=25,
)


@given(steps=STEPS)
def test_any_order_of_steps_keeps_the_laws(steps: list[tuple[str, Level]]) -> None:
    """Levels rise, versions count, keys are unique, one incident at most, and not for less."""
    desk = Desk(DispatchPolicy(dispatch_without_human=True))
    alert = desk.signal(Level.SUSPECTED)

    for k, (step, level) in enumerate(steps, start=1):
        cause = _cause(20 * k, grid=f"g-{k % 3}")
        if step in {"signal", "danger"}:
            desk.signal(level, MOVED, SHAKE, cause=cause)
        elif step == "moved":
            desk.cases.moved(alert, cause, desk.effects)
        elif step == "told":
            desk.cases.told(alert, cause, "owner:wang", desk.effects)
        elif step == "confirm":
            desk.cases.confirm(alert, "owner_not_me", cause, desk.effects)
        else:
            desk.cases.tick(cause.elapsed_ms, cause.recv_ms, desk.effects)

    changes, notices = desk.effects.alerts, desk.effects.notices
    assert [change.level for change in changes] == sorted(change.level for change in changes)
    assert [change.version for change in changes] == list(range(1, len(changes) + 1))
    assert len({notice.key for notice in notices}) == len(notices)
    assert len(desk.effects.incidents) <= 1
    for opened in desk.effects.incidents:
        assert opened.alert.level >= Level.CONFIRMED or opened.alert.what == "owner_silent"
    incident_rows = [n for n in notices if n.kind is NoticeKind.INCIDENT]
    assert bool(incident_rows) == bool(desk.effects.incidents)


def test_noted_alert_is_over_at_once_and_tells_nobody() -> None:
    """Level 0: kept and shown to the desk; what happens next is asked about as ever."""
    desk = Desk()

    desk.cases.note(
        a_vehicle(),
        a_device(),
        kind=AlertKind.MOVEMENT,
        onset_ms=at_ms(0),
        reasons=[MOVED],
        cause=_cause(0),
        effects=desk.effects,
    )
    noted = list(desk.effects.notices)
    desk.signal(Level.SUSPECTED)

    assert desk.story == ["noted", "raised"]
    assert desk.effects.alerts[0].state is AlertState.EXPIRED
    assert [notice.audience for notice in noted] == ["desk"]
    assert desk.effects.notices[-1].kind is NoticeKind.OWNER_NOTICE


def test_notices_are_remembered_only_while_they_forbid_another() -> None:
    """A city's vehicles asked over the years are not kept."""
    cases = Casebook(DispatchPolicy())
    for number in range(1, 6):
        cases.signal(
            a_vehicle(number),
            a_device(number),
            kind=AlertKind.MOVEMENT,
            level=Level.SUSPECTED,
            onset_ms=at_ms(0),
            reasons=[MOVED],
            cause=_cause(400 * number),
            what="level",
            effects=Effects(),
        )

    assert list(cases.noticed_ms) == ["v-4", "v-5"]
