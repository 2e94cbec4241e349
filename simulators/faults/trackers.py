"""Parked trackers, cheap to draw: wired ones that report on and on, sleepers; and commuters."""

import math

import numpy as np
from msgspec import UNSET

from simulators.encode import (
    COORDINATE_DIGITS,
    Battery,
    Cell,
    Fix,
    Network,
    Position,
    State,
    VehicleState,
    encode,
)
from simulators.outgoing import Identity, Outgoing, ToWall
from simulators.scripts import Cue, Script
from simulators.tracks import LocalFrame, Pace, Path, street_path
from simulators.world import CITY

WANDER_M, WANDER_KEEP = 3.0, 0.8
"""Standard deviation of a parked receiver per axis under open sky, and how much of its error is
left at the next report: measured ones are 1.3-10.8 m (docs/detection.md); this city is calm."""
DRAIN_PCT_PER_DAY = 4.0
"""A sleeper's own cell; assumed, below the 12 % of one that reports on and on."""
COMMUTE_M = 3_000.0
PACE = Pace(slow_mps=6.0, fast_mps=8.0)
"""22-29 km/h: what an e-bike may."""


class ParkedTracker:
    """A tracker on a vehicle that stands all day; an ``Actor``.

    Args:
        identity: Who it is; its ``next_s`` is the interval.
        place: Metres east and north of the frame's origin.
        sleeps: It says after each report that it sleeps until the next one.
        to_wall: Its clock.
        rng: Its own random numbers.
    """

    def __init__(
        self,
        identity: Identity,
        *,
        frame: LocalFrame,
        place: tuple[float, float],
        sleeps: bool,
        to_wall: ToWall,
        rng: np.random.Generator,
    ) -> None:
        self.identity = identity
        self._frame, self._sleeps, self._to_wall, self._rng = frame, sleeps, to_wall, rng
        self._place = np.array(place)
        self._off_m = WANDER_M * rng.standard_normal(2)
        self._seq = 0
        self._percent = float(rng.uniform(45.0, 100.0))
        self._due_s = float(rng.uniform(0.0, identity.next_s))
        self._network = Network(
            rat="4g",
            rssi_dbm=int(rng.integers(-101, -65)),
            cell=Cell(mcc=460, mnc=int(rng.choice([0, 1, 11])), lac=22222, cid=100_000_000),
        )

    @property
    def due_s(self) -> float:
        """The next report."""
        return self._due_s

    def act(self) -> list[Outgoing]:
        """Report, and perhaps go to sleep again."""
        now_s, me = self._due_s, self.identity
        jitter_s = float(self._rng.uniform(-1.0, 1.0))
        self._due_s += me.next_s + jitter_s
        said = [self._say("fix", encode(self._fix(now_s)))]
        if self._sleeps:
            asleep = State(
                id=me.device_id, state="sleeping", t=self._to_wall(now_s), boot=me.boot,
                reason="parked", next_s=me.next_s,
            )  # fmt: skip
            said.append(self._say("state", encode(asleep)))
        return said

    def _fix(self, now_s: float) -> Fix:
        self._seq += 1
        fresh = WANDER_M * math.sqrt(1 - WANDER_KEEP**2) * self._rng.standard_normal(2)
        self._off_m = WANDER_KEEP * self._off_m + fresh
        east_m, north_m = (self._place + self._off_m).tolist()
        lat_deg, lon_deg = self._frame.to_degrees(east_m, north_m)
        percent = self._percent - DRAIN_PCT_PER_DAY * now_s / 86_400.0
        return Fix(
            id=self.identity.device_id,
            boot=self.identity.boot,
            seq=self._seq,
            t=self._to_wall(now_s),
            pos=Position(
                lat=round(lat_deg, COORDINATE_DIGITS),
                lon=round(lon_deg, COORDINATE_DIGITS),
                src="gnss",
                valid=True,
                acc_m=5.0,
                hdop=0.9,
                sat=13,
                spd_kmh=0.0,
            ),
            st=VehicleState(ign=False, motion=False, armed=True, ext_power=True),
            bat=Battery(
                pct=round(percent),
                mv=3_500 + round(6.5 * percent),
                ext_mv=UNSET if self._sleeps else 50_000,
            ),
            net=self._network,
            next_s=self.identity.next_s,
        )

    def _say(self, channel: str, payload: bytes) -> Outgoing:
        return Outgoing(
            device_id=self.identity.device_id, cls="trk", channel=channel, payload=payload
        )


def commute(rng: np.random.Generator, *, start: tuple[float, float], days_s: list[float]) -> Script:
    """Rides of one owner at these moments: unlock, disarm, ride 3 km, park, arm."""
    cues: list[Cue] = []
    ways: list[Path] = []
    for start_s in days_s:
        path = street_path(
            rng, start_s=start_s + 4.0, start=start, length_m=COMMUTE_M, pace=PACE, box=CITY
        )
        ways.append(path)
        start = float(path.east_m[-1]), float(path.north_m[-1])
        cues += [
            Cue(at_s=start_s, event="unlock"),
            Cue(at_s=start_s + 0.5, event="disarm", switches={"armed": False}),
            Cue(at_s=start_s + 2.0, switches={"ign": True}),
            Cue(at_s=path.end_s + 1.0, switches={"ign": False}),
            Cue(at_s=path.end_s + 4.0, event="arm", switches={"armed": True}),
        ]
    return Script(
        path=Path(
            at_s=np.concatenate([way.at_s for way in ways]),
            east_m=np.concatenate([way.east_m for way in ways]),
            north_m=np.concatenate([way.north_m for way in ways]),
        ),
        cues=tuple(cues),
    )
