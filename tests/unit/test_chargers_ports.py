"""Ports that are blocked, and what clears them."""

import pytest

from devices.chargers import Chargers
from devices.readings import (
    ChargerStatus,
    Flag,
    Port,
    PortState,
)
from support.charger_shop import BLOCKED, CHARGER, Shop, a_port, a_status
from support.factories import a_fix, a_record, at_ms

# -- ports ----------------------------------------------------------------------------------


def test_port_that_only_prepares_is_blocked_and_one_ticket() -> None:
    """26 h without current, one reboot in between (A-31)."""
    shop = Shop()
    seen = []

    for minutes in range(0, 26 * 60, 3):
        boot, ports = "a" if minutes < 800 else "b", a_port(PortState.PREPARING, w=0.0, wh=0.0)
        shop.hear(a_status(60 * minutes, boot, energy_total_wh=900, ports=ports))
        port = shop.state.ports[1]
        seen.append((port.state, port.blocked, port.in_use))

    assert seen == [("preparing", False, True)] * 20 + [("preparing", True, False)] * 500
    assert shop.causes == [BLOCKED]
    assert shop.state.ports[1].since_ms == at_ms(0)


@pytest.mark.parametrize(
    ("port", "state"),
    [
        (a_port(PortState.AVAILABLE), "available"),
        (a_port(PortState.CHARGING, w=142.0), "charging"),
        (a_port(PortState.PREPARING, w=60.0), "preparing"),
    ],
)
def test_only_a_real_change_clears_a_blocked_port(port: tuple[Port, ...], state: str) -> None:
    """Freed, or current flows."""
    shop = Shop()
    for at_s in (0, 3_600):
        shop.hear(a_status(at_s, ports=a_port(PortState.PREPARING)))

    shop.hear(a_status(3_700, ports=port))

    assert (shop.state.ports[1].state, shop.state.ports[1].blocked) == (state, False)
    assert shop.state.ports[1].in_use is (state != "available")
    assert shop.causes == [BLOCKED, 0]


@pytest.mark.parametrize("state", [PortState.CHARGING, PortState.UNAVAILABLE, PortState.FAULTED])
def test_words_alone_do_not_clear_a_blocked_port(state: PortState) -> None:
    """A reboot passes through other states; charging without current is none."""
    shop = Shop()
    for at_s in (0, 3_600):
        shop.hear(a_status(at_s, ports=a_port(PortState.PREPARING)))

    shop.hear(a_status(3_650, "8", ports=a_port(state, w=0.0)))
    shop.hear(a_status(3_700, "8", ports=a_port(PortState.PREPARING)))

    assert shop.state.ports[1].blocked
    assert not shop.state.ports[1].in_use
    assert shop.causes == [BLOCKED]


def test_customer_who_pays_and_charges_is_not_blocked() -> None:
    """Preparing for a minute, charging for hours, then full and still plugged."""
    shop = Shop()
    shop.hear(a_status(0, ports=a_port(PortState.PREPARING)))
    for k in range(1, 60):
        shop.hear(a_status(180 * k, ports=a_port(PortState.CHARGING, w=120.0)))
    for k in range(60, 120):
        shop.hear(a_status(180 * k, ports=a_port(PortState.OCCUPIED, w=0.0)))

    assert shop.state.ports[1].state == "occupied"
    assert shop.causes == []


def test_other_devices_and_clocks_ahead_do_no_harm() -> None:
    """Fixes are passed over; a status from the future orders nothing by its time."""
    chargers = Chargers()
    ahead = ChargerStatus(t_ms=at_ms(10**6), flags=int(Flag.FUTURE), coins_total=5)
    status = ChargerStatus(t_ms=at_ms(60), coins_total=7)

    chargers.records([a_record(a_fix(0)), a_record(ahead, device=CHARGER, at_s=0)])
    chargers.records([a_record(status, device=CHARGER)])

    assert chargers.state(1) is None
    assert chargers.causes(1) == 0
    state = chargers.state(2)
    assert state is not None
    assert state.money.credited_fen == 200
