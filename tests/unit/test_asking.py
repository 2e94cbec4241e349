"""The tracker is asked: when, how often, and what its answer changes."""

import msgspec

from alerts.asking import Why
from alerts.detection.evidence import Sign
from alerts.policy import DetectionPolicy
from devices.command import CommandKind
from devices.commands import Wish
from devices.readings import DeviceInfo, EventType
from support.factories import a_device, a_fix, a_tick, at_ms
from support.scene import Scene

POLICY = DetectionPolicy()
KINDS = [CommandKind.INTERVAL, CommandKind.LOCATE]


def asked(scene: Scene) -> list[Wish]:
    """What trackers are asked since the last call."""
    return scene.engine.take_wishes()


def reports(scene: Scene, *, east_m: float = 0.0, next_s: float = 60.0) -> None:
    """A fix of now by a tracker that promises the next one so much later."""
    scene.hear(a_fix(scene.now_s, east_m, next_s=next_s))


def parked(
    *,
    caps: tuple[str, ...] = ("interval", "locate"),
    every_s: float = 60.0,
    interval_s: float | None = None,
) -> Scene:
    """One vehicle parked for half an hour, its tracker reporting once a minute."""
    scene = Scene()
    scene.hear(DeviceInfo(t_ms=at_ms(0), caps=caps, interval_s=interval_s))
    for _ in range(round(1_800 / every_s)):
        scene.wait(every_s)
        reports(scene, next_s=every_s)
    assert scene.armed
    assert asked(scene) == []
    return scene


def test_the_first_suspicion_asks_for_dense_reports_and_the_place() -> None:
    """One fix far away is no alert, but a question: every 5 s for three minutes, and where."""
    scene = parked()

    scene.wait(60)
    reports(scene, east_m=180)

    wishes = asked(scene)
    assert scene.quiet
    assert [wish.order.kind for wish in wishes] == KINDS
    assert {wish.why for wish in wishes} == {Why.SUSPICION}
    assert (wishes[0].order.every_s, wishes[0].order.for_s) == (5.0, 180.0)
    assert {wish.order.deadline_s for wish in wishes} == {POLICY.ask_deadline_s}
    assert {(wish.device_id, wish.by) for wish in wishes} == {(a_device(1).id, "system")}


def test_a_witness_asks_at_less_movement() -> None:
    """20 m away alone is noise; shaken and 20 m away is a question."""
    scene = parked()
    scene.wait(60)
    reports(scene, east_m=20)
    assert asked(scene) == []

    scene.event(EventType.VIBRATION)
    assert asked(scene) == []  # shaken and nothing else: a passer-by
    scene.wait(10)
    reports(scene, east_m=20)

    assert {wish.why for wish in asked(scene)} == {Why.WITNESS}


def test_a_shake_of_a_tracker_that_rarely_reports_asks_for_three_reports() -> None:
    """A thief who cuts the lock is away before the next heartbeat; who reports often is let be."""
    scene = parked(interval_s=300)

    scene.event(EventType.VIBRATION)
    (wish,) = asked(scene)
    assert (wish.why, wish.order.every_s, wish.order.for_s) == (Why.SHAKEN, 20.0, 60.0)
    scene.wait(20)
    reports(scene, next_s=20.0)
    assert asked(scene) == []  # still there: no answer, and no end
    scene.wait(20)
    reports(scene, east_m=90, next_s=20.0)

    wishes = asked(scene)
    assert [wish.order.kind for wish in wishes] == KINDS
    assert wishes[0].order.every_s == 5.0
    for interval_s in (10.0, None):
        scene = parked(interval_s=interval_s)
        scene.event(EventType.VIBRATION)
        assert asked(scene) == []


def test_passers_by_take_half_of_the_questions_at_most() -> None:
    """A busy rack never uses up what a theft needs."""
    scene = parked(interval_s=300)
    for _ in range(10):
        scene.event(EventType.VIBRATION)
        scene.wait(200)

    assert len(asked(scene)) == POLICY.asks_per_hour // 2
    reports(scene, east_m=180)
    assert {wish.why for wish in asked(scene)} == {Why.SUSPICION}


def test_who_cannot_is_not_asked() -> None:
    """Without an ``info`` that names it nothing is said; with one of the two only that."""
    for caps, kinds in (((), []), (("locate", "resend"), [CommandKind.LOCATE])):
        scene = parked(caps=caps)

        scene.wait(60)
        reports(scene, east_m=180)

        assert [wish.order.kind for wish in asked(scene)] == kinds


def test_who_reports_so_often_already_is_not_asked() -> None:
    """Asking a tracker of 2 s for 5 s would make it slower."""
    scene = parked()

    scene.wait(60)
    reports(scene, east_m=180, next_s=2.0)

    assert asked(scene) == []


def test_an_open_question_is_not_put_again() -> None:
    """Fix after suspicious fix: one question, until no more than a quarter of it is left."""
    scene = parked()
    scene.wait(60)
    reports(scene, east_m=180)
    for k in range(1, 27):
        scene.wait(5)
        reports(scene, east_m=180 + 25.0 * k, next_s=5.0)

    assert [wish.order.kind for wish in asked(scene)] == KINDS


def test_nobody_is_asked_too_often() -> None:
    """An excursion every five minutes for two hours: six questions an hour at most."""
    scene = parked()
    begun_s, times = scene.now_s, list[float]()
    while scene.now_s < begun_s + 7_200:
        for east_m in (120, 0, 0, 0, 0):
            scene.wait(60)
            reports(scene, east_m=east_m)
            times += [scene.now_s for wish in asked(scene) if wish.why is Why.SUSPICION]

    asks = sorted(set(times))
    assert len(asks) > POLICY.asks_per_hour  # the second hour asks again
    for k in range(len(asks) - POLICY.asks_per_hour):
        assert asks[k + POLICY.asks_per_hour] - asks[k] >= 3_600


def test_an_answer_from_the_anchor_lowers_the_suspicion() -> None:
    """A fix measured after the question and at the anchor: -3 nats, and the tracker may rest."""
    scene = parked()
    scene.wait(60)
    reports(scene, east_m=120)
    assert len(asked(scene)) == 2

    scene.wait(6)
    reports(scene, next_s=5.0)
    assert Sign.LOCATED in scene.engine._watch.evidence.alive(1, now_ms(scene))
    assert asked(scene) == []
    scene.wait(20)
    reports(scene, next_s=5.0)

    (back,) = asked(scene)
    assert (back.why, back.order.kind, back.order.every_s) == (
        Why.STAND_DOWN,
        CommandKind.INTERVAL,
        0.0,
    )


def test_no_answer_is_a_weak_sign_and_no_second_witness() -> None:
    """Half a nat for two minutes, of the position's group: never police-ready by it."""
    scene = parked()
    scene.engine.unanswered(a_device(1), a_tick(scene.now_s))

    alive = scene.engine._watch.witnesses(1, now_ms(scene))
    assert [(reason.code, reason.nats, reason.group) for reason in alive] == [
        ("unanswered", 0.5, "position")
    ]
    for k in range(1, 60):
        scene.wait(5)
        reports(scene, east_m=30.0 * k, next_s=5.0)
        scene.engine.unanswered(a_device(1), a_tick(scene.now_s))

    assert scene.story[0] == "raised"
    assert "police_ready" not in scene.story


def test_an_alert_keeps_asking_and_its_end_sets_the_interval_back() -> None:
    """Renewed while the alert is open; "it's me" lets the tracker rest at once."""
    scene = parked()
    scene.wait(60)
    reports(scene, east_m=180)
    for k in range(1, 60):
        scene.wait(5)
        reports(scene, east_m=180 + 25.0 * k, next_s=5.0)
    wishes = asked(scene)
    intervals = [wish for wish in wishes if wish.order.kind is CommandKind.INTERVAL]
    assert [wish.why for wish in intervals] == [Why.SUSPICION, Why.ALERT, Why.ALERT]

    scene.owner_says("me")
    scene.wait(1)

    (back,) = asked(scene)
    assert (back.why, back.order.every_s) == (Why.STAND_DOWN, 0.0)


def test_a_tampered_tracker_is_asked_though_nothing_moved() -> None:
    """Level 1 tells the tracker to report (the ladder)."""
    scene = parked()

    scene.event(EventType.REMOVED)

    assert {wish.why for wish in asked(scene)} == {Why.ALERT}


def test_a_restart_forgets_no_question() -> None:
    """Who can be asked, who was and how often, and what is still to be said."""
    scenes = parked(), parked()
    for scene in scenes:
        scene.wait(60)
        reports(scene, east_m=180)
        if scene is scenes[1]:
            scene.restart()
        for k in range(1, 50):
            scene.wait(5)
            reports(scene, east_m=180 + 25.0 * k, next_s=5.0)
            if scene is scenes[1] and not k % 10:
                scene.restart()

    plain, restarted = (asked(scene) for scene in scenes)
    assert plain == restarted
    assert msgspec.json.encode(plain)


def test_a_question_that_is_over_stays_over_after_a_restart() -> None:
    """A fix at the anchor ten minutes later is no answer."""
    scene = parked()
    scene.wait(60)
    reports(scene, east_m=180)
    scene.wait(600)
    asked(scene)
    scene.restart()
    reports(scene)

    assert Sign.LOCATED not in scene.engine._watch.evidence.counted(1, now_ms(scene))
    assert asked(scene) == []


def now_ms(scene: Scene) -> int:
    """The steady clock of a scene."""
    return a_tick(scene.now_s).elapsed_ms
