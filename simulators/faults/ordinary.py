"""What goes wrong on any day and is no fault: losses, reconnects, a router off, a restart."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from simulators.faults.cameras import nights
from simulators.faults.links import Blind, Cut, Span, Thinned
from simulators.faults.planting import Planting
from simulators.faults.saying import DAY_S, HOUR_S, Filter
from simulators.faults.stations import Boxes, LateStop, Reboot
from simulators.faults.town import Town
from simulators.outgoing import generator

LOST_SHARE = 0.01
"""Single reports that never come; assumed."""
RECONNECTING = 0.4
"""Share of the devices whose line is cut now and then, at most three times a day, 45 min apart; the
others lose single reports. Both are far below flapping (docs/health.md)."""
RECONNECT_S, RECONNECT_GAP_S = (20.0, 70.0), 2_700.0
WILL_S = 15.0
"""A short cut is told at once where the socket breaks; assumed."""
KEEPALIVE_S = 90.0
"""A device without power is noticed after 1.5 keep-alives of 60 s (MQTT 3.1.1, 3.1.2.10)."""

Side = dict[str, object]


@dataclass(slots=True)
class Ordinary:
    """A day's small troubles.

    Attributes:
        sides: What people and the service do: moment and fields of a ``side`` line.
    """

    sides: list[tuple[float, Side]] = field(default_factory=list)
    _filters: dict[str, list[Filter]] = field(default_factory=dict)

    def put(self, device_id: str, *filters: Filter) -> None:
        """Something befalls a device."""
        self._filters.setdefault(device_id, []).extend(filters)

    def filters(self, device_id: str) -> list[Filter]:
        """What befalls a device, the innermost first."""
        return self._filters.get(device_id, [])


def drawn_for(town: Town, planted: Planting) -> Ordinary:
    """Draw the troubles of one day; they leave alone whose link is planted to fail."""
    usual = Ordinary()
    rng = generator(town.plan.seed, "faults", "ordinary")
    healthy = [name for name in town.spread if name not in planted.touched]
    router, serviced = (healthy[int(k)] for k in rng.choice(len(healthy), 2, replace=False))
    for device_id in (*town.hall, *town.spread):
        usual.put(device_id, nights(generator(town.plan.seed, "faults", "night", device_id)))
    for number, device_id in enumerate(town.stations):
        times_s = rng.uniform(1.0, 2.0) * HOUR_S, rng.uniform(20.5, 21.5) * HOUR_S
        short = planted.short_coins.get(device_id, 0)
        usual.put(device_id, Boxes(device_id, times_s, short_coins=short))
        if number % 4 == 1:
            begin_s = float(rng.uniform(6.0, 16.0)) * HOUR_S
            usual.put(device_id, LateStop((begin_s, begin_s + 2.0 * HOUR_S)))
        if number % 6 == 2:  # noqa: PLR2004 - every sixth
            usual.put(device_id, Reboot(device_id, float(rng.uniform(4.0, 22.0)) * HOUR_S))
    for device_id in town.identities:
        if device_id not in planted.linked | {router, serviced}:
            usual.put(device_id, _line_of(town, device_id, rng))
    ride_s = float(rng.uniform(17.0, 18.0)) * HOUR_S
    usual.put(town.riders[-1], Blind((ride_s, ride_s + 700.0)))
    off_s = float(rng.uniform(9.0, 18.0)) * HOUR_S
    _cut(usual, town, router, (off_s, off_s + float(rng.uniform(2_400.0, 5_400.0))))
    _serviced(usual, town, serviced, float(rng.uniform(9.0, 15.0)) * HOUR_S)
    usual.sides.append((float(rng.uniform(3.0, 5.0)) * HOUR_S, {"type": "restart", "down_s": 60.0}))
    return usual


def _line_of(town: Town, device_id: str, rng: np.random.Generator) -> Filter:
    """Single losses, or short cuts; never both on one line."""
    own = generator(town.plan.seed, "faults", "line", device_id)
    if device_id in {*town.hall, *town.sleepers, *town.riders} or rng.random() >= RECONNECTING:
        return Thinned(_draws(own), LOST_SHARE, frozenset({"fix", "hb", "status"}))
    spells: list[Span] = []
    at_s = RECONNECT_GAP_S + float(own.uniform(0.0, 0.5 * DAY_S))
    for _ in range(int(own.integers(1, 4))):
        end_s = at_s + float(own.uniform(*RECONNECT_S))
        if end_s < DAY_S:
            spells.append((at_s, end_s))
        at_s = end_s + RECONNECT_GAP_S + float(own.uniform(0.0, 0.2 * DAY_S))
    return Cut(town.identities[device_id], spells, will_after_s=WILL_S)


def _draws(rng: np.random.Generator) -> Iterator[float]:
    while True:
        yield from rng.random(64).tolist()


def _cut(usual: Ordinary, town: Town, device_id: str, spell: Span) -> None:
    usual.put(device_id, Cut(town.identities[device_id], [spell], will_after_s=KEEPALIVE_S))


def _serviced(usual: Ordinary, town: Town, device_id: str, at_s: float) -> None:
    """Staff say so, take the camera down for 50 minutes, and put it back."""
    who = {"class": "cam", "id": device_id}
    _cut(usual, town, device_id, (at_s + 600.0, at_s + 3_600.0))
    for when_s, admin in ((at_s, "maintenance"), (at_s + 4_200.0, "active")):
        usual.sides.append((when_s, {"type": "register", "device": {**who, "admin": admin}}))
