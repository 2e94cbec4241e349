"""One port of a charging station: what it says, what we believe, and what takes time to tell. Pure.

A port's word is judged against the sessions we know: current without a session, a session without
current, sessions that end before they began.
"""

import msgspec

from devices.causes import Cause
from devices.charger_sessions import SessionView
from devices.readings import PayKind, Port, PortState, StopReason

PORT_BLOCKED_S = 3_600
"""A port that prepares for this long without current is blocked. Source: our choice (health.md
names none): stations wait 120 s for a plug (reference/domain.md), so an hour is nobody's haste."""
NO_CURRENT_W = 5.0
"""Less is no current. Source: health.md, "a session with < 5 W"."""
RELAY_MS = 120_000
"""Current without a session for this long: the relay is stuck. Source: health.md, Charger."""
STUCK_MS = 600_000
"""A session without current for this long is stuck. Source: health.md, Charger."""
UNPAID_MS = 600_000
"""A port that charges for so long in nobody's session serves for nothing. Source: our choice: as
long as a session's word may be on its way (``charger_sessions.LOST_MS``)."""
SERVED_WH, NOTHING_WH = 20, 5
"""A session that gave more was served; one that gave less was not. Source: our choice: 20 Wh are
12 minutes of the weakest charger seen (100 W), 5 Wh what a relay test takes."""
DEAD_RUN = 3
"""So many sessions in a row that gave nothing, while another port served: a dead port. Source: our
choice: a customer without a plug happens, three in a row on one port are the port's."""
RELAY_STUCK = "relay_stuck"
"""The error by which a port says so itself (wire.md, Errors)."""

FLOWING = frozenset({PortState.CHARGING, PortState.FLOAT, PortState.FINISHING})
"""States in which current may flow."""
_DRY = frozenset({PortState.CHARGING, PortState.PREPARING})
"""States that promise current; float and finishing are a battery that is full."""
_IN_VAIN = frozenset(
    {"", StopReason.NOT_PLUGGED, StopReason.FAULT, StopReason.UNKNOWN, StopReason.GROUND_FAULT}
)
"""Ends that nobody wanted. Who unplugs or stops by himself had his reasons."""
_FOR_NOTHING = frozenset({PayKind.FREE, PayKind.ADMIN})


class PortView(msgspec.Struct):
    """One port: what the station says of it, and whether we believe that it is used.

    Attributes:
        state: What the station says, a word of wire.md.
        w: Power, watts; None = not told.
        since_ms: Receive time at which ``state`` took its value, wall ms UTC.
        session: Its session's id as the station says; "" = none.
        err: The fault it tells; "" = none.
        wh: Energy of the running session as the station says.
        waits_ms: Steady clock since which it prepares without current; None = it does not.
        blocked: Whether that is too long, and nothing real has changed since (A-31): the cause
            ``port_blocked`` of its station.
        in_use: It prepares or charges, and is not blocked.
    """

    state: PortState
    w: float | None = None
    since_ms: int = 0
    session: str = ""
    err: str = ""
    wh: float | None = None
    waits_ms: int | None = None
    blocked: bool = False
    in_use: bool = False


class PortWatch(msgspec.Struct, omit_defaults=True):
    """What a port is watched for. ``*_ms``: steady clock since which it is so, None = it is not.

    Attributes:
        live_ms: Current without a session.
        dry_ms: A session without current.
        unpaid_ms: It charges in nobody's session.
        causes: Of these, what has lasted long enough: ``Cause`` bits.
        in_vain: Sessions in a row that gave nothing, the first of them ended at ``vain_ms`` and
            began at ``vain_t_ms`` (ms UTC; 0 = it did not say).
        served_ms: Steady clock at which it last served somebody.
    """

    live_ms: int | None = None
    dry_ms: int | None = None
    unpaid_ms: int | None = None
    causes: int = 0
    in_vain: int = 0
    vain_ms: int = 0
    vain_t_ms: int = 0
    served_ms: int | None = None


def view_port(before: PortView | None, port: Port, *, recv_ms: int, elapsed_ms: int) -> PortView:
    """Judge one port of the newest status; a reboot that says the same changes nothing."""
    w, wh = port.w or 0.0, port.wh or 0.0
    waits_ms = None if before is None else before.waits_ms
    charged = before is not None and before.wh is not None and wh > before.wh
    flows = w > (0.0 if port.state in FLOWING else NO_CURRENT_W)
    if port.state is PortState.AVAILABLE or flows or charged:
        waits_ms = None
    elif waits_ms is None and port.state is PortState.PREPARING:
        waits_ms = elapsed_ms
    too_long = waits_ms is not None and elapsed_ms - waits_ms >= PORT_BLOCKED_S * 1000
    was_blocked = before is not None and before.blocked
    blocked = waits_ms is not None and (
        was_blocked or (too_long and port.state is PortState.PREPARING)
    )
    same = before is not None and before.state is port.state
    return PortView(
        state=port.state,
        w=port.w,
        since_ms=before.since_ms if before is not None and same else recv_ms,
        session=port.session or "",
        err=port.err or "",
        wh=port.wh,
        waits_ms=waits_ms,
        blocked=blocked,
        in_use=not blocked and port.state in {PortState.PREPARING, *FLOWING},
    )


def watch_port(
    watch: PortWatch, port: Port, *, in_session: bool, named: bool, elapsed_ms: int
) -> None:
    """Look at one port of the newest status.

    Two words at least the time apart make a cause; one that says otherwise ends it. What the
    station does not tell (no power) proves nothing.

    Args:
        watch: The port's.
        port: What the station says.
        in_session: It names a session, or one that we know of is open on it.
        named: The station names sessions in its status: a port that names none has none.
        elapsed_ms: Steady clock of the status.
    """
    flows = port.w is not None and port.w > NO_CURRENT_W
    alone = flows and not in_session
    live = alone and port.state not in FLOWING
    unpaid = alone and port.state in FLOWING and named
    dry = in_session and port.w is not None and not flows and port.state in _DRY
    watch.live_ms = _since(watch.live_ms, elapsed_ms, holds=live)
    watch.unpaid_ms = _since(watch.unpaid_ms, elapsed_ms, holds=unpaid)
    watch.dry_ms = _since(watch.dry_ms, elapsed_ms, holds=dry)
    bits = 0
    if port.err == RELAY_STUCK or _lasts(watch.live_ms, elapsed_ms, RELAY_MS):
        bits |= Cause.RELAY_STUCK
    if _lasts(watch.unpaid_ms, elapsed_ms, UNPAID_MS):
        bits |= Cause.SERVED_NOT_PAID
    if _lasts(watch.dry_ms, elapsed_ms, STUCK_MS):
        bits |= Cause.SESSION_STUCK
    watch.causes = int(bits)
    if in_session and (port.wh or 0.0) > SERVED_WH:
        watch.in_vain, watch.served_ms = 0, elapsed_ms


def _since(since_ms: int | None, now_ms: int, *, holds: bool) -> int | None:
    if not holds:
        return None
    return now_ms if since_ms is None else since_ms


def _lasts(since_ms: int | None, now_ms: int, for_ms: int) -> bool:
    return since_ms is not None and now_ms - since_ms >= for_ms


def judge_end(watch: PortWatch, session: SessionView, elapsed_ms: int) -> int:
    """Judge a session whose energy is known at its end, and what it says of its port.

    Returns:
        ``PAID_NOT_SERVED``, ``SERVED_NOT_PAID`` or 0.
    """
    if session.energy_wh >= SERVED_WH:
        if session.start_t_ms is None or session.start_t_ms >= watch.vain_t_ms:  # else told late
            watch.in_vain, watch.vain_t_ms, watch.served_ms = 0, 0, elapsed_ms
        unpaid = session.paid_fen == 0 and session.pay not in _FOR_NOTHING
        return int(Cause.SERVED_NOT_PAID) if unpaid else 0
    if session.energy_wh >= NOTHING_WH or session.stop not in _IN_VAIN:
        return 0
    watch.in_vain += 1
    if watch.in_vain == 1:
        watch.vain_ms, watch.vain_t_ms = elapsed_ms, session.start_t_ms or 0
    paid_fen = (session.paid_fen or 0) - (session.refund_fen or 0)
    return int(Cause.PAID_NOT_SERVED) if paid_fen > 0 and session.pay not in _FOR_NOTHING else 0


def is_dead(watch: PortWatch, others: list[PortWatch]) -> bool:
    """Whether a port serves nobody any more, while another one of its station does."""
    if watch.in_vain < DEAD_RUN:
        return False
    return any(one.served_ms is not None and one.served_ms >= watch.vain_ms for one in others)
