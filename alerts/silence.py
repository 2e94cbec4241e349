"""Silence after a first sign: promised reports that do not come speak for a theft, a little.

Asked only of armed vehicles that witnessed something, so a quiet city costs nothing. Places where
trackers often fall silent (basements, tunnels) teach that it says nothing there.
"""

from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from alerts import tampering
from alerts.detection.anchor import ARMED, AnchorArrays
from alerts.detection.signs import WEIGHTS, Sign
from alerts.model import Effects, Group
from alerts.open_alert import Cause
from alerts.scope import Scope
from alerts.witness_policy import WitnessPolicy
from devices.entry import Entry
from devices.geo import M_PER_DEG_LAT

MASS_MAX = 1_000
"""More trackers than this that fall silent in one second are a carrier's outage, no place. Ours."""
CELL_M = 100.0
"""Size of a place, metres. Ours: a basement and the error of a fix before it."""
HOUR_MS = 3_600_000

BEGINNINGS = tuple(
    sign
    for sign in Sign
    if WEIGHTS[sign].nats > 0 and WEIGHTS[sign].group in {Group.INERTIAL, Group.POWER, Group.RADIO}
)
"""Signs after which silence is asked about."""

Place = tuple[int, int]


class Hearing(Protocol):
    """Who knows when devices speak (``devices.health``).

    Attributes:
        gone: Slots that became offline at the last tick.
    """

    gone: NDArray[np.int64]

    def missed(self, slots: list[int], slack_ms: int) -> list[int]:
        """Promised reports of each slot that did not come, each granted ``slack_ms``."""
        ...

    def state_of(self, slot: int) -> tuple[int, int] | None:
        """``Presence`` and ``Cause`` bits of a device; None = nobody knows."""
        ...


class SilenceState(msgspec.Struct):
    """For checkpoints: places as (row, column, hours since the epoch)."""

    suspects: dict[int, int] = {}
    dark: list[tuple[int, int, list[int]]] = []


class Silence:
    """Who is asked about, and where trackers often fall silent."""

    def __init__(self, policy: WitnessPolicy, state: SilenceState | None = None) -> None:
        """Start with nothing known, or from a checkpoint."""
        state = state or SilenceState()
        self._policy = policy
        self.suspects = dict(state.suspects)
        self._dark: dict[Place, list[int]] = {(r, c): hours for r, c, hours in state.dark}

    def witnessed(self, slot: int, sign: Sign, scope: Scope) -> None:
        """A tracker witnessed something: from now on its silence is heard."""
        if sign in BEGINNINGS:
            until_ms = int(scope.watch.evidence.expires[sign, slot])
            self.suspects[slot] = max(self.suspects.get(slot, 0), until_ms)

    def tick(self, hearing: Hearing, entry: Entry, scope: Scope, effects: Effects) -> None:
        """Count what did not come, and learn where that is nothing new."""
        gone = hearing.gone
        if 0 < len(gone) <= MASS_MAX:
            self._learn(gone, scope.watch.anchors, entry.recv_ms)
        now_ms = entry.elapsed_ms
        if not self.suspects:
            return
        self.suspects = {slot: end for slot, end in self.suspects.items() if end > now_ms}
        slots = sorted(self.suspects)
        anchors, evidence = scope.watch.anchors, scope.watch.evidence
        slack_ms = round(self._policy.silent_slack_s * 1000)
        for slot, missed in zip(slots, hearing.missed(slots, slack_ms), strict=True):
            if missed <= 0 or anchors.mode[slot] != ARMED:
                continue
            before = (
                int(evidence.missed[slot]) if evidence.expires[Sign.SILENT, slot] > now_ms else 0
            )
            evidence.silence(slot, missed, now_ms)
            if self._often_dark(slot, anchors, entry.recv_ms):
                until_ms = int(evidence.expires[Sign.SILENT, slot])
                evidence.discount(slot, Sign.SILENT, "dark_place", until_ms)
            elif missed > before:
                cause = Cause(t_ms=entry.recv_ms, recv_ms=entry.recv_ms, elapsed_ms=now_ms)
                tampering.check_slot(slot, cause, scope, effects)

    def _learn(self, gone: NDArray[np.int64], anchors: AnchorArrays, recv_ms: int) -> None:
        known = gone[gone < len(anchors.mode)]
        known = known[anchors.last_t[known] > 0]
        hour, oldest = recv_ms // HOUR_MS, self._oldest(recv_ms)
        for slot in known.tolist():
            hours = self._dark.setdefault(_place(slot, anchors), [])
            if hour not in hours:
                hours.append(hour)
                hours[:] = [one for one in hours if one >= oldest][-self._policy.dark_hours :]

    def _often_dark(self, slot: int, anchors: AnchorArrays, recv_ms: int) -> bool:
        hours, oldest = self._dark.get(_place(slot, anchors), []), self._oldest(recv_ms)
        return sum(hour >= oldest for hour in hours) >= self._policy.dark_hours

    def _oldest(self, recv_ms: int) -> int:
        return recv_ms // HOUR_MS - round(self._policy.dark_days * 24)

    def prune(self, recv_ms: int) -> None:
        """Forget places that were dark long ago."""
        oldest = self._oldest(recv_ms)
        self._dark = {place: h for place, h in self._dark.items() if h and h[-1] >= oldest}

    def dump(self) -> SilenceState:
        """State for a checkpoint."""
        dark = [(row, column, hours) for (row, column), hours in self._dark.items()]
        return SilenceState(suspects=self.suspects, dark=dark)


def _place(slot: int, anchors: AnchorArrays) -> Place:
    lat_deg = float(anchors.origin_lat[slot] + anchors.last_y[slot] / M_PER_DEG_LAT)
    row = int(lat_deg * M_PER_DEG_LAT // CELL_M)
    east_m = M_PER_DEG_LAT * float(np.cos(np.radians(row * CELL_M / M_PER_DEG_LAT)))
    origin_east_m = M_PER_DEG_LAT * float(np.cos(np.radians(anchors.origin_lat[slot])))
    lon_deg = float(anchors.origin_lon[slot] + anchors.last_x[slot] / origin_east_m)
    return row, int(lon_deg * east_m // CELL_M)
