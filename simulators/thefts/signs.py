"""What trackers notice: touches of passers-by, keys, forced locks, lifting, cut wires."""

import numpy as np

from simulators.thefts.lives import Sign

TOUCH_GAP_S = 900.0
"""Passers-by touch a parked vehicle so often on average, seconds; assumed."""
SHAKEN_EVERY_S = 25.0
"""Something that is rolled or carried is shaken so often, seconds; assumed."""


def touches(rng: np.random.Generator, from_s: float, to_s: float) -> tuple[Sign, ...]:
    """Vibrations of passers-by while it is parked."""
    number = int(rng.poisson((to_s - from_s) / TOUCH_GAP_S))
    return tuple(
        Sign(at_s=at_s, event="vibration", level=1, lasts_s=2.0)
        for at_s in sorted(rng.uniform(from_s, to_s, number).tolist())
    )


def key_taken(at_s: float) -> tuple[Sign, ...]:
    """The owner unlocks with his key, disarms and switches on."""
    return (
        Sign(at_s=at_s, event="unlock"),
        Sign(at_s=at_s + 0.5, event="disarm", switches={"armed": False}),
        Sign(at_s=at_s + 2.0, switches={"ign": True}),
    )


def key_turned(at_s: float) -> tuple[Sign, ...]:
    """He parks, switches off and arms by his key."""
    return (
        Sign(at_s=at_s, switches={"ign": False}),
        Sign(at_s=at_s + 3.0, event="arm", switches={"armed": True}),
    )


def switched_on(at_s: float) -> tuple[Sign, ...]:
    """Somebody sits on and switches on: no key tells the tracker who."""
    return (
        Sign(at_s=at_s, event="vibration", level=1, lasts_s=2.0),
        Sign(at_s=at_s + 2.0, switches={"ign": True}),
    )


def switched_off(at_s: float) -> tuple[Sign, ...]:
    """The ignition goes off, nobody arms."""
    return (Sign(at_s=at_s, switches={"ign": False}),)


def forced(at_s: float) -> tuple[Sign, ...]:
    """The lock is broken and the ignition bridged within six seconds."""
    return (
        Sign(at_s=at_s, event="vibration", level=3, lasts_s=4.0),
        Sign(at_s=at_s + 4.0, event="illegal_ignition", level=3, switches={"ign": True}),
    )


def lifted(at_s: float, *, loaded_s: float = 24.0) -> tuple[Sign, ...]:
    """Two people lift it: shaken, tilted, shaken again when it is put down."""
    return (
        Sign(at_s=at_s, event="vibration", level=2, lasts_s=6.0),
        Sign(at_s=at_s + 3.0, event="tilt", level=3),
        Sign(at_s=at_s + loaded_s, event="vibration", level=2),
    )


def rolled(from_s: float, to_s: float) -> tuple[Sign, ...]:
    """It is shaken all the way."""
    return tuple(
        Sign(at_s=float(at_s), event="vibration", level=2)
        for at_s in np.arange(from_s, to_s, SHAKEN_EVERY_S)
    )


def cut(at_s: float) -> Sign:
    """The main battery is cut off."""
    return Sign(at_s=at_s, event="power_cut", level=3, switches={"ext_power": False})


def opened(at_s: float) -> Sign:
    """The tracker's case is opened."""
    return Sign(at_s=at_s, event="tamper", level=3)
