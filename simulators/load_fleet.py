"""Parked trackers by the thousand, cheap to ask for their next fix, and a few that are stolen.

Payloads are joined from ready pieces: the noise of a tracker is a table that is read forwards and
backwards, so that it never jumps and costs nothing while the load runs.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simulators.encode import COORDINATE_DIGITS, Event, encode
from simulators.gps_noise import GpsNoise, NoiseSample, draw_profile
from simulators.outgoing import boot_id, event_id, generator
from simulators.scenarios import Kind, Truth
from simulators.scripts import EventType
from simulators.tracks import Path
from simulators.vehicles import KMH_PER_MPS
from simulators.world import (
    CITY,
    ORIGIN,
    Parked,
    WorldSize,
    build_world,
    device_json,
    grid_at,
    vehicle_json,
)

TABLE = 64
"""Different fixes of one parked tracker; then the table runs backwards."""
THIEF_MPS = 6.0
FLEE_S = 3_600.0
_PARKED = (
    b'"st":{"ign":false,"motion":false,"armed":true,"ext_power":true,"charging":false,'
    b'"mode":"parked"},"bat":{"pct":82,"mv":3980,"ext_mv":52100}'
)
_STOLEN = (
    b'"st":{"ign":false,"motion":true,"armed":true,"ext_power":false,"charging":false,'
    b'"mode":"live"},"bat":{"pct":82,"mv":3980}'
)
_POSITION = (
    b'"pos":{"lat":%.*f,"lon":%.*f,"crs":"wgs84","src":"gnss","valid":true,"acc_m":%.1f,'
    b'"hdop":%.1f,"sat":%d,"spd_kmh":%.1f,"cog":%d}'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSize:
    """Which trackers a load uses: ``count`` of them from number ``first`` on."""

    first: int = 1
    count: int = 1_000


def parked_fleet(seed: int, size: LoadSize) -> list[Parked]:
    """Spread vehicles evenly over the city; number n is the same in every size."""
    parked = []
    for number in range(size.first, size.first + size.count):
        rng = generator(seed, "load", str(number))
        east_m, north_m = (float(c) for c in rng.uniform(-CITY.half_m, CITY.half_m, 2))
        parked.append(
            Parked(
                vehicle_id=f"veh-load-{number:06d}",
                device_id=f"trk-load-{number:06d}",
                plate=f"皖A·L{number:06d}",
                label=f"Load e-bike {number}",
                kind="e-bike",
                owner_id=f"owner-load-{number:06d}",
                area=grid_at(east_m, north_m),
                site_id="",
                east_m=east_m,
                north_m=north_m,
            )
        )
    return parked


def load_registry_json(seed: int, size: LoadSize) -> dict[str, object]:
    """Give what the platform must know of the load's trackers; see ``World.registry_json``."""
    fleet = parked_fleet(seed, size)
    city = build_world(seed, WorldSize(trackers=0, chargers=0, cameras=0)).registry_json()
    return {
        "places": city["places"],
        "vehicles": [vehicle_json(vehicle) for vehicle in fleet],
        "devices": [
            device_json(v.device_id, "trk", area=v.area, vehicle_id=v.vehicle_id) for v in fleet
        ],
    }


class LoadTracker:
    """One tracker of the load.

    Args:
        vehicle: What it sits on.
        seed: For its noise.
        interval_s: Between two of its fixes.
        start_ms: Names the boot.
    """

    def __init__(self, vehicle: Parked, *, seed: int, interval_s: float, start_ms: int) -> None:
        self.vehicle = vehicle
        self.boot = boot_id(vehicle.device_id, start_ms)
        self.seq = 0
        self.event_ids: list[str] = []
        self._interval_s = interval_s
        self._rng = generator(seed, "load", vehicle.device_id)
        table = self._noise().sample(np.arange(TABLE, dtype=np.float64) * interval_s)
        self._table = [
            self._position(table, i, east_m=vehicle.east_m, north_m=vehicle.north_m, mps=0.0)
            for i in range(TABLE)
        ]
        self._index, self._step = int(self._rng.integers(TABLE - 1)), 1
        self._head = b'{"v":1,"id":"%b","boot":"%b","seq":' % (
            vehicle.device_id.encode(),
            self.boot.encode(),
        )
        self._tail = b',"next_s":%d}' % max(1, math.ceil(interval_s))
        self._theft: tuple[float, Path, GpsNoise] | None = None

    def fix(self, t_ms: int, at_s: float) -> bytes:
        """Give the payload of the next fix, taken at ``t_ms``, ``at_s`` after the start."""
        self.seq += 1
        if self._theft is not None:
            position, state = self._fleeing(at_s), _STOLEN
        else:
            index = self._index
            position, state = self._table[index], _PARKED
            if not 0 <= index + self._step < TABLE:
                self._step = -self._step
            self._index = index + self._step
        return b'%b%d,"t":%d,%b,%b%b' % (self._head, self.seq, t_ms, position, state, self._tail)

    def steal(self, t_ms: int, at_s: float) -> list[bytes]:
        """Let it be stolen now: give its event payloads; from now on it rides away."""
        angle = float(self._rng.uniform(0.0, 2.0 * math.pi))
        far_m = THIEF_MPS * FLEE_S
        path = Path(
            at_s=np.array([at_s, at_s + FLEE_S]),
            east_m=self.vehicle.east_m + np.array([0.0, far_m * math.sin(angle)]),
            north_m=self.vehicle.north_m + np.array([0.0, far_m * math.cos(angle)]),
        )
        self._theft = (at_s, path, self._noise())
        kinds: tuple[EventType, ...] = ("vibration", "power_cut")
        return [self._event(kind, t_ms) for kind in kinds]

    def truth(self, start_ms: int) -> Truth | None:
        """Give what happened to it; None = nothing. ``start_ms`` is the start of the run."""
        if self._theft is None:
            return None
        at_s, path, _ = self._theft
        return Truth(
            vehicle=self.vehicle.vehicle_id,
            device=self.vehicle.device_id,
            kind=Kind.RIDDEN_AWAY,
            theft=True,
            answer=Kind.RIDDEN_AWAY.answer,
            start_ms=start_ms + round(at_s * 1_000),
            onset_ms=start_ms + round(path.onset_s() * 1_000),
            end_ms=start_ms + round(path.end_s * 1_000),
        )

    def made(self) -> Iterator[str]:
        """Name everything it made: ``device,boot,seq`` per fix, ``device,event,ev_id``."""
        device_id = self.vehicle.device_id
        for seq in range(1, self.seq + 1):
            yield f"{device_id},{self.boot},{seq}"
        for ev_id in self.event_ids:
            yield f"{device_id},event,{ev_id}"

    def _noise(self) -> GpsNoise:
        return GpsNoise(draw_profile(self._rng), self._rng.spawn(1)[0])

    def _fleeing(self, at_s: float) -> bytes:
        if self._theft is None:
            raise LookupError(f"{self.vehicle.device_id} is not stolen")
        since_s, path, noise = self._theft
        place = path.place(at_s)
        return self._position(
            noise.sample(np.array([at_s - since_s])),
            0,
            east_m=place.east_m,
            north_m=place.north_m,
            mps=place.speed_mps,
            course_deg=place.course_deg,
        )

    def _position(
        self,
        noise: NoiseSample,
        i: int,
        *,
        east_m: float,
        north_m: float,
        mps: float,
        course_deg: float = 0.0,
    ) -> bytes:
        lat_deg, lon_deg = ORIGIN.to_degrees(
            east_m + float(noise.east_m[i]), north_m + float(noise.north_m[i])
        )
        return _POSITION % (
            COORDINATE_DIGITS,
            lat_deg,
            COORDINATE_DIGITS,
            lon_deg,
            noise.acc_m[i],
            noise.hdop[i],
            noise.sat[i],
            (mps or noise.doppler_mps[i]) * KMH_PER_MPS,
            course_deg,
        )

    def _event(self, kind: EventType, t_ms: int) -> bytes:
        ev_id = event_id(t_ms, len(self.event_ids) + 1)
        self.event_ids.append(ev_id)
        return encode(
            Event(id=self.vehicle.device_id, ev_id=ev_id, t=t_ms, type=kind, on=True, lvl=3)
        )
