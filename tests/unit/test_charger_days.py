"""Money by the city's days, and every reason why two sums differ."""

from datetime import UTC, datetime

import msgspec
import pytest

from devices.causes import Cause
from devices.chargers import Chargers
from devices.day_facts import DayFacts
from devices.readings import AnyReading, Flag, PayKind
from devices.reconciliation import reconcile, takings
from support.charger_shop import CHARGER, STOP, a_status, said
from support.factories import ELAPSED0_MS, T0_MS, a_record, at_ms
from support.till import DAY, HEFEI, MIDNIGHT_S, NEXT, Till, charged, coin, collect, counted


def test_a_plain_day_has_no_difference() -> None:
    """Two coins, a code, a card, a refund."""
    till = Till()

    till.hear(counted(0, 10), coin(60), *charged(60, "A"), counted(700, 11))
    till.hear(coin(800), *charged(800, "B"), counted(1_500, 12))
    till.hear(*charged(1_600, "C", PayKind.QR, refund_fen=40), *charged(1_700, "D", PayKind.CARD))

    assert [one.difference_fen for one in reconcile(till.day())] == [0, 0]
    assert takings(till.day()) == (200, 0, 100, 100, 0, 40, 360)
    assert (till.day().sessions, till.day().energy_wh, till.day().coins) == (4, 800, 2)


@pytest.mark.parametrize(
    ("story", "reports", "sessions"),
    [
        ([counted(0, 10), counted(60, 11)], {"no_reports": 100}, {}),
        (
            [counted(0, 10), coin(30), counted(60, 13), *charged(30, "A")],
            {"report_lost": 200},
            {"no_session": -200},
        ),
        (
            [counted(0, 10), coin(30), coin(31), counted(60, 11), *charged(30, "A")],
            {"not_counted": -100},
            {},
        ),
        ([counted(0, 10), *charged(30, "A"), counted(60, 10)], {}, {"no_coin": 100}),
        ([counted(0, 10), counted(60, 11, "8")], {"coin_at_boot": 100}, {}),
        ([counted(0, 10), counted(60, 14, "8")], {"between_boots": 400}, {}),
        (
            [counted(0, 10), coin(30), counted(60, 14, "8"), *charged(30, "A")],
            {"between_boots": 300},
            {"between_boots": -300},
        ),
        (
            [coin(-30), counted(0, 10), *charged(-30, "A")],
            {"before_first": -100},
            {"before_first": 100},
        ),
        (
            [counted(0, 10), coin(30), counted(60, 0), counted(90, 1), *charged(30, "A")],
            {"counter_reset": -100, "no_reports": None},
            {"counter_reset": 100},
        ),
        (
            [counted(0, 10), coin(30), *charged(30, "A")],
            {"not_read_yet": -100},
            {"not_read_yet": 100},
        ),
        (
            [
                counted(0, 10, amount_total_fen=1_000),
                coin(30),
                *charged(30, "A"),
                *charged(40, "B", PayKind.QR),
                counted(60, 11, amount_total_fen=1_200),
            ],
            {"cashless_in_counter": 100},
            {"cashless_in_counter": -100},
        ),
        (
            [
                a_status(0, amount_total_fen=1_000),
                coin(30),
                *charged(30, "A"),
                *charged(40, "B", PayKind.QR),
                a_status(60, amount_total_fen=1_200),
            ],
            {"maybe_cashless": 100},
            {"maybe_cashless": -100},
        ),
    ],
)
def test_every_difference_has_its_name(
    story: list[AnyReading], reports: dict[str, int | None], sessions: dict[str, int]
) -> None:
    """Counters against coin reports, sessions paid by coin against counters."""
    till = Till()

    till.hear(*story)

    found = till.why("reports")
    if "counter_reset" in reports:  # and the coin after the fall, which no report tells of
        assert found == {"counter_reset": -100, "report_lost": 100}
        assert till.why("sessions") == {"counter_reset": 100, "no_session": -100}
        return
    assert found == reports
    assert till.why("sessions") == sessions


def test_coins_over_midnight_belong_to_the_day_of_their_reports() -> None:
    """The station was cut off from 23:00 to 01:00; what it kept comes after its first status."""
    till, late = Till(), MIDNIGHT_S + 3_600
    till.hear(counted(MIDNIGHT_S - 3_600, 10), counted(late, 14))
    before = till.day().carried_fen

    till.hear(coin(MIDNIGHT_S - 1_800, n=3), *charged(MIDNIGHT_S - 1_800, "A"), at_s=late + 5)

    assert (before, till.day().coins_counted_fen, till.day(NEXT).coins_counted_fen) == (0, 300, 100)
    assert till.why("reports") == {"other_day": -300}
    assert till.why("reports", NEXT) == {"other_day": 300, "no_reports": 100}
    assert sum(takings(till.day(day)).coins_fen for day in (DAY, NEXT)) == 400


def test_session_of_a_closed_day_is_settled_on_the_day_it_comes() -> None:
    """Nine days old: that day's row is written and gone."""
    till, now_s = Till(), 9 * 86_400
    till.hear(counted(now_s, 10))

    till.hear(said(STOP, 600, "A", pay=PayKind.COIN, paid_fen=100, offline=True), at_s=now_s + 60)
    till.hear(counted(now_s + 120, 10))

    day = datetime.fromtimestamp((T0_MS + now_s * 1000) / 1000, HEFEI).date().isoformat()
    assert till.why("sessions", day) == {"settled_late": 100}


# -- the box --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("story", "counted_fen", "why"),
    [
        ([], 500, {}),
        ([], 300, {"box_short": -200}),
        ([], 700, {"box_over": 200}),
        ([counted(200, 16, "8")], 500, {"coin_at_boot": -100}),
        ([counted(200, 16, "8")], 600, {}),
        ([coin(190), counted(200, 0), counted(230, 0)], 600, {"counter_reset": 100}),
    ],
)
def test_box_is_held_against_the_counters_since_it_was_emptied(
    story: list[AnyReading], counted_fen: int, why: dict[str, int]
) -> None:
    """Five coins, and what came after them."""
    till = Till()
    till.hear(counted(0, 10), collect(10, 4_000), counted(100, 15))
    assert till.why("box") == {"first_collection": 4_000}

    till.hear(*story, collect(300, counted_fen))
    till.hear(collect(300, counted_fen), at_s=900)  # told again

    assert till.day().collections == 2
    assert till.day().box_fen == 500 + 100 * ("8" in {s.boot for s in story})
    found = till.why("box")
    assert found.pop("first_collection") == 4_000
    assert found == why


def test_box_of_which_the_station_tells_is_known_from_the_first_day() -> None:
    """312 coins, then 3 more: 315 are expected."""
    till = Till()
    till.hear(counted(0, 10, box_coins=312), counted(60, 13), collect(90, 31_500))

    assert till.why("box") == {}
    assert till.day().box_fen == 31_500


# -- coins_differ ---------------------------------------------------------------------------


@pytest.mark.parametrize(("lost", "told"), [(0, False), (1, False), (2, True)])
def test_more_than_a_coin_a_day_is_told_after_ten_minutes(lost: int, *, told: bool) -> None:
    """A report may be on its way; one coin a day is no matter."""
    till = Till()
    till.hear(counted(0, 10), coin(10, 11), counted(60, 11 + lost))

    till.chargers.tick(ELAPSED0_MS + 120_000)
    early = bool(till.chargers.causes(CHARGER.slot) & Cause.COINS_DIFFER)
    till.chargers.tick(ELAPSED0_MS + 800_000)

    assert early is False
    assert bool(till.chargers.causes(CHARGER.slot) & Cause.COINS_DIFFER) is told


@pytest.mark.parametrize(("found_fen", "told"), [(500, False), (400, False), (200, True)])
def test_box_that_lacks_more_than_a_coin_is_told(found_fen: int, *, told: bool) -> None:
    """Of a station that reports no coins, too."""
    till = Till()
    till.hear(counted(0, 10), collect(10, 4_000), counted(100, 15), collect(200, found_fen))

    for at_s in (260, 900):
        till.chargers.tick(ELAPSED0_MS + at_s * 1000)

    assert bool(till.chargers.causes(CHARGER.slot) & Cause.COINS_DIFFER) is told


def test_report_that_comes_after_all_ends_it() -> None:
    """And a station that never reports coins is never told of."""
    till = Till()
    till.hear(counted(0, 10), coin(10, 11), counted(60, 13))
    for at_s in (120, 800):
        till.chargers.tick(ELAPSED0_MS + at_s * 1000)

    till.hear(coin(40, 13, n=2), at_s=900)
    till.chargers.tick(ELAPSED0_MS + 960_000)
    silent = Till()
    silent.hear(counted(0, 10), counted(60, 30))
    for at_s in (120, 800):
        silent.chargers.tick(ELAPSED0_MS + at_s * 1000)

    assert not till.chargers.causes(CHARGER.slot) & Cause.COINS_DIFFER
    assert not silent.chargers.causes(CHARGER.slot)


def test_clock_of_the_future_books_on_the_day_it_came() -> None:
    """Its own time says nothing (decisions.md 12)."""
    till = Till()
    ahead = {"flags": int(Flag.FUTURE), "t_ms": at_ms(40 * 86_400)}

    till.hear(counted(0, 10))
    till.hear(msgspec.structs.replace(coin(60), **ahead), at_s=60)

    assert till.day().report_fen == 100


def test_days_kept_are_bounded() -> None:
    """Eight of them; the memory of a station does not grow."""
    till = Till()

    for day in range(30):
        till.hear(counted(86_400 * day, 10 + day), coin(86_400 * day + 5))

    station = till.chargers.station(CHARGER.slot)
    assert station is not None
    assert len(station.days.facts) == 8
    assert len(msgspec.msgpack.encode(till.chargers.dump())) < 6_000


def test_rows_are_written_when_something_changed_and_not_more_often_than_agreed() -> None:
    """At most every 10 s a station; what was written is not written again."""
    till = Till()
    till.hear(counted(0, 10))
    first = till.chargers.take_changes(ELAPSED0_MS)
    till.hear(counted(3, 11))
    soon = till.chargers.take_changes(ELAPSED0_MS + 3_000)
    later = till.chargers.take_changes(ELAPSED0_MS + 10_000)
    till.hear(counted(20, 11))
    again = till.chargers.take_changes(ELAPSED0_MS + 30_000)

    assert [len(changes) for changes in (first, soon, later, again)] == [1, 0, 1, 0]
    facts = msgspec.json.decode(later[0].days[0][1], type=DayFacts)
    assert (facts.day, facts.counter_fen, later[0].at_ms) == (DAY, 100, at_ms(3))


def test_the_day_is_the_citys() -> None:
    """23:59:59 and 00:00:01 in Hefei are two days, one in UTC."""
    hefei, utc = Chargers(HEFEI), Chargers(UTC)
    words = [a_record(counted(MIDNIGHT_S + s, 10), device=CHARGER) for s in (-1, 1)]

    for one in (hefei, utc):
        one.records(words)

    days = [[f.day for f in one.station(CHARGER.slot).days.facts] for one in (hefei, utc)]  # type: ignore[union-attr]
    assert days == [[DAY, NEXT], [DAY]]


def test_coin_that_no_counter_has_told_yet_lies_in_the_box_all_the_same() -> None:
    """Collected a minute after a coin: that coin is the old box's, and not the new one's too."""
    till = Till()
    till.hear(counted(0, 10), collect(60, 0))
    till.hear(counted(120, 15), coin(130), collect(140, 600))
    till.hear(counted(180, 16), counted(240, 18), collect(300, 200))

    assert till.day().box_fen == 800
    assert till.why("box") == {}
