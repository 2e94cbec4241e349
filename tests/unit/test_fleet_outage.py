"""Ten minutes without a broker or without us, with 1,000 parked trackers, on simulated time."""

from collections.abc import Iterator

import msgspec
import numpy as np
import pytest

from alerts.engine import Engine
from alerts.pipeline import Outcome, Pipeline
from alerts.policy import DetectionPolicy, DispatchPolicy
from devices.admission import Admission
from devices.entry import Entry
from devices.health import Health
from devices.presence import Presence, PresencePolicy
from support.factories import ROOT, a_device, a_registry, a_tick, an_entry, at_ms, fix_bytes
from support.fakes import LatestColumns
from support.rates import thresholds

TRACKERS, EVERY_S = 1_000, 180
SILENT = 500
"""The tracker that really falls silent, in the outage."""
AWAY_S = 600
FIRST_S, GONE_S = 2 * EVERY_S, 2 * EVERY_S + AWAY_S
"""The outage is between these."""
TOLD_S = GONE_S + 3 * EVERY_S + 30
"""A tracker that was heard last when the outage began is offline now."""


@pytest.mark.promise(19)
@pytest.mark.parametrize("who", ["broker", "we"])
def test_ten_minutes_of_our_own_outage_are_nobodys(who: str) -> None:
    """Nobody is late, offline or stolen, before or after; who really fell silent is told."""
    latest = LatestColumns()
    pipeline, outcome = _pipeline(latest), Outcome()
    worst = dict.fromkeys(Presence, 0)
    for second in range(TOLD_S + EVERY_S):
        pipeline.step(list(_said(second, who)), outcome)
        seen = np.bincount(latest.rows["presence"][1 : TRACKERS + 1], minlength=len(Presence))
        if second >= EVERY_S:
            worst = {word: max(worst[word], int(seen[word])) for word in Presence}
        if second < GONE_S + 3 * EVERY_S:
            assert not worst[Presence.OFFLINE]

    assert (worst[Presence.UNKNOWN], worst[Presence.LATE], worst[Presence.OFFLINE]) == (0, 0, 1)
    assert latest.rows["presence"][SILENT] == Presence.OFFLINE
    assert not outcome.effects.urgent
    assert not outcome.events
    assert {c.slot for c in outcome.effects.health if c.presence == Presence.OFFLINE} == {SILENT}


def _pipeline(latest: LatestColumns) -> Pipeline:
    admission = Admission(ROOT)
    pipeline = Pipeline(
        admission=admission,
        health=Health(latest, PresencePolicy()),
        engine=Engine(
            admission.registry, DetectionPolicy(), DispatchPolicy(), thresholds=thresholds()
        ),
    )
    pipeline.follow(a_registry(trackers=TRACKERS))
    return pipeline


def _said(second: int, who: str) -> Iterator[Entry]:
    """Everything that came in one second: trackers take turns, each speaks every ``EVERY_S``."""
    away = FIRST_S <= second < GONE_S
    if second == FIRST_S and who == "broker":
        for number in range(1, TRACKERS + 1):
            lost = {"v": 1, "id": a_device(number).id, "state": "lost", "t": at_ms(0)}
            body = msgspec.json.encode(lost)
            yield an_entry(body, at_s=second, device=a_device(number), channel="state")
    if not away:
        for number in range(1 + second % EVERY_S, TRACKERS + 1, EVERY_S):
            if number != SILENT or second < FIRST_S:
                fix = fix_bytes(second, seq=second).replace(b'"next_s":10', b'"next_s":180')
                yield an_entry(fix, at_s=second, device=a_device(number))
    if not away or who == "broker":
        yield a_tick(second, connected=int(not away))
