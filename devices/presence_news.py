"""From presences that changed to news: outages first, then who flaps, then single silences.

What an outage explains is no device's own news, nor is the coming and going of one that flaps;
devices in maintenance make none. All decided at ticks, from state that is in checkpoints.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from devices.causes import Cause
from devices.entry import Entry
from devices.flapping import Flapping, FlappingState, counted
from devices.health_events import HealthEvent, HealthEventKind
from devices.model import AdminState, Device
from devices.outages import Outage, Outages, OutagesState
from devices.payloads import CellPart
from devices.presence import Presence, PresenceArrays, PresencePolicy
from devices.scopes import Scopes, ScopesState
from devices.silences import Named, Silences, SilencesState

Slots = NDArray[np.int64]
_K = HealthEventKind
_FLAPPING, _PART = np.uint64(Cause.FLAPPING), np.uint64(Cause.PART_OF_OUTAGE)
NEWS_CAUSES = int(Cause.FLAPPING | Cause.PART_OF_OUTAGE)
"""Causes that this page knows."""
_LATE_FACTOR, _SLACK_MS = 1.5, 30_000
"""Who is left of an outage gets one more report's time. Source: health.md, online."""


class PresenceNewsState(msgspec.Struct):
    """For checkpoints."""

    flapping: FlappingState
    outages: OutagesState
    scopes: ScopesState
    silences: SilencesState
    active: bytes


class Moment(NamedTuple):
    """One tick: the entry, the listening clock, whether no outage of ours has its grace."""

    entry: Entry
    now_ms: int
    calm: bool


class _Told(NamedTuple):
    kind: HealthEventKind
    named: Named


class PresenceNews:
    """News of all devices of one partition.

    Attributes:
        active: By slot: registered and in service.
    """

    def __init__(self, policy: PresencePolicy) -> None:
        """Start with nobody in service."""
        self._flapping = Flapping(policy)
        self._outages = Outages(policy)
        self._silences = Silences(policy)
        self._devices: dict[int, Device] = {}
        self._told: list[_Told] = []
        self._of_outages: list[tuple[HealthEventKind, Outage, Slots]] = []
        self.active = np.zeros(0, np.bool_)

    @property
    def waits(self) -> bool:
        """Whether silence alone brings news within minutes."""
        return self._flapping.waits or self._outages.waits or self._silences.waits

    @property
    def due_ms(self) -> int | None:
        """Steady clock of the next news that comes by time alone, later; None = none."""
        return self._silences.due_ms

    def grow(self, size: int) -> None:
        """Make room for ``size`` slots."""
        active = np.zeros(size, np.bool_)
        active[: len(self.active)] = self.active
        self.active = active
        self._flapping.grow(size)
        self._outages.grow(size)

    def register(self, device: Device, presence: Presence, moment: tuple[int, int]) -> None:
        """Know a device; ``moment`` is the listening and the steady clock of the newest tick."""
        slot, active = device.slot, device.admin is AdminState.ACTIVE
        self._devices[slot] = device
        self._outages.scopes.register(device)
        if active and not self.active[slot]:
            if presence is Presence.UNKNOWN:
                self._silences.registered(slot)
            elif presence is Presence.OFFLINE:
                self._silences.gone(np.array([slot], np.int64), *moment)
        elif not active:
            self._flapping.forget(slot)
        self.active[slot] = active

    def cell(self, slot: int, cell: CellPart) -> None:
        """The cell that a tracker says it is in."""
        self._outages.scopes.cell(slot, cell)

    def tick(
        self,
        moment: Moment,
        arrays: PresenceArrays,
        *,
        before: NDArray[np.uint8],
        changed: Slots,
        noted: NDArray[np.uint64],
    ) -> None:
        """Take the presences of now; sets ``NEWS_CAUSES`` in ``noted``."""
        entry, now_ms, calm = moment
        silences, elapsed_ms = self._silences, entry.elapsed_ms
        quiet = not (len(changed) or self._outages.busy or self._flapping.waits)
        if quiet and not silences.stirs(elapsed_ms):
            return
        now, active = arrays.presence, self.active
        changed = changed[active[changed]]
        gone = changed[now[changed] == Presence.OFFLINE]
        turn = self._outages.step(
            now_ms=now_ms, elapsed_ms=entry.elapsed_ms, gone=gone, arrays=arrays, active=active
        )
        noted[turn.left] &= ~_PART
        noted[turn.joined] |= _PART
        members = self._outages.member
        alone = changed[~members[changed]]
        moved = alone[counted(before[alone], now[alone])]
        begun = self._flapping.step(moved, now_ms, elapsed_ms)
        over = self._flapping.quiet(now_ms)
        calmed = over.slots
        noted[begun.slots] |= _FLAPPING
        noted[calmed] &= ~_FLAPPING
        silences.gone(gone[~members[gone]], now_ms, elapsed_ms)
        silences.gone(calmed[now[calmed] == Presence.OFFLINE], now_ms, elapsed_ms)
        for _, rest in turn.over:
            wait_ms = (_LATE_FACTOR * arrays.interval_ms[rest]).astype(np.int64) + _SLACK_MS
            silences.gone(rest[active[rest]], now_ms, elapsed_ms, wait_ms[active[rest]])
        flapping = self._flapping.on
        self._of_outages += [(_K.OUTAGE_OVER, one, rest) for one, rest in turn.over]
        self._of_outages += [(_K.OUTAGE, one, one.members) for one in turn.opened]
        self._tell(_K.FLAPPING, begun)
        self._tell(_K.FLAPPING_OVER, over)
        silent = silences.silent(
            now,
            free=active & ~flapping & ~members if silences.waits else active,
            held=self._outages.held,
            now_ms=now_ms,
            calm=calm,
        )
        self._tell(_K.SILENT, silent)
        self._tell(_K.BACK, silences.back(now, active=active, flapping=flapping))
        unheard = silences.unheard(now, active=active, elapsed_ms=elapsed_ms, calm=calm)
        self._tell(_K.NEVER_HEARD, unheard)

    def _tell(self, kind: HealthEventKind, named: Named) -> None:
        if len(named.slots):
            self._told.append(_Told(kind, named))

    def take(self, entry: Entry, causes: NDArray[np.uint64]) -> list[HealthEvent]:
        """What the tick of ``entry`` brought, in order; ``causes`` by slot."""
        if not (self._told or self._of_outages):
            return []
        events = [self._of_outage(kind, one, rest, entry) for kind, one, rest in self._of_outages]
        for kind, named in self._told:
            for slot, began_ms in sorted(
                zip(named.slots.tolist(), named.began_ms.tolist(), strict=True)
            ):
                device = self._devices[slot]
                events.append(
                    HealthEvent(
                        kind=kind,
                        key=f"{kind}:{device.id}:{began_ms}",
                        device_id=device.id,
                        site_id=device.site_id or "",
                        area=device.area,
                        at_ms=entry.recv_ms,
                        elapsed_ms=entry.elapsed_ms,
                        causes=int(causes[slot]),
                    )
                )
        self._of_outages, self._told = [], []
        return events

    def _of_outage(
        self, kind: HealthEventKind, outage: Outage, slots: Slots, entry: Entry
    ) -> HealthEvent:
        """An outage that began, or is over but for ``slots``."""
        devices = [self._devices[slot] for slot in slots.tolist()]
        begins = kind is _K.OUTAGE
        if begins:
            outage.site_id, outage.area = _place_of(devices)
        return HealthEvent(
            kind=kind,
            key=f"{kind}:{outage.scope}:{outage.seen_elapsed_ms}",
            site_id=outage.site_id,
            area=outage.area,
            scope=outage.scope,
            at_ms=entry.recv_ms,
            elapsed_ms=entry.elapsed_ms,
            causes=int(Cause.PART_OF_OUTAGE) if begins or devices else 0,
            devices=outage.total if begins else len(devices),
        )

    def dump(self) -> PresenceNewsState:
        """State for a checkpoint."""
        return PresenceNewsState(
            flapping=self._flapping.dump(),
            outages=self._outages.dump(),
            scopes=self._outages.scopes.dump(),
            silences=self._silences.dump(),
            active=self.active.tobytes(),
        )

    def load(self, state: PresenceNewsState, devices: Iterable[Device]) -> None:
        """Take the state of a checkpoint, over the devices that were saved with it."""
        self._devices = {device.slot: device for device in devices}
        self.active = np.frombuffer(state.active, np.bool_).copy()
        self._flapping.load(state.flapping)
        scopes = Scopes.load(state.scopes, self._devices.values())
        self._outages.load(state.outages, scopes, len(self.active))
        self._silences.load(state.silences)
        self._told, self._of_outages = [], []


def _place_of(devices: list[Device]) -> tuple[str, str]:
    """The site of all of them, else "", and what their grid codes begin with alike."""
    sites, areas = {device.site_id or "" for device in devices}, [one.area for one in devices]
    first, last = min(areas), max(areas)
    alike = next((k for k, digit in enumerate(first) if last[k : k + 1] != digit), len(first))
    return (sites.pop() if len(sites) == 1 else ""), first[:alike]
