"""Real rides as thefts: simulated parking noise, perhaps a shake, then the rows of the file."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec import UNSET, UnsetType

from simulators.encode import (
    COORDINATE_DIGITS,
    Event,
    Fix,
    Position,
    VehicleState,
    encode,
)
from simulators.gps_noise import GpsNoise, draw_profile
from simulators.outgoing import Identity, Outgoing, ToWall, boot_id, event_id, generator
from simulators.ride_files import Ride, RideRow
from simulators.scenarios import Kind, Truth
from simulators.tracks import LocalFrame
from simulators.vehicles import KMH_PER_MPS
from simulators.world import device_json

_SHAKE_LEAD_S = 3.0
"""The vibration comes so long before the first row of a ride, seconds: assumed."""


def rides_registry_json(rides: Sequence[Ride]) -> dict[str, object]:
    """Give what the platform must know of the rides' trackers; see ``World.registry_json``.

    The rides lie far from the synthetic city: their area is "" (city wide).
    """
    return {
        "places": {"sites": [], "grids": []},
        "vehicles": [
            {
                "id": ride.vehicle_id,
                "plate": f"皖A·R{number:04d}",
                "label": f"Real ride {ride.name}",
                "kind": "e-bike" if ride.name.startswith("e-bike") else "e-scooter",
                "owner_id": f"owner-ride-{number:02d}",
                "area": "",
                "contacts": [f"owner-ride-{number:02d}"],
                "consent": ["anti_theft", "police_sharing"],
                "auto_arm": True,
                "site_class": "open",
            }
            for number, ride in enumerate(rides, start=1)
        ],
        "devices": [
            device_json(ride.device_id, "trk", area="", vehicle_id=ride.vehicle_id)
            for ride in rides
        ],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class RidePlan:
    """How rides are played.

    Attributes:
        every_s: Fixes at least so far apart; 1 = every row.
        parked_s: Simulated parking before, seconds.
        shake: Whether a vibration event comes before the ride; only positions are real.
    """

    every_s: float
    parked_s: float
    shake: bool


class RideTracker:
    """Plays one ride on one tracker; an ``Actor``.

    Args:
        ride: What it plays.
        plan: How.
        seed: For the parking noise.
        start_ms: Names the boot.
        to_wall: The run's clock.
    """

    def __init__(
        self, ride: Ride, plan: RidePlan, *, seed: int, start_ms: int, to_wall: ToWall
    ) -> None:
        device_id = ride.device_id
        self.identity = Identity(
            device_id=device_id,
            cls="trk",
            boot=boot_id(device_id, start_ms),
            next_s=plan.every_s,
        )
        self._plan, self._to_wall, self._seq = plan, to_wall, 0
        self._script = _moments(ride, plan, generator(seed, device_id))
        self._moment: tuple[float, Position | None] | None = next(self._script, None)

    @property
    def due_s(self) -> float:
        """The next fix or shake; infinity when the ride is over."""
        return math.inf if self._moment is None else self._moment[0]

    def act(self) -> list[Outgoing]:
        """Send the next fix, or the shake before the ride."""
        if self._moment is None:
            raise LookupError(f"{self.identity.device_id} has nothing to do")
        at_s, position = self._moment
        self._moment = next(self._script, None)
        t_ms = self._to_wall(at_s)
        if position is None:
            shake = Event(
                id=self.identity.device_id,
                ev_id=event_id(t_ms, 1),
                t=t_ms,
                type="vibration",
                on=True,
                lvl=2,
                dur_s=2.0,
            )
            return [self._outgoing("event", encode(shake))]
        self._seq += 1
        fix = Fix(
            id=self.identity.device_id,
            boot=self.identity.boot,
            seq=self._seq,
            t=t_ms,
            pos=position,
            st=VehicleState(motion=at_s >= self._plan.parked_s, armed=True),
            next_s=self._plan.every_s,
        )
        return [self._outgoing("fix", encode(fix))]

    def _outgoing(self, channel: str, payload: bytes) -> Outgoing:
        return Outgoing(
            device_id=self.identity.device_id, cls="trk", channel=channel, payload=payload
        )


def ride_truth(ride: Ride, plan: RidePlan, to_wall: ToWall) -> Truth:
    """Give the truth of one ride."""
    onset_s = plan.parked_s + ride.onset_after_s()
    return Truth(
        vehicle=ride.vehicle_id,
        device=ride.device_id,
        kind=Kind.REAL_RIDE,
        theft=Kind.REAL_RIDE.is_theft,
        answer=Kind.REAL_RIDE.answer,
        start_ms=to_wall(plan.parked_s),
        onset_ms=to_wall(onset_s) if math.isfinite(onset_s) else None,
        end_ms=to_wall(plan.parked_s + ride.rows[-1].after_s),
    )


def _moments(
    ride: Ride, plan: RidePlan, rng: np.random.Generator
) -> Iterator[tuple[float, Position | None]]:
    """Give (seconds, position) of all fixes; None = the shake before the ride."""
    frame = LocalFrame(lat_deg=ride.start[0], lon_deg=ride.start[1])
    times_s = np.arange(float(rng.uniform(0.0, plan.every_s)), plan.parked_s, plan.every_s)
    noise = GpsNoise(draw_profile(rng), rng.spawn(1)[0]).sample(times_s)
    shake_s = plan.parked_s - _SHAKE_LEAD_S
    shaken = not plan.shake
    for i, at_s in enumerate(times_s):
        if at_s > shake_s and not shaken:
            shaken = True
            yield shake_s, None
        lat_deg, lon_deg = frame.to_degrees(float(noise.east_m[i]), float(noise.north_m[i]))
        yield (
            float(at_s),
            Position(
                lat=round(lat_deg, COORDINATE_DIGITS),
                lon=round(lon_deg, COORDINATE_DIGITS),
                src="gnss",
                valid=True,
                acc_m=round(float(noise.acc_m[i]), 1),
                hdop=round(float(noise.hdop[i]), 1),
                sat=int(noise.sat[i]),
                spd_kmh=round(float(noise.doppler_mps[i]) * KMH_PER_MPS, 1),
            ),
        )
    if not shaken:
        yield max(shake_s, 0.0), None
    for row in ride.thinned(plan.every_s):
        yield plan.parked_s + row.after_s, _row_position(row)


def _row_position(row: RideRow) -> Position:
    """Give a row as it is; an empty coordinate is no fix, a malformed one stays malformed."""
    if row.lat is None or row.lon is None:
        return Position(src="gnss", valid=False)
    speed: float | UnsetType = UNSET if row.speed_kmh is None else row.speed_kmh
    return Position(lat=row.lat, lon=row.lon, src="gnss", valid=True, spd_kmh=speed)
