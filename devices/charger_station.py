"""One charging station: what is remembered of it, and what is wrong with it. Pure."""

from datetime import tzinfo

import msgspec

from devices.admitted import Record
from devices.causes import Cause
from devices.charger_box import Box, is_intruded, take_level, take_word
from devices.charger_counters import Counters
from devices.charger_days import (
    Days,
    book_collection,
    book_report,
    book_rise,
    book_session,
    forget_session,
    know_box,
)
from devices.charger_money import COIN_FEN, NO_ORDER, take_coins, take_status
from devices.charger_now import StationNow, port_bits, station_now
from devices.charger_ports import PortView, PortWatch, is_dead, judge_end, view_port, watch_port
from devices.charger_sessions import Sessions, SessionView, take_ports, take_session
from devices.model import Profile
from devices.payloads import MAX_PARTS
from devices.readings import ChargerSession, ChargerStatus, CoinKind, CoinReport, Event, Flag
from devices.reconciliation import compare_box, compare_reports

MONEY_SUSPECT_MS = 86_400_000
"""A suspect coin is told for a day, or until the box is counted; so is a customer who paid and was
not served, or was served and did not pay. Source: health.md reconciles by the day."""
SESSION_LONG_MS = 36_000_000
"""A session that goes on for longer is told. Source: health.md, Charger (10 h)."""
DIFFER_MS = 600_000
"""Reports and counters must differ for so long: a report may be on its way. Source: our choice: a
pile tries three times within 30 s, and may be cut off for minutes."""
DIFFER_DAYS = 2
"""Days whose difference is told, today among them. Source: our choice."""

MAX_UNSERVED = 32
"""Coins remembered until their session is known; a station has at most as many ports or so."""
_OF_BEFORE = int(Flag.LATE | Flag.BACKFILL | Flag.FUTURE | Flag.RETAINED | Flag.REQUEUED)
"""A coin with one of these says nothing of now."""

CHARGER_CAUSES = int(
    Cause.PORT_BLOCKED
    | Cause.MONEY_SUSPECT
    | Cause.RELAY_STUCK
    | Cause.SESSION_STUCK
    | Cause.SESSION_LONG
    | Cause.PORT_DEAD
    | Cause.PAID_NOT_SERVED
    | Cause.SERVED_NOT_PAID
    | Cause.COINS_DIFFER
    | Cause.BOX_OPEN
)
"""The causes judged here."""


class Station(msgspec.Struct):
    """What is remembered of one station.

    Attributes:
        watches: What each port is watched for.
        told: Steady clock at which a cause of sessions was seen last, by its bit.
        unserved: Coins that fell for a port: steady clock, port, time; until a session is known.
        differ_ms: Steady clock since which reports and counters differ; None = they agree.
        heard_ms: Receive time of its newest word, wall ms UTC.
        causes: As told last.
        shown, shown_ms: Mark of the row written last, and when, steady clock.
    """

    ports: dict[int, PortView] = {}
    sessions: Sessions = msgspec.field(default_factory=Sessions)
    counters: Counters = msgspec.field(default_factory=Counters)
    watches: dict[int, PortWatch] = {}
    days: Days = msgspec.field(default_factory=Days)
    box: Box = msgspec.field(default_factory=Box)
    told: dict[int, int] = {}
    unserved: list[tuple[int, int, int]] = []
    differ_ms: int | None = None
    heard_ms: int = 0
    causes: int = 0
    shown: int = 0
    shown_ms: int = -1_000_000


def take_reading(station: Station, record: Record, zone: tzinfo) -> bool:
    """Take one record of a station; whether it was one about charging."""
    entry, device, reading = record
    profile, recv_ms, elapsed_ms = device.profile, entry.recv_ms, entry.elapsed_ms
    t_ms = recv_ms if reading.flags & NO_ORDER else min(reading.t_ms, recv_ms)
    if isinstance(reading, ChargerStatus):
        if take_status(station.counters, reading, profile, elapsed_ms=elapsed_ms, t_ms=t_ms):
            _take_newest(station, reading, profile, recv_ms=recv_ms, elapsed_ms=elapsed_ms)
    elif isinstance(reading, ChargerSession):
        session = take_session(
            station.sessions, reading, elapsed_ms=elapsed_ms, wrap_wh=profile.meter_wrap_wh
        )
        if session is not None:
            book_session(station.days, session, t_ms=t_ms, recv_ms=recv_ms, zone=zone)
        _judge_ends(station, elapsed_ms)
        _forget_sessions(station)
    elif isinstance(reading, CoinReport):
        _take_coins(station, reading, record, t_ms, zone)
        take_word(station.box, reading, elapsed_ms)
    elif isinstance(reading, Event):
        take_word(station.box, reading, elapsed_ms)
    else:
        return False
    for rise in station.counters.rises:
        book_rise(station.days, rise, recv_ms, zone)
    station.counters.rises.clear()
    if isinstance(reading, CoinReport) and reading.kind is CoinKind.COLLECT:
        book_collection(station.days, t_ms, recv_ms, reading.counted_fen, zone)
    station.heard_ms = max(station.heard_ms, recv_ms)
    _date_sessions(station, recv_ms, elapsed_ms)
    return True


def _take_newest(
    station: Station, status: ChargerStatus, profile: Profile, *, recv_ms: int, elapsed_ms: int
) -> None:
    """What the newest status says of ports, sessions and the box."""
    sessions = station.sessions
    for port in status.ports:
        if port.n in station.ports or len(station.ports) < MAX_PARTS:
            before = station.ports.get(port.n)
            station.ports[port.n] = view_port(before, port, recv_ms=recv_ms, elapsed_ms=elapsed_ms)
    take_ports(sessions, status.ports, t_ms=status.t_ms, elapsed_ms=elapsed_ms)
    taken = {one.port for one in _open(station)}
    for port in status.ports:
        if port.n in station.ports:
            watch_port(
                station.watches.setdefault(port.n, PortWatch()),
                port,
                in_session=bool(port.session) or port.n in taken,
                named=sessions.named,
                elapsed_ms=elapsed_ms,
            )
    take_level(station.box, status, elapsed_ms)
    if not station.days.box.known and status.box_coins is not None:
        coin_fen = max(profile.coins_fen, default=station.counters.top_fen or COIN_FEN)
        held_fen = status.box_amount_fen
        know_box(station.days, status.box_coins * coin_fen if held_fen is None else held_fen)


def _take_coins(
    station: Station, report: CoinReport, record: Record, t_ms: int, zone: tzinfo
) -> None:
    entry, profile = record.entry, record.device.profile
    told = take_coins(station.counters, report, profile, elapsed_ms=entry.elapsed_ms, t_ms=t_ms)
    if told is not None and report.port in station.ports and not report.flags & _OF_BEFORE:
        station.unserved.append((entry.elapsed_ms, report.port or 0, t_ms))
        del station.unserved[:-MAX_UNSERVED]
    if told is not None:
        book_report(station.days, t_ms, entry.recv_ms, coins=told, zone=zone)


def _judge_ends(station: Station, elapsed_ms: int) -> None:
    for session in station.sessions.ended:
        watch = PortWatch()
        if session.port is not None and session.port in station.ports:
            watch = station.watches.setdefault(session.port, watch)
        cause = judge_end(watch, session, elapsed_ms)
        if cause:
            station.told[cause] = elapsed_ms
    station.sessions.ended.clear()


def _forget_sessions(station: Station) -> None:
    booked = station.days.booked
    if len(booked) > len(station.sessions.by_id):
        known = {session.number for session in station.sessions.by_id.values()}
        for number in [number for number in booked if number not in known]:
            forget_session(station.days, number)


def _date_sessions(station: Station, recv_ms: int, elapsed_ms: int) -> None:
    """Since when a session goes on, by our steady clock."""
    for session in station.sessions.by_id.values():
        if session.state == "open" and not session.since_ms:
            began_ms = recv_ms if session.start_t_ms is None else session.start_t_ms
            session.since_ms = elapsed_ms - max(0, recv_ms - began_ms)


def look_slowly(station: Station, elapsed_ms: int) -> None:
    """Once a minute: what is over by time, and whether reports and counters differ."""
    suspect_ms = station.counters.suspect_ms
    if suspect_ms is not None and elapsed_ms - suspect_ms >= MONEY_SUSPECT_MS:
        station.counters.suspect_ms = None
    for cause in [k for k, ms in station.told.items() if elapsed_ms - ms >= MONEY_SUSPECT_MS]:
        del station.told[cause]
    _look_for_sessions(station, elapsed_ms)
    if not _differs(station):
        station.differ_ms = None
    elif station.differ_ms is None:
        station.differ_ms = elapsed_ms


def _look_for_sessions(station: Station, elapsed_ms: int) -> None:
    """A coin for a port on which no session began is paid and not served."""
    sessions = list(station.sessions.by_id.values())
    for told in list(station.unserved):
        told_ms, port, t_ms = told
        mine = [one for one in sessions if one.port == port]
        begun = any(one.start_t_ms is None or one.start_t_ms >= t_ms - DIFFER_MS for one in mine)
        if begun or any(one.state == "open" for one in mine):
            station.unserved.remove(told)
        elif elapsed_ms - told_ms >= DIFFER_MS:
            station.unserved.remove(told)
            if station.sessions.count:  # else it never tells of sessions
                station.told[int(Cause.PAID_NOT_SERVED)] = elapsed_ms


def _differs(station: Station) -> bool:
    """Whether more than one coin of a day has no explanation: no report, or not in the box.

    Reports of a station that never sends any are not missed.
    """
    coin_fen = station.counters.top_fen
    for facts in station.days.facts[-DIFFER_DAYS:]:
        if coin_fen and abs(compare_reports(facts).unexplained_fen) > coin_fen:
            return True
        if facts.collections and abs(compare_box(facts).open_fen) > (coin_fen or COIN_FEN):
            return True
    return False


def causes_of_station(station: Station, elapsed_ms: int) -> int:
    """``Cause`` bits of a station, of those in ``CHARGER_CAUSES``."""
    bits = 0
    if any(port.blocked for port in station.ports.values()):
        bits |= Cause.PORT_BLOCKED
    if station.counters.suspect_ms is not None:
        bits |= Cause.MONEY_SUSPECT
    for cause in station.told:
        bits |= cause
    watches = list(station.watches.values())
    for watch in watches:
        bits |= watch.causes
        if watch.in_vain and is_dead(watch, watches):
            bits |= Cause.PORT_DEAD
    if any(one.heard_ms - one.since_ms > SESSION_LONG_MS for one in _open(station)):
        bits |= Cause.SESSION_LONG
    if station.differ_ms is not None and elapsed_ms - station.differ_ms >= DIFFER_MS:
        bits |= Cause.COINS_DIFFER
    if is_intruded(station.box, elapsed_ms):
        bits |= Cause.BOX_OPEN
    return int(bits)


def _open(station: Station) -> list[SessionView]:
    return [one for one in station.sessions.by_id.values() if one.state == "open"]


def show_station(station: Station) -> StationNow:
    """As the API shows it."""
    bits = port_bits(station.ports, station.watches)
    watches = list(station.watches.values())
    for n, watch in station.watches.items():
        if watch.in_vain and is_dead(watch, watches):
            bits[n] = bits.get(n, 0) | int(Cause.PORT_DEAD)
    for n, port in station.ports.items():
        if port.blocked:
            bits[n] = bits.get(n, 0) | int(Cause.PORT_BLOCKED)
    return station_now(
        station.ports,
        station.sessions.by_id,
        box=station.box,
        since=station.days.box,
        bits=bits,
    )
