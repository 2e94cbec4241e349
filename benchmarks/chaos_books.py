"""The verdict of a run: the books of what was made, kept, told, and every promise that broke.

Pure. A record that its device handed to the broker may be lost with a killed broker; then it must
be a gap that the processor shows. Nothing else may be missing, nothing may be there twice.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.chaos_facts import Facts, Heard, Numbers, Played
from parkguard.demo_story import quantiles

CALM_S = 10.0
"""A fix counts as of a quiet time from so long after the last fault on: parts are back then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Figures by name, and one line for each promise that broke."""

    figures: dict[str, Any]
    broken: list[str]


def judge(facts: Facts) -> Verdict:
    """Draw up the books of a run."""
    lost = _without(facts.made, facts.journal)
    missing = _size(_without(_without(facts.made, facts.stored), facts.gaps))
    risks = _risks_s(facts, lost)
    keepers = facts.keepers
    kept = _size(keepers.stored)
    figures: dict[str, Any] = {
        "made": _size(facts.made) + len(facts.events_made) + keepers.made,
        "stored": facts.rows + keepers.rows,
        **{name: facts.books[name] for name in ("duplicate", "quarantined", "gaps")},
        "refused": keepers.refused,
        "missing": missing + max(0, keepers.made - kept),
        "doubled": facts.rows - _size(facts.stored) + keepers.rows - kept,
        "alerts_lost": _alerts_lost(facts),
        "alerts_doubled": _alerts_doubled(facts),
        "lost_in_broker": _size(lost),
        "lost_made_before_kill_s": round(max((s for s in risks if s is not None), default=0.0), 1),
        "events_lost_in_broker": len(facts.events_made - facts.events_kept),
        "with_receipts": {
            "made": keepers.made,
            "stored": keepers.rows,
            "resent": keepers.resent,
            "unreceipted": keepers.unreceipted,
        },
        "alerts": len(facts.alerts),
        "notices": len(facts.told.due),
        "notices_repeated": facts.told.repeats,
        "feed": len(facts.told.feed),
        "crashes": len(facts.crashes),
        "thefts": len(facts.stolen),
        "thefts_told": len(facts.stolen & set(facts.alerts.values())),
        "books": dict(facts.books),
    }
    unlike = _unlike(facts)
    broken = [
        f"{name} {figures[name]}"
        for name in ("missing", "doubled", "alerts_lost", "alerts_doubled", "refused")
        if figures[name]
    ]
    if lost != facts.gaps:
        broken.append(f"lost_in_broker {_size(lost)}, but the gaps are {_size(facts.gaps)} others")
    if unkilled := sum(before_s is None for before_s in risks):
        broken.append(f"{unkilled} records lost in a broker that nobody killed after them")
    if invented := _size(_without(facts.stored, facts.made)) + max(0, kept - keepers.made):
        broken.append(f"{invented} records that nobody made")
    if keepers.unreceipted:
        broken.append(f"unreceipted {keepers.unreceipted}")
    if facts.levels != facts.replayed:
        broken.append("a replay of the journal gives other alerts or levels")
    broken += [f"ended by a bug: {said}" for said in facts.crashes]
    if untold := facts.stolen - set(facts.alerts.values()):
        broken.append(f"thefts without an alert: {sorted(untold)}")
    if false := (set(facts.alerts.values()) & facts.parked) - facts.stolen:
        broken.append(f"alerts of vehicles that nobody touched: {sorted(false)}")
    return Verdict(figures=figures | {"balanced": not unlike}, broken=broken + unlike)


def _risks_s(facts: Facts, lost: Numbers) -> list[float | None]:
    """How long before the next kill of the broker each lost record was made; None = before none."""
    turns = {device: turn / len(facts.made) for turn, device in enumerate(sorted(facts.made))}
    made_ms = [
        facts.pace.made_ms(turns[device], seq)
        for device, numbers in lost.items()
        for seq in numbers
    ]
    kills = sorted(facts.broker_killed_ms)
    following = [next((kill for kill in kills if kill >= ms), None) for ms in made_ms]
    return [
        None if kill is None else (kill - ms) / 1000
        for ms, kill in zip(made_ms, following, strict=True)
    ]


def _alerts_lost(facts: Facts) -> int:
    """Alerts not raised or not heard of, feed rows the desk never got, notices never arrived."""
    told = facts.told
    unraised = set(facts.replayed) - set(facts.alerts)
    unheard = set(facts.alerts) - told.heard_alerts
    unnumbered = told.feed_due - set(told.feed_sources)
    unread = set(told.feed) - set(told.heard)
    unarrived = told.due - set(told.arrived)
    lost = len(unraised) + len(unheard) + len(unnumbered) + len(unread) + len(unarrived)
    return lost + told.unsent


def _alerts_doubled(facts: Facts) -> int:
    """Whatever there is beyond the first of its key, and what nobody was to be told."""
    told = facts.told
    repeated = [
        sum(counter.values()) - len(counter)
        for counter in (told.feed_sources, told.arrived, facts.incidents, Counter(told.heard))
    ]
    return sum(repeated) + len(set(told.arrived) - told.due)


def _unlike(facts: Facts) -> list[str]:
    """Sides of the books that differ."""
    books, feed = facts.books, facts.told.feed
    sides = {
        "received = accepted + duplicate + quarantined": (
            books["received"],
            books["accepted"] + books["duplicate"] + books["quarantined"],
        ),
        "accepted = projected + thinned": (
            books["accepted"],
            books["projected"] + books["thinned"],
        ),
        "different records in the journal = received - duplicate - wills": (
            facts.distinct,
            books["received"] - books["duplicate"] - books["wills"],
        ),
        "lost in the broker = gaps": (_size(facts.gaps), books["gaps"]),
        "the feed's last number = its rows": (feed[-1] if feed else 0, len(feed)),
    }
    return [f"{rule}: {a} != {b}" for rule, (a, b) in sides.items() if a != b]


def times(steps: Sequence[Heard], played: Sequence[Played]) -> dict[str, dict[str, int | None]]:
    """Fix to the desk's stream, p50 and p99 in ms, in quiet and in faulty times.

    Args:
        steps: What the desk heard.
        played: Faults.
    """
    quiet: list[int] = []
    faulty: list[int] = []
    for step in steps:
        disturbed = any(
            fault.began_ms <= step.arrived_ms and step.t_ms <= fault.healed_ms + CALM_S * 1000
            for fault in played
        )
        (faulty if disturbed else quiet).append(step.arrived_ms - step.t_ms)
    return {
        name: {**quantiles(values), "count": len(values)}
        for name, values in (("quiet_ms", quiet), ("faulty_ms", faulty))
    }


def _without(whole: Numbers, part: Numbers) -> Numbers:
    """Numbers of ``whole`` that are not in ``part``; devices with none are left out."""
    left = {device: numbers - part.get(device, set()) for device, numbers in whole.items()}
    return {device: numbers for device, numbers in left.items() if numbers}


def _size(numbers: Numbers) -> int:
    return sum(map(len, numbers.values()))
