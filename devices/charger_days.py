"""Money of one station by the city's days: what counters, reports, sessions and the box say. Pure.

Facts alone; ``devices.reconciliation`` compares them and names what differs. A word is booked on
the day on which it was measured, however late it comes; one that is older than the days kept is
booked on the day it came and said to be late. Money is integer fen.
"""

from datetime import datetime, tzinfo
from zlib import crc32

import msgspec

from devices.charger_counters import Rise, RiseKind
from devices.charger_sessions import SessionView
from devices.day_facts import DayFacts
from devices.readings import PayKind

KEPT_DAYS = 8
"""Days a station can still change, today among them. Source: our choice: a station that was cut
off for a week settles what it kept; the rows of older days stay stored as they are."""
MAX_WAITING = 256
"""Words that wait for the next reading of the counters, per station; the oldest are let go as if
counted. Source: our choice: ten ports take no more in the minutes between two readings."""
MAX_BLIND = 16
"""Spans without counters kept per station, the newest ones."""

_encode = msgspec.json.Encoder().encode


class Blind(msgspec.Struct, frozen=True, array_like=True):
    """A span in which the counters' rise is not known: ``unseen`` or ``wiped``."""

    from_ms: int
    to_ms: int
    why: str


class Waiting(msgspec.Struct, frozen=True, array_like=True):
    """Coins told of after the newest reading: of a report, or of session ``number``."""

    t_ms: int
    day: str
    fen: int
    number: int = 0


class Booked(msgspec.Struct, frozen=True, array_like=True):
    """What of one session stands in the facts."""

    t_ms: int
    day: str
    pay: str
    paid_fen: int
    refund_fen: int
    energy_wh: int
    blind: str
    late: bool


class BoxSince(msgspec.Struct, omit_defaults=True):
    """Coins since the box was emptied.

    Attributes:
        known: What it held at the beginning is known.
        emptied_ms: When it was emptied, ms UTC; 0 = never yet.
    """

    known: bool = False
    emptied_ms: int = 0
    fen: int = 0
    suspect_fen: int = 0
    between_fen: int = 0
    wiped_fen: int = 0
    cashless_fen: int = 0


class Days(msgspec.Struct, omit_defaults=True):
    """The days of one station that can still change, oldest first.

    Attributes:
        read_ms: Time of the newest reading of a counter; None = none yet.
        booked: By number of the session.
        changed: Days that may have changed since somebody took them.
        marks: Of each day, what it was when somebody took it.
    """

    facts: list[DayFacts] = []
    read_ms: int | None = None
    blind: list[Blind] = []
    waiting: list[Waiting] = []
    booked: dict[int, Booked] = {}
    box: BoxSince = msgspec.field(default_factory=BoxSince)
    changed: set[str] = set()
    marks: dict[str, int] = {}

    def take_changes(self) -> list[tuple[str, bytes]]:
        """Days that changed since the last call, with the JSON of their facts."""
        taken: list[tuple[str, bytes]] = []
        for facts in self.facts:
            if facts.day in self.changed:
                body = _encode(facts)
                mark = crc32(body)
                if self.marks.get(facts.day) != mark:
                    taken.append((facts.day, body))
                    self.marks[facts.day] = mark
        self.changed.clear()
        return taken

    def of(self, day: str) -> DayFacts:
        """The facts of a day, made when it is new; it may have changed afterwards."""
        self.changed.add(day)
        for facts in reversed(self.facts):
            if facts.day == day:
                return facts
        made = DayFacts(day)
        self.facts.append(made)
        self.facts.sort(key=lambda facts: facts.day)
        for gone in self.facts[:-KEPT_DAYS]:
            self.changed.discard(gone.day)
            self.marks.pop(gone.day, None)
        del self.facts[:-KEPT_DAYS]
        return made

    def day_of(self, t_ms: int, recv_ms: int, zone: tzinfo) -> tuple[str, bool]:
        """The day on which a word of ``t_ms`` is booked, and whether that is later than it was."""
        day = city_day(t_ms, zone)
        oldest = self.facts[0].day if len(self.facts) >= KEPT_DAYS else ""
        if day >= oldest and recv_ms - t_ms < (KEPT_DAYS - 1) * 86_400_000:
            return day, False
        return city_day(recv_ms, zone), True


def city_day(t_ms: int, zone: tzinfo) -> str:
    """The day of an instant in the city, ISO 8601."""
    return datetime.fromtimestamp(t_ms / 1000, zone).date().isoformat()


# -- counters -------------------------------------------------------------------------------


def book_rise(days: Days, rise: Rise, recv_ms: int, zone: tzinfo) -> None:
    """Book what one reading of the counters added, and settle what waited for it."""
    day, _ = days.day_of(rise.t_ms, recv_ms, zone)
    facts, box = days.of(day), days.box
    if rise.fen:
        coins_fen = rise.fen - rise.cashless_fen
        facts.counter_fen += rise.fen
        facts.cashless_fen += rise.cashless_fen
        facts.coins += rise.coins
        facts.by_amount |= rise.by_amount
        box.fen += coins_fen
        if rise.kind is RiseKind.SUSPECT:
            facts.suspect_fen += rise.fen
            box.suspect_fen += rise.fen
        elif rise.kind is RiseKind.BETWEEN:
            facts.between_fen += rise.fen
            box.between_fen += rise.fen
        before, _ = days.day_of(rise.from_ms, recv_ms, zone)
        if before < day:
            facts.crossing_fen += coins_fen
            facts.crossing_from = min(facts.crossing_from or before, before)
    if rise.kind is RiseKind.RESET:
        facts.resets += 1
    if not rise.corrects:
        _settle(days, rise)
    _carry(days)


def _settle(days: Days, rise: Rise) -> None:
    """The counters were read: what waited is in them, or in a span that nobody can read."""
    why = {RiseKind.FIRST: "unseen", RiseKind.RESET: "wiped"}.get(rise.kind, "")
    if why:
        begin_ms = 0 if rise.kind is RiseKind.FIRST else rise.from_ms
        days.blind.append(Blind(begin_ms, rise.t_ms, why))
        del days.blind[:-MAX_BLIND]
    if days.read_ms is None or rise.t_ms > days.read_ms:
        days.read_ms = rise.t_ms
    still: list[Waiting] = []
    for word in days.waiting:
        if word.t_ms > rise.t_ms:
            still.append(word)
            continue
        _waits_no_more(days, word, why)
    days.waiting = still


def _blind_at(days: Days, t_ms: int) -> str:
    """Why nobody can find a coin of this moment in the counters: a word, or "" = it is there."""
    if days.read_ms is None or t_ms > days.read_ms:
        return "waiting"
    return next((b.why for b in reversed(days.blind) if b.from_ms < t_ms <= b.to_ms), "")


def _add_blind(days: Days, day: str, whose: str, why: str, fen: int) -> None:
    facts, name = days.of(day), f"{whose}_{why}_fen"
    setattr(facts, name, getattr(facts, name) + fen)


def _wait(days: Days, word: Waiting) -> None:
    days.waiting.append(word)
    if len(days.waiting) > MAX_WAITING:
        _waits_no_more(days, days.waiting.pop(0), "")


def _waits_no_more(days: Days, word: Waiting, why: str) -> None:
    """It is in the counters (``why`` is ""), or will never be."""
    whose = "session" if word.number else "report"
    _add_blind(days, word.day, whose, "waiting", -word.fen)
    if why:
        _add_blind(days, word.day, whose, why, word.fen)
    if word.number in days.booked:
        booked = days.booked[word.number]
        days.booked[word.number] = msgspec.structs.replace(booked, blind=why)
    elif why == "wiped":
        days.box.wiped_fen += word.fen


# -- coin reports and the box ---------------------------------------------------------------


def book_report(
    days: Days, t_ms: int, recv_ms: int, *, coins: tuple[int, int], zone: tzinfo
) -> None:
    """Book a report of coins: their number and their amount, fen."""
    day, _ = days.day_of(t_ms, recv_ms, zone)
    facts, (number, fen) = days.of(day), coins
    facts.report_coins += number
    facts.report_fen += fen
    why = _blind_at(days, t_ms)
    if why:
        _add_blind(days, day, "report", why, fen)
    if why == "waiting":
        _wait(days, Waiting(t_ms, day, fen))
    elif why == "wiped":
        days.box.wiped_fen += fen
    _carry(days)


def book_collection(
    days: Days, t_ms: int, recv_ms: int, counted_fen: int | None, zone: tzinfo
) -> None:
    """Book an emptied box; without a count it was only emptied. Told again it is the same one."""
    if t_ms <= days.box.emptied_ms:
        return
    day, _ = days.day_of(t_ms, recv_ms, zone)
    box, facts = days.box, days.of(day)
    unread_fen = _unread_fen(days, t_ms)
    box.fen += unread_fen
    if counted_fen is not None:
        facts.collections += 1
        facts.collected_fen += counted_fen
        facts.box_fen += box.fen
        facts.box_suspect_fen += box.suspect_fen
        facts.box_between_fen += box.between_fen
        facts.box_wiped_fen += box.wiped_fen
        facts.box_cashless_fen += box.cashless_fen
        facts.box_unknown_fen += 0 if box.known else counted_fen - box.fen
    days.box = BoxSince(known=True, emptied_ms=t_ms, fen=-unread_fen)


def _unread_fen(days: Days, t_ms: int) -> int:
    """Coins told of up to then that no reading has counted: they lie in the box all the same."""
    told = [word for word in days.waiting if word.t_ms <= t_ms]
    of_sessions = sum(word.fen for word in told if word.number)
    return max(of_sessions, sum(word.fen for word in told if not word.number))


def know_box(days: Days, held_fen: int) -> None:
    """Take the station's own word of what the box held when we first heard it, fen."""
    if not days.box.known:
        days.box.known = True
        days.box.fen = held_fen


# -- sessions -------------------------------------------------------------------------------


def book_session(
    days: Days, session: SessionView, *, t_ms: int, recv_ms: int, zone: tzinfo
) -> None:
    """Book a session as it stands now, in place of what was booked of it before."""
    before = days.booked.get(session.number)
    began_ms = session.start_t_ms
    if began_ms is None:
        began_ms = t_ms if before is None else before.t_ms
    if before is not None and before.late:
        day, late = before.day, True
    elif before is not None and before.t_ms == began_ms:
        day, late = before.day, False
    else:
        day, late = days.day_of(min(began_ms, recv_ms), recv_ms, zone)
    paid_fen = session.paid_fen or 0
    coins_fen = paid_fen if session.pay == PayKind.COIN and not late else 0
    blind = _blind_at(days, began_ms) if coins_fen else ""
    now = Booked(
        t_ms=began_ms,
        day=day,
        pay=session.pay,
        paid_fen=paid_fen,
        refund_fen=session.refund_fen or 0,
        energy_wh=session.energy_wh,
        blind=blind,
        late=late,
    )
    if now == before:
        return
    if before is not None:
        days.waiting = [word for word in days.waiting if word.number != session.number]
        _put(days, before, -1)
    days.booked[session.number] = now
    _put(days, now, 1)
    if blind == "waiting":
        _wait(days, Waiting(began_ms, day, coins_fen, session.number))
    _carry(days)


def forget_session(days: Days, number: int) -> None:
    """A session is no longer remembered: what is booked of it stays."""
    days.booked.pop(number, None)


def _put(days: Days, booked: Booked, sign: int) -> None:
    facts = days.of(booked.day)
    paid_fen = sign * booked.paid_fen
    match booked.pay:
        case PayKind.COIN:
            facts.coin_fen += paid_fen
            facts.late_fen += paid_fen if booked.late else 0
            if booked.blind:
                _add_blind(days, booked.day, "session", booked.blind, paid_fen)
        case PayKind.CARD:
            facts.card_fen += paid_fen
            days.box.cashless_fen += paid_fen
        case PayKind.QR:
            facts.qr_fen += paid_fen
            days.box.cashless_fen += paid_fen
        case _:
            facts.other_fen += paid_fen
    facts.sessions += sign
    facts.free += sign if booked.pay in {PayKind.FREE, PayKind.ADMIN} else 0
    facts.refund_fen += sign * booked.refund_fen
    facts.energy_wh += sign * booked.energy_wh


# -- over midnight --------------------------------------------------------------------------


def _carry(days: Days) -> None:
    """Give what a day's first reading counted back to the days whose coins it was.

    Which is told by their reports and sessions: what they tell of beyond their own counters.
    """
    if not any(facts.crossing_fen for facts in days.facts):
        return
    carried = dict.fromkeys((facts.day for facts in days.facts), 0)
    for k, facts in enumerate(days.facts):
        left_fen = facts.crossing_fen
        for earlier in days.facts[:k]:
            if earlier.day < facts.crossing_from or left_fen <= 0:
                continue
            counted_fen = earlier.counter_fen - earlier.cashless_fen + carried[earlier.day]
            told_fen = max(_reported_fen(earlier), _paid_fen(earlier))
            fen = min(left_fen, max(0, told_fen - counted_fen))
            carried[earlier.day] += fen
            carried[facts.day] -= fen
            left_fen -= fen
    for facts in days.facts:
        if facts.carried_fen != carried[facts.day]:
            facts.carried_fen = carried[facts.day]
            days.changed.add(facts.day)


def _reported_fen(facts: DayFacts) -> int:
    blind_fen = facts.report_unseen_fen + facts.report_wiped_fen + facts.report_waiting_fen
    return facts.report_fen - blind_fen


def _paid_fen(facts: DayFacts) -> int:
    blind_fen = facts.session_unseen_fen + facts.session_wiped_fen + facts.session_waiting_fen
    return facts.coin_fen - facts.late_fen - blind_fen
