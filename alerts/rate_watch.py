"""Counts false alarms of parked vehicles in a journal, for the city's own curves.

Nobody says which alarm was noise; the place does: a receiver that strayed reads its anchor again,
a vehicle that was moved settles elsewhere. Alarms whose vehicle came back within ``BACK_S``, and
never seemed farther than ``FAR_M``, are noise; the others are left out. Pure.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from alerts.detection.rate_fit import EPISODE_S, Parked
from alerts.detection.rates import AlarmLevel
from alerts.detection.thresholds import CLASS_OF
from alerts.sight import Look
from devices.admitted import Record
from devices.control import AnyControl
from devices.entry import Entry
from devices.model import SYNTHETIC_ID, SiteClass

BACK_S = 1_800.0
"""The longest excursion measured lasted 256 s (detection.md); a ride and back takes longer."""
FAR_M = 1_000.0
"""The farthest excursion on record is 588 m, indoors (detection.md)."""
GAP_S = 3_600.0
"""A vehicle that says nothing for longer was not watched meanwhile: a parked tracker's heartbeat
is an hour (domain.md)."""
_DAY_MS = 86_400_000.0


@dataclass(slots=True)
class _Episode:
    left_ms: int
    last_ms: int
    site: int
    owner: float = 0.0
    police: float = 0.0
    sure: bool = False
    far_m: float = 0.0
    is_back: bool = False


@dataclass(slots=True)
class _Strayed:
    """What one vehicle did since it was last at its anchor; ``now`` may still grow."""

    now: _Episode
    before: list[_Episode] = field(default_factory=list)


class RateWatch:
    """An ``Observer`` that gathers episodes and time under watch, per site class.

    Attributes:
        moved_away: Episodes left out because the vehicle was moved.
    """

    def __init__(self) -> None:
        """Nothing was seen."""
        self.moved_away = 0
        self._watched_ms = np.zeros(len(CLASS_OF))
        self._last_ms = np.zeros(0, np.int64)
        self._strayed: dict[int, _Strayed] = {}
        self._noise: list[_Episode] = []

    def heard(self, records: list[Record]) -> None:
        """Nothing to see before it is judged."""

    def acted(self, control: AnyControl, entry: Entry) -> None:
        """What people say shows in where the vehicle settles."""

    def saw(self, look: Look) -> None:
        """One round of live fixes."""
        moved = look.moved
        slots = np.array([record.device.slot for record in look.records], np.int64)
        t_ms = np.array([record.reading.t_ms for record in look.records], np.int64)
        real = np.array([record.device.vehicle_id != SYNTHETIC_ID for record in look.records])
        scored = moved.scored & real
        self._count(slots[scored], t_ms[scored], look.site[scored])
        ends = (moved.armed_now | moved.at_anchor) & real
        loud = scored & (moved.owner_shape | moved.police_shape | moved.slow | look.kept)
        for k in np.flatnonzero(loud | ends).tolist():
            slot, now_ms = int(slots[k]), int(t_ms[k])
            if loud[k]:
                episode = self._episode(slot, now_ms, int(look.site[k]))
                score = float(moved.score[k])
                if moved.owner_shape[k] and moved.alone[k]:
                    episode.owner = max(episode.owner, score)
                if moved.police_shape[k]:
                    episode.police = max(episode.police, score)
                episode.sure |= bool(moved.slow[k] | look.kept[k])
                episode.far_m = max(episode.far_m, float(moved.moved_m[k]))
            elif slot in self._strayed:
                self._ended(slot, now_ms, is_back=bool(moved.at_anchor[k]))

    def parked(self, site_class: SiteClass, level: AlarmLevel) -> Parked:
        """What was seen at one class: everything so far, episodes still open by how they look."""
        strayed = self._strayed.values()
        still = [one.now for one in strayed if one.now.is_back]
        mine = [one for one in [*self._noise, *still] if CLASS_OF[one.site] is site_class]
        is_owner = level is AlarmLevel.OWNER
        peaks = [one.owner if is_owner else one.police for one in mine]
        sure = [is_owner and one.sure for one in mine]
        return Parked(
            name="journal",
            peaks=np.array(
                [peak for peak, more in zip(peaks, sure, strict=True) if peak > 0 and not more]
            ),
            others=sum(sure),
            vehicle_days=float(self._watched_ms[CLASS_OF.index(site_class)]) / _DAY_MS,
        )

    def _count(
        self, slots: NDArray[np.int64], t_ms: NDArray[np.int64], site: NDArray[np.uint8]
    ) -> None:
        if not len(slots):
            return
        top = int(slots.max())
        if top >= len(self._last_ms):
            grown = np.zeros(max(top + 1, 2 * len(self._last_ms)), np.int64)
            grown[: len(self._last_ms)] = self._last_ms
            self._last_ms = grown
        passed = t_ms - self._last_ms[slots]
        watched = np.where((passed > 0) & (passed <= GAP_S * 1000), passed, 0)
        np.add.at(self._watched_ms, site, watched)
        self._last_ms[slots] = t_ms

    def _episode(self, slot: int, now_ms: int, site: int) -> _Episode:
        strayed = self._strayed.get(slot)
        if strayed is None:
            strayed = self._strayed[slot] = _Strayed(_Episode(now_ms, now_ms, site))
        elif now_ms - strayed.now.last_ms > EPISODE_S * 1000:
            (self._noise if strayed.now.is_back else strayed.before).append(strayed.now)
            strayed.now = _Episode(now_ms, now_ms, site)
        if strayed.now.is_back:
            strayed.now.is_back, strayed.now.left_ms = False, now_ms
        strayed.now.last_ms = now_ms
        return strayed.now

    def _ended(self, slot: int, now_ms: int, *, is_back: bool) -> None:
        """At its anchor again, or settled at another one."""
        strayed = self._strayed[slot]
        if strayed.now.is_back and is_back:
            return
        left = [*strayed.before, *([] if strayed.now.is_back else [strayed.now])]
        strayed.before = []
        if not left:
            return
        quick = now_ms - left[0].left_ms <= BACK_S * 1000
        if is_back and quick and max(one.far_m for one in left) <= FAR_M:
            self._noise += left[:-1]
            strayed.now.is_back = True
        else:
            if strayed.now.is_back:
                self._noise.append(strayed.now)
            self.moved_away += len(left)
            del self._strayed[slot]
