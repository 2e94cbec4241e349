"""Whether what was expected was seen; a miss says both."""

import json
from collections import Counter
from collections.abc import Callable

import msgspec

from devices.errors import WireReason
from devices.geo import distance_m
from parkguard.replay.lines import Expect, is_number
from parkguard.replay.state import SeenWorld, look_up

_TOLERANCE_M = 1.0
"""How far a position may be off when an ``expect`` says no tolerance, metres."""
_ROUNDING = 1e-9
"""Two numbers this near (relatively) are the same one, read from two texts."""


def miss_of(expect: Expect, world: SeenWorld) -> str:
    """One line that says what was expected and what was seen; "" when it was seen."""
    missing = _missing(expect, world)
    if missing and expect.what != "no_alert":
        return f"{_asked(expect)}, but {missing}"
    return _KINDS[expect.what](expect, world)


def note_of(expect: Expect, world: SeenWorld) -> str:
    """Why an expectation that was met says nothing: of who is not there nothing is seen."""
    missing = world.missing(device_id=expect.device, vehicle_id=expect.vehicle)
    return f"expect {expect.what}: {missing}" if missing and not _spoke(expect, world) else ""


def _missing(expect: Expect, world: SeenWorld) -> str:
    """Who of those it names is not registered; what is refused may be an unknown device's."""
    device_id = None if expect.what in {"quarantine", "count"} else expect.device
    return world.missing(device_id=device_id, vehicle_id=expect.vehicle)


def _spoke(expect: Expect, world: SeenWorld) -> bool:
    """Whether it is of a device that sent something, registered or not."""
    return expect.device is not None and world.observed.share(expect.device)["received"] > 0


# -- one kind each ----------------------------------------------------------------------


def _alert(expect: Expect, world: SeenWorld) -> str:
    until = None if expect.by is None else world.clock.latest_at(expect.by)
    wanted = _names(expect)
    found: dict[str, str] = {}
    for elapsed_ms, change in world.observed.changes:
        told = {reason.code for reason in change.reasons} | {change.kind.value}
        if (
            change.level >= expect.level
            and (expect.vehicle is None or change.vehicle_id == expect.vehicle)
            and (expect.device is None or change.device_id == expect.device)
            and (until is None or elapsed_ms <= until)
            and (not wanted or wanted & told)
        ):
            found.setdefault(
                change.alert_id,
                f"{change.alert_id} {change.kind} level {int(change.level)} "
                f"at recv_t {change.caused_recv_ms}",
            )
    if expect.what == "no_alert":
        return _say(expect, "; ".join(found.values())) if found else ""
    if expect.value is not msgspec.UNSET:
        return _number(expect, len(found))
    return "" if found else _say(expect, _alerts_of(expect, world))


def _alerts_of(expect: Expect, world: SeenWorld) -> str:
    seen = [
        f"{change.kind} level {int(change.level)} {change.what} at recv_t {change.caused_recv_ms}"
        for _, change in world.observed.changes
        if expect.vehicle in {None, change.vehicle_id} and expect.device in {None, change.device_id}
    ]
    return "; ".join(seen[:5]) + (" ..." if len(seen) > 5 else "") if seen else "no alert"  # noqa: PLR2004


def _presence(expect: Expect, world: SeenWorld) -> str:
    line = _line(expect, world)
    presence, causes = line.get("presence"), line.get("causes")
    wanted = _names(expect)
    caused = not wanted or (isinstance(causes, list) and bool(wanted & set(causes)))
    met = presence in _any(expect.value) and caused
    return "" if met else _say(expect, f"{presence} with causes {_show(causes)}")


def _quarantine(expect: Expect, world: SeenWorld) -> str:
    ids = _device_ids(expect, world)
    seen = Counter(
        str(refusal.reason)
        for refusal in world.observed.quarantine.values()
        if (ids is None or refusal.device_id in ids) and refusal.reason is not WireReason.CONTROL
    )
    wanted = _names(expect)
    number = sum(n for reason, n in seen.items() if not wanted or reason in wanted)
    if _meets(expect, number):
        return ""
    return _say(expect, f"{number} of {_show(dict(sorted(seen.items())))}")


def _position(expect: Expect, world: SeenWorld) -> str:
    position = look_up(_line(expect, world), "position")
    seen = position if isinstance(position, dict) else None
    tolerance_m = expect.tolerance or _TOLERANCE_M
    off = ""
    for value in _any(expect.value):
        if not isinstance(value, dict) or seen is None:
            if value is None and seen is None:
                return ""
            continue
        off_m = distance_m(value["lat"], value["lon"], seen["lat"], seen["lon"])
        if off_m <= tolerance_m and expect.t in {None, seen["t"]}:
            return ""
        off = f", {off_m:.1f} m off"
    return _say(expect, f"{_show(seen)}{off}")


def _distance(expect: Expect, world: SeenWorld) -> str:
    return _number(expect, look_up(_line(expect, world), "distance_m"))


def _count(expect: Expect, world: SeenWorld) -> str:
    observed = world.observed
    counted = observed.totals() if expect.device is None else observed.share(expect.device)
    return _number(expect, counted[str(expect.reason)])


def _state(expect: Expect, world: SeenWorld) -> str:
    found = look_up(_line(expect, world), expect.field)
    met = any(_same(value, found, expect.tolerance) for value in _any(expect.value))
    return "" if met else _say(expect, _show(found))


def _refused(expect: Expect, world: SeenWorld) -> str:
    refused = world.refused_fences()
    met = any(value in refused for value in _any(expect.value))
    return "" if met else _say(expect, f"refused fences {_show(refused)}")


def _event(expect: Expect, world: SeenWorld) -> str:
    observed = world.observed
    if expect.device is not None:
        counted = observed.events.get(expect.device, Counter())
    elif expect.vehicle is not None:
        counted = observed.vehicle_events.get(expect.vehicle, Counter())
    else:
        counted = sum(observed.events.values(), Counter())
    wanted = _names(expect)
    seen = sum(n for what, n in counted.items() if not wanted or what in wanted)
    return _number(expect, seen)


_KINDS: dict[str, Callable[[Expect, SeenWorld], str]] = {
    "alert": _alert,
    "no_alert": _alert,
    "presence": _presence,
    "quarantine": _quarantine,
    "position": _position,
    "distance_m": _distance,
    "event": _event,
    "count": _count,
    "state": _state,
    "refused": _refused,
}


# -- values -----------------------------------------------------------------------------


def _line(expect: Expect, world: SeenWorld) -> dict[str, object]:
    if expect.device is not None:
        return world.device_line(expect.device)
    return world.vehicle_line(expect.vehicle or "")


def _device_ids(expect: Expect, world: SeenWorld) -> set[str] | None:
    if expect.device is not None:
        return {expect.device}
    if expect.vehicle is not None:
        return {device.id for device in world.trackers(expect.vehicle)}
    return None


def _number(expect: Expect, seen: object) -> str:
    return "" if _meets(expect, seen) else _say(expect, _show(seen))


def _meets(expect: Expect, seen: object) -> bool:
    """At least one without a value, else any of the values give or take the tolerance."""
    if expect.value is msgspec.UNSET:
        return isinstance(seen, int | float) and seen >= 1
    return any(_same(value, seen, expect.tolerance) for value in _any(expect.value))


def _same(wanted: object, seen: object, tolerance: float) -> bool:
    if is_number(wanted) and is_number(seen):
        wanted_n, seen_n = float(str(wanted)), float(str(seen))
        return abs(wanted_n - seen_n) <= tolerance + _ROUNDING * max(1.0, abs(wanted_n))
    return type(wanted) is type(seen) and wanted == seen


def _any(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _names(expect: Expect) -> set[str]:
    if expect.reason is None:
        return set()
    return set(expect.reason) if isinstance(expect.reason, list) else {expect.reason}


# -- words ------------------------------------------------------------------------------


def _say(expect: Expect, seen: str) -> str:
    return f"{_asked(expect)}, saw {seen}"


def _asked(expect: Expect) -> str:
    names = ("device", "vehicle", "level", "by", "reason", "field", "value", "tolerance", "t")
    asked = {name: getattr(expect, name) for name in names}
    said = {name: value for name, value in asked.items() if not _is_default(value)}
    if expect.value is not msgspec.UNSET:
        said["value"] = expect.value
    return f"expected {expect.what} {_show(said)}"


def _is_default(value: object) -> bool:
    return value is None or value is msgspec.UNSET or value in ("", 0.0)


def _show(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
