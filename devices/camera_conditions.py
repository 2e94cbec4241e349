"""What is wrong with a camera or recorder, from its heartbeats and events: ``Cause`` bits.

A camera's word that it is well is held against what it shows (``devices.camera_channels``). All is
decided when it speaks, from what it said before; bounds are health.md's (Camera) unless said.
"""

from collections.abc import Iterator

import msgspec

from devices import camera_channels as one
from devices.camera_channels import ChannelMemory
from devices.causes import Cause
from devices.presence import Presence
from devices.readings import CameraChannel, CameraHeartbeat, Event, Flag
from devices.words import EventType

CLOCK_OFF_MS, CLOCK_UNUSABLE_MS = 5_000, 60_000
"""A camera's clock off by more is told, makes its pictures no evidence. Source: health.md."""
STEADY_MS, STEADY_HEARTBEATS = 2_000, 3
"""Heartbeats in a row whose delay agrees so well come from a clock that is off; what waited in a
queue agrees with nothing. Ours: three times the jitter of a mobile network."""
DISK_FULL_SHARE = 0.9
"""A recorder's disk used beyond is full. Source: health.md, Camera."""
RETENTION_MS = 30 * 86_400_000
"""Recordings have to reach back so far. Source: health.md, Camera; domain.md, fact 8."""
JUMP_MS = 48 * 3_600_000
"""The oldest recording moved on by so much more than the time that passed: part of the archive is
gone. Ours: recorders that delete by the day move on by 24 h at once."""
NEWEST_MS = 3_600_000
"""The newest recording is older than this while the camera records: none is written. Ours: files
of recorders are an hour at most."""

BLIND = int(
    Cause.NO_VIDEO
    | Cause.FROZEN
    | Cause.BLACK
    | Cause.OCCLUDED
    | Cause.TAMPERED
    | Cause.MOVED
    | Cause.NOT_RECORDING
)
"""With one of these a camera has nothing to show of what happens before it."""

_NO_CLOCK = int(Flag.BACKFILL | Flag.NO_TIME | Flag.RETAINED | Flag.REQUEUED)
_CORRECTED = int(Flag.TIME_LEARNT | Flag.WEEK_ROLLOVER)
_OWN_TIME = _NO_CLOCK | _CORRECTED | int(Flag.TIME_SCALED)
"""Records whose time is not of the clock that stamps the pictures, or is not as it said it."""


class ChannelChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one channel from now on.

    Attributes:
        slot: The camera's.
        n: The channel's number, as the camera counts.
        causes: ``Cause`` bits of this channel.
        since_ms: Receive time, wall ms UTC, at which it became all right, or not.
        is_gone: There is no such channel any more.
    """

    slot: int
    n: int
    causes: int
    since_ms: int
    is_gone: bool = False


class CameraMemory(msgspec.Struct):
    """What is remembered of one camera, for checkpoints.

    Attributes:
        channels: By number.
        first_ms: Receive time of its first heartbeat; 0 = none yet.
        off_ms, steady: Newest delay of its clock, and how many heartbeats in a row agree with it.
        oldest_ms, oldest_at: Its oldest recording, and the steady clock when that was said.
        rotates: The disk was seen to drop old recordings for new ones.
        gap_ms: Steady clock at which recordings were found missing; None = they were not.
        is_faulty: Its disk said so.
        causes: ``Cause`` bits of the whole camera, its channels left aside.
    """

    channels: dict[int, ChannelMemory] = {}
    first_ms: int = 0
    off_ms: int = 0
    steady: int = 0
    oldest_ms: int = 0
    oldest_at: int = 0
    rotates: bool = False
    gap_ms: int | None = None
    is_faulty: bool = False
    causes: int = 0


def camera_heard(
    memory: CameraMemory, heartbeat: CameraHeartbeat, *, slot: int, recv_ms: int, now_ms: int
) -> tuple[int, list[ChannelChange]]:
    """Take a heartbeat.

    A channel that was told before and is left out for ``MISSING_MS`` has no picture; a heartbeat
    without any says nothing of them.

    Args:
        memory: Changed.
        heartbeat: The newest one.
        slot: The camera's, for the changes.
        recv_ms: When it was received, wall ms UTC.
        now_ms: The steady clock of its entry.

    Returns:
        ``Cause`` bits of the camera, and the channels whose bits are others than before.
    """
    memory.first_ms = memory.first_ms or recv_ms
    said_ms = None if heartbeat.flags & _OWN_TIME else heartbeat.t_ms
    bits = {
        channel.n: one.hear(_channel(memory, channel), channel, said_ms=said_ms, now_ms=now_ms)
        for channel in heartbeat.channels
    }
    if bits:
        for n in memory.channels.keys() - bits.keys():
            channel = memory.channels[n]
            if now_ms - channel.heard_ms >= one.MISSING_MS:
                channel.is_missing = True
                bits[n] = int(Cause.NO_VIDEO)
    memory.causes = (
        _clock(memory, heartbeat, recv_ms)
        | _disk(memory, heartbeat)
        | _recordings(memory, heartbeat, recv_ms, now_ms)
    )
    return _told(memory, bits, slot=slot, recv_ms=recv_ms)


def camera_event(
    memory: CameraMemory, event: Event, *, slot: int, recv_ms: int, now_ms: int
) -> tuple[int, list[ChannelChange]]:
    """Take an event of a camera: what it says holds until it, or a heartbeat, takes it back.

    What a heartbeat may say as well (covered, tampered with, no picture) the next one takes back;
    of a view that changed only the event itself, or who goes there (``camera_seen_to``), does.
    """
    if event.type is EventType.DISK:
        memory.is_faulty = event.on
        memory.causes = memory.causes & ~int(Cause.DISK_FAULT) | _fault(memory)
    bits = {}
    for n, channel in _meant(memory, event):
        gone = _ENDS | (int(Cause.NO_VIDEO) if channel.is_lost else 0)
        _noted(channel, event, now_ms)
        lost = int(Cause.NO_VIDEO) if channel.is_lost else 0
        bits[n] = channel.causes & ~gone | one.held(channel, now_ms) | lost
    return _told(memory, bits, slot=slot, recv_ms=recv_ms)


def camera_seen_to(memory: CameraMemory, *, slot: int) -> list[ChannelChange]:
    """Staff have it in hand (admin state maintenance): its view is learnt anew.

    Returns:
        The channels that are dropped: heartbeats left them out.
    """
    memory.gap_ms = None
    dropped = []
    for n, channel in sorted(memory.channels.items()):
        one.seen_to(channel)
        if channel.is_missing:
            del memory.channels[n]
            gone = ChannelChange(slot=slot, n=n, causes=0, since_ms=channel.since_ms, is_gone=True)
            dropped.append(gone)
    return dropped


def sees(presence: int, causes: int) -> bool:
    """Whether a camera shows and records what is before it: ``Presence`` and ``Cause`` bits."""
    return presence == Presence.ONLINE and not causes & BLIND


def _channel(memory: CameraMemory, channel: CameraChannel) -> ChannelMemory:
    return memory.channels.setdefault(channel.n, ChannelMemory())


def _meant(memory: CameraMemory, event: Event) -> Iterator[tuple[int, ChannelMemory]]:
    """The channels an event speaks of: the one it names, else all that are known."""
    if event.type not in _VIEW:
        return
    for n, channel in memory.channels.items():
        if event.channel in {None, n}:
            yield n, channel


_VIEW = frozenset(
    {EventType.OCCLUSION, EventType.TAMPER, EventType.SCENE_CHANGE, EventType.VIDEO_LOSS}
)
"""Events that speak of a picture."""
_ENDS = int(Cause.OCCLUDED | Cause.TAMPERED | Cause.MOVED)
"""What is told of a view again at each word of it."""


def _noted(channel: ChannelMemory, event: Event, now_ms: int) -> None:
    """Keep since when an event says what it says."""
    if event.type is EventType.VIDEO_LOSS:
        channel.is_lost = event.on
    name = _KEPT.get(event.type)
    if name is not None:
        since: int | None = getattr(channel, name)
        setattr(channel, name, (now_ms if since is None else since) if event.on else None)


_KEPT = {
    EventType.OCCLUSION: "covered_since",
    EventType.TAMPER: "tampered_since",
    EventType.SCENE_CHANGE: "moved_since",
}


def _told(
    memory: CameraMemory, bits: dict[int, int], *, slot: int, recv_ms: int
) -> tuple[int, list[ChannelChange]]:
    """Keep the new bits of channels; the camera's bits, and what changed."""
    changes = []
    for n, causes in sorted(bits.items()):
        channel = memory.channels[n]
        if channel.since_ms and causes == channel.causes:
            continue
        if not channel.since_ms or bool(causes) is not bool(channel.causes):
            channel.since_ms = recv_ms
        channel.causes = causes
        change = ChannelChange(slot=slot, n=n, causes=causes, since_ms=channel.since_ms)
        changes.append(change)
    whole = memory.causes
    for channel in memory.channels.values():
        whole |= channel.causes
    return whole, changes


def _clock(memory: CameraMemory, heartbeat: CameraHeartbeat, recv_ms: int) -> int:
    """Its clock, by its own word and by what we see of it."""
    off_ms = abs(heartbeat.clock_off_ms or 0.0)
    if not heartbeat.flags & _NO_CLOCK:
        seen_ms = heartbeat.t_ms - recv_ms
        agrees = memory.steady and abs(seen_ms - memory.off_ms) <= STEADY_MS
        memory.off_ms, memory.steady = seen_ms, memory.steady + 1 if agrees else 1
        if seen_ms > CLOCK_UNUSABLE_MS or memory.steady >= STEADY_HEARTBEATS:
            off_ms = max(off_ms, abs(seen_ms))
    if off_ms > CLOCK_UNUSABLE_MS or heartbeat.flags & _CORRECTED:
        return int(Cause.CLOCK_OFF | Cause.CLOCK_UNUSABLE)
    return int(Cause.CLOCK_OFF) if off_ms > CLOCK_OFF_MS else 0


def _fault(memory: CameraMemory) -> int:
    return int(Cause.DISK_FAULT) if memory.is_faulty else 0


def _disk(memory: CameraMemory, heartbeat: CameraHeartbeat) -> int:
    if heartbeat.disk_ok is not None:
        memory.is_faulty = not heartbeat.disk_ok
    total, used = heartbeat.disk_total_gb, heartbeat.disk_used_gb
    if total and used is not None and used > DISK_FULL_SHARE * total:
        return _fault(memory) | int(Cause.DISK_FULL)
    return _fault(memory)


def _recordings(memory: CameraMemory, heartbeat: CameraHeartbeat, recv_ms: int, now_ms: int) -> int:
    """How far back its recordings reach, and whether some are missing."""
    bits = 0
    said_ms = recv_ms if heartbeat.flags & _NO_CLOCK else heartbeat.t_ms
    oldest_ms = heartbeat.oldest_t_ms
    if oldest_ms is not None and one.YEAR_2000_MS < oldest_ms <= said_ms:
        _follow_oldest(memory, oldest_ms, now_ms)
        is_old = recv_ms - memory.first_ms >= RETENTION_MS
        is_old |= (heartbeat.up_s or 0.0) * 1000 >= RETENTION_MS
        if said_ms - oldest_ms < RETENTION_MS and (memory.rotates or is_old):
            bits |= Cause.RETENTION_SHORT
    newest_ms = heartbeat.newest_t_ms
    if newest_ms is not None and one.YEAR_2000_MS < newest_ms < said_ms - NEWEST_MS:
        memory.gap_ms = now_ms
    if memory.gap_ms is not None and now_ms - memory.gap_ms < one.GAP_TOLD_MS:
        bits |= Cause.RECORDING_GAP
    return int(bits)


def _follow_oldest(memory: CameraMemory, oldest_ms: int, now_ms: int) -> None:
    moved_ms = oldest_ms - memory.oldest_ms
    if memory.oldest_ms and moved_ms > 0:
        if moved_ms - (now_ms - memory.oldest_at) > JUMP_MS:
            memory.gap_ms = now_ms
        else:
            memory.rotates = True
    if moved_ms:
        memory.oldest_ms, memory.oldest_at = oldest_ms, now_ms
