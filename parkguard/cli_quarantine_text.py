"""The quarantine in words: ages, times in the city's zone, payloads as text or hex."""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from devices.quarantine_hints import hint_of, one_line, text_of
from stores.queries_quarantine import QuarantineLine, QuarantineRow

HEX_WIDTH = 16
"""Bytes of one line of a hex dump."""
HEX_MAX_BYTES = 4_096
"""A longer payload is cut on the screen; ``--json`` has all of it."""
TEXT_MAX_CHARS = 16_384
"""The same for text."""
_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000))


def age(then_ms: int, now_ms: int) -> str:
    """Give an age in one unit: ``3 d``, ``5 min``, ``0 s``."""
    gone_ms = max(0, now_ms - then_ms)
    for unit, length_ms in _UNITS:
        if gone_ms >= length_ms:
            return f"{gone_ms // length_ms} {unit}"
    return "0 s"


def both_times(t_ms: int | None, zone: str) -> str:
    """Give a moment in the city's zone and in UTC; "-" for none."""
    if t_ms is None:
        return "-"
    moment = datetime.fromtimestamp(t_ms / 1000, UTC)
    local = moment.astimezone(ZoneInfo(zone))
    return (
        f"{local.isoformat(sep=' ', timespec='milliseconds')} {zone} · "
        f"{moment.isoformat(sep=' ', timespec='milliseconds').replace('+00:00', 'Z')}"
    )


def state_of(line: QuarantineLine) -> str:
    """Give ``held``, ``queued`` (asked to run again), ``replayed`` or ``kept`` (no message)."""
    if not line.runnable:
        return "kept"
    if line.replayed_ms is not None:
        return "replayed"
    return "held" if line.held else "queued"


def payload_lines(payload: bytes) -> list[str]:
    """Give a payload as text when it is text, else as hex with offsets."""
    if not payload:
        return ["(empty)"]
    text = text_of(payload)
    if text is not None:
        cut = len(text) - TEXT_MAX_CHARS
        lines = [one_line(line) for line in text[:TEXT_MAX_CHARS].splitlines()]
        return lines + ([f"... {cut} characters more: --json has them"] if cut > 0 else [])
    lines = []
    for offset in range(0, min(len(payload), HEX_MAX_BYTES), HEX_WIDTH):
        part = payload[offset : offset + HEX_WIDTH]
        shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in part)  # noqa: PLR2004 - ASCII
        lines.append(f"{offset:08x}  {part.hex(' '):<{HEX_WIDTH * 3 - 1}}  {shown}")
    if len(payload) > HEX_MAX_BYTES:
        lines.append(f"... {len(payload) - HEX_MAX_BYTES} bytes more: --json has them")
    return lines


def print_table(lines: Sequence[QuarantineLine], *, now_ms: int, title: str) -> None:
    """Print refused messages, one a row, and below what to do about each reason there is."""
    table = Table(title=title)
    for name in ("id", "age", "reason", "device", "bytes", "state", "topic", "detail"):
        table.add_column(name, overflow="fold", justify="right" if name == "bytes" else "left")
    for line in lines:
        item = f" [{line.item}]" if line.item >= 0 else ""
        cells = (
            str(line.id),
            age(line.recv_ms, now_ms),
            line.reason + item,
            line.device_id or "-",
            str(line.bytes),
            state_of(line),
            line.topic,
            line.detail,
        )
        table.add_row(*(escape(one_line(cell)) for cell in cells))
    console = Console()
    console.print(table)
    if lines:
        console.print(_hints({line.reason for line in lines}))


def print_one(row: QuarantineRow, *, zone: str) -> None:
    """Print everything about one refused message, and its payload."""
    hint = hint_of(row.reason)
    facts = {
        "id": str(row.id),
        "reason": row.reason,
        "detail": row.detail,
        "what to do": hint.en,
        "怎么办": hint.zh,
        "device": row.device_id or "-",
        "topic": row.topic + (" (retained)" if row.retained else ""),
        "item": "the whole message" if row.item < 0 else f"element {row.item} of it",
        "received": both_times(row.recv_ms, zone),
        "stored": both_times(row.stored_ms, zone),
        "refused by": f"version {row.code_version}",
        "state": state_of(row),
    }
    if row.queued_ms is not None or row.replayed_ms is not None:
        facts["asked to run again"] = f"{both_times(row.queued_ms, zone)} by {row.replay_by}"
        facts["run again"] = both_times(row.replayed_ms, zone)
    facts["payload"] = f"{row.bytes} bytes"
    grid = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        grid.add_row(name, escape(one_line(value)))
    console = Console()
    console.print(grid)
    for line in payload_lines(row.payload):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _hints(reasons: set[str]) -> Table:
    table = Table(title="what to do · 怎么办")
    for name in ("reason", "what to do", "怎么办"):
        table.add_column(name, overflow="fold")
    for reason in sorted(reasons):
        table.add_row(reason, *(escape(words) for words in hint_of(reason)))
    return table
