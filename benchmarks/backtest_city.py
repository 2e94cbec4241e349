"""A city's month as its journal and its records hold it: parked vehicles, thefts, false alarms.

The messages are lived through the real pipeline while they are written, so that people answer the
alerts there were: the owner of a stolen vehicle says "not me" and the case is closed as a theft,
the desk dismisses an excursion, half of the owners of other alarms say "me". Nothing else is
simulated.
"""

import heapq
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from alerts.model import Effects, NoticeKind
from alerts.pipeline import Outcome
from alerts.ports import ProcessCommit
from benchmarks.parked import device_id, topic_of, vehicle_id
from devices import control as controls
from devices.control import (
    AnyControl,
    Delivered,
    DeskVerdict,
    IncidentMoved,
    OwnerAnswer,
    RegisterDevices,
    RegisterVehicles,
)
from devices.entry import Entry, EntryKind, Incoming
from devices.geo import M_PER_DEG_LAT
from devices.model import Device, DeviceClass, Vehicle
from parkguard.replay.striding import Strides
from parkguard.replay.timeline import LatestArray
from parkguard.settings import Settings
from parkguard.wiring.pipeline import build_pipeline
from simulators.noise_families import REPORTING, seed_of
from simulators.noise_field import NoiseField
from stores.journal_sqlite import SqliteJournalWriter
from stores.processing import RecordsProcessLedger

DAY_S = 86_400
STEP_S = 60
"""People react no sooner than this: the pipeline is stepped so far at a time."""
STRIDE_MS = 30_000
"""As the back-test takes them: living the month exactly costs ten times as much."""
APPEND = 20_000
RIDE_MPS, RIDE_S, AWAY_S = 5.0, 320, 1_800
"""A theft: 66 real rides were judged by their first 320 s (README); found half an hour later."""
BAIT_M, BAIT_S = 220.0, 120
BEGIN_S, END_S = 1_200, 600
"""Nothing happens before the anchors are learnt; every case is closed before the end."""
NOISE, FIRST_NUMBER = "open", 50_000
"""Family of parked noise (``simulators.noise_families``), and the first of its seeds: the other
benchmarks draw lower ones."""
ANSWERS = 0.5
"""Share of owners of other alarms who answer at all; assumed."""
_LAT0, _LON0 = 31.80, 117.20
_EAST = M_PER_DEG_LAT * float(np.cos(np.radians(_LAT0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What happens to one vehicle, seconds after the beginning."""

    vehicle: int
    at_s: int
    is_theft: bool

    def away_m(self, t_s: float) -> float:
        """Metres east of its place."""
        past_s = t_s - self.at_s
        if self.is_theft:
            return RIDE_MPS * min(past_s, RIDE_S) if 0 <= past_s < RIDE_S + AWAY_S else 0.0
        return BAIT_M * min(1.0, past_s / 40) if 0 <= past_s < BAIT_S else 0.0


@dataclass(slots=True, kw_only=True)
class Lived:
    """What the month held."""

    messages: int = 0
    entries: int = 0
    thefts: int = 0
    excursions: int = 0
    alerts: int = 0
    incidents: int = 0


@dataclass(slots=True)
class _People:
    """What is going to be done, by time."""

    stolen: dict[str, Plan] = field(default_factory=dict)
    due: list[tuple[int, int, AnyControl]] = field(default_factory=list)
    count: int = 0

    def act(self, at_ms: int, control: AnyControl) -> None:
        self.count += 1
        heapq.heappush(self.due, (at_ms, self.count, control))

    def upto(self, at_ms: int) -> Iterator[tuple[int, AnyControl]]:
        while self.due and self.due[0][0] < at_ms:
            when, _, control = heapq.heappop(self.due)
            yield when, control


class City:
    """Lives a month; every number of it comes from the seed."""

    def __init__(
        self,
        *,
        vehicles: int,
        days: float,
        per_day: int,
        thefts_a_day: int,
        t0_ms: int,
        seed: int,
    ) -> None:
        """Plan the month; excursions are as many as thefts."""
        self._vehicles, self._t0_ms = vehicles, t0_ms
        self._every_s = DAY_S / per_day
        self._rounds = round(days * per_day)
        self._rng = np.random.default_rng(seed)
        self._noise = NoiseField(REPORTING[NOISE], vehicles, seed_of(NOISE, FIRST_NUMBER + seed))
        total = max(1, round(days * thefts_a_day))
        last_s = days * DAY_S - RIDE_S - AWAY_S - END_S
        times = self._rng.uniform(BEGIN_S, last_s, 2 * total)
        names = self._rng.permutation(vehicles)[: 2 * total]
        self._plans = {
            int(vehicle): Plan(vehicle=int(vehicle), at_s=round(at_s), is_theft=k < total)
            for k, (vehicle, at_s) in enumerate(zip(names, times, strict=False))
        }
        self._people = _People()
        self._seqs = np.zeros(vehicles, np.int64)
        self.lived = Lived(
            thefts=sum(plan.is_theft for plan in self._plans.values()),
            excursions=sum(not plan.is_theft for plan in self._plans.values()),
        )

    def live(self, folder: Path, records: sa.Engine, progress: Callable[[int, int], None]) -> Lived:
        """Write journal and records; ``progress`` is told rounds done and in all."""
        settings = Settings()
        pipeline = build_pipeline(
            settings,
            LatestArray().rows_for,
            adapters=settings.adapters,
            bound=settings.quarantine,
        )
        ledger = RecordsProcessLedger(records, "benchmark", now_ms=lambda: self._t0_ms)
        writer = SqliteJournalWriter(
            folder, segment_bytes=1 << 30, reserve_bytes=0, now_ms=lambda: self._t0_ms
        )
        strides, unwritten = Strides(STRIDE_MS), list[Incoming]()
        for incoming in self._steps(progress):
            entries = [
                Entry(self.lived.entries + k, *one) for k, one in enumerate(incoming, start=1)
            ]
            self.lived.entries += len(entries)
            unwritten += incoming
            if len(unwritten) >= APPEND:
                writer.append(unwritten)
                unwritten = []
            outcome = Outcome()
            for stride in (*strides.cut(entries), *strides.rest()):
                pipeline.longest_tick_ms = stride.longest_tick_ms
                pipeline.step(stride.entries, outcome)
            if outcome.effects:
                ledger.commit(
                    ProcessCommit(
                        upto_seq=entries[-1].seq,
                        recv_ms=entries[-1].recv_ms,
                        books={},
                        effects=outcome.effects,
                    )
                )
                self._react(outcome.effects, entries[-1].recv_ms)
        if unwritten:
            writer.append(unwritten)
        writer.close()
        return self.lived

    # -- time -------------------------------------------------------------------------------

    def _steps(self, progress: Callable[[int, int], None]) -> Iterator[list[Incoming]]:
        """Everything that is received, a minute at a time."""
        yield self._registrations()
        waiting: list[Incoming] = []
        at_ms = self._t0_ms
        for round_ in range(self._rounds):
            waiting += self._round(round_)
            ends_ms = self._t0_ms + round((round_ + 1) * self._every_s * 1000)
            waiting.sort(key=lambda one: one.recv_ms)
            while at_ms + STEP_S * 1000 <= ends_ms:
                upto_ms = at_ms + STEP_S * 1000
                now = [one for one in waiting if one.recv_ms < upto_ms]
                waiting = waiting[len(now) :]
                now += [self._incoming(EntryKind.TICK, at_ms + 1000 * k) for k in range(STEP_S)]
                now += [
                    self._incoming(EntryKind.CONTROL, when, payload=controls.encode(control))
                    for when, control in self._people.upto(upto_ms)
                ]
                now.sort(key=lambda one: one.recv_ms)
                yield now
                at_ms = upto_ms
            progress(round_ + 1, self._rounds)
        if waiting:
            yield waiting

    def _registrations(self) -> list[Incoming]:
        made: list[AnyControl] = []
        for start in range(0, self._vehicles, controls.REGISTERED_MAX):
            some = range(start, min(start + controls.REGISTERED_MAX, self._vehicles))
            vehicles = [Vehicle(id=vehicle_id(k), contacts=("owner", "second")) for k in some]
            devices = [
                Device(id=device_id(k), slot=k, cls=DeviceClass.TRACKER, vehicle_id=vehicle_id(k))
                for k in some
            ]
            made.append(RegisterVehicles(at_ms=self._t0_ms, vehicles=vehicles))
            made.append(RegisterDevices(at_ms=self._t0_ms, devices=devices))
        return [
            self._incoming(EntryKind.CONTROL, self._t0_ms, payload=controls.encode(control))
            for control in made
        ]

    def _incoming(
        self, kind: EntryKind, at_ms: int, *, topic: str = "", payload: bytes = b""
    ) -> Incoming:
        flags = 1 if kind is EntryKind.TICK else 0
        return Incoming(int(kind), at_ms, at_ms - self._t0_ms, flags, topic, payload)

    # -- messages ---------------------------------------------------------------------------

    def _round(self, round_: int) -> Iterator[Incoming]:
        """One report of every vehicle, and what moving ones say between."""
        errors = self._noise.after(self._every_s)
        begins_s = round_ * self._every_s
        for k in range(self._vehicles):
            t_s = begins_s + k * self._every_s / self._vehicles
            plan = self._plans.get(k)
            away_m = 0.0 if plan is None else plan.away_m(t_s)
            if errors.heard[k]:
                yield self._fix(k, t_s, float(errors.east_m[k]) + away_m, float(errors.north_m[k]))
            if plan is not None and begins_s <= plan.at_s < begins_s + self._every_s:
                yield from self._happening(plan)

    def _happening(self, plan: Plan) -> Iterator[Incoming]:
        """Shaken, then a report every 10 s (the tracker was woken)."""
        k, began_s = plan.vehicle, plan.at_s
        at_ms = self._t0_ms + began_s * 1000
        word = {"v": 1, "ev_id": f"e{began_s}", "t": at_ms, "type": "vibration"}
        topic = topic_of(k).replace("/fix", "/event")
        raw = json.dumps(word).encode()
        yield self._incoming(EntryKind.MQTT, at_ms, topic=topic, payload=raw)
        self.lived.messages += 1
        noise = self._rng.normal(0, 2.0, (RIDE_S // 10, 2))
        for n in range((RIDE_S if plan.is_theft else BAIT_S) // 10):
            t_s = began_s + 10.0 * (n + 1)
            yield self._fix(k, t_s, plan.away_m(t_s) + noise[n, 0], noise[n, 1])

    def _fix(self, k: int, t_s: float, east_m: float, north_m: float) -> Incoming:
        """A fix of docs/wire.md's size."""
        t_ms = self._t0_ms + round(t_s * 1000)
        self._seqs[k] += 1
        self.lived.messages += 1
        lat_deg = _LAT0 + k * 1e-3 + north_m / M_PER_DEG_LAT
        lon_deg = _LON0 + east_m / _EAST
        raw = (
            f'{{"v":1,"id":"{device_id(k)}","boot":"7f3a","seq":{self._seqs[k]},"t":{t_ms},"pos":'
            f'{{"lat":{lat_deg:.6f},"lon":{lon_deg:.6f},"acc_m":6.5,"hdop":0.9,"sat":14,'
            '"spd_kmh":0.4,"cog":87},"st":{"ign":false,"motion":false,"ext_power":true},'
            '"bat":{"pct":82,"mv":3980,"ext_mv":52100},"net":{"rssi_dbm":-87},"next_s":240}'
        )
        return self._incoming(EntryKind.MQTT, t_ms + 50, topic=topic_of(k), payload=raw.encode())

    # -- people -----------------------------------------------------------------------------

    def _react(self, effects: Effects, now_ms: int) -> None:
        """Answer what was told; everything is done after this step."""
        people, soon_ms = self._people, now_ms + 2_000
        self.lived.incidents += len(effects.incidents)
        for change in effects.alerts:
            if change.what != "raised" or change.level < 1:
                continue
            self.lived.alerts += 1
            plan = self._plans.get(int(change.vehicle_id.removeprefix("v-")))
            age_s = (change.caused_recv_ms - self._t0_ms) / 1000 - (plan.at_s if plan else 0)
            if plan is not None and 0 <= age_s < RIDE_S + AWAY_S:
                if plan.is_theft:
                    self._answer(change.vehicle_id, change.alert_id, now_ms + 60_000, "not_me")
                else:
                    verdict = DeskVerdict(
                        at_ms=now_ms + 90_000,
                        by="desk",
                        alert_id=change.alert_id,
                        verdict="dismiss",
                        outcome="gps_drift",
                    )
                    people.act(verdict.at_ms, verdict)
            elif self._rng.random() < ANSWERS:
                self._answer(change.vehicle_id, change.alert_id, now_ms + 120_000, "me")
        for notice in effects.notices:
            if notice.kind is NoticeKind.OWNER_NOTICE:
                told = Delivered(
                    at_ms=soon_ms,
                    alert_id=notice.alert_id,
                    notice=notice.kind,
                    receiver=notice.receiver,
                )
                people.act(soon_ms, told)
        for opened in effects.incidents:
            closed = IncidentMoved(
                at_ms=now_ms + 1_900_000,
                by="officer",
                incident_id=opened.incident_id,
                alert_id=opened.alert.alert_id,
                state="closed",
                outcome="theft_recovered",
            )
            people.act(closed.at_ms, closed)

    def _answer(self, vehicle: str, alert_id: str, at_ms: int, answer: str) -> None:
        said = OwnerAnswer(
            at_ms=at_ms,
            by="owner",
            vehicle_id=vehicle,
            alert_id=alert_id,
            answer="me" if answer == "me" else "not_me",
        )
        self._people.act(at_ms, said)
