"""A charging station as the API shows it: what the processor stores when it changed. Pure."""

import msgspec

from devices.charger_box import Box
from devices.charger_days import BoxSince
from devices.charger_ports import PortView, PortWatch
from devices.charger_sessions import SessionView

SESSIONS_SHOWN = 10
"""Ended sessions shown, the newest ones; those that are open are shown all."""


class PortNow(msgspec.Struct, frozen=True):
    """One port. Names and units as in ``charger_ports.PortView``; ``causes``: ``Cause`` bits."""

    n: int
    state: str
    w: float | None
    wh: float | None
    session: str
    err: str
    since_ms: int
    in_use: bool
    causes: int


class SessionNow(msgspec.Struct, frozen=True):
    """One session, as in ``charger_sessions.SessionView``. Money in fen, energy in Wh."""

    id: str
    state: str
    port: int | None
    pay: str
    start_ms: int | None
    stop_ms: int | None
    stop: str
    energy_wh: int
    paid_fen: int | None
    refund_fen: int | None
    review: str


class BoxNow(msgspec.Struct, frozen=True):
    """The box as the station says, and by our count.

    Attributes:
        counted_fen: Coins since it was emptied, by the counters; None while nobody knows what it
            held at first.
        emptied_ms: When it was emptied last, by the station's clock; None = not in our time.
        collector: Who was sent to empty it last, "" = nobody was.
        collector_until_ms: Until when he is, or was, there, wall ms UTC; 0 = nobody was.
    """

    coins: int | None
    cap_coins: int | None
    amount_fen: int | None
    open: bool
    counted_fen: int | None
    emptied_ms: int | None
    emptied_by: str
    emptied_fen: int | None
    collector: str = ""
    collector_until_ms: int = 0


class StationNow(msgspec.Struct, frozen=True):
    """Ports ascending, sessions with the newest last."""

    ports: list[PortNow]
    sessions: list[SessionNow]
    box: BoxNow


class StationChange(msgspec.Struct, frozen=True):
    """What the records are to hold of one station; upserts by slot, and by slot and day.

    Attributes:
        at_ms: Receive time of its newest word, wall ms UTC.
        now: JSON of ``StationNow``; empty = as it was.
        days: Days that changed, with the JSON of their ``DayFacts``.
    """

    slot: int
    at_ms: int
    now: bytes
    days: list[tuple[str, bytes]]


def station_now(
    ports: dict[int, PortView],
    sessions: dict[str, SessionView],
    *,
    box: Box,
    since: BoxSince,
    bits: dict[int, int],
) -> StationNow:
    """Show a station.

    Args:
        ports: Its ports by number.
        sessions: Its sessions by id, oldest first.
        box: What it says of its box.
        since: What was counted since that was emptied.
        bits: ``Cause`` bits of ports that have any.
    """
    ended = [key for key, session in sessions.items() if session.state != "open"]
    hidden = set(ended[:-SESSIONS_SHOWN])
    return StationNow(
        ports=[
            PortNow(
                n=n,
                state=port.state.value,
                w=port.w,
                wh=port.wh,
                session=port.session,
                err=port.err,
                since_ms=port.since_ms,
                in_use=port.in_use,
                causes=bits.get(n, 0),
            )
            for n, port in sorted(ports.items())
        ],
        sessions=[
            SessionNow(
                id=key,
                state=session.state,
                port=session.port,
                pay=session.pay,
                start_ms=session.start_t_ms,
                stop_ms=session.stop_t_ms,
                stop=session.stop,
                energy_wh=session.energy_wh,
                paid_fen=session.paid_fen,
                refund_fen=session.refund_fen,
                review=session.review,
            )
            for key, session in sessions.items()
            if key not in hidden
        ],
        box=BoxNow(
            coins=box.coins,
            cap_coins=box.cap_coins,
            amount_fen=box.amount_fen,
            open=box.open,
            counted_fen=max(0, since.fen) if since.known else None,
            emptied_ms=box.emptied_t_ms,
            emptied_by=box.emptied_by,
            emptied_fen=box.counted_fen,
            collector=box.task_by,
            collector_until_ms=box.task_until_wall_ms,
        ),
    )


def port_bits(views: dict[int, PortView], watches: dict[int, PortWatch]) -> dict[int, int]:
    """What is wrong with each port by itself, of those with something wrong."""
    found = {n: watch.causes for n, watch in watches.items() if watch.causes}
    return {n: bits for n, bits in found.items() if n in views}
