"""A scene is put together: who is registered, what trackers say, what people do, what is right."""

import math
from collections.abc import Iterable

import msgspec
import numpy as np

from simulators.outgoing import generator
from simulators.thefts.expected import POLICE, READY, Expected, Story, Way
from simulators.thefts.lives import Life
from simulators.thefts.saying import FRAME, START_MS, Teller
from simulators.thefts.ways import Spot
from simulators.tracks import Path

ROOT = "pg/v1"
TOLD_EVERY_S = 15.0
"""Owners who were asked answer at the first of these moments at which there is something to
answer: a replay's answer to no alert has no effect."""
PHONE_EVERY_S, PHONE_ACC_M = 20.0, 8.0
"""A phone in a pocket tells its place so often, and errs so much (standard deviation); assumed."""

SIGNS_BEFORE_S = 30.0
"""A theft announces itself at most so long before the first step: locks, lifting; ours."""

_json = msgspec.json.Encoder()


class Scene:
    """What a scenario is built from. Seconds count from ``START_MS``.

    Attributes:
        share: Long quiet times are shortened to this share of themselves; 1 = whole.
    """

    def __init__(self, number: int, seed: int, *, share: float = 1.0, site: str = "open") -> None:
        """Begin an empty scene of one scenario; vehicles are at sites of the class ``site``."""
        self.number, self.seed, self.share = number, seed * 100 + number, share
        self._run = seed
        self._head: list[bytes] = [_line("meta", scenario=f"{number}", seed=seed, site_class=site)]
        self._said: list[tuple[int, bytes]] = []
        self._expected: list[Expected] = []
        self._extra: list[bytes] = []
        self._ways: dict[str, Way] = {}
        self._quiet_s = 0.0
        self._end_s = 0.0
        self._groups = (0, 0)
        self._incidents: tuple[int, int] | None = None
        self._conflicts: tuple[str, ...] = ()

    def rng(self, *names: str) -> np.random.Generator:
        """Random numbers of one part of the scene."""
        return generator(self.seed, "thefts", *names)

    def whole(self, seconds: float, *, least_s: float = 600.0) -> float:
        """A long quiet time, shortened when the scene is."""
        return max(least_s, seconds * self.share)

    def calm(self, rng: np.random.Generator) -> float:
        """It stands for 15-30 minutes before anything happens; at least 5 in a short scene."""
        return max(300.0, float(rng.uniform(900.0, 1_800.0)) * self.share)

    # -- who ----------------------------------------------------------------------------------

    def vehicle(self, vehicle: str, **fields: object) -> None:
        """Register a vehicle with more than the defaults."""
        self._head.append(_line("vehicle", id=vehicle, **fields))

    def device(self, device: str, vehicle: str | None, *, every_s: float = 10.0) -> None:
        """Register a tracker on a vehicle."""
        line: dict[str, object] = {"class": "trk", "id": device, "vehicle": vehicle}
        self._head.append(_line("device", **line, interval_s=round(every_s)))

    def place(self, kind: str, name: str, spot: Spot, radius_m: float, **fields: object) -> None:
        """Register a site, grid or fence: a circle."""
        lat, lon = FRAME.to_degrees(*spot)
        circle: dict[str, object] = {"id": name, "lat": lat, "lon": lon, "radius_m": radius_m}
        self._head.append(_line(kind, **circle, **fields))

    def live(self, vehicle: str, life: Life, *, device: str = "") -> None:
        """Let a vehicle live, with a tracker of its own unless another one is named."""
        name = device or f"trk-{vehicle}"
        self.device(name, vehicle, every_s=life.every_s)
        self.tell(name, life)

    def tell(self, device: str, life: Life, *, boot: str = "") -> None:
        """Let a tracker say what a life gives; it is registered elsewhere.

        With ``boot`` it is another piece of hardware that has the same name.
        """
        for at_s, channel, payload in Teller(device, life, seed=self.seed, boot=boot).said():
            self.send(at_s, f"trk/{device}/{channel}", payload)

    # -- what happens -------------------------------------------------------------------------

    def send(self, at_s: float, who: str, payload: bytes, *, text: bool = True) -> None:
        """One message as it arrives; ``text`` False = its bytes are no JSON."""
        recv_t = self.ms(at_s)
        self._end_s = max(self._end_s, at_s)
        topic = f"{ROOT}/up/{who}"
        body = (
            {"payload": msgspec.Raw(payload)}
            if text
            else {"payload_b64": payload}  # msgspec writes bytes as base64
        )
        self._said.append((recv_t, _line("mqtt", recv_t=recv_t, topic=topic, **body)))

    def side(self, at_s: float, type_: str, **fields: object) -> None:
        """What people and the world do beside the messages."""
        recv_t = self.ms(at_s)
        self._end_s = max(self._end_s, at_s)
        self._said.append((recv_t, _line("side", recv_t=recv_t, type=type_, **fields)))

    def answers(self, vehicle: str, answer: str, *, from_s: float, for_s: float = 240.0) -> None:
        """The owner looks at his phone from then on, and answers what he is asked."""
        for k in range(math.ceil(for_s / TOLD_EVERY_S)):
            self.side(from_s + k * TOLD_EVERY_S, "owner_answer", vehicle=vehicle, answer=answer)

    def phone(self, vehicle: str, path: Path, *, from_s: float, to_s: float) -> None:
        """The owner's phone tells where it is, on a way of its own."""
        rng = self.rng("phone", vehicle)
        for at_s in np.arange(from_s, to_s, PHONE_EVERY_S).tolist():
            place, error = path.place(at_s), PHONE_ACC_M * rng.standard_normal(2)
            lat, lon = FRAME.to_degrees(
                place.east_m + float(error[0]), place.north_m + float(error[1])
            )
            self.side(
                at_s + 0.3, "owner_phone", vehicle=vehicle, lat=lat, lon=lon,
                acc_m=round(1.5 * PHONE_ACC_M, 1), t=self.ms(at_s),
            )  # fmt: skip

    def tick(self, at_s: float) -> None:
        """The scene goes on until then."""
        self.side(at_s, "tick")

    # -- what is right ------------------------------------------------------------------------

    def right(self, *expected: Expected) -> None:
        """What may and must be said of vehicles."""
        self._expected += expected

    def quiet(self, *vehicles: str) -> None:
        """Nothing may be said of these."""
        self.right(*(Expected(vehicle=vehicle) for vehicle in vehicles))

    def groups(self, fewest: int, most: int) -> None:
        """So many incidents of a whole area or site."""
        self._groups = fewest, most

    def incidents(self, fewest: int, most: int) -> None:
        """So many incidents over all vehicles."""
        self._incidents = fewest, most

    def conflicts(self, *devices: str) -> None:
        """The identity of these must be doubted."""
        self._conflicts = devices

    def must(self, what: str, **fields: object) -> None:
        """An ``expect`` line of docs/replay.md at the end."""
        self._extra.append(_line("expect", what=what, **fields))

    def truth(self, vehicle: str, from_s: float, to_s: float, state: str) -> None:
        """What truly happened; of a theft ``stolen`` says it."""
        span: dict[str, object] = {"from": self.ms(from_s), "to": self.ms(to_s)}
        self._head.append(_line("truth", vehicle=vehicle, **span, state=state))
        self._quiet_s += to_s - from_s

    def stolen(
        self,
        vehicle: str,
        path: Path,
        *,
        until_s: float,
        parked_s: float = 0.0,
        begins_s: float | None = None,
    ) -> Way:
        """It is taken this way; from ``parked_s`` until ``begins_s`` it is parked.

        The first signs of the theft are not before ``begins_s``: half a minute before the first
        step unless another time is given.
        """
        begins_s = path.start_s - SIGNS_BEFORE_S if begins_s is None else begins_s
        way = Way(path=path, onset_s=path.onset_s(), begins_s=begins_s)
        self._ways[vehicle], onset_s = way, way.onset_s
        self.truth(vehicle, parked_s, begins_s, "parked")
        span: dict[str, object] = {"from": self.ms(begins_s), "to": self.ms(until_s)}
        self._head.append(
            _line("truth", vehicle=vehicle, **span, state="theft", onset=self.ms(onset_s))
        )
        return self._ways[vehicle]

    def story(
        self, *, twin: tuple[bytes, ...] = (), delay_s: float = 0.0, same_ids: bool = False
    ) -> Story:
        """The finished scene; ``twin`` and what goes with it as in ``Story``."""
        self.tick(self._end_s + 1.0)
        said = sorted(self._said, key=lambda one: one[0])
        lines = [*self._head, *(line for _, line in said), *self._extra, *self._expect_lines()]
        return Story(
            number=self.number,
            seed=self._run,
            start_ms=START_MS,
            lines=tuple(lines),
            expected=tuple(self._expected),
            ways=self._ways,
            groups=self._groups,
            incidents=self._incidents,
            conflicts=self._conflicts,
            twin=twin,
            delay_s=delay_s,
            same_ids=same_ids,
            vehicle_days=self._quiet_s / 86_400.0,
        )

    def _expect_lines(self) -> Iterable[bytes]:
        """As much of what is right as ``expect`` lines can say."""
        for one in self._expected:
            if one.at_most < POLICE + 1:
                yield _line("expect", what="no_alert", vehicle=one.vehicle, level=one.at_most + 1)
            if one.at_least:
                by = {} if math.isinf(one.by_s) else {"by": self.ms(one.by_s)}
                yield _line("expect", what="alert", vehicle=one.vehicle, level=one.at_least, **by)
            if one.is_fast:
                by_s = self._ways[one.vehicle].fast_until_s()
                yield _line(
                    "expect", what="alert", vehicle=one.vehicle, level=READY, by=self.ms(by_s)
                )

    def ms(self, at_s: float) -> int:
        """Wall clock of a moment of the scene, ms UTC."""
        return START_MS + round(at_s * 1000.0)


def _line(kind: str, **fields: object) -> bytes:
    return _json.encode({"kind": kind, **fields})
