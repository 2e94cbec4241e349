"""Charging stations: sessions, energy, money, and ports that are blocked."""

from collections.abc import Iterable

import msgspec
import pytest

from devices.chargers import CauseChange, Chargers, ChargersState, StationState
from devices.model import DeviceClass, Profile
from devices.presence import Cause
from devices.readings import (
    AnyReading,
    ChargerSession,
    ChargerStatus,
    CoinKind,
    CoinReport,
    Flag,
    Port,
    PortState,
    SessionKind,
    StopReason,
)
from support.factories import a_device, a_fix, a_record, at_ms

CHARGER = a_device(2, id="chg-000002", cls=DeviceClass.CHARGER, vehicle_id=None)
START, UPDATE, STOP = SessionKind.START, SessionKind.UPDATE, SessionKind.STOP
BLOCKED, SUSPECT = int(Cause.PORT_BLOCKED), int(Cause.MONEY_SUSPECT)


class Shop:
    """One station, checkpointed and loaded after every record."""

    def __init__(self, **profile: object) -> None:
        own = msgspec.structs.replace(Profile(), **profile)
        self.device = msgspec.structs.replace(CHARGER, profile=own)
        self.chargers = Chargers()
        self.changes: list[CauseChange] = []

    def hear(self, *readings: AnyReading, at_s: float | None = None) -> None:
        """Records in order, received when measured unless told."""
        for reading in readings:
            self.chargers.records([a_record(reading, device=self.device, at_s=at_s)])
            self.changes += self.chargers.take_changes()
            blob = msgspec.msgpack.encode(self.chargers.dump())
            self.chargers = Chargers()
            self.chargers.load(msgspec.msgpack.decode(blob, type=ChargersState))

    @property
    def state(self) -> StationState:
        """As the state line shows it."""
        state = self.chargers.state(2)
        assert state is not None
        return state

    def session(self, key: str) -> tuple[str, int, str]:
        """State, energy and review."""
        session = self.state.sessions[key]
        return session.state, session.energy_wh, session.review

    def money(self) -> tuple[int, int, int]:
        """Counter, credited, suspect."""
        money = self.state.money
        return money.counter_fen, money.credited_fen, money.suspect_fen


def _said(kind: SessionKind, at_s: float, session: str = "58", /, **more: object) -> ChargerSession:
    said = ChargerSession(t_ms=at_ms(at_s), kind=kind, session=session, port=1)
    return msgspec.structs.replace(said, **more)


def _status(
    at_s: float, boot: str = "7", *, seq: int | None = None, **more: object
) -> ChargerStatus:
    number = round(at_s) + 1_000_000 if seq is None else seq
    return msgspec.structs.replace(ChargerStatus(t_ms=at_ms(at_s), boot=boot, seq=number), **more)


def _port(state: PortState, **more: object) -> tuple[Port, ...]:
    return (msgspec.structs.replace(Port(n=1, state=state), **more),)


# -- sessions -------------------------------------------------------------------------------


def test_session_from_start_to_stop() -> None:
    """Its energy is the station's own sum; the state line uses replay's keys."""
    shop = Shop()

    shop.hear(_said(START, 0, paid_fen=100), _said(UPDATE, 60, energy_wh=200))
    shop.hear(_said(STOP, 120, energy_wh=410, stop=StopReason.FULL))

    line = msgspec.to_builtins(shop.state, str_keys=True)
    assert line["energy_wh"] == 410
    wanted = {"state": "closed", "start_t": at_ms(0), "energy_wh": 410, "paid_fen": 100}
    assert line["sessions"]["58"].items() >= (wanted | {"review": "", "stop": "full"}).items()


@pytest.mark.parametrize("retry_s", [0, 30])
def test_stop_without_id_closes_the_only_open_session_once(retry_s: int) -> None:
    """Transaction 0 three times: closed, marked, and nothing more (A-19)."""
    shop = Shop()
    shop.hear(_said(START, 0, meter_wh=2_000))

    for k in range(3):
        shop.hear(_said(STOP, 600 + k * retry_s, "", meter_wh=2_310, stop=StopReason.MAINS_LOST))

    assert shop.session("58") == ("closed", 310, "matched_by_port")
    assert list(shop.state.sessions) == ["58"]


def test_retry_of_an_old_stop_does_not_close_the_next_session() -> None:
    """The station goes on retrying while the next customer charges (A-19)."""
    shop = Shop()
    shop.hear(_said(START, 0, meter_wh=2_000), _said(STOP, 600, "", meter_wh=2_310))

    shop.hear(_said(START, 700, "59", meter_wh=2_310), _said(STOP, 730, "", meter_wh=2_310))
    shop.hear(_said(STOP, 600, "", seconds=9))

    assert shop.session("59")[0] == "open"


def test_retry_without_id_of_a_stop_that_had_one_is_no_orphan() -> None:
    """The same words again, the id lost."""
    shop = Shop()
    shop.hear(_said(START, 0), _said(STOP, 600, energy_wh=50), _said(STOP, 630, "", energy_wh=50))

    assert list(shop.state.sessions) == ["58"]


def test_stop_that_belongs_to_nothing_is_an_orphan_once() -> None:
    """Recorded for a person to look at; repeated, it stays one."""
    shop = Shop()

    for at_s in (0, 0, 40):
        shop.hear(_said(STOP, at_s, "", energy_wh=77))

    assert [shop.session(key) for key in shop.state.sessions] == [("closed", 77, "orphan_stop")]
    assert shop.state.energy_wh == 77


def test_repeated_stop_with_an_id_changes_nothing() -> None:
    """Even if it says another energy."""
    shop = Shop()
    shop.hear(_said(START, 0), _said(STOP, 60, energy_wh=50), _said(STOP, 90, energy_wh=900))

    assert shop.session("58") == ("closed", 50, "")
    assert shop.state.energy_wh == 50


@pytest.mark.parametrize(
    ("more", "review"),
    [({"offline": True}, ""), ({"start_t_ms": at_ms(-900)}, ""), ({}, "no_start")],
)
def test_stop_without_a_start_is_a_closed_session(more: dict[str, object], review: str) -> None:
    """It was charged offline; its start may come later and opens nothing."""
    shop = Shop()

    shop.hear(_said(STOP, 0, **(more | {"energy_wh": 410, "paid_fen": 100})))
    stopped = shop.session("58")
    shop.hear(_said(START, -900))

    assert stopped == ("closed", 410, review)
    assert shop.session("58") == ("closed", 410, "")
    assert shop.state.sessions["58"].start_t_ms == at_ms(-900)


def test_energy_never_goes_below_zero() -> None:
    """The first sample of a session is the meter's old value (A-20)."""
    shop = Shop()

    shop.hear(_said(STOP, 0, "57", meter_wh=81_250, offline=True))
    shop.hear(_status(10, energy_total_wh=81_254), _said(START, 20, meter_wh=81_254))
    shop.hear(_said(UPDATE, 30, meter_wh=81_250))
    first = shop.session("58")
    shop.hear(_said(UPDATE, 60, meter_wh=81_300), _said(STOP, 90, meter_wh=81_310))

    assert first == ("open", 0, "energy_back")
    assert shop.session("58") == ("closed", 56, "energy_back")


@pytest.mark.parametrize(
    ("wrap_wh", "stop_wh", "energy_wh", "review"),
    [
        (0, 81_200, 0, "energy_back"),  # noise
        (0, 40, 0, "energy_back"),  # reset
        (100_000, 99_990, 18_736, ""),
        (82_000, 40, 786, ""),  # rolled over
    ],
)
def test_stop_below_its_start(wrap_wh: int, stop_wh: int, energy_wh: int, review: str) -> None:
    """Nothing and flagged, unless the meter is known to roll over."""
    shop = Shop(meter_wrap_wh=wrap_wh)

    shop.hear(_said(START, 0, meter_wh=81_254), _said(STOP, 60, meter_wh=stop_wh))

    assert shop.session("58") == ("closed", energy_wh, review)


def test_new_start_on_a_port_abandons_the_old_session() -> None:
    """Its stop was lost; if it comes after all, the session is closed by it."""
    shop = Shop()
    shop.hear(_said(START, 0), _said(START, 900, "59"))
    abandoned = shop.session("58")
    shop.hear(_said(STOP, 800, energy_wh=30))

    assert abandoned == ("abandoned", 0, "no_stop")
    assert shop.session("58") == ("closed", 30, "")
    assert shop.session("59")[0] == "open"


def test_buffered_start_of_an_older_session_abandons_nobody() -> None:
    """It comes late, out of order."""
    shop = Shop()
    shop.hear(_said(START, 900, "59"), _said(START, 0))

    assert shop.session("59")[0] == "open"


def test_id_that_comes_again_is_a_new_session() -> None:
    """Small stations count 1, 2, 1, 2; a repeated start is none."""
    shop = Shop()
    shop.hear(_said(START, 0, "1"), _said(STOP, 60, "1", energy_wh=50), _said(START, 0, "1"))
    repeated = shop.session("1")
    shop.hear(_said(START, 9_000, "1"))

    assert repeated == ("closed", 50, "")
    assert shop.session("1") == ("open", 0, "")
    assert shop.state.energy_wh == 50


def test_session_without_ids_at_all() -> None:
    """A station that has none: starts and stops pair by port; a retried start is one session."""
    shop = Shop()
    shop.hear(_said(START, 0, "", paid_fen=100), _said(START, 30, "", paid_fen=100))
    shop.hear(_said(STOP, 600, "", energy_wh=20))
    shop.hear(_said(START, 900, "", paid_fen=100), _said(STOP, 1_500, "", energy_wh=30))

    assert [shop.session(key)[:2] for key in shop.state.sessions] == [
        ("closed", 20),
        ("closed", 30),
    ]


def test_status_shows_sessions_whose_start_or_stop_was_lost() -> None:
    """Named by a port: open. Its port free for ten minutes: abandoned."""
    shop = Shop()
    shop.hear(_status(0, ports=_port(PortState.CHARGING, session="S-1", wh=12.0, s=60.0)))
    opened = shop.session("S-1"), shop.state.sessions["S-1"].start_t_ms
    seen = []
    for at_s in (60, 599, 661):
        shop.hear(_status(at_s, ports=_port(PortState.AVAILABLE)))
        seen.append(shop.session("S-1")[0])

    assert opened == (("open", 12, ""), at_ms(-60))
    assert seen == ["open", "open", "abandoned"]


def test_silent_session_is_abandoned_after_a_day() -> None:
    """By the steady clock."""
    shop = Shop()
    shop.hear(_said(START, 0))
    begin_ms = shop.state.sessions["58"].heard_ms

    shop.chargers.tick(begin_ms + 86_399_000)
    before = shop.session("58")[0]
    shop.chargers.tick(begin_ms + 86_460_000)

    assert (before, shop.session("58")[0]) == ("open", "abandoned")


def test_sessions_kept_are_bounded() -> None:
    """Ended ones are forgotten first."""
    shop = Shop()
    shop.hear(_said(START, 0, "first", port=9))
    for k in range(100):
        shop.hear(_said(STOP, k, f"S-{k}", energy_wh=1, offline=True))

    assert len(shop.state.sessions) == 64
    assert shop.session("first")[0] == "open"
    assert shop.state.energy_wh == 100


# -- energy of the station ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrap_wh", "totals", "energy_wh"),
    [
        (0, [9_120_340, 9_120_400, 9_120_500], 160),
        (0, [9_120_340, 9_120_336, 9_120_350], 10),  # noise
        (0, [9_120_340, 3, 10], 7),  # reset
        (65_536, [65_500, 36, 50], 86),  # roll-over
        (65_536, [30_000, 36, 50], 14),  # too far from the end: a reset
    ],
)
def test_energy_is_counted_in_this_run(wrap_wh: int, totals: Iterable[int], energy_wh: int) -> None:
    """From the first total on; never back."""
    shop = Shop(meter_wrap_wh=wrap_wh)

    shop.hear(*(_status(60 * k, energy_total_wh=total) for k, total in enumerate(totals)))

    assert shop.state.energy_wh == energy_wh


# -- money ----------------------------------------------------------------------------------


def test_false_pulse_at_boot_is_suspect_and_a_lost_total_no_negative_money() -> None:
    """412, then 413 at once after a boot; another boot at 0; then 2 coins (A-30)."""
    shop = Shop()

    shop.hear(_status(0, "7", coins_total=412), _status(60, "8", coins_total=413))
    suspect = shop.money()
    shop.hear(_status(120, "9", coins_total=0), _status(180, "9", coins_total=2))

    assert suspect == (100, 0, 100)
    assert shop.money() == (300, 200, 100)
    assert shop.state.money.resets == 1
    assert shop.changes == [CauseChange(2, SUSPECT, 0)]


@pytest.mark.parametrize(
    ("coins_fen", "more_fen", "suspect_fen"),
    [((), 100, 100), ((), 50, 50), ((), 300, 0), ((50, 100), 50, 50), ((50,), 100, 0)],
)
def test_one_coin_at_boot_by_its_amount(
    coins_fen: tuple[int, ...], more_fen: int, suspect_fen: int
) -> None:
    """What one coin can give is in the profile; more is unproven, never credited."""
    shop = Shop(coins_fen=coins_fen)

    shop.hear(_status(0, "7", amount_total_fen=40_000))
    shop.hear(_status(60, "8", amount_total_fen=40_000 + more_fen))

    assert shop.money() == (more_fen, 0, suspect_fen)
    assert shop.state.money.between_boots_fen == more_fen - suspect_fen


def test_amounts_count_and_numbers_of_coins_do_not() -> None:
    """Where a station counts both, money is money."""
    shop = Shop()
    shop.hear(
        _status(0, coins_total=10, amount_total_fen=1_000),
        _status(60, coins_total=12, amount_total_fen=1_100),
        _status(120, coins_total=13),
    )

    assert shop.money() == (100, 100, 0)


@pytest.mark.parametrize(("coins_fen", "expected"), [((), 150), ((100,), 300), ((50, 100), 150)])
def test_coins_are_worth_what_is_known(coins_fen: tuple[int, ...], expected: int) -> None:
    """The profile's coin, the smallest of several; else the one that was told of."""
    shop = Shop(coins_fen=coins_fen)
    coin = CoinReport(t_ms=at_ms(1), kind=CoinKind.INSERT, n=1, denom_fen=50, amount_fen=50)

    shop.hear(_status(0, coins_total=10), coin, _status(60, coins_total=13))

    assert shop.money() == (expected, expected, 0)
    assert shop.state.money.explained_fen == 50


def test_late_and_repeated_words_count_nothing() -> None:
    """An older status after a newer one is no reset (and its ports are old)."""
    shop = Shop()
    free, busy = _port(PortState.AVAILABLE), _port(PortState.CHARGING, w=100.0)

    shop.hear(
        _status(0, coins_total=10, ports=free),
        _status(120, coins_total=13, ports=busy),
        _status(60, coins_total=11, ports=free),
    )
    believed = shop.state.ports[1].state
    shop.hear(_status(180, coins_total=13, ports=busy))

    assert believed == "charging"
    assert shop.money() == (300, 300, 0)


def test_boots_kept_are_bounded() -> None:
    """A station that boots all day keeps its memory small, and its coins."""
    shop = Shop()

    for k in range(50):
        shop.hear(
            _status(60 * k, f"b{k}", coins_total=0), _status(60 * k + 9, f"b{k}", coins_total=1)
        )

    assert shop.money()[1] == 5_000
    assert len(msgspec.msgpack.encode(shop.chargers.dump())) < 1_000


def test_late_word_of_an_earlier_boot_counts_within_it() -> None:
    """Buffered while the station rebooted: its coins are real, its ports are history."""
    shop = Shop()

    shop.hear(_status(0, "7", coins_total=10), _status(120, "8", coins_total=0))
    shop.hear(_status(60, "7", coins_total=12, ports=_port(PortState.FAULTED)))
    shop.hear(_status(180, "8", coins_total=1))

    assert shop.money() == (300, 300, 0)
    assert shop.state.ports == {}


def test_bad_reading_is_no_reset_and_pays_nothing_twice() -> None:
    """410 once between 412 and 413 is one coin, not three."""
    shop = Shop()

    shop.hear(*(_status(60 * k, coins_total=n) for k, n in enumerate([412, 410, 413])))

    assert shop.money() == (100, 100, 0)


def test_counter_that_stays_lower_was_reset() -> None:
    """Three readings in a row."""
    shop = Shop()

    shop.hear(*(_status(60 * k, coins_total=n) for k, n in enumerate([412, 300, 300, 300, 302])))

    assert shop.money() == (200, 200, 0)


def test_coin_report_without_boot_feeds_no_counter_that_has_boots() -> None:
    """The false pulse of a boot may come as a coin report before the first status does."""
    shop = Shop()
    pulses = [
        CoinReport(t_ms=at_ms(50 + n), kind=CoinKind.INSERT, n=1, coins_total=412 + n)
        for n in (1, 2)
    ]

    shop.hear(_status(0, "7", coins_total=412), *pulses, _status(60, "8", coins_total=414))

    assert shop.money() == (200, 0, 0)


def test_coin_reports_alone_are_counted_by_their_counters() -> None:
    """Three coins, one report of them lost."""
    shop = Shop()

    for at_s, total in [(0, 100), (60, 300), (120, 400)]:
        coin = CoinReport(t_ms=at_ms(at_s), kind=CoinKind.INSERT, n=1, amount_total_fen=total)
        shop.hear(coin)

    assert shop.money() == (300, 300, 0)


@pytest.mark.parametrize("how", ["collect", "day"])
def test_suspicion_of_money_ends(how: str) -> None:
    """When the box was counted, or after a day."""
    shop = Shop()
    shop.hear(_status(0, "7", coins_total=412), _status(60, "8", coins_total=413))

    if how == "collect":
        shop.hear(CoinReport(t_ms=at_ms(90), kind=CoinKind.COLLECT, counted_fen=41_300))
    else:
        shop.chargers.tick(10**9)
        shop.changes += shop.chargers.take_changes()

    assert shop.changes == [CauseChange(2, SUSPECT, 0), CauseChange(2, 0, SUSPECT)]
    assert shop.chargers.causes(2) == 0


# -- ports ----------------------------------------------------------------------------------


def test_port_that_only_prepares_is_blocked_and_one_ticket() -> None:
    """26 h without current, one reboot in between (A-31)."""
    shop = Shop()
    seen = []

    for minutes in range(0, 26 * 60, 3):
        boot, ports = "a" if minutes < 800 else "b", _port(PortState.PREPARING, w=0.0, wh=0.0)
        shop.hear(_status(60 * minutes, boot, energy_total_wh=900, ports=ports))
        port = shop.state.ports[1]
        seen.append((port.state, port.blocked, port.in_use))

    assert seen == [("preparing", False, True)] * 20 + [("preparing", True, False)] * 500
    assert shop.changes == [CauseChange(2, BLOCKED, 0)]
    assert shop.state.ports[1].since_ms == at_ms(0)


@pytest.mark.parametrize(
    ("port", "state"),
    [
        (_port(PortState.AVAILABLE), "available"),
        (_port(PortState.CHARGING, w=142.0), "charging"),
        (_port(PortState.PREPARING, w=60.0), "preparing"),
    ],
)
def test_only_a_real_change_clears_a_blocked_port(port: tuple[Port, ...], state: str) -> None:
    """Freed, or current flows."""
    shop = Shop()
    for at_s in (0, 3_600):
        shop.hear(_status(at_s, ports=_port(PortState.PREPARING)))

    shop.hear(_status(3_700, ports=port))

    assert (shop.state.ports[1].state, shop.state.ports[1].blocked) == (state, False)
    assert shop.state.ports[1].in_use is (state != "available")
    assert shop.changes == [CauseChange(2, BLOCKED, 0), CauseChange(2, 0, BLOCKED)]


@pytest.mark.parametrize("state", [PortState.CHARGING, PortState.UNAVAILABLE, PortState.FAULTED])
def test_words_alone_do_not_clear_a_blocked_port(state: PortState) -> None:
    """A reboot passes through other states; charging without current is none."""
    shop = Shop()
    for at_s in (0, 3_600):
        shop.hear(_status(at_s, ports=_port(PortState.PREPARING)))

    shop.hear(_status(3_650, "8", ports=_port(state, w=0.0)))
    shop.hear(_status(3_700, "8", ports=_port(PortState.PREPARING)))

    assert shop.state.ports[1].blocked
    assert not shop.state.ports[1].in_use
    assert shop.changes == [CauseChange(2, BLOCKED, 0)]


def test_customer_who_pays_and_charges_is_not_blocked() -> None:
    """Preparing for a minute, charging for hours, then full and still plugged."""
    shop = Shop()
    shop.hear(_status(0, ports=_port(PortState.PREPARING)))
    for k in range(1, 60):
        shop.hear(_status(180 * k, ports=_port(PortState.CHARGING, w=120.0)))
    for k in range(60, 120):
        shop.hear(_status(180 * k, ports=_port(PortState.OCCUPIED, w=0.0)))

    assert shop.state.ports[1].state == "occupied"
    assert shop.changes == []


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
