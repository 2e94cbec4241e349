"""A candidate beside the live engine: same settings, no difference; its failure touches nothing."""

import dataclasses
from collections.abc import Sequence
from functools import partial

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from alerts.comparing import Difference, Sent, Step, differences, pairs
from alerts.engine import Engine
from alerts.model import Effects
from alerts.outcomes import Verdict
from alerts.policy import DetectionPolicy, DispatchPolicy
from devices.entry import Entry
from devices.errors import StoreError
from devices.readings import EventType
from devices.registry import Registry
from ingest.shadow import Shadow
from parkguard.replay.observed import Observed
from parkguard.replay.reading import read_lines
from parkguard.replay.run import Replay
from parkguard.settings import Settings
from support.factories import T0_MS
from support.fakes import AWAY, REFUSED
from support.plant import ProcessorPlant
from support.rates import thresholds
from support.replay_files import DEVICE, Line, encoded, event, fix, side, theft
from support.theft import theft_journal


class KeptShadow:
    """What a candidate would have sent, in memory; ``errors`` come first, one a call."""

    def __init__(self, *errors: StoreError) -> None:
        self.sent: dict[str, Sent] = {}
        self.failures: list[str] = []
        self._errors = list(errors)

    def begin(self, candidate: str, *, now_ms: int) -> int:
        """One comparison."""
        assert candidate
        return now_ms

    def keep(
        self, started_ms: int, rows: Sequence[tuple[Sent, int, str, str]], *, seen_ms: int
    ) -> None:
        """The newest of each alert."""
        assert started_ms == T0_MS <= seen_ms
        if self._errors:
            raise self._errors.pop(0)
        self.sent |= {sent.alert_id: sent for sent, _, _, _ in rows}

    def fail(self, started_ms: int, failure: str) -> None:
        """Remember it."""
        assert started_ms == T0_MS
        self.failures.append(failure)


class BrokenEngine(Engine):
    """A candidate that dies at the first tick."""

    @override
    def tick(self, entry: Entry, effects: Effects) -> None:
        """Die."""
        raise ZeroDivisionError("no such vehicle")


def _shadow(
    book: KeptShadow,
    policy: DetectionPolicy | None = None,
    *,
    kind: type[Engine] = Engine,
    dispatch: DispatchPolicy | None = None,
) -> Shadow:
    detection = policy or DetectionPolicy()

    def build(registry: Registry) -> Engine:
        return kind(
            registry, detection, dispatch or DispatchPolicy(), thresholds=thresholds(detection)
        )

    return Shadow(build, book, candidate="{}", now_ms=lambda: T0_MS)


def _ran(lines: list[Line], book: KeptShadow, policy: DetectionPolicy | None = None) -> Replay:
    """The lines through the live pipeline, with a candidate beside it."""
    run = Replay(Settings())
    shadow = _shadow(book, policy)
    shadow.begin(run.timeline.pipeline)
    run.feed(read_lines(encoded(lines), "-"))
    run.timeline.step()
    shadow.keep(run.timeline.clock.wall_ms)
    return run


def _live(observed: Observed) -> list[Sent]:
    """What the live engine sent."""
    found: dict[str, Sent] = {}
    opened = {one.alert.alert_id: one.opened_ms for one in observed.incidents}
    for _, change in observed.changes:
        if change.level == 0:
            continue
        sent = found.get(change.alert_id) or Sent(
            alert_id=change.alert_id,
            vehicle_id=change.vehicle_id,
            raised_ms=change.caused_recv_ms,
            incident_ms=opened.get(change.alert_id),
        )
        if change.what == "police_ready" and sent.ready_ms is None:
            sent = dataclasses.replace(sent, ready_ms=change.caused_recv_ms)
        found[change.alert_id] = sent
    return list(found.values())


# -- the same settings --------------------------------------------------------------------------

ACTS = ("ride", "stand", "shake", "jump", "me", "not_me", "disarm", "stolen", "late", "silence")


def _story(acts: list[str]) -> list[Line]:
    """Parked for three minutes, then one thing after the other, 30 s each."""
    lines: list[Line] = [DEVICE, *[fix(at_s) for at_s in range(0, 190, 10)]]
    at_s, east_m = 200, 0.0
    for act in acts:
        match act:
            case "shake":
                lines.append(event(at_s, EventType.VIBRATION))
            case "me" | "not_me":
                lines.append(side(at_s, "owner_answer", vehicle="v-1", answer=act))
            case "disarm":
                lines.append(side(at_s, "disarm", vehicle="v-1"))
            case "stolen":
                lines.append(side(at_s, "report_stolen", vehicle="v-1"))
            case "jump":
                lines.append(fix(at_s, east_m=east_m + 90))
            case "late":
                old = fix(at_s - 3_000, east_m=400.0, seq=100_000 + at_s)
                lines.append(old | {"recv_t": T0_MS + at_s * 1000})
            case _:
                pass
        for k in range(1, 4 if act != "silence" else 1):
            east_m += 60.0 if act == "ride" else 0.0
            lines.append(fix(at_s + 8 * k, east_m=east_m))
        at_s += 30 if act != "silence" else 300
    return [*lines, side(at_s + 60, "tick")]


@settings(max_examples=8)
@given(acts=st.lists(st.sampled_from(ACTS), min_size=1, max_size=12))
def test_candidate_with_the_live_settings_differs_in_nothing(acts: list[str]) -> None:
    """Whatever happens: the same alerts, at the same moments, with the same steps."""
    book = KeptShadow()

    run = _ran(_story(acts), book)

    assert book.failures == []
    assert book.sent == {sent.alert_id: sent for sent in _live(run.timeline.observed)}


def test_the_story_sees_alerts_and_incidents() -> None:
    """Or the property above would hold for nothing."""
    book = KeptShadow()

    _ran(_story(["shake", "ride", "ride", "not_me"]), book)

    (sent,) = book.sent.values()
    assert sent.ready_ms is not None
    assert sent.incident_ms is not None


# -- other settings -----------------------------------------------------------------------------


def test_a_stricter_candidate_is_later() -> None:
    """A farther owner's radius: both ask, the candidate later; the owner's word is for both."""
    book = KeptShadow()
    lines = [*theft(), side(330, "owner_answer", vehicle="v-1", answer="not_me")]

    run = _ran(lines, book, DetectionPolicy(owner_min_m=120.0, police_min_m=190.0))

    live = _live(run.timeline.observed)
    notice, ready, incident = differences(pairs(live, book.sent.values()), {})
    assert (notice.both, notice.later, notice.only_live) == (1, 1, 0)
    assert (ready.both, ready.later) == (1, 1)
    assert (incident.both, incident.only_live) == (1, 0)


def test_word_on_the_live_alert_is_about_the_candidates_own() -> None:
    """Live it began when the tracker was removed; the candidate alarms by the ride alone."""
    book = KeptShadow()
    removed = [event(191, EventType.REMOVED) if k == 20 else one for k, one in enumerate(theft())]
    lines = [*removed, side(330, "owner_answer", vehicle="v-1", answer="not_me")]

    run = _ran(lines, book, DetectionPolicy(tamper_nats=99.0))

    (live,), (candidate,) = _live(run.timeline.observed), book.sent.values()
    assert live.alert_id != candidate.alert_id
    assert live.raised_ms < candidate.raised_ms
    assert live.incident_ms == candidate.incident_ms is not None


def test_a_blind_candidate_misses_the_theft() -> None:
    """It would have sent nothing; the live engine sent everything it sends alone."""
    book = KeptShadow()
    alone = Replay(Settings())
    alone.feed(read_lines(encoded(theft()), "-"))
    alone.timeline.step()

    run = _ran(theft(), book, DetectionPolicy(owner_min_m=5_000.0, police_min_m=5_000.0))

    live = _live(run.timeline.observed)
    assert live == _live(alone.timeline.observed)
    (notice, *_) = differences(pairs(live, book.sent.values()), {live[0].alert_id: Verdict.TRUE})
    assert (notice.only_live, notice.true_missed, notice.only_candidate) == (1, 1, 0)


def test_an_owner_whom_only_the_candidate_asks_counts_as_told() -> None:
    """Nobody tells him in truth, so the next tick does: a second contact, a silent owner."""
    book, blind = KeptShadow(), DetectionPolicy(owner_min_m=5_000.0, police_min_m=5_000.0)
    run = Replay(Settings(detection=blind))
    shadow = _shadow(book, dispatch=DispatchPolicy(dispatch_without_human=True))
    shadow.begin(run.timeline.pipeline)
    on = [fix(320 + 10 * k, east_m=650.0 + 50 * k) for k in range(20)]
    run.feed(read_lines(encoded([*theft(), *on, side(520, "tick")]), "-"))
    run.timeline.step()

    shadow.keep(run.timeline.clock.wall_ms)

    (sent,) = book.sent.values()
    assert run.timeline.observed.changes == []
    assert sent.incident_ms is not None


# -- failures -----------------------------------------------------------------------------------


def _committed(shadow: Shadow | None) -> tuple[ProcessorPlant, list[dict[str, object]]]:
    """The theft through a processor, ten entries a commit; its ledger and what was logged."""
    journal = theft_journal()
    plant = ProcessorPlant(journal, shadow=shadow)
    with structlog.testing.capture_logs() as logs:
        for start in range(0, len(journal), 10):
            plant.processor.step(journal[start : start + 10])
            plant.processor.commit()
    return plant, [dict(line) for line in logs]


@pytest.mark.parametrize(
    ("shadow", "alive"),
    [
        (partial(_shadow, KeptShadow()), True),
        (partial(_shadow, KeptShadow(), kind=BrokenEngine), False),
        (partial(_shadow, KeptShadow(REFUSED)), False),
        (partial(_shadow, KeptShadow(AWAY, AWAY)), True),
    ],
    ids=["well", "broken", "refused", "away"],
)
def test_live_commits_are_the_same_whatever_the_candidate_does(
    shadow: "partial[Shadow]", *, alive: bool
) -> None:
    """An exception is logged once, counted, and ends the candidate alone."""
    alone, _ = _committed(None)
    candidate = shadow()
    book = shadow.args[0]
    plant, logs = _committed(candidate)

    assert plant.ledger.changes == alone.ledger.changes
    assert plant.ledger.outbox == alone.ledger.outbox
    assert plant.ledger.books == alone.ledger.books
    assert candidate.metrics()["process_shadow_on"] == alive
    assert candidate.metrics()["process_shadow_failures_total"] == (not alive)
    assert sum(line["event"] == "shadow_ended" for line in logs) == (not alive)
    assert len(book.failures) == (not alive)
    assert bool(book.sent) == alive


def test_candidate_settings_are_checked_at_the_start() -> None:
    """A name or a value that may not be is a wrong setting."""
    assert DetectionPolicy(shadow={"owner_min_m": 50.0}).candidate().owner_min_m == 50.0
    with pytest.raises(ValueError, match=r"there is no detection\.police_rte"):
        DetectionPolicy(shadow={"police_rte": 1e-6})
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        DetectionPolicy(shadow={"police_rate": 3.0})


# -- comparing ----------------------------------------------------------------------------------


def _sent(name: str, at_s: float, *, vehicle: str = "v-1", ready_s: float | None = None) -> Sent:
    return Sent(
        alert_id=name,
        vehicle_id=vehicle,
        raised_ms=round(at_s * 1000),
        ready_ms=None if ready_s is None else round(ready_s * 1000),
    )


def test_alerts_are_paired_by_id_then_by_vehicle_and_time() -> None:
    """The nearest within ten minutes; each is in one pair."""
    live = [_sent("a", 0), _sent("b", 1_000), _sent("c", 5_000), _sent("d", 0, vehicle="v-2")]
    candidate = [_sent("a", 30), _sent("x", 1_500), _sent("y", 900), _sent("z", 5_601)]

    found = [
        (one and one.alert_id, other and other.alert_id) for one, other in pairs(live, candidate)
    ]

    assert found == [
        ("a", "a"),
        ("d", None),
        ("b", "y"),
        (None, "x"),
        ("c", None),
        (None, "z"),
    ]


def test_differences_by_hand() -> None:
    """Thefts kept and missed, false alarms kept and avoided, who was earlier."""
    live = [
        _sent("a", 0, ready_s=10),
        _sent("b", 0, vehicle="v-2", ready_s=10),
        _sent("c", 0, vehicle="v-3"),
        _sent("d", 0, vehicle="v-4"),
    ]
    candidate = [
        _sent("a", 8, ready_s=6),
        _sent("b", 0, vehicle="v-2"),
        _sent("c", -4, vehicle="v-3"),
    ]
    said = {"a": Verdict.TRUE, "b": Verdict.TRUE, "c": Verdict.FALSE, "d": Verdict.FALSE}

    notice, ready, incident = differences(pairs(live, candidate), said)

    assert notice == Difference(
        step=Step.OWNER_NOTICE,
        both=3,
        only_live=1,
        only_candidate=0,
        earlier=1,
        later=1,
        shift_s=0.0,
        true_kept=2,
        true_missed=0,
        false_kept=1,
        false_avoided=1,
    )
    assert (ready.both, ready.only_live, ready.earlier, ready.shift_s) == (1, 1, 1, -4.0)
    assert (ready.true_kept, ready.true_missed) == (1, 1)
    assert (incident.both, incident.shift_s) == (0, None)
