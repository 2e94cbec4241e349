"""Charging sessions, whatever of them is lost, repeated or late."""

import msgspec
import pytest

from devices.readings import (
    PortState,
    StopReason,
)
from support.charger_shop import START, STOP, UPDATE, Shop, a_port, a_status, said
from support.factories import at_ms

# -- sessions -------------------------------------------------------------------------------


def test_session_from_start_to_stop() -> None:
    """Its energy is the station's own sum; the state line uses replay's keys."""
    shop = Shop()

    shop.hear(said(START, 0, paid_fen=100), said(UPDATE, 60, energy_wh=200))
    shop.hear(said(STOP, 120, energy_wh=410, stop=StopReason.FULL))

    line = msgspec.to_builtins(shop.state, str_keys=True)
    assert line["energy_wh"] == 410
    wanted = {"state": "closed", "start_t": at_ms(0), "energy_wh": 410, "paid_fen": 100}
    assert line["sessions"]["58"].items() >= (wanted | {"review": "", "stop": "full"}).items()


@pytest.mark.parametrize("retry_s", [0, 30])
def test_stop_without_id_closes_the_only_open_session_once(retry_s: int) -> None:
    """Transaction 0 three times: closed, marked, and nothing more (A-19)."""
    shop = Shop()
    shop.hear(said(START, 0, meter_wh=2_000))

    for k in range(3):
        shop.hear(said(STOP, 600 + k * retry_s, "", meter_wh=2_310, stop=StopReason.MAINS_LOST))

    assert shop.session("58") == ("closed", 310, "matched_by_port")
    assert list(shop.state.sessions) == ["58"]


def test_retry_of_an_old_stop_does_not_close_the_next_session() -> None:
    """The station goes on retrying while the next customer charges (A-19)."""
    shop = Shop()
    shop.hear(said(START, 0, meter_wh=2_000), said(STOP, 600, "", meter_wh=2_310))

    shop.hear(said(START, 700, "59", meter_wh=2_310), said(STOP, 730, "", meter_wh=2_310))
    shop.hear(said(STOP, 600, "", seconds=9))

    assert shop.session("59")[0] == "open"


def test_retry_without_id_of_a_stop_that_had_one_is_no_orphan() -> None:
    """The same words again, the id lost."""
    shop = Shop()
    shop.hear(said(START, 0), said(STOP, 600, energy_wh=50), said(STOP, 630, "", energy_wh=50))

    assert list(shop.state.sessions) == ["58"]


def test_stop_that_belongs_to_nothing_is_an_orphan_once() -> None:
    """Recorded for a person to look at; repeated, it stays one."""
    shop = Shop()

    for at_s in (0, 0, 40):
        shop.hear(said(STOP, at_s, "", energy_wh=77))

    assert [shop.session(key) for key in shop.state.sessions] == [("closed", 77, "orphan_stop")]
    assert shop.state.energy_wh == 77


def test_repeated_stop_with_an_id_changes_nothing() -> None:
    """Even if it says another energy."""
    shop = Shop()
    shop.hear(said(START, 0), said(STOP, 60, energy_wh=50), said(STOP, 90, energy_wh=900))

    assert shop.session("58") == ("closed", 50, "")
    assert shop.state.energy_wh == 50


@pytest.mark.parametrize(
    ("more", "review"),
    [({"offline": True}, ""), ({"start_t_ms": at_ms(-900)}, ""), ({}, "no_start")],
)
def test_stop_without_a_start_is_a_closed_session(more: dict[str, object], review: str) -> None:
    """It was charged offline; its start may come later and opens nothing."""
    shop = Shop()

    shop.hear(said(STOP, 0, **(more | {"energy_wh": 410, "paid_fen": 100})))
    stopped = shop.session("58")
    shop.hear(said(START, -900))

    assert stopped == ("closed", 410, review)
    assert shop.session("58") == ("closed", 410, "")
    assert shop.state.sessions["58"].start_t_ms == at_ms(-900)


def test_energy_never_goes_below_zero() -> None:
    """The first sample of a session is the meter's old value (A-20)."""
    shop = Shop()

    shop.hear(said(STOP, 0, "57", meter_wh=81_250, offline=True))
    shop.hear(a_status(10, energy_total_wh=81_254), said(START, 20, meter_wh=81_254))
    shop.hear(said(UPDATE, 30, meter_wh=81_250))
    first = shop.session("58")
    shop.hear(said(UPDATE, 60, meter_wh=81_300), said(STOP, 90, meter_wh=81_310))

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

    shop.hear(said(START, 0, meter_wh=81_254), said(STOP, 60, meter_wh=stop_wh))

    assert shop.session("58") == ("closed", energy_wh, review)


def test_new_start_on_a_port_abandons_the_old_session() -> None:
    """Its stop was lost; if it comes after all, the session is closed by it."""
    shop = Shop()
    shop.hear(said(START, 0), said(START, 900, "59"))
    abandoned = shop.session("58")
    shop.hear(said(STOP, 800, energy_wh=30))

    assert abandoned == ("abandoned", 0, "no_stop")
    assert shop.session("58") == ("closed", 30, "")
    assert shop.session("59")[0] == "open"


def test_buffered_start_of_an_older_session_abandons_nobody() -> None:
    """It comes late, out of order."""
    shop = Shop()
    shop.hear(said(START, 900, "59"), said(START, 0))

    assert shop.session("59")[0] == "open"


def test_id_that_comes_again_is_a_new_session() -> None:
    """Small stations count 1, 2, 1, 2; a repeated start is none."""
    shop = Shop()
    shop.hear(said(START, 0, "1"), said(STOP, 60, "1", energy_wh=50), said(START, 0, "1"))
    repeated = shop.session("1")
    shop.hear(said(START, 9_000, "1"))

    assert repeated == ("closed", 50, "")
    assert shop.session("1") == ("open", 0, "")
    assert shop.state.energy_wh == 50


def test_session_without_ids_at_all() -> None:
    """A station that has none: starts and stops pair by port; a retried start is one session."""
    shop = Shop()
    shop.hear(said(START, 0, "", paid_fen=100), said(START, 30, "", paid_fen=100))
    shop.hear(said(STOP, 600, "", energy_wh=20))
    shop.hear(said(START, 900, "", paid_fen=100), said(STOP, 1_500, "", energy_wh=30))

    assert [shop.session(key)[:2] for key in shop.state.sessions] == [
        ("closed", 20),
        ("closed", 30),
    ]


def test_status_shows_sessions_whose_start_or_stop_was_lost() -> None:
    """Named by a port: open. Its port free for ten minutes: abandoned."""
    shop = Shop()
    shop.hear(a_status(0, ports=a_port(PortState.CHARGING, session="S-1", wh=12.0, s=60.0)))
    opened = shop.session("S-1"), shop.state.sessions["S-1"].start_t_ms
    seen = []
    for at_s in (60, 599, 661):
        shop.hear(a_status(at_s, ports=a_port(PortState.AVAILABLE)))
        seen.append(shop.session("S-1")[0])

    assert opened == (("open", 12, ""), at_ms(-60))
    assert seen == ["open", "open", "abandoned"]


def test_silent_session_is_abandoned_after_a_day() -> None:
    """By the steady clock."""
    shop = Shop()
    shop.hear(said(START, 0))
    begin_ms = shop.state.sessions["58"].heard_ms

    shop.chargers.tick(begin_ms + 86_399_000)
    before = shop.session("58")[0]
    shop.chargers.tick(begin_ms + 86_460_000)

    assert (before, shop.session("58")[0]) == ("open", "abandoned")


def test_sessions_kept_are_bounded() -> None:
    """Ended ones are forgotten first."""
    shop = Shop()
    shop.hear(said(START, 0, "first", port=9))
    for k in range(100):
        shop.hear(said(STOP, k, f"S-{k}", energy_wh=1, offline=True))

    assert len(shop.state.sessions) == 64
    assert shop.session("first")[0] == "open"
    assert shop.state.energy_wh == 100
