"""What devices have in common that can fail: gateway, site, carrier, district; by slot.

Places come from the registry, carriers from what trackers say of their cell.
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from devices.model import Device, DeviceClass
from devices.payloads import CellPart

DISTRICT_DIGITS = 6
"""Digits of a grid code that name its county-level district. Source: health.md, Geography."""
CODES = 1_000
"""Country and network codes have up to three digits (ITU-T E.212)."""


class ScopeKind(IntEnum):
    """The most specific first."""

    GATEWAY = 0
    SITE = 1
    CARRIER = 2
    DISTRICT = 3

    @property
    def word(self) -> str:
        """As in ``HealthEvent.scope``."""
        return self.name.lower()


class ScopesState(msgspec.Struct):
    """For checkpoints: carriers; the rest is in the registry."""

    carriers: list[str]
    of_slots: bytes


class Scopes:
    """Numbers of the scopes of every slot; 0 = none."""

    def __init__(self) -> None:
        """Start with nobody in any."""
        self._of = np.zeros((len(ScopeKind), 0), np.int32)
        self._names: list[list[str]] = [[""] for _ in ScopeKind]
        self._numbers: list[dict[str, int]] = [{"": 0} for _ in ScopeKind]
        self._carriers: dict[tuple[int, int], int] = {}

    def grow(self, size: int) -> None:
        """Make room for ``size`` slots."""
        grown = np.zeros((len(ScopeKind), size), np.int32)
        grown[:, : self._of.shape[1]] = self._of
        self._of = grown

    def register(self, device: Device) -> None:
        """Where a device is; a gateway is of its own scope."""
        gateway = device.id if device.cls is DeviceClass.GATEWAY else device.profile.gateway
        self._put(ScopeKind.GATEWAY, device.slot, gateway)
        self._put(ScopeKind.SITE, device.slot, device.site_id or "")
        self._put(ScopeKind.DISTRICT, device.slot, device.area[:DISTRICT_DIGITS])

    def cell(self, slot: int, cell: CellPart) -> None:
        """The cell that a tracker says it is in."""
        mcc, mnc = cell.mcc, cell.mnc
        if mcc is None or mnc is None or not (0 < mcc < CODES and 0 <= mnc < CODES):
            return
        number = self._carriers.get((mcc, mnc))
        if number is None:
            number = self._number(ScopeKind.CARRIER, f"{mcc}-{mnc:02d}")
            self._carriers[mcc, mnc] = number
        self._of[ScopeKind.CARRIER, slot] = number

    def of(self, kind: ScopeKind) -> NDArray[np.int32]:
        """By slot: number of its scope of a kind."""
        row: NDArray[np.int32] = self._of[kind]
        return row

    def count(self, kind: ScopeKind) -> int:
        """One more than the highest number."""
        return len(self._names[kind])

    def name(self, kind: ScopeKind, number: int) -> str:
        """As in ``HealthEvent.scope``."""
        return f"{kind.word}:{self._names[kind][number]}"

    def find(self, scope: str) -> tuple[ScopeKind, int]:
        """Kind and number of a scope by its name."""
        word, _, name = scope.partition(":")
        kind = ScopeKind[word.upper()]
        return kind, self._number(kind, name)

    def _put(self, kind: ScopeKind, slot: int, name: str) -> None:
        self._of[kind, slot] = self._number(kind, name)

    def _number(self, kind: ScopeKind, name: str) -> int:
        numbers = self._numbers[kind]
        number = numbers.get(name)
        if number is None:
            number = numbers[name] = len(numbers)
            self._names[kind].append(name)
        return number

    def dump(self) -> ScopesState:
        """State for a checkpoint."""
        carriers = self._names[ScopeKind.CARRIER]
        return ScopesState(carriers=list(carriers), of_slots=self._of[ScopeKind.CARRIER].tobytes())

    @classmethod
    def load(cls, state: ScopesState, devices: Iterable[Device]) -> Self:
        """As of a checkpoint, over the devices that were saved with it."""
        scopes = cls()
        of_slots = np.frombuffer(state.of_slots, np.int32)
        scopes.grow(len(of_slots))
        scopes._of[ScopeKind.CARRIER] = of_slots
        for name in state.carriers:
            scopes._number(ScopeKind.CARRIER, name)
        for device in devices:
            scopes.register(device)
        return scopes
