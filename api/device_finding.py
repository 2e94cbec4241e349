"""Which devices a page or a count is of: registry and latest state, never the telemetry store.

Pages go on from the sort key of the last row, so a row whose key stays is in them exactly once,
whatever others do meanwhile.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from api.believed import Believed, believe
from api.cursors import Key
from api.deps import Services
from api.device_query import DevicesWanted, HealthFilter
from api.roles import Scope
from api.schemas import CauseCountOut, DeviceSummaryOut
from devices.causes import PRESENCE_CAUSES, Cause, causes_of
from devices.device_filter import ADMIN_STATES, FoundDevices
from devices.latest import HealthColumns, health_of
from devices.model import AdminState, Device
from devices.presence import Presence
from devices.severity import severities

_SINCE_BITS = 43
"""Of a sort key: milliseconds since 1970 until the year 2248; the severity stands above them."""
_DEGRADED = np.uint64(~int(PRESENCE_CAUSES) & 2**64 - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPage:
    """One page.

    Attributes:
        rows: Devices with their state, in order.
        next_key: Where the next page goes on; None at the end.
    """

    rows: list[tuple[Device, Believed]]
    next_key: Key | None


def page_by_slot(
    services: Services, scope: Scope, wanted: DevicesWanted, *, after: Key | None, limit: int
) -> FoundPage:
    """Devices as they were registered, above a slot."""
    found = _found(services, scope, wanted)
    slots = found.slots
    if after is not None:
        slots = slots[np.searchsorted(slots, int(after[0]), side="right") :]
    if wanted.health.asks:
        slots = slots[_is_wanted(services.latest.health(slots), wanted.health)]
    return FoundPage(
        rows=_rows(services, scope, slots[:limit], wanted.health),
        next_key=(int(slots[limit - 1]),) if len(slots) > limit else None,
    )


def page_by_worst(
    services: Services, scope: Scope, wanted: DevicesWanted, *, after: Key | None, limit: int
) -> FoundPage:
    """Devices in use by severity, of one severity what changed last, past (badness, slot)."""
    found = _in_use(_found(services, scope, wanted))
    columns = services.latest.health(found.slots)
    bad = _badness(found, columns)
    keep = _is_wanted(columns, wanted.health)
    if after is not None:
        last, slot = int(after[0]), int(after[1])
        keep &= (bad < last) | ((bad == last) & (found.slots > slot))
    slots, bad = found.slots[keep], bad[keep]
    order = np.argsort(-bad, kind="stable")[: limit + 1]
    page = order[:limit]
    return FoundPage(
        rows=_rows(services, scope, slots[page], wanted.health),
        next_key=(int(bad[page[-1]]), int(slots[page[-1]])) if len(order) > limit else None,
    )


def summary_of(services: Services, scope: Scope, wanted: DevicesWanted) -> DeviceSummaryOut:
    """Count what a list with the same filters would hold; health of devices in use alone."""
    found = _found(services, scope, wanted)
    if wanted.health.asks:
        found = found.where(_is_wanted(services.latest.health(found.slots), wanted.health))
    columns = services.latest.health(_in_use(found).slots)
    presence = np.bincount(columns.presence, minlength=len(Presence))
    degraded = int(np.count_nonzero(columns.causes & _DEGRADED))
    admin = np.bincount(found.admin, minlength=len(ADMIN_STATES))
    return DeviceSummaryOut(
        devices=len(found.slots),
        admin={state.value: int(n) for state, n in zip(ADMIN_STATES, admin, strict=True)},
        presence={one.word: int(presence[one]) for one in Presence},
        condition={"ok": len(columns.causes) - degraded, "degraded": degraded},
        causes=[
            CauseCountOut(code=cause.code, en=cause.en, zh=cause.zh, devices=devices)
            for devices, cause in sorted(_counts(columns.causes), key=lambda count: -count[0])
        ],
    )


def _found(services: Services, scope: Scope, wanted: DevicesWanted) -> FoundDevices:
    """What the registry says; where health is asked for, of devices in use."""
    found = services.devices.find(scope, wanted.registered)
    return _in_use(found) if wanted.health.asks else found


def _in_use(found: FoundDevices) -> FoundDevices:
    return found.where(~found.is_(AdminState.RETIRED))


def _badness(found: FoundDevices, columns: HealthColumns) -> NDArray[np.int64]:
    """The sort key: severity, then when presence changed."""
    severity = severities(columns.presence, columns.causes, found.is_(AdminState.ACTIVE))
    return (severity.astype(np.int64) << _SINCE_BITS) | columns.since_ms


def _is_wanted(columns: HealthColumns, health: HealthFilter) -> NDArray[np.bool_]:
    keep = np.ones(len(columns.presence), np.bool_)
    if health.presence:
        keep &= np.isin(columns.presence, np.array(health.presence, np.uint8))
    if health.degraded is not None:
        keep &= ((columns.causes & _DEGRADED) != 0) == health.degraded
    if health.causes:
        keep &= (columns.causes & np.uint64(health.causes)) != 0
    return keep


def _counts(causes: NDArray[np.uint64]) -> Iterable[tuple[int, Cause]]:
    """How many devices have each cause that one has."""
    every = int(np.bitwise_or.reduce(causes))
    for cause in causes_of(every):
        yield int(np.count_nonzero(causes & np.uint64(int(cause)))), cause


def _rows(
    services: Services, scope: Scope, slots: NDArray[np.int64], health: HealthFilter
) -> list[tuple[Device, Believed]]:
    """Devices and their states in the order of ``slots``, each read whole.

    Who is no more as wanted, for it has changed while we looked, is left out.
    """
    rows = services.latest.many(slots)
    still = _is_wanted(health_of(rows, np.arange(len(rows))), health)
    slots, rows = slots[still], rows[still]
    devices = {one.slot: one for one in services.devices.of_slots(scope, slots.tolist())}
    return [
        (devices[slot], believe(row if row["version"] else None))
        for slot, row in zip(slots.tolist(), rows, strict=True)
        if slot in devices
    ]
