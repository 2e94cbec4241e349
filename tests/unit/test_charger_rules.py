"""What takes time or memory to tell of a station: ports, sessions, the box."""

import msgspec
import pytest

from devices.causes import Cause
from devices.charger_conditions import charger_condition
from devices.control import CollectionTask
from devices.readings import (
    AnyReading,
    ChargerStatus,
    CoinKind,
    CoinReport,
    Event,
    EventType,
    PayKind,
    Port,
    PortState,
    StopReason,
)
from support.charger_shop import START, STOP, Shop, a_port, a_status, said
from support.factories import ELAPSED0_MS, an_event, at_ms

STUCK, LONG, RELAY = Cause.SESSION_STUCK, Cause.SESSION_LONG, Cause.RELAY_STUCK
DEAD, NOT_SERVED, NOT_PAID = Cause.PORT_DEAD, Cause.PAID_NOT_SERVED, Cause.SERVED_NOT_PAID
OPEN = Cause.BOX_OPEN
HOUR_S = 3_600


def holds(shop: Shop, cause: Cause) -> bool:
    """Whether a cause holds now."""
    return bool(shop.chargers.causes(2) & cause)


def hear_every(
    shop: Shop, every_s: int, for_s: int, ports: tuple[Port, ...], begin_s: int = 0
) -> None:
    """The same ports in every status of a time."""
    for at_s in range(begin_s, begin_s + for_s + 1, every_s):
        shop.hear(a_status(at_s, ports=ports))


# -- current and sessions -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("port", "for_s", "stuck"),
    [
        (a_port(PortState.AVAILABLE, w=36.0), 120, True),
        (a_port(PortState.FAULTED, w=36.0), 120, True),
        (a_port(PortState.AVAILABLE, w=36.0), 60, False),
        (a_port(PortState.AVAILABLE, w=5.0), 240, False),
        (a_port(PortState.AVAILABLE), 240, False),
        (a_port(PortState.CHARGING, w=142.0, session="S-1"), 240, False),
        (a_port(PortState.FAULTED, err="relay_stuck"), 0, True),
    ],
)
def test_current_without_a_session_is_a_stuck_relay(
    port: tuple[Port, ...], for_s: int, *, stuck: bool
) -> None:
    """More than 5 W for 120 s, or the station's own word."""
    shop = Shop()

    hear_every(shop, 60, for_s, port)

    assert holds(shop, RELAY) is stuck


def test_stuck_relay_is_over_when_no_current_flows() -> None:
    """Somebody repaired it."""
    shop = Shop()
    hear_every(shop, 60, 180, a_port(PortState.AVAILABLE, w=36.0))

    shop.hear(a_status(240, ports=a_port(PortState.AVAILABLE, w=0.0)))

    assert shop.causes == [int(RELAY), 0]


@pytest.mark.parametrize(
    ("state", "w", "for_s", "stuck"),
    [
        (PortState.CHARGING, 2.0, 600, True),
        (PortState.PREPARING, 0.0, 600, True),
        (PortState.CHARGING, 2.0, 540, False),
        (PortState.CHARGING, 80.0, 600, False),
        (PortState.CHARGING, None, 600, False),
        (PortState.FLOAT, 2.0, 1200, False),
        (PortState.FINISHING, 0.0, 1200, False),
        (PortState.OCCUPIED, 0.0, 1200, False),
    ],
)
def test_session_without_current_is_stuck(
    state: PortState, w: float | None, for_s: int, *, stuck: bool
) -> None:
    """For ten minutes; a full battery is none, and what is not told proves nothing."""
    shop = Shop()

    hear_every(shop, 60, for_s, a_port(state, w=w, session="S-1"))

    assert holds(shop, STUCK) is stuck


def test_session_of_more_than_ten_hours_is_told_until_it_ends() -> None:
    """By our clock; while the station is silent nobody knows."""
    shop = Shop()
    shop.hear(said(START, 0))
    shop.chargers.tick(ELAPSED0_MS + 11 * HOUR_S * 1000)
    silent = holds(shop, LONG)
    port = a_port(PortState.CHARGING, w=90.0, session="58")
    shop.hear(a_status(36_000, ports=port))
    ten = holds(shop, LONG)
    shop.hear(a_status(36_060, ports=port))
    more = holds(shop, LONG)
    shop.hear(said(STOP, 36_100, energy_wh=900))

    assert (silent, ten, more, holds(shop, LONG)) == (False, False, True, False)


# -- who paid and who was served ------------------------------------------------------------


def served(at_s: float, name: str, port: int) -> list[AnyReading]:
    """Somebody charged well."""
    paid = {"port": port, "paid_fen": 100, "pay": PayKind.COIN}
    return [said(START, at_s, name, **paid), said(STOP, at_s + 600, name, energy_wh=60, **paid)]


def in_vain(at_s: float, name: str, **more: object) -> AnyReading:
    """Somebody paid, and the session ended at once."""
    words = {"energy_wh": 0, "stop": StopReason.NOT_PLUGGED, "start_t_ms": at_ms(at_s)}
    return said(STOP, at_s + 120, name, **(words | {"paid_fen": 100, "pay": PayKind.COIN} | more))


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, True),
        ({"stop": StopReason.FAULT, "pay": PayKind.QR}, True),
        ({"refund_fen": 100}, False),
        ({"pay": PayKind.FREE}, False),
        ({"paid_fen": 0}, False),
        ({"stop": StopReason.USER}, False),
        ({"energy_wh": 7}, False),
        ({"energy_wh": None}, False),
    ],
)
def test_who_paid_and_got_nothing_is_told_for_a_day(more: dict[str, object], *, told: bool) -> None:
    """Unless he got his money back, left by himself, or nobody knows what he got."""
    shop = Shop()

    shop.hear(in_vain(0, "S-1", **more))
    first = holds(shop, NOT_SERVED)
    shop.tick(ELAPSED0_MS + 25 * HOUR_S * 1000)

    assert first is told
    assert not holds(shop, NOT_SERVED)


@pytest.mark.parametrize(("begun", "told"), [(None, True), (1, False), (2, True)])
def test_coin_for_a_port_on_which_no_session_begins(begun: int | None, *, told: bool) -> None:
    """Swallowed: told after ten minutes, by stations that tell of sessions."""
    shop, silent = Shop(), Shop()
    ports = (*a_port(PortState.AVAILABLE), Port(n=2, state=PortState.AVAILABLE))
    for one in (shop, silent):
        one.hear(a_status(0, ports=ports))
    shop.hear(*served(10, "S-1", 1))

    for one in (shop, silent):
        one.hear(coin(3_000, CoinKind.INSERT, n=1, denom_fen=100, port=1))
    if begun is not None:
        shop.hear(said(START, 3_010, "S-2", port=begun, paid_fen=100))
    for at_s in (3_060, 3_660):
        for one in (shop, silent):
            one.tick(ELAPSED0_MS + at_s * 1000)

    assert holds(shop, NOT_SERVED) is told
    assert not holds(silent, NOT_SERVED)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"paid_fen": 0, "pay": PayKind.COIN}, True),
        ({"paid_fen": 0, "pay": PayKind.FREE}, False),
        ({"paid_fen": 100}, False),
        ({}, False),
    ],
)
def test_energy_that_nobody_paid_for(more: dict[str, object], *, told: bool) -> None:
    """Only where the station says that nothing was paid, and not by its kind."""
    shop = Shop()

    shop.hear(said(STOP, 600, energy_wh=300, **more))

    assert holds(shop, NOT_PAID) is told


def test_port_that_charges_in_nobodys_session_serves_for_nothing() -> None:
    """Where the station names sessions: a lost start is named by the status."""
    quiet, shop = Shop(), Shop()
    shop.hear(a_status(-60, ports=a_port(PortState.CHARGING, w=90.0, session="S-1")))
    shop.hear(said(STOP, -30, "S-1", energy_wh=60))

    for one in (quiet, shop):
        hear_every(one, 60, 600, a_port(PortState.CHARGING, w=90.0))

    assert (holds(quiet, NOT_PAID), holds(shop, NOT_PAID)) == (False, True)


def test_port_is_dead_when_three_in_a_row_got_nothing_while_others_were_served() -> None:
    """And alive again with the first one it serves."""
    shop = Shop()
    ports = (*a_port(PortState.AVAILABLE), Port(n=2, state=PortState.AVAILABLE))
    shop.hear(a_status(0, ports=ports), *served(10, "S-0", 2))
    seen = []

    for k in range(1, 4):
        shop.hear(in_vain(3_600 * k, f"V-{k}"))
    seen.append(holds(shop, DEAD))  # the whole station may be dark
    shop.hear(*served(16_000, "S-1", 2))
    seen.append(holds(shop, DEAD))
    shop.hear(*served(19_000, "S-2", 1))
    seen.append(holds(shop, DEAD))

    assert seen == [False, True, False]


def test_two_customers_without_a_plug_make_no_dead_port() -> None:
    """Nor do three with one served between."""
    shop = Shop()
    shop.hear(
        a_status(0, ports=(*a_port(PortState.AVAILABLE), Port(n=2, state=PortState.AVAILABLE)))
    )

    shop.hear(in_vain(0, "V-0"), in_vain(600, "V-1"), *served(1_200, "S-1", 1))
    shop.hear(in_vain(3_600, "V-2"), *served(4_000, "S-2", 2))

    assert not holds(shop, DEAD)


def test_stop_that_comes_late_makes_no_dead_port_alive() -> None:
    """It was served before three got nothing, and was settled offline."""
    shop = Shop()
    ports = (*a_port(PortState.AVAILABLE), Port(n=2, state=PortState.AVAILABLE))
    shop.hear(a_status(0, ports=ports))
    before = served(100, "S-1", 1)

    shop.hear(*(in_vain(3_600 * k, f"V-{k}") for k in range(1, 4)))
    shop.hear(*served(16_000, "S-2", 2), *before)

    assert holds(shop, DEAD)


# -- the box --------------------------------------------------------------------------------


def coin(at_s: float, kind: CoinKind, **more: object) -> CoinReport:
    """A word of the coin box."""
    return msgspec.structs.replace(CoinReport(t_ms=at_ms(at_s), kind=kind), **more)


def sent(shop: Shop, at_s: float, until_s: float) -> None:
    """Somebody is sent to empty the box."""
    task = CollectionTask(at_ms=at_ms(at_s), by="li", device_id="chg", until_ms=at_ms(until_s))
    now = {"recv_ms": at_ms(at_s), "elapsed_ms": ELAPSED0_MS + round(at_s * 1000)}
    shop.chargers.control(task, 2, **now)
    shop.look()


@pytest.mark.parametrize(
    "opened",
    [
        a_status(60, door_open=True),
        an_event(EventType.DOOR, 60),
        coin(60, CoinKind.BOX_OPEN),
    ],
)
def test_box_that_is_opened_and_nobody_was_sent(opened: ChargerStatus | Event | CoinReport) -> None:
    """Told for an hour at least; during a collection task it is nobody's break-in."""
    alone, sent_to = Shop(), Shop()
    sent(sent_to, 0, 1_800)

    for shop in (alone, sent_to):
        shop.hear(opened)
        shop.hear(a_status(120, door_open=False))
    first = holds(alone, OPEN), holds(sent_to, OPEN)
    alone.tick(ELAPSED0_MS + 3_720_000)

    assert first == (True, False)
    assert not holds(alone, OPEN)


def test_door_that_stays_open_after_the_task_is_told() -> None:
    """The collector forgot it."""
    shop = Shop()
    sent(shop, 0, 600)
    shop.hear(a_status(60, door_open=True))
    during = holds(shop, OPEN)
    shop.tick(ELAPSED0_MS + 660_000)
    after = holds(shop, OPEN)
    sent(shop, 700, 1_300)

    assert (during, after, holds(shop, OPEN)) == (False, True, False)


@pytest.mark.parametrize(
    ("coins", "cap_coins", "cause"),
    [(640, 800, 0), (641, 800, Cause.BOX_NEARLY_FULL), (761, 800, Cause.BOX_FULL), (900, None, 0)],
)
def test_box_fills(coins: int, cap_coins: int | None, cause: int) -> None:
    """Above 80 % and above 95 % of what it holds."""
    status = ChargerStatus(t_ms=0, box_coins=coins, box_cap_coins=cap_coins)

    assert charger_condition(status) == cause


@pytest.mark.parametrize(
    ("temp_c", "cause"), [(65, 0), (66, Cause.OVERHEATED), (86, Cause.OVERHEATED_CRITICAL)]
)
def test_port_gets_hot(temp_c: float, cause: int) -> None:
    """Above 65 and above 85 °C, one of the two."""
    ports = (Port(n=1, state=PortState.CHARGING, temp_c=temp_c),)

    assert charger_condition(ChargerStatus(t_ms=0, ports=ports)) == cause
