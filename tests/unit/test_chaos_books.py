"""The judge of chaos finds every kind of breach, and draws the same faults from the same seed."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.chaos_books import judge, times
from benchmarks.chaos_count import _crashes
from benchmarks.chaos_desk import Desk
from benchmarks.chaos_facts import Facts, Heard, Keepers, Pace, Played, Told
from benchmarks.chaos_plan import EVERYTHING, PARTS, Fault, FaultKind, draw_faults

SERVERS = ("influxd", "postgres")


def facts(**changes: object) -> Facts:
    """A run in which the broker lost record 3 of trk-1, and everything else is well."""
    told = Told(
        due={"a:1:owner:o", "i:a1:webhook"},
        arrived=Counter(["a:1:owner:o", "i:a1:webhook"]),
        repeats=1,
        unsent=0,
        feed_due={7, 8},
        feed=[1, 2],
        feed_sources=Counter([7, 8]),
        heard=[1, 2],
        heard_alerts={"a"},
    )
    whole = Facts(
        made={"trk-1": {1, 2, 3, 4}, "trk-2": {1, 2}},
        pace=Pace(start_ms=10_000, interval_s=1.0),
        broker_killed_ms=[12_500],
        journal={"trk-1": {1, 2, 4}, "trk-2": {1, 2}},
        stored={"trk-1": {1, 2, 4}, "trk-2": {1, 2}},
        rows=5,
        gaps={"trk-1": {3}},
        events_made={("trk-1", "e1")},
        events_kept={("trk-1", "e1")},
        distinct=9,
        keepers=Keepers(
            made=3, stored={"trk-9": {1, 2, 3}}, rows=3, unreceipted=0, resent=1, refused=0
        ),
        books={
            "received": 10, "accepted": 9, "duplicate": 1, "quarantined": 0, "wills": 0,
            "gaps": 1, "projected": 9, "thinned": 0, "unstored": 0,
        },
        alerts={"a": "veh-1"},
        levels={"a": (1, 1, 3)},
        replayed={"a": (1, 1, 3)},
        parked={"veh-1", "veh-2"},
        stolen={"veh-1"},
        incidents=Counter(["a"]),
        crashes=[],
        told=told,
    )  # fmt: skip
    return replace(whole, **changes)  # type: ignore[arg-type]


def told(**changes: object) -> Facts:
    """The same run; people heard something else."""
    return facts(told=replace(facts().told, **changes))  # type: ignore[arg-type]


def test_a_loss_in_the_broker_that_is_a_gap_breaks_no_promise() -> None:
    """It is reported, and the books balance."""
    verdict = judge(facts())

    assert verdict.broken == []
    assert verdict.figures["balanced"]
    assert verdict.figures["lost_in_broker"] == verdict.figures["gaps"] == 1
    assert verdict.figures["lost_made_before_kill_s"] == 0.5
    assert (verdict.figures["made"], verdict.figures["stored"]) == (10, 8)


@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("missing", facts(stored={"trk-1": {1, 2}, "trk-2": {1, 2}}, rows=4)),
        ("missing", facts(keepers=replace(facts().keepers, stored={"trk-9": {1, 2}}, rows=2))),
        ("refused", facts(keepers=replace(facts().keepers, refused=1))),
        ("doubled", facts(rows=6)),
        ("doubled", facts(keepers=replace(facts().keepers, rows=4))),
        ("alerts_lost", facts(alerts={"a": "veh-1", "b": "veh-1"})),
        ("alerts_lost", told(arrived=Counter(["a:1:owner:o"]))),
        ("alerts_lost", facts(replayed={"a": (1, 1, 3), "b": (1,)})),
        ("alerts_lost", told(heard=[1])),
        ("alerts_lost", told(feed_due={7, 8, 9})),
        ("alerts_lost", told(unsent=1)),
        ("alerts_doubled", told(heard=[1, 2, 2])),
        ("alerts_doubled", told(feed_sources=Counter([7, 7]))),
        ("alerts_doubled", facts(incidents=Counter(["a", "a"]))),
    ],
)
def test_what_is_lost_or_doubled_is_found(name: str, run: Facts) -> None:
    """Each of these breaks exactly the promise that it names."""
    verdict = judge(run)

    assert verdict.figures[name] == 1
    assert f"{name} 1" in verdict.broken


@pytest.mark.parametrize(
    "run",
    [
        facts(broker_killed_ms=[]),
        facts(broker_killed_ms=[11_900]),
        facts(gaps={}),
        facts(gaps={"trk-1": {2}}),
        facts(gaps={"trk-1": {3}, "trk-9": {2}}),
        facts(stored={"trk-1": {1, 2, 4, 9}, "trk-2": {1, 2}}, rows=6),
        facts(keepers=replace(facts().keepers, unreceipted=1)),
        facts(keepers=replace(facts().keepers, made=2)),
        facts(stolen={"veh-1", "veh-2"}),
        facts(stolen=set()),
        facts(crashes=["ingest: ValueError"]),
        facts(levels={"a": (1, 3)}),
        facts(books=dict(facts().books) | {"received": 11}),
        facts(books=dict(facts().books) | {"projected": 8}),
        facts(distinct=8),
        told(feed=[1, 3], heard=[1, 3]),
    ],
)
def test_everything_else_that_does_not_agree_is_found(run: Facts) -> None:
    """Gaps that are not the losses, strangers, thefts unseen, false alerts, unlike books."""
    assert judge(run).broken


def test_a_step_counts_as_quiet_only_far_from_every_fault() -> None:
    """Ten seconds after the last fault healed, and before the next one began."""
    fault = Fault(at_s=0.0, kind=FaultKind.KILL, victim="api", lasts_s=0.0)
    played = [Played(fault=fault, began_ms=100_000, struck_ms=100_000, healed_ms=102_000)]
    steps = [
        Heard(alert_id="a", t_ms=t_ms, arrived_ms=t_ms + 50)
        for t_ms in (99_000, 99_960, 105_000, 112_001)
    ]

    found = times(steps, played)

    assert found["quiet_ms"] == {"p50": 50, "p99": 50, "count": 2}
    assert found["faulty_ms"]["count"] == 2


def test_the_same_seed_draws_the_same_faults() -> None:
    """Another one draws others; all of them are over in time."""
    faults = draw_faults(7, seconds=60, servers=SERVERS)

    assert faults == draw_faults(7, seconds=60, servers=SERVERS)
    assert faults != draw_faults(8, seconds=60, servers=SERVERS)
    assert len(faults) > 15
    assert all(fault.at_s + fault.lasts_s < 60 for fault in faults)


def test_an_hour_meets_every_fault_and_a_victim_suffers_one_at_a_time() -> None:
    """All pairs of kind and victim come, long ones too."""
    faults = draw_faults(1, seconds=3600, servers=SERVERS)
    by_victim: dict[str, list[Fault]] = {}
    for fault in faults:
        by_victim.setdefault(fault.victim, []).append(fault)

    assert set(by_victim) == {*PARTS, *SERVERS, "devices", "receiver", "desk", EVERYTHING}
    assert len({(fault.kind, fault.victim) for fault in faults}) == 29
    assert max(fault.lasts_s for fault in faults) > 20
    for mine in by_victim.values():
        for before, after in pairwise(mine):
            assert before.at_s + before.lasts_s <= after.at_s + 0.02


def test_desk_hears_every_number_of_the_feed() -> None:
    """Notices of devices' health have one, too: a run of an hour has some (seed 753215)."""
    desk = Desk(client={})

    desk._hear("incident", {"id": 4, "action": "opened", "body": {"alert_id": "a"}}, 1_000)
    desk._hear("health_notice", {"id": 5, "action": "bundle", "body": {"events": 3}}, 1_000)
    desk._hear("position", {"incident_id": "inc-a", "lat_deg": 31.8}, 1_000)
    desk._hear("reset", {"reason": "unknown_id"}, 1_000)

    assert desk.numbers == [4, 5]
    assert desk.alerts == {"a"}
    desk._loop.close()


def test_parts_that_a_signal_ended_are_crashes(tmp_path: Path) -> None:
    """A killed part leaves half a line; the supervisor's words stand behind it."""
    died = '{"code": -7, "name": "ingest", "event": "part_died", "level": "error"}\n'
    killed = '{"code": -9, "name": "api", "event": "part_died", "level": "error"}\n'
    (tmp_path / "up.log").write_text(f'  File "/x.py"{killed}{died}', encoding="utf-8")

    assert _crashes(tmp_path / "up.log") == ["ingest: SIGBUS"]
