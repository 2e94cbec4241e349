"""Charging sessions of one station: begun, measured, ended once, whatever is repeated or lost.

A stop without a usable id ends the only open session of its port; a stop that says again what
was said changes nothing; energy is never below 0 (field cases A-19 and A-20).
"""

import msgspec

from devices.charger_money import NO_ORDER, meter_step
from devices.payloads import MAX_PARTS
from devices.readings import ChargerSession, Port, PortState, SessionKind

MAX_SESSIONS = 64
"""Sessions kept per station; the oldest ended ones are forgotten first. Source: our choice."""
LOST_MS = 600_000
"""A free port and no word of its session for this long: its stop was lost. Source: our choice."""
ABANDONED_MS = 86_400_000
"""An open session of which nobody spoke for a day. Source: our choice; health.md warns at 10 h."""
RETRY_MS = 600_000
"""A start without id that says again what the open one said, within this, is a retry."""


class SessionView(msgspec.Struct, rename={"start_t_ms": "start_t", "stop_t_ms": "stop_t"}):
    """One session. Keys of its JSON are those of replay.md.

    Attributes:
        state: ``open``, ``closed`` or ``abandoned`` (no stop will come).
        port: Its port, None when nobody said.
        start_t_ms: When it began, ms UTC; None when nobody said.
        energy_wh: Charged so far, >= 0.
        paid_fen: Paid in advance, fen.
        review: Why a person should look: ``matched_by_port``, ``orphan_stop``, ``energy_back``,
            ``no_start``, ``no_stop``; "" = nothing.
        stop_t_ms: When it ended.
        stop: The reason it gave.
        meter_wh: Mark of the station's meter.
        heard_ms: Steady clock of its newest word.
        number: Running number among the station's sessions: ids may come again.
        pay: How it was paid, a word of wire.md; "" = nobody said.
        refund_fen: Given back, fen; None when nobody said.
        since_ms: Steady clock at which it began.
    """

    state: str = "open"
    port: int | None = None
    start_t_ms: int | None = None
    energy_wh: int = 0
    paid_fen: int | None = None
    review: str = ""
    stop_t_ms: int | None = None
    stop: str = ""
    meter_wh: int | None = None
    heard_ms: int = 0
    number: int = 0
    pay: str = ""
    refund_fen: int | None = None
    since_ms: int = 0


Content = tuple[int | None, int | None, int | None, str, int]
"""What a stop said: energy, meter, seconds, reason, time."""


class Sessions(msgspec.Struct):
    """Of one station, oldest first.

    Attributes:
        by_id: Sessions; those without id under ``port-N-TIME`` and ``orphan-N-TIME``.
        stops: The last stop of each port.
        energy_wh: Sum of what all sessions charged in this run.
        count: Sessions so far.
        named: A status named the session of a port: the station does so.
        ended: Sessions whose stop came since somebody took them.
    """

    by_id: dict[str, SessionView] = {}
    stops: dict[int, Content] = {}
    energy_wh: int = 0
    count: int = 0
    named: bool = False
    ended: list[SessionView] = []

    def open_on(self, port: int | None) -> list[tuple[str, SessionView]]:
        """Open sessions of a port, with their ids."""
        if port is None:
            return []
        return [(k, s) for k, s in self.by_id.items() if s.state == "open" and s.port == port]


def take_session(
    sessions: Sessions, reading: ChargerSession, *, elapsed_ms: int, wrap_wh: int
) -> SessionView | None:
    """Take a start, an update or a stop; gives the session it speaks of, None for a repetition."""
    if reading.kind is SessionKind.START:
        return _start(sessions, reading, elapsed_ms)
    if reading.kind is SessionKind.STOP:
        return _stop(sessions, reading, elapsed_ms, wrap_wh)
    session = _named(sessions, reading)
    if session is None and reading.session:
        session = _begin(sessions, reading.session, reading, elapsed_ms)
    if session is not None and session.state == "open":
        _measure(sessions, session, reading, wrap_wh)
        session.heard_ms = elapsed_ms
    return session


def _named(sessions: Sessions, reading: ChargerSession) -> SessionView | None:
    if reading.session:
        return sessions.by_id.get(reading.session)
    on_port = sessions.open_on(reading.port)
    return on_port[0][1] if len(on_port) == 1 else None


def _began_ms(reading: ChargerSession) -> int:
    return reading.t_ms if reading.start_t_ms is None else reading.start_t_ms


def _begin(sessions: Sessions, key: str, reading: ChargerSession, elapsed_ms: int) -> SessionView:
    session = SessionView(port=reading.port, meter_wh=reading.meter_wh, heard_ms=elapsed_ms)
    if reading.kind is SessionKind.START or reading.start_t_ms is not None:
        session.start_t_ms = _began_ms(reading)
    if reading.kind is SessionKind.STOP:
        session.meter_wh = None
    _pay(session, reading)
    if reading.kind is SessionKind.START:
        for _, other in sessions.open_on(reading.port):
            if other.start_t_ms is None or other.start_t_ms <= _began_ms(reading):
                other.state, other.review = "abandoned", other.review or "no_stop"
    _keep(sessions, key, session)
    return session


def _keep(sessions: Sessions, key: str, session: SessionView) -> None:
    sessions.count += 1
    session.number = sessions.count
    sessions.by_id.pop(key, None)
    sessions.by_id[key] = session
    if len(sessions.by_id) > MAX_SESSIONS:
        ended = (k for k, s in sessions.by_id.items() if s.state != "open")
        del sessions.by_id[next(ended, next(iter(sessions.by_id)))]


def _start(sessions: Sessions, reading: ChargerSession, elapsed_ms: int) -> SessionView | None:
    key = reading.session
    if not key:
        for _, other in sessions.open_on(reading.port):
            same = (other.meter_wh, other.paid_fen) == (reading.meter_wh, reading.paid_fen)
            again = reading.start_t_ms in {None, other.start_t_ms}
            if same and again and elapsed_ms - other.heard_ms <= RETRY_MS:
                return None
        key = f"port-{reading.port}-{_began_ms(reading)}"
    known = sessions.by_id.get(key)
    if known is None or (known.state != "open" and _is_later(reading, known)):
        return _begin(sessions, key, reading, elapsed_ms)
    if known.start_t_ms is None or known.review == "no_start":  # it comes after its stop
        known.start_t_ms = _began_ms(reading)
        known.review = "" if known.review == "no_start" else known.review
    known.port = reading.port if known.port is None else known.port
    known.meter_wh = reading.meter_wh if known.meter_wh is None else known.meter_wh
    if known.paid_fen is None or not known.pay:
        _pay(known, reading)
    return known


def _is_later(reading: ChargerSession, known: SessionView) -> bool:
    """Whether a start with the id of an ended session is a new one: ids come again."""
    end_ms = known.start_t_ms if known.stop_t_ms is None else known.stop_t_ms
    return not reading.flags & NO_ORDER and end_ms is not None and _began_ms(reading) > end_ms


def _stop(
    sessions: Sessions, reading: ChargerSession, elapsed_ms: int, wrap_wh: int
) -> SessionView | None:
    port, said = reading.port, _content(reading)
    session = _named(sessions, reading)
    if reading.session:
        if session is None:
            session = _begin(sessions, reading.session, reading, elapsed_ms)
            whole = reading.offline or reading.start_t_ms is not None
            session.review = "" if whole else "no_start"
    else:
        if _is_repeat(sessions, port, said):
            return None
        if session is not None and _is_older(reading, session):
            session = None
        if session is not None:
            session.review = "matched_by_port"
        else:
            key = f"orphan-{port}-{reading.t_ms}"
            session = _begin(sessions, key, reading, elapsed_ms)
            session.review = "orphan_stop"
    if port is not None and (port in sessions.stops or len(sessions.stops) < MAX_PARTS):
        sessions.stops[port] = said
    if session.state == "closed":
        return session
    _measure(sessions, session, reading, wrap_wh)
    _end(sessions, session, reading, elapsed_ms)
    return session


def _end(
    sessions: Sessions, session: SessionView, reading: ChargerSession, elapsed_ms: int
) -> None:
    said = _content(reading)
    if session.start_t_ms is None and reading.start_t_ms is not None:
        session.start_t_ms = reading.start_t_ms
    session.state, session.stop_t_ms, session.heard_ms = "closed", reading.t_ms, elapsed_ms
    session.stop = said[3]
    if said[0] is not None or said[1] is not None:  # else nobody can say what it gave
        sessions.ended.append(session)
    if session.review == "no_stop":
        session.review = ""


def _content(reading: ChargerSession) -> Content:
    reason = "" if reading.stop is None else str(reading.stop)
    return reading.energy_wh, reading.meter_wh, reading.seconds, reason, reading.t_ms


def _is_repeat(sessions: Sessions, port: int | None, said: Content) -> bool:
    """Whether a stop without id says what the last one of its port said."""
    last = None if port is None else sessions.stops.get(port)
    if last is None or last[:4] != said[:4]:
        return False
    measured = any(number is not None for number in said[:3])
    return measured or last[4] == said[4] or not sessions.open_on(port)


def _is_older(reading: ChargerSession, session: SessionView) -> bool:
    """Whether a stop was said before the session began: one of an earlier session."""
    if reading.flags & NO_ORDER or session.start_t_ms is None:
        return False
    return reading.t_ms < session.start_t_ms


def _pay(session: SessionView, reading: ChargerSession) -> None:
    if reading.paid_fen is not None and reading.paid_fen >= 0:
        session.paid_fen = reading.paid_fen
    if reading.pay is not None:
        session.pay = reading.pay.value
    if reading.refund_fen is not None and reading.refund_fen >= 0:
        session.refund_fen = reading.refund_fen


def _measure(
    sessions: Sessions, session: SessionView, reading: ChargerSession, wrap_wh: int
) -> None:
    """Energy by the station's own sum, else by its meter; what goes back adds nothing."""
    before_wh, back = session.energy_wh, False
    if reading.energy_wh is not None:
        back = reading.energy_wh < before_wh
        session.energy_wh = max(before_wh, reading.energy_wh)
    elif reading.meter_wh is not None and session.meter_wh is not None:
        step = meter_step(session.meter_wh, reading.meter_wh, wrap_wh)
        session.energy_wh += step.rise_wh
        session.meter_wh, back = step.mark_wh, step.back
    elif reading.meter_wh is not None:
        session.meter_wh = reading.meter_wh
    if back:
        session.review = session.review or "energy_back"
    sessions.energy_wh += session.energy_wh - before_wh
    _pay(session, reading)


def take_ports(sessions: Sessions, ports: tuple[Port, ...], *, t_ms: int, elapsed_ms: int) -> None:
    """What the newest status says of the sessions; a lost start or stop shows here."""
    for port in ports:
        _take_named(sessions, port, t_ms, elapsed_ms)
    by_number = {port.n: port for port in ports}
    for key, session in sessions.by_id.items():
        port_now = None if session.port is None else by_number.get(session.port)
        if session.state != "open" or port_now is None:
            continue
        idle = port_now.state is PortState.AVAILABLE
        if port_now.session == key or not (idle or port_now.session):
            session.heard_ms = elapsed_ms
        elif elapsed_ms - session.heard_ms >= LOST_MS:
            session.state, session.review = "abandoned", session.review or "no_stop"


def _take_named(sessions: Sessions, port: Port, t_ms: int, elapsed_ms: int) -> None:
    """The session a port names: its energy so far, and itself if its start was lost."""
    if not port.session or port.state is PortState.AVAILABLE:
        return
    sessions.named = True
    session = sessions.by_id.get(port.session)
    if session is None:
        began_ms = None if port.s is None else t_ms - round(port.s * 1000)
        session = SessionView(port=port.n, start_t_ms=began_ms, heard_ms=elapsed_ms)
        _keep(sessions, port.session, session)
    if session.state == "open" and port.wh is not None:
        rise_wh = max(0, round(port.wh) - session.energy_wh)
        session.energy_wh += rise_wh
        sessions.energy_wh += rise_wh


def forget_silent(sessions: Sessions, elapsed_ms: int) -> None:
    """Abandon open sessions of which nobody spoke for a day."""
    for session in sessions.by_id.values():
        if session.state == "open" and elapsed_ms - session.heard_ms >= ABANDONED_MS:
            session.state, session.review = "abandoned", session.review or "no_stop"
