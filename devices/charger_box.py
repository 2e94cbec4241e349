"""The coin box and the doors of a station: opened with or without a collection task. Pure."""

import msgspec

from devices.readings import ChargerStatus, CoinKind, CoinReport, Event, EventType, Flag

TOLD_MS = 3_600_000
"""An opening without a task is told for at least this long. Source: our choice: a door that is
opened and shut between two heartbeats must still be seen by somebody."""
TASK_MAX_MS = 86_400_000
"""A collection task ends by itself after this at most. Source: our choice, as for tickets."""
_OF_BEFORE = int(Flag.LATE | Flag.BACKFILL | Flag.FUTURE | Flag.RETAINED | Flag.REQUEUED)
"""A word with one of these says nothing of now."""


class Box(msgspec.Struct, omit_defaults=True):
    """One station's box.

    Attributes:
        coins, cap_coins, amount_fen: As the station says; None = it never did.
        open: It says that its door or box is open.
        opened_ms: Steady clock of the newest opening that nobody was sent for; None = none.
        task_until_ms: Steady clock until which somebody is sent to it; ``task_by`` who said so.
        task_until_wall_ms: The same for people to read, wall ms UTC; 0 = nobody was ever sent.
        emptied_by: Who emptied it last, as the station says; ``emptied_t_ms`` when.
        counted_fen: What he counted, None = he did not say.
    """

    coins: int | None = None
    cap_coins: int | None = None
    amount_fen: int | None = None
    open: bool = False
    opened_ms: int | None = None
    task_until_ms: int = 0
    task_by: str = ""
    task_until_wall_ms: int = 0
    emptied_by: str = ""
    emptied_t_ms: int | None = None
    counted_fen: int | None = None


def send_collector(box: Box, *, for_ms: int, by: str, recv_ms: int, elapsed_ms: int) -> None:
    """Somebody is sent to empty the box; nothing, or less, calls him back."""
    length_ms = min(max(for_ms, 0), TASK_MAX_MS)
    box.task_until_ms, box.task_until_wall_ms = elapsed_ms + length_ms, recv_ms + length_ms
    box.task_by = by
    if for_ms > 0:
        box.opened_ms = None


def take_level(box: Box, status: ChargerStatus, elapsed_ms: int) -> None:
    """What a status says of box and door."""
    box.coins = box.coins if status.box_coins is None else status.box_coins
    box.cap_coins = box.cap_coins if status.box_cap_coins is None else status.box_cap_coins
    box.amount_fen = box.amount_fen if status.box_amount_fen is None else status.box_amount_fen
    if status.door_open is not None and not status.flags & _OF_BEFORE:
        _turn(box, elapsed_ms, to_open=status.door_open)


def take_word(box: Box, reading: Event | CoinReport, elapsed_ms: int) -> None:
    """A door that speaks, a box that is opened or emptied, a coin that falls."""
    past = bool(reading.flags & _OF_BEFORE)
    if isinstance(reading, Event):
        if reading.type is EventType.DOOR and not past:
            _turn(box, elapsed_ms, to_open=reading.on)
        return
    if reading.box_coins is not None and not past:
        box.coins = reading.box_coins
    if reading.kind is CoinKind.BOX_OPEN and not past and not _is_sent(box, elapsed_ms):
        box.opened_ms = elapsed_ms
    if reading.kind is CoinKind.COLLECT and reading.t_ms > (box.emptied_t_ms or 0):
        box.emptied_by, box.emptied_t_ms = reading.by, reading.t_ms
        box.counted_fen = reading.counted_fen


def is_intruded(box: Box, elapsed_ms: int) -> bool:
    """Whether it is, or was shortly, open and nobody was sent."""
    if box.open and not _is_sent(box, elapsed_ms):
        return True
    return box.opened_ms is not None and elapsed_ms - box.opened_ms < TOLD_MS


def _turn(box: Box, elapsed_ms: int, *, to_open: bool) -> None:
    if to_open and not box.open and not _is_sent(box, elapsed_ms):
        box.opened_ms = elapsed_ms
    box.open = to_open


def _is_sent(box: Box, elapsed_ms: int) -> bool:
    return elapsed_ms < box.task_until_ms
