"""What is wrong now, worst first: registry, last believed states and the log in one view."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from api.health_port import HealthBook
from api.spells import causes_out, condition_word
from api.times import format_known_time
from devices.causes import PRESENCE_CAUSES, Cause
from devices.health_events import HealthChange
from devices.latest import HealthColumns
from devices.model import AdminState, DeviceClass
from devices.presence import Presence
from devices.severity import Severity, severities, worst_cause
from stores.queries_health import FleetDevice

OUTAGE_LEAST = 5
"""So many members make a site's outage a line of its own; the others are told by district.
Source: health.md (>= 30 % and >= 5 of a site)."""
BACK_MAX = 500
"""Changes looked back through to find since when something stands."""
DISTRICT_DIGITS, STREET_DIGITS = 6, 9
"""Of a grid code (domain.md, section 4)."""

Slots = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which devices; None = any."""

    cls: DeviceClass | None = None
    site: str | None = None
    area: str | None = None
    cause: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """One device, or the members of one outage.

    Attributes:
        devices: Ids; one, or all members.
        where: Sites, or the street (first digits of the area code) of who has none.
        since_ms: Since when the worst of it stands, wall ms UTC; None = not known.
    """

    severity: Severity
    devices: tuple[str, ...]
    cls: str
    where: tuple[str, ...]
    presence: Presence
    admin: AdminState
    causes: int
    since_ms: int | None

    @property
    def worst(self) -> Cause | None:
        """The cause to name first."""
        return worst_cause(self.causes, self.severity)

    def as_row(self) -> dict[str, object]:
        """For ``--json``."""
        return {
            "severity": self.severity.word,
            "devices": list(self.devices),
            "cls": self.cls,
            "where": list(self.where),
            "presence": self.presence.word,
            "condition": condition_word(self.causes),
            "admin": self.admin.value,
            "causes": [cause.model_dump() for cause in causes_out(self.causes)],
            "since": format_known_time(self.since_ms or 0),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything ``parkguard health`` shows.

    Attributes:
        counts: By class: by presence word, ``degraded`` (of those who are there), ``maintenance``,
            ``devices``. Retired devices are none; those in maintenance count there alone.
        wrong: The worst ones, as many as asked for.
        wrong_total: How many lines there would be.
    """

    counts: Mapping[str, dict[str, int]]
    wrong: Sequence[Wrong]
    wrong_total: int


@dataclass(slots=True)
class _Line:
    """Something wrong before anybody looked up since when."""

    severity: Severity
    members: list[int]
    since_ms: int = 0
    key: str = field(default="")


def look(
    book: HealthBook,
    fleet: Sequence[FleetDevice],
    columns_of: Callable[[Slots], HealthColumns],
    asked: Asked,
    *,
    limit: int,
    now_ms: int,
) -> View:
    """Put the view together.

    Args:
        book: The log, for since when.
        fleet: Registered devices.
        columns_of: Last believed states by slot.
        asked: Which devices.
        limit: Most lines.
        now_ms: Wall clock, ms UTC.
    """
    fleet = [one for one in fleet if _is_asked(one, asked)]
    slots = np.array([one.slot for one in fleet], np.int64)
    now = columns_of(slots)
    if asked.cause is not None:
        kept = np.flatnonzero((now.causes & np.uint64(int(asked.cause))) != 0)
        fleet = [fleet[k] for k in kept]
        now = HealthColumns(
            presence=now.presence[kept], causes=now.causes[kept], since_ms=now.since_ms[kept]
        )
    in_use = np.array([one.admin == AdminState.ACTIVE for one in fleet], np.bool_)
    bad = severities(now.presence, now.causes, in_use)
    lines = _lines(fleet, now, bad)
    return View(
        counts=_counts(fleet, now, in_use),
        wrong=[_told(book, line, fleet, now, now_ms) for line in lines[:limit]],
        wrong_total=len(lines),
    )


def stands_since(
    book: HealthBook, slot: int, holds: Callable[[HealthChange], bool], now_ms: int
) -> int | None:
    """Since when a device has been so without a break, wall ms UTC; None = the log does not say."""
    since_ms = None
    for change in book.changes(slot, 0, now_ms, limit=BACK_MAX):
        if not holds(change):
            break
        since_ms = change.at_ms
    return since_ms


def _is_asked(one: FleetDevice, asked: Asked) -> bool:
    return (
        one.admin != AdminState.RETIRED
        and (asked.cls is None or one.cls == asked.cls)
        and (asked.site is None or one.site_id == asked.site)
        and (asked.area is None or one.area.startswith(asked.area))
    )


def _counts(
    fleet: Sequence[FleetDevice],
    now: HealthColumns,
    in_use: NDArray[np.bool_],
) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    degraded = (now.causes & np.uint64(~int(PRESENCE_CAUSES) & 2**63 - 1)) != 0
    there = (now.presence != Presence.OFFLINE) & (now.presence != Presence.UNKNOWN)
    classes = np.array([one.cls for one in fleet], np.str_)
    for cls in DeviceClass:
        mine = classes == cls.value
        if not mine.any():
            continue
        used = mine & in_use
        by = np.bincount(now.presence[used], minlength=len(Presence))
        found[cls.value] = {"devices": int(mine.sum())}
        found[cls.value] |= {presence.word: int(by[presence]) for presence in Presence}
        found[cls.value]["degraded"] = int((used & degraded & there).sum())
        found[cls.value]["maintenance"] = int((mine & ~in_use).sum())
    return found


def _lines(
    fleet: Sequence[FleetDevice],
    now: HealthColumns,
    bad: NDArray[np.uint8],
) -> list[_Line]:
    """What is wrong, worst first; of one severity the newest first, for the old is known."""
    lines: list[_Line] = []
    members: dict[str, list[int]] = {}
    for k in np.flatnonzero(bad).tolist():
        severity = Severity(int(bad[k]))
        if severity is Severity.OUTAGE:
            members.setdefault(fleet[k].site_id or "", []).append(k)
        else:
            lines.append(_Line(severity, [k], int(now.since_ms[k]), fleet[k].id))
    rest: dict[str, list[int]] = {}
    for site, inside in members.items():
        if site and len(inside) >= OUTAGE_LEAST:
            lines.append(_outage(inside, now, site))
            continue
        for k in inside:
            rest.setdefault(fleet[k].area[:DISTRICT_DIGITS], []).append(k)
    lines += [_outage(inside, now, area) for area, inside in rest.items()]
    return sorted(lines, key=lambda one: (-one.severity, -len(one.members), -one.since_ms, one.key))


def _outage(members: list[int], now: HealthColumns, key: str) -> _Line:
    since_ms = int(min(now.since_ms[k] for k in members))
    return _Line(Severity.OUTAGE, members, since_ms, key)


def _told(
    book: HealthBook,
    line: _Line,
    fleet: Sequence[FleetDevice],
    now: HealthColumns,
    now_ms: int,
) -> Wrong:
    first = line.members[0]
    causes, presence = int(now.causes[first]), Presence(int(now.presence[first]))
    worst = worst_cause(causes, line.severity)
    gone = worst is None or bool(worst & PRESENCE_CAUSES)
    since_ms: int | None = line.since_ms or None
    if not gone and worst is not None:
        bit = int(worst)
        found = stands_since(
            book, fleet[first].slot, lambda change: bool(change.causes & bit), now_ms
        )
        since_ms = found or since_ms
    inside = [fleet[k] for k in line.members]
    return Wrong(
        severity=line.severity,
        devices=tuple(one.id for one in inside),
        cls=" ".join(sorted({one.cls for one in inside})),
        where=tuple(dict.fromkeys(one.site_id or one.area[:STREET_DIGITS] for one in inside)),
        presence=presence,
        admin=AdminState(inside[0].admin),
        causes=causes,
        since_ms=since_ms,
    )
