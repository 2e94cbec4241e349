"""What is wrong with a charging station by its newest status alone: ``Cause`` bits. Pure.

What needs memory or time (a stuck relay, a dead port, money) is ``devices.chargers``'.
"""

from devices.causes import Cause
from devices.readings import ChargerStatus, PortState

STATION_FAULT_SHARE = 0.3
"""So many of its ports faulted is the station's own fault. Source: health.md, Charger."""
MAINS_V = (198, 242)
"""Mains outside is told, volts. Source: health.md, Charger."""
HOT_C = 65
"""A port hotter is overheated, degrees Celsius. Source: health.md, Charger."""
CRITICAL_C = 85
"""A port hotter may burn, degrees Celsius. Source: health.md, Charger."""
NEARLY_FULL_SHARE, FULL_SHARE = 0.80, 0.95
"""A box with more of its coins is nearly full, full. Source: health.md, Charger."""
SHORT_CIRCUIT = "short_circuit"
"""The error of a port that has one (wire.md, Errors)."""


def charger_condition(status: ChargerStatus) -> int:
    """Faulted ports, mains, heat, smoke, a short circuit, and how full the box is."""
    bits = 0
    faulted = sum(port.state is PortState.FAULTED for port in status.ports)
    if faulted:
        bits |= Cause.PORT_FAULT
        if faulted >= STATION_FAULT_SHARE * len(status.ports):
            bits |= Cause.STATION_FAULT
    if status.mains_v is not None and not MAINS_V[0] <= status.mains_v <= MAINS_V[1]:
        bits |= Cause.MAINS_OUT_OF_RANGE
    hottest_c = max((port.temp_c for port in status.ports if port.temp_c is not None), default=0.0)
    if hottest_c > CRITICAL_C:
        bits |= Cause.OVERHEATED_CRITICAL
    elif hottest_c > HOT_C:
        bits |= Cause.OVERHEATED
    if status.smoke:
        bits |= Cause.SMOKE
    if any(port.err == SHORT_CIRCUIT for port in status.ports):
        bits |= Cause.SHORT_CIRCUIT
    return int(bits) | box_condition(status.box_coins, status.box_cap_coins)


def box_condition(coins: int | None, cap_coins: int | None) -> int:
    """How full the box is; nothing where the station does not tell both numbers."""
    if coins is None or not cap_coins:
        return 0
    if coins > FULL_SHARE * cap_coins:
        return int(Cause.BOX_FULL)
    return int(Cause.BOX_NEARLY_FULL) if coins > NEARLY_FULL_SHARE * cap_coins else 0
