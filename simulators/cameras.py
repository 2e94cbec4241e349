"""A camera's heartbeat: healthy, with a frozen picture, or falling silent."""

import math
from enum import StrEnum

import numpy as np

from simulators.encode import CameraHeartbeat, Channel, Disk, encode
from simulators.outgoing import Identity, Outgoing, ToWall

FPS = 25
DISK_GB = 4_000
MONTH_MS = 31 * 86_400_000
"""Recordings go back so far: 30 days are asked for (docs/health.md)."""


class Ailment(StrEnum):
    """What is wrong with a camera."""

    NONE = "none"
    FROZEN = "frozen"
    """The picture stands still: frames do not advance though the frame rate looks fine."""
    SILENT = "silent"
    """Heartbeats stop while the connection stays."""


class Camera:
    """One camera; an ``Actor``.

    Args:
        identity: Who it is; its ``next_s`` is the heartbeat's interval.
        to_wall: The run's clock.
        rng: Its own random numbers.
        ailment: What befalls it.
        ails_from_s: When, seconds from the start.
    """

    def __init__(
        self,
        identity: Identity,
        *,
        to_wall: ToWall,
        rng: np.random.Generator,
        ailment: Ailment = Ailment.NONE,
        ails_from_s: float = 0.0,
    ) -> None:
        self.identity = identity
        self._to_wall, self._rng = to_wall, rng
        self._ailment, self._ails_from_s = ailment, ails_from_s
        self._up_s = int(rng.integers(3_600, 3_000_000))
        self._used_gb = int(rng.integers(2_800, 3_500))
        self._clock_off_ms = int(rng.normal(0.0, 150.0))
        self._beat_s = float(rng.uniform(0.0, identity.next_s))

    @property
    def due_s(self) -> float:
        """The next heartbeat; a silent camera has none."""
        silent = self._ailment is Ailment.SILENT and self._beat_s >= self._ails_from_s
        return math.inf if silent else self._beat_s

    def act(self) -> list[Outgoing]:
        """Beat."""
        now_s = self.due_s
        self._beat_s += self.identity.next_s
        frozen = self._ailment is Ailment.FROZEN and now_s >= self._ails_from_s
        seen_s = self._ails_from_s if frozen else now_s
        heartbeat = CameraHeartbeat(
            id=self.identity.device_id,
            t=self._to_wall(now_s),
            up_s=self._up_s + int(now_s),
            fw="5.7.3",
            ch=[
                Channel(
                    n=1,
                    online=True,
                    fps=round(FPS - abs(float(self._rng.normal(0.0, 0.4))), 1),
                    fps_expected=FPS,
                    frames=round((self._up_s + seen_s) * FPS),
                    last_frame_t=self._to_wall(seen_s) - 40,
                    kbps=int(self._rng.integers(2_600, 3_600)),
                    reconn_1h=0,
                    stalls_1h=int(self._rng.integers(0, 2)),
                    recording=True,
                    occluded=False,
                    tampered=False,
                    video_loss=False,
                )
            ],
            disk=Disk(
                total_gb=DISK_GB,
                used_gb=self._used_gb,
                ok=True,
                oldest_t=self._to_wall(now_s) - MONTH_MS,
            ),
            clock_off_ms=self._clock_off_ms,
            temp_c=int(self._rng.integers(38, 52)),
            next_s=self.identity.next_s,
        )
        return [
            Outgoing(
                device_id=self.identity.device_id,
                cls="cam",
                channel="hb",
                payload=encode(heartbeat),
            )
        ]
