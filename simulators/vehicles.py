"""A tracker's life: parked, shaken by passers-by, ridden by its owner, or following a script."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from msgspec import UNSET

from simulators.duty import Duty
from simulators.encode import (
    COORDINATE_DIGITS,
    Battery,
    Cell,
    Event,
    Fix,
    Network,
    Position,
    VehicleState,
    encode,
)
from simulators.gps_noise import GpsNoise
from simulators.keeping import Command
from simulators.obeying import Inbox, Result, answer_of, is_over
from simulators.outgoing import Identity, Outgoing, ToWall, event_id
from simulators.scripts import SHAKE_S, Cue, EventType, Glitch, Script, Switch, owner_ride
from simulators.tracks import Box, LocalFrame, Path, Place, standing

KMH_PER_MPS = 3.6
DOPPLER_MOVING_SD_MPS = 0.15
"""Error of the ground speed of a moving receiver: assumed."""
DRAWN_AHEAD = 64
"""Noise is drawn for so many fixes at once."""
GLITCH_ACC_M = 12.0
"""What a receiver believes of its error in a glitch: it does not know of it; assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What ordinary life does to a vehicle; means of exponential gaps, infinity = never.

    Attributes:
        ride_gap_s: Between two rides of the owner, seconds.
        shake_gap_s: Between two touches of passers-by, seconds.
        from_s: Nothing happens before, so that the platform can learn the anchor.
    """

    ride_gap_s: float
    shake_gap_s: float
    from_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a tracker is told of the world."""

    frame: LocalFrame
    box: Box
    to_wall: ToWall
    report_s: float


class _Reception(NamedTuple):
    """One column of a ``NoiseSample``."""

    east_m: float
    north_m: float
    acc_m: float
    hdop: float
    sat: int
    doppler_mps: float


class Tracker:
    """One tracker on one vehicle; an ``Actor``.

    Args:
        identity: Who it is.
        around: Where and when it lives.
        start: Metres east and north of the frame's origin.
        noise: Its receiver.
        rng: Its own random numbers.
        habits: Its ordinary life.
        script: What happens to it instead; ordinary life then never begins.
        duty: When it sleeps and whether it can be asked; None = it reports on and on, deaf.
    """

    def __init__(
        self,
        identity: Identity,
        around: Surroundings,
        *,
        start: tuple[float, float],
        noise: GpsNoise,
        rng: np.random.Generator,
        habits: Habits,
        script: Script | None = None,
        duty: Duty | None = None,
    ) -> None:
        self.identity = identity
        self._duty, self._inbox = duty, Inbox()
        self._locating: Command | None = None
        self._around, self._noise, self._rng = around, noise, rng
        self._habits = habits
        self._path: Path = standing(*start)
        self._cues: list[Cue] = []
        self._glitch: Glitch | None = None
        self._switches: dict[Switch, bool] = {"ign": False, "armed": True, "ext_power": True}
        self._shaken_until_s = -math.inf
        self._seq = self._events = 0
        self._fix_s = float(rng.uniform(0.0, around.report_s)) if duty is None else duty.first_s()
        self._ahead: list[_Reception] = []  # of the fixes to come, the next one last
        self._reception = self._receive(0.0)  # so that an event may come before the first fix
        self._ride_s = self._shake_s = math.inf
        self._percent = float(rng.uniform(45.0, 100.0))
        self._network = Network(
            rat="4g",
            rssi_dbm=int(rng.integers(-101, -65)),
            cell=Cell(mcc=460, mnc=0, lac=22222, cid=int(rng.integers(100_000_000, 200_000_000))),
        )
        if script is None:
            self._ride_s = self._after(habits.from_s, habits.ride_gap_s)
            self._shake_s = self._after(habits.from_s, habits.shake_gap_s)
        else:
            self._play(script)

    @property
    def due_s(self) -> float:
        """The next fix, cue, ride, touch or command that is heard."""
        cue_s = self._cues[0].at_s if self._cues else math.inf
        return min(self._fix_s, cue_s, self._ride_s, self._shake_s, self._inbox.due_s)

    def act(self) -> list[Outgoing]:
        """Do the one thing that is due."""
        now_s = self.due_s
        if self._inbox.due_s == now_s:
            return self._obey(self._inbox.pop(), now_s)
        if self._cues and self._cues[0].at_s == now_s:
            return self._hear(self._cues.pop(0))
        if now_s == self._ride_s:
            return self._ride(now_s)
        if now_s == self._shake_s:
            self._shake_s = self._after(now_s, self._habits.shake_gap_s)
            return self._hear(Cue(at_s=now_s, event="vibration", level=1, lasts_s=2.0))
        return self._report(now_s)

    def take(self, command: Command, now_s: float) -> None:
        """A command comes to its radio; asleep it hears nothing."""
        duty = self._duty
        if duty is not None and duty.hears(now_s):
            self._inbox.put(now_s + duty.radio_s(), command)

    def _report(self, now_s: float) -> list[Outgoing]:
        """A fix, and the answer of a ``locate`` that waited for it."""
        duty, asked = self._duty, self._locating
        if duty is None:
            self._fix_s += self._around.report_s
            return [self._fix(now_s)]
        moving = self._path.place(now_s).speed_mps > 0.0
        self._fix_s = duty.reported(now_s, moving=moving)
        fix, self._locating = self._fix(now_s), None
        return [fix] if asked is None else [fix, *self._answer(asked, "done", "located", now_s)]

    def _obey(self, command: Command, now_s: float) -> list[Outgoing]:
        """Do what is asked, once; a repeated command gets its answer again."""
        duty = self._duty
        assert duty is not None  # noqa: S101 - ``take`` lets nothing in without one
        if (known := self._inbox.answers.get(command.cmd_id)) is not None:
            return self._answer(command, *known, now_s)
        if is_over(command, self._around.to_wall, now_s):
            return self._answer(command, "expired", "too late", now_s)
        before: list[Outgoing] = []
        result: Result = "done"
        match command.type:
            case "locate":
                self._locating = command
                self._fix_s = min(self._fix_s, duty.fix_from_s(now_s))
                return self._report(now_s) if self._fix_s <= now_s else []
            case "interval":
                self._fix_s = duty.ask(now_s, every_s=command.every_s, for_s=command.for_s)
                detail = f"every {command.every_s:g} s" if command.every_s else "as by itself"
            case "arm":
                before = self._hear(Cue(at_s=now_s, event="arm", switches={"armed": True}))
                detail = "armed"
            case "disarm":
                before = self._hear(Cue(at_s=now_s, event="disarm", switches={"armed": False}))
                detail = "disarmed"
            case "find_me":
                detail = "beeping"
            case _:
                result, detail = "refused", f"no such command: {command.type[:32]}"
        return [*before, *self._answer(command, result, detail, now_s)]

    def _answer(
        self, command: Command, result: Result, detail: str, now_s: float
    ) -> list[Outgoing]:
        self._inbox.keep(command, result, detail)
        t_ms = self._around.to_wall(now_s)
        return [answer_of(self.identity, command, result, detail, t_ms=t_ms)]

    def _after(self, from_s: float, gap_s: float) -> float:
        return from_s + float(self._rng.exponential(gap_s)) if math.isfinite(gap_s) else math.inf

    def _play(self, script: Script) -> None:
        self._path, self._glitch = script.path, script.glitch
        self._cues = list(script.cues)

    def _ride(self, now_s: float) -> list[Outgoing]:
        """The owner comes; the next ride begins some time after this one's end."""
        place = self._path.place(now_s)
        script = owner_ride(
            self._rng, start_s=now_s, start=(place.east_m, place.north_m), box=self._around.box
        )
        self._play(script)
        end_s = script.cues[-1].at_s
        self._ride_s = self._after(end_s, self._habits.ride_gap_s)
        self._shake_s = self._after(end_s, self._habits.shake_gap_s)
        return []

    def _hear(self, cue: Cue) -> list[Outgoing]:
        self._switches.update(cue.switches)
        if cue.event is None:
            return []
        if cue.event in {"vibration", "tilt"}:
            self._shaken_until_s = cue.at_s + cue.lasts_s + SHAKE_S
        duty = self._duty
        said = [] if duty is None else self._stir(duty, cue)
        knows = duty is None or duty.fix_from_s(cue.at_s) <= cue.at_s
        return [*said, self._event(cue, cue.event, knows_place=knows)]

    def _stir(self, duty: Duty, cue: Cue) -> list[Outgoing]:
        """Whatever it senses keeps it awake; waking is an event of its own, without a place."""
        woke, self._fix_s = duty.stir(cue.at_s, self._fix_s)
        wake = Cue(at_s=cue.at_s, event="wake")
        return [self._event(wake, "wake", knows_place=False)] if woke else []

    def _event(self, cue: Cue, type_: EventType, *, knows_place: bool) -> Outgoing:
        self._events += 1
        t_ms = self._around.to_wall(cue.at_s)
        shakes = cue.event == "vibration"
        self._seq += 1
        event = Event(
            id=self.identity.device_id,
            boot=self.identity.boot,
            seq=self._seq,
            ev_id=event_id(t_ms, self._events),
            t=t_ms,
            type=type_,
            on=True,
            lvl=cue.level or UNSET,
            dur_s=cue.lasts_s if shakes else UNSET,
            count=1 + int(cue.lasts_s * 1.5) if shakes else UNSET,
            pos=self._position(cue.at_s, self._path.place(cue.at_s)) if knows_place else UNSET,
            st=VehicleState(ign=self._switches["ign"], armed=self._switches["armed"]),
        )
        return self._outgoing("event", encode(event))

    def _receive(self, at_s: float) -> "_Reception":
        """Give the noise of the next fix, drawn for many at once because that is far cheaper."""
        if not self._ahead:
            times_s = self._fix_s + self._around.report_s * np.arange(DRAWN_AHEAD, dtype=np.float64)
            if self._duty is not None:  # nobody knows when the one after it comes
                times_s = np.array([at_s])
            noise = self._noise.sample(times_s)
            columns = (
                noise.east_m, noise.north_m, noise.acc_m, noise.hdop, noise.sat, noise.doppler_mps,
            )  # fmt: skip
            rows = zip(*(column.tolist() for column in columns), strict=True)
            self._ahead = [_Reception(*row) for row in rows][::-1]
        return self._ahead.pop()

    def _fix(self, now_s: float) -> Outgoing:
        self._seq += 1
        self._reception = self._receive(now_s)
        place = self._path.place(now_s)
        moving = place.speed_mps > 0.0
        powered = self._switches["ext_power"]
        percent = max(5.0, self._percent - now_s / 7_200.0)  # about 12 % a day
        fix = Fix(
            id=self.identity.device_id,
            boot=self.identity.boot,
            seq=self._seq,
            t=self._around.to_wall(now_s),
            pos=self._position(now_s, place),
            st=VehicleState(
                ign=self._switches["ign"],
                motion=moving or now_s < self._shaken_until_s,
                armed=self._switches["armed"],
                ext_power=powered,
                charging=False,
                mode="live" if moving or self._switches["ign"] else "parked",
            ),
            bat=Battery(
                pct=round(percent),
                mv=3_500 + round(6.5 * percent),
                ext_mv=46_000 + 80 * round(percent) if powered else UNSET,
            ),
            net=self._network,
            next_s=self._around.report_s if self._duty is None else self._fix_s - now_s,
        )
        return self._outgoing("fix", encode(fix))

    def _position(self, now_s: float, place: Place) -> Position:
        """What the receiver sees: the truth, the noise of its last fix, perhaps a glitch."""
        heard = self._reception
        east_m, north_m = place.east_m + heard.east_m, place.north_m + heard.north_m
        acc_m, hdop, sat, speed_mps = heard.acc_m, heard.hdop, heard.sat, heard.doppler_mps
        course: float | None = None
        if place.speed_mps > 0.0:
            slip_mps, swing_deg = self._rng.standard_normal(2)
            speed_mps = abs(place.speed_mps + DOPPLER_MOVING_SD_MPS * float(slip_mps))
            course = round(place.course_deg + 3.0 * float(swing_deg)) % 360
        share = 0.0 if self._glitch is None else self._glitch.share(now_s)
        if self._glitch is not None and share > 0.0:
            east_m += share * self._glitch.east_m
            north_m += share * self._glitch.north_m
            acc_m, hdop, sat, speed_mps = max(acc_m, GLITCH_ACC_M), self._glitch.hdop, 6, 0.0
        lat_deg, lon_deg = self._around.frame.to_degrees(east_m, north_m)
        return Position(
            lat=round(lat_deg, COORDINATE_DIGITS),
            lon=round(lon_deg, COORDINATE_DIGITS),
            crs="wgs84",
            src="gnss",
            valid=True,
            acc_m=round(acc_m, 1),
            hdop=round(hdop, 1),
            sat=sat,
            spd_kmh=round(speed_mps * KMH_PER_MPS, 1),
            cog=UNSET if course is None else course,
        )

    def _outgoing(self, channel: str, payload: bytes) -> Outgoing:
        return Outgoing(
            device_id=self.identity.device_id,
            cls="trk",
            channel=channel,
            payload=payload,
            seq=self._seq,
        )
