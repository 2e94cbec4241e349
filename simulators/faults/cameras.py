"""A camera's day: infrared at night; and a picture that is black."""

from collections.abc import Callable

import msgspec
import numpy as np

from simulators.encode import CameraHeartbeat, Channel, encode
from simulators.faults.links import Span
from simulators.faults.saying import HOUR_S, Changing, Said, decoded

DUSK_S, DAWN_S = 17.0 * HOUR_S, 6.5 * HOUR_S
"""When cameras switch to infrared and back, seconds after midnight; late November at Hefei."""
SHIFT_S = 900.0
"""They do so up to this much earlier or later: each sees its own street."""
NIGHT_KBPS, NIGHT_FPS = 0.45, 0.8
"""A grey picture needs so much of the day's rate, and its longer exposure so much of its pictures:
assumed. It is not black, and 0.8 is above the 0.6 of docs/health.md."""
BLACK_KBPS = (15, 40)
"""An encoder's rate for black pictures of 3 Mbit/s by day: assumed; about 1 % of it."""


def nights(rng: np.random.Generator) -> Changing:
    """Infrared from dusk to dawn."""
    shift_s = float(rng.uniform(-SHIFT_S, SHIFT_S))

    def seen(channel: Channel, at_s: float) -> Channel:
        if DAWN_S <= at_s + shift_s < DUSK_S:
            return channel
        kbps, fps = round(channel.kbps * NIGHT_KBPS), round(channel.fps * NIGHT_FPS, 1)
        return msgspec.structs.replace(channel, kbps=kbps, fps=fps)

    return _channels(seen)


def black(rng: np.random.Generator, spell: Span) -> Changing:
    """Nothing to be seen: frames go on, and hardly a bit in them."""

    def seen(channel: Channel, at_s: float) -> Channel:
        if not spell[0] <= at_s < spell[1]:
            return channel
        return msgspec.structs.replace(channel, kbps=int(rng.integers(*BLACK_KBPS)))

    return _channels(seen)


def _channels(seen: Callable[[Channel, float], Channel]) -> Changing:
    def change(said: Said) -> Said:
        if said.channel != "hb":
            return said
        beat = decoded(said, CameraHeartbeat)
        channels = [seen(channel, said.at_s) for channel in beat.ch]
        return said._replace(payload=encode(msgspec.structs.replace(beat, ch=channels)))

    return Changing(change)
