"""Entries of the journal as lines: what they say, without places, persons and unknown words."""

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from devices.encoding import open_payload
from devices.entry import DUP, RETAIN, Entry, EntryKind
from devices.errors import WireError
from devices.plain_objects import parse
from devices.quarantine_hints import one_line
from parkguard.settings import JournalSettings
from parkguard.wiring.shared import MIB

if TYPE_CHECKING:
    from stores.journal_stats import JournalStats

HIDDEN = "…"
"""Stands for a value that is not shown."""
_KEYS = """
    v id class channel type kind boot seq ev_id cmd_id session t start_t fix_t at_ms n port s
    seconds pos st bat net pack box ctr ports ch disk fixes items msg order backfill offline
    valid acc_m hdop sat spd_kmh src crs ign motion armed ext_power charging mode
    pct mv ma ext_mv cells_mv rat rssi_dbm temp_c mains_v door_open smoke on lvl dur_s count
    state err vendor_err w wh energy_wh meter_wh w_max w_end stop pay cur paid_fen charged_fen
    refund_fen denom_fen amount_fen counted_fen coins cap_coins coins_total amount_total_fen
    energy_total_wh sessions_total up_s fw hw model caps interval_s receipts next_s result
    online fps fps_expected frames last_frame_t kbps reconn_1h stalls_1h recording occluded
    tampered video_loss total_gb used_gb ok oldest_t clock_off_ms
    device_id vehicle_id alert_id incident_id fence_id answer verdict outcome notice
"""
SHOWN = frozenset(_KEYS.split())
"""Keys of docs/wire.md and of people's entries whose values say neither where nor who."""
_MOST_ITEMS = 3
"""So many elements of a list are shown, then how many there are."""
_KINDS = {EntryKind.MQTT: "message", EntryKind.CONTROL: "people", EntryKind.TICK: "tick"}


def kind_of(entry: Entry) -> str:
    """What an entry is, as a word."""
    return _KINDS[EntryKind(entry.kind)]


def said_by(entry: Entry, *, hidden: bool) -> object:
    """What an entry says: its payload as a plain value, or why it cannot be read.

    Args:
        entry: Of any kind.
        hidden: Leave out what says where or who (all but ``SHOWN``).
    """
    if entry.kind == EntryKind.TICK:
        return {"broker_connected": bool(entry.flags)}
    try:
        value = parse(open_payload(entry.payload, of_many=True))
    except WireError as exc:
        return f"not readable ({exc.reason}), {len(entry.payload):,} bytes"
    return _without(value, "v") if hidden else value


def marks_of(entry: Entry) -> list[str]:
    """What the broker marked a message with."""
    if entry.kind != EntryKind.MQTT:
        return []
    return [word for bit, word in ((RETAIN, "retained"), (DUP, "repeated")) if entry.flags & bit]


def as_line(entry: Entry, zone: str, *, hidden: bool) -> str:
    """Number, local time, kind or topic, what it says; one line whatever the device sent."""
    at = datetime.fromtimestamp(entry.recv_ms / 1000, ZoneInfo(zone))
    said = said_by(entry, hidden=hidden)
    words = said if isinstance(said, str) else msgspec.json.encode(said, enc_hook=repr).decode()
    marks = "".join(f" [{mark}]" for mark in marks_of(entry))
    name = entry.topic or kind_of(entry)
    return one_line(f"{entry.seq} {at.isoformat(timespec='milliseconds')} {name}{marks} {words}")


def as_row(entry: Entry, *, hidden: bool) -> dict[str, object]:
    """The same for a program."""
    return {
        "seq": entry.seq,
        "kind": kind_of(entry),
        "recv_ms": entry.recv_ms,
        "elapsed_ms": entry.elapsed_ms,
        "topic": entry.topic,
        "marks": marks_of(entry),
        "bytes": len(entry.payload),
        "says": said_by(entry, hidden=hidden),
    }


def stats_rows(
    found: "JournalStats", settings: JournalSettings, zone: str
) -> list[dict[str, object]]:
    """What the journal holds, a line a fact."""
    packed = [one for one in found.segments if one.archived]
    plain_bytes = sum(one.plain_bytes for one in packed)
    share = f", to {sum(one.bytes for one in packed) / plain_bytes:.0%}" if plain_bytes else ""
    state = "enough"
    if found.free_bytes < settings.alarm_bytes:
        state = "INTAKE IS STOPPED" if found.free_bytes < settings.reserve_bytes else "SHORT"
    facts = {
        "segments": f"{len(found.segments):,}, {len(packed):,} of them compressed{share}",
        "on the disk": f"{sum(one.bytes for one in found.segments) / MIB:,.1f} MiB",
        "entries": f"{found.entries:,}",
        "oldest": _at(found.oldest_ms, zone),
        "newest": _at(found.newest_ms, zone),
        "kept for": f"{settings.retention_h:g} h",
    }
    for lag in found.readers:
        noted = "has never read" if lag.noted is None else f"has read up to {lag.noted}"
        facts[f"reader {lag.reader}"] = (
            f"{noted}, {lag.entries:,} entries behind, {lag.behind_ms / 1000:,.0f} s"
        )
    facts["free disk"] = (
        f"{found.free_bytes / MIB:,.0f} MiB: {state} (alarm below "
        f"{settings.alarm_bytes / MIB:,.0f}, intake stops below {settings.reserve_mb:,.0f})"
    )
    return [{"what": name, "is": value} for name, value in facts.items()]


def _at(t_ms: int, zone: str) -> str:
    if not t_ms:
        return "-"
    return datetime.fromtimestamp(t_ms / 1000, ZoneInfo(zone)).isoformat(timespec="seconds")


def _without(value: object, key: str) -> object:
    if isinstance(value, dict):
        return {name: _without(each, str(name)) for name, each in value.items()}
    if isinstance(value, list):
        more = len(value) - _MOST_ITEMS
        shown = [_without(each, key) for each in value[:_MOST_ITEMS]]
        return shown + ([f"and {more} more"] if more > 0 else [])
    return value if key in SHOWN or value is None else HIDDEN
