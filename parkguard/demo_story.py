"""What the demo saw: alerts and incidents by the stream, the truth of the thieves, the score.

Pure: events come in, lines and figures go out. Times are wall ms UTC of one machine.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

POLICE_READY = 2
"""Level from which police could act (decisions.md, Levels)."""
FROM_FIX = frozenset({"raised", "level", "police_ready"})
"""Steps of an alert that a fix or event caused; people caused the others."""
_WORDS = {
    "raised": "suspected",
    "owner_told": "owner told",
    "police_ready": "police-ready",
    "owner_not_me": "owner: not me",
    "owner_me": "owner: it's me",
    "returned": "back at its place",
    "disarmed": "disarmed by its key",
}


class Truth(msgspec.Struct, frozen=True):
    """One line of the simulator's truth file, as far as the demo needs it."""

    vehicle: str
    kind: str
    theft: bool
    start_ms: int
    onset_ms: int | None = None


@dataclass(slots=True)
class Case:
    """One alert, step by step: (at_ms, words)."""

    vehicle: str
    onset_ms: int
    steps: list[tuple[int, str]] = field(default_factory=list)
    level: int = 0
    moved_m: float = 0.0
    police_ready_ms: int | None = None
    incident: str | None = None


@dataclass(slots=True)
class Story:
    """Collects the stream; answers with a timeline and the final figures."""

    truths: dict[str, Truth] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    fix_to_stream_ms: list[int] = field(default_factory=list)
    fix_to_dot_ms: list[int] = field(default_factory=list)

    def hear(self, event: str, data: Mapping[str, Any], arrived_ms: int) -> None:
        """Take one event of the stream."""
        if event == "position":
            self.fix_to_dot_ms.append(arrived_ms - int(data["t_ms"]))
            return
        if event not in {"alert", "incident"}:  # news of devices
            return
        body, action = data["body"], str(data["action"])
        case = self.cases.setdefault(
            body["alert_id"], Case(body["vehicle"], int(body.get("onset_ms") or 0))
        )
        case.level = max(case.level, int(body.get("level") or 0))
        case.moved_m = max(case.moved_m, float(body.get("moved_m") or 0.0))
        at_ms = int(data["caused_recv_ms"])
        if event == "alert":
            self._alert(case, action, body, at_ms, arrived_ms)
        elif event == "incident":
            case.incident = body["incident_id"]
            if action == "case_accepted":
                case.steps.append((int(data["at_ms"]), f"desk accepted case {body['case_number']}"))
            elif action == "acknowledged":
                case.steps.append((int(data["at_ms"]), "patrol acknowledged"))

    def _alert(
        self, case: Case, action: str, body: Mapping[str, Any], at_ms: int, arrived_ms: int
    ) -> None:
        if action in FROM_FIX:
            self.fix_to_stream_ms.append(arrived_ms - int(body["t_ms"]))
        if action == "police_ready" and case.police_ready_ms is None:
            case.police_ready_ms = at_ms
        if action in _WORDS and _WORDS[action] not in {words for _, words in case.steps}:
            case.steps.append((at_ms, _WORDS[action]))

    def timeline(self, zone: str) -> list[tuple[str, str]]:
        """One line a case, oldest first: (how it went: ``theft``, ``false``, ``other``; text)."""
        lines = []
        for case in self.cases.values():
            truth = self.truths.get(case.vehicle)
            start_ms = (truth and (truth.onset_ms or truth.start_ms)) or case.onset_ms
            what = truth.kind.replace("_", " ") if truth else "everyday life"
            clock = datetime.fromtimestamp(start_ms / 1000, UTC).astimezone(ZoneInfo(zone))
            steps = [f"{words} {(at - start_ms) / 1000:+.0f} s" for at, words in case.steps]
            text = " · ".join([f"{what} {clock:%H:%M:%S}", *steps, f"{case.moved_m:.0f} m"])
            theft = truth is not None and truth.theft
            kind = "theft" if theft else ("false" if case.incident else "other")
            lines.append((kind, text))
        return lines

    def score(self) -> dict[str, object]:
        """The story's share of the final figures."""
        thefts = [truth for truth in self.truths.values() if truth.theft]
        ready: dict[str, int] = {}
        found: set[str] = set()
        false_incidents = 0
        for case in self.cases.values():
            truth = self.truths.get(case.vehicle)
            theft = truth is not None and truth.theft
            false_incidents += case.incident is not None and not theft
            if theft and (case.level >= POLICE_READY or case.incident):
                found.add(case.vehicle)
            if theft and case.police_ready_ms is not None:
                ready.setdefault(case.vehicle, case.police_ready_ms)
        delays = [
            (ready[truth.vehicle] - truth.onset_ms) / 1000
            for truth in thefts
            if truth.vehicle in ready and truth.onset_ms is not None
        ]
        return {
            "thefts": len(thefts),
            "detected": len(found),
            "false_incidents": false_incidents,
            "onset_to_police_ready_s": {
                "p50": round(statistics.median(delays), 1) if delays else None,
                "max": round(max(delays), 1) if delays else None,
            },
            "fix_to_stream_ms": quantiles(self.fix_to_stream_ms),
        }


def quantiles(values: Sequence[int]) -> dict[str, int | None]:
    """p50 and p99 (nearest rank) of a list, None when it is empty."""
    if not values:
        return {"p50": None, "p99": None}
    ordered = sorted(values)
    return {
        "p50": ordered[(len(ordered) - 1) // 2],
        "p99": ordered[min(len(ordered) - 1, round(0.99 * (len(ordered) - 1)))],
    }


def book_totals(lines: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Sums of the books by name."""
    names = (
        "received", "accepted", "duplicate", "quarantined", "wills", "gaps", "projected", "thinned",
        "unstored",
    )  # fmt: skip
    totals = dict.fromkeys(names, 0)
    for line in lines:
        if line["name"] in totals:
            totals[line["name"]] += int(line["count"])
    return totals


def has_caught_up(totals: Mapping[str, int]) -> bool:
    """Whether the projector has been through everything that the processor accepted."""
    t = totals
    return t["accepted"] == t["projected"] + t["thinned"] + t["unstored"]


def faults_of(figures: Mapping[str, Any]) -> list[str]:
    """Which of the books of decisions.md do not balance; empty when all do."""
    f = figures
    sides = {
        "received = accepted + duplicate + quarantined": (
            f["received"], f["accepted"] + f["duplicate"] + f["quarantined"],
        ),
        "accepted = projected + thinned + unstored": (
            f["accepted"], f["projected"] + f["thinned"] + f["unstored"],
        ),
        "made = received - duplicate - wills + refused + gaps": (
            f["made"], f["received"] - f["duplicate"] - f["wills"] + f["refused"] + f["gaps"],
        ),
    }  # fmt: skip
    return [f"{rule}: {a} != {b}" for rule, (a, b) in sides.items() if a != b]
