"""Energy and money are what counters gained within one boot."""

from collections.abc import Iterable

import msgspec
import pytest

from devices.readings import (
    CoinKind,
    CoinReport,
    PortState,
)
from support.charger_shop import SUSPECT, Shop, a_port, a_status
from support.factories import at_ms

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

    shop.hear(*(a_status(60 * k, energy_total_wh=total) for k, total in enumerate(totals)))

    assert shop.state.energy_wh == energy_wh


# -- money ----------------------------------------------------------------------------------


def test_false_pulse_at_boot_is_suspect_and_a_lost_total_no_negative_money() -> None:
    """412, then 413 at once after a boot; another boot at 0; then 2 coins (A-30)."""
    shop = Shop()

    shop.hear(a_status(0, "7", coins_total=412), a_status(60, "8", coins_total=413))
    suspect = shop.money()
    shop.hear(a_status(120, "9", coins_total=0), a_status(180, "9", coins_total=2))

    assert suspect == (100, 0, 100)
    assert shop.money() == (300, 200, 100)
    assert shop.state.money.resets == 1
    assert shop.causes == [SUSPECT]


@pytest.mark.parametrize(
    ("coins_fen", "more_fen", "suspect_fen"),
    [((), 100, 100), ((), 50, 50), ((), 300, 0), ((50, 100), 50, 50), ((50,), 100, 0)],
)
def test_one_coin_at_boot_by_its_amount(
    coins_fen: tuple[int, ...], more_fen: int, suspect_fen: int
) -> None:
    """What one coin can give is in the profile; more is unproven, never credited."""
    shop = Shop(coins_fen=coins_fen)

    shop.hear(a_status(0, "7", amount_total_fen=40_000))
    shop.hear(a_status(60, "8", amount_total_fen=40_000 + more_fen))

    assert shop.money() == (more_fen, 0, suspect_fen)
    assert shop.state.money.between_boots_fen == more_fen - suspect_fen


def test_amounts_count_and_numbers_of_coins_do_not() -> None:
    """Where a station counts both, money is money."""
    shop = Shop()
    shop.hear(
        a_status(0, coins_total=10, amount_total_fen=1_000),
        a_status(60, coins_total=12, amount_total_fen=1_100),
        a_status(120, coins_total=13),
    )

    assert shop.money() == (100, 100, 0)


@pytest.mark.parametrize(("coins_fen", "expected"), [((), 150), ((100,), 300), ((50, 100), 150)])
def test_coins_are_worth_what_is_known(coins_fen: tuple[int, ...], expected: int) -> None:
    """The profile's coin, the smallest of several; else the one that was told of."""
    shop = Shop(coins_fen=coins_fen)
    coin = CoinReport(t_ms=at_ms(1), kind=CoinKind.INSERT, n=1, denom_fen=50, amount_fen=50)

    shop.hear(a_status(0, coins_total=10), coin, a_status(60, coins_total=13))

    assert shop.money() == (expected, expected, 0)
    assert shop.state.money.explained_fen == 50


def test_late_and_repeated_words_count_nothing() -> None:
    """An older status after a newer one is no reset (and its ports are old)."""
    shop = Shop()
    free, busy = a_port(PortState.AVAILABLE), a_port(PortState.CHARGING, w=100.0)

    shop.hear(
        a_status(0, coins_total=10, ports=free),
        a_status(120, coins_total=13, ports=busy),
        a_status(60, coins_total=11, ports=free),
    )
    believed = shop.state.ports[1].state
    shop.hear(a_status(180, coins_total=13, ports=busy))

    assert believed == "charging"
    assert shop.money() == (300, 300, 0)


def test_boots_kept_are_bounded() -> None:
    """A station that boots all day keeps its memory small, and its coins."""
    shop = Shop()

    for k in range(50):
        shop.hear(
            a_status(60 * k, f"b{k}", coins_total=0), a_status(60 * k + 9, f"b{k}", coins_total=1)
        )

    assert shop.money()[1] == 5_000
    assert len(msgspec.msgpack.encode(shop.chargers.dump())) < 2_000


def test_late_word_of_an_earlier_boot_counts_within_it() -> None:
    """Buffered while the station rebooted: its coins are real, its ports are history."""
    shop = Shop()

    shop.hear(a_status(0, "7", coins_total=10), a_status(120, "8", coins_total=0))
    shop.hear(a_status(60, "7", coins_total=12, ports=a_port(PortState.FAULTED)))
    shop.hear(a_status(180, "8", coins_total=1))

    assert shop.money() == (300, 300, 0)
    assert shop.state.ports == {}


@pytest.mark.parametrize("old", ["seen", "unseen"])
def test_late_word_of_an_earlier_boot_freezes_nothing(old: str) -> None:
    """Seen before or not, it is not the boot the station is in: ports and coins go on."""
    shop = Shop()
    busy = a_port(PortState.CHARGING, w=100.0)
    if old == "seen":
        shop.hear(a_status(0, "6", coins_total=9))
    shop.hear(a_status(120, "8", coins_total=10))

    shop.hear(a_status(60, "6", coins_total=9, ports=a_port(PortState.FAULTED)), at_s=130)
    shop.hear(a_status(180, "8", coins_total=12, ports=busy))

    assert shop.state.ports[1].state == "charging"
    assert shop.state.money.credited_fen == 200
    assert shop.state.money.resets == 0


def test_late_words_of_an_earlier_boot_book_nothing_twice() -> None:
    """10, then 14 after two boots; the one between tells 11 and 13 late: 2 coins are proven."""
    shop = Shop()
    shop.hear(a_status(0, "6", coins_total=10), a_status(300, "8", coins_total=14))
    assert shop.state.money.between_boots_fen == 400

    shop.hear(a_status(100, "7", coins_total=11), a_status(200, "7", coins_total=13), at_s=310)

    assert shop.money() == (400, 200, 100)
    assert shop.state.money.between_boots_fen == 100


def test_late_word_proves_a_suspect_coin() -> None:
    """The coin fell before the station booted: its last word of then says so."""
    shop = Shop()
    shop.hear(a_status(0, "7", coins_total=412), a_status(60, "8", coins_total=413))

    shop.hear(a_status(30, "7", coins_total=413), at_s=70)

    assert shop.money() == (100, 100, 0)
    assert shop.causes == [SUSPECT, 0]


def test_clock_that_goes_back_at_a_boot_freezes_nothing_for_long() -> None:
    """The older times are those of the present boot: the one before is silent."""
    shop = Shop()
    free = a_port(PortState.AVAILABLE)
    shop.hear(a_status(86_400, "7", coins_total=10))

    for k in range(12):
        now_s = 86_400 + 60 * (k + 1)
        shop.hear(a_status(60 * k, "8", coins_total=10 + k, ports=free), at_s=now_s)

    assert shop.state.ports[1].state == "available"
    assert shop.money() == (1_100, 1_100, 0)


def test_words_older_than_all_kept_boots_count_nothing() -> None:
    """The memory is bounded, and what fell out of it does not come back as new."""
    shop = Shop()
    shop.hear(*(a_status(600 * k, f"b{k}", coins_total=k) for k in range(2, 6)))
    before = shop.money()

    shop.hear(a_status(1, "b0", coins_total=0), a_status(2, "b0", coins_total=1), at_s=3_100)

    assert shop.money() == before


@pytest.mark.parametrize(("before", "money"), [(65_530, (1_200, 1_200, 0)), (60_000, (0, 0, 0))])
def test_counter_of_coins_rolls_over_at_its_end(before: int, money: tuple[int, int, int]) -> None:
    """16 bits are full: 12 coins; a fall from elsewhere is a reset."""
    shop = Shop()

    shop.hear(a_status(0, coins_total=before), a_status(60, coins_total=6))

    assert shop.money() == money
    assert shop.state.money.resets == (before == 60_000)


def test_bad_reading_is_no_reset_and_pays_nothing_twice() -> None:
    """410 once between 412 and 413 is one coin, not three."""
    shop = Shop()

    shop.hear(*(a_status(60 * k, coins_total=n) for k, n in enumerate([412, 410, 413])))

    assert shop.money() == (100, 100, 0)


def test_counter_that_stays_lower_was_reset() -> None:
    """Three readings in a row."""
    shop = Shop()

    shop.hear(*(a_status(60 * k, coins_total=n) for k, n in enumerate([412, 300, 300, 300, 302])))

    assert shop.money() == (200, 200, 0)


def test_coin_report_without_boot_feeds_no_counter_that_has_boots() -> None:
    """The false pulse of a boot may come as a coin report before the first status does."""
    shop = Shop()
    pulses = [
        CoinReport(t_ms=at_ms(50 + n), kind=CoinKind.INSERT, n=1, coins_total=412 + n)
        for n in (1, 2)
    ]

    shop.hear(a_status(0, "7", coins_total=412), *pulses, a_status(60, "8", coins_total=414))

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
    shop.hear(a_status(0, "7", coins_total=412), a_status(60, "8", coins_total=413))

    if how == "collect":
        shop.hear(CoinReport(t_ms=at_ms(90), kind=CoinKind.COLLECT, counted_fen=41_300))
    else:
        shop.tick(10**9)

    assert shop.causes == [SUSPECT, 0]
    assert shop.chargers.causes(2) == 0
