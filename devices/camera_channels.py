"""What is wrong with one picture of a camera, by what its heartbeats and events say, in order.

One memory a channel, changed by each word of it; no clock but the steady one of the entries, and
nothing happens between words. Bounds are health.md's (Camera) where no other source stands.
"""

import msgspec

from devices.causes import Cause
from devices.payloads import CameraChannel

LOW_RATE_SHARE, LOW_RATE_MS = 0.6, 120_000
"""Below this share of the expected frame rate for so long the picture is poor. Source: health.md,
Camera."""
NO_VIDEO_SHARE = 0.1
"""Below this share of the expected frame rate there is no picture. Source: health.md, Camera."""
FROZEN_MS = 60_000
"""A picture whose counter stands for this long is frozen ... Source: health.md, Camera."""
FROZEN_HEARTBEATS = 3
"""... or for so many heartbeats that repeat it. Source: field case A-29."""
OLD_MS, GONE_MS = 10_000, 60_000
"""A newest picture older than this is told, is none any more. Source: health.md, Camera."""
HELD_MS = 30_000
"""Covered, tampered with, turned away for so long is told. Source: health.md, Camera."""
POOR_LINK_PER_H = 10
"""More reconnects an hour are a poor link. Source: health.md, Camera."""
BLACK_LUMA_PCT = 4.0
"""A mean brightness below is black, per cent of white: 10 of 255. Ours: a covered lens gives noise
of a few per cent of that; a street by infrared 15 % and more."""
BLACK_RATE_SHARE = 0.03
"""A bit rate below this share of the channel's own usual one, while frames come, is a picture
without content. Ours, between what x264 made of black and of still synthetic pictures, 1.9 % and
5.1 % (2026-11-29, docs/cameras.md, Black)."""
BLACK_MS = 120_000
"""Black for so long is told: an infrared switch is dark for seconds. Ours, as for poor rates."""
RATE_LEARNT, RATE_MEMORY = 30, 720
"""Heartbeats before a usual bit rate is known, and those it remembers. Ours: half an hour and half
a day at one a minute."""
STILL_MS = 86_400_000
"""Nothing moved for so long in a picture in which things used to move: frozen at its source. Ours:
a day holds light, rain and people wherever vehicles are parked."""
GAP_MS, GAP_TOLD_MS = 300_000, 86_400_000
"""Not recording for so long is a gap, told for so long after it ended. Ours: a shift's handover,
and the next day's first look."""
MISSING_MS = 300_000
"""Left out of its camera's heartbeats for so long a channel has no picture. Ours: five heartbeats;
a recorder may tell its channels in turn."""
UNHEARD_MS = 7_200_000
"""After so long without a word stillness is counted anew: who knows what moved? Ours."""
YEAR_2000_MS = 946_684_800_000

Still = tuple[int | None, int, int]
"""A number that should move: its value, the steady clock when it came, how often it came again."""
NOTHING: Still = (None, 0, 0)


class ChannelMemory(msgspec.Struct):
    """What is remembered of one channel. ``*_since`` is the steady clock of the first such word.

    Attributes:
        frames, last_frame: Its frame counter and the time of its newest picture.
        low_since: Its frame rate is poor.
        dark_since: Its picture seems black.
        covered_since, tampered_since, moved_since: As it said; None = it does not.
        is_lost: An event said that its picture is gone, and no heartbeat came since.
        is_missing: Heartbeats left it out for ``MISSING_MS``.
        heard_ms: Steady clock of the newest heartbeat that named it.
        idle_since: It does not record.
        gap_ms: Steady clock at which its newest gap ended; None = none.
        moving_ms: Steady clock at which something last moved in it; None = never, or not told.
        usual_kbps, learnt: Its bit rate as a mean of so many heartbeats.
        causes: ``Cause`` bits that hold.
        since_ms: Receive time, wall ms UTC, at which it became all right, or not.
    """

    frames: Still = NOTHING
    last_frame: Still = NOTHING
    low_since: int | None = None
    dark_since: int | None = None
    covered_since: int | None = None
    tampered_since: int | None = None
    moved_since: int | None = None
    is_lost: bool = False
    is_missing: bool = False
    heard_ms: int = 0
    idle_since: int | None = None
    gap_ms: int | None = None
    moving_ms: int | None = None
    usual_kbps: float = 0.0
    learnt: int = 0
    causes: int = 0
    since_ms: int = 0


def hear(memory: ChannelMemory, channel: CameraChannel, *, said_ms: int | None, now_ms: int) -> int:
    """Take a heartbeat's word of the channel; ``Cause`` bits of its picture and recording.

    Args:
        memory: Changed.
        channel: Of the newest heartbeat.
        said_ms: The camera's own time of it, by the clock that ``last_frame_t`` is of; None =
            unknown, or corrected by us.
        now_ms: The steady clock.
    """
    memory.is_lost = memory.is_missing = False
    if memory.moving_ms is not None and now_ms - memory.heard_ms > UNHEARD_MS:
        memory.moving_ms = now_ms
    memory.heard_ms = now_ms
    memory.covered_since = _said(memory.covered_since, now_ms, word=channel.occluded)
    memory.tampered_since = _said(memory.tampered_since, now_ms, word=channel.tampered)
    bits = _picture(memory, channel, said_ms, now_ms) | _recording(memory, channel, now_ms)
    if channel.reconn_1h is not None and channel.reconn_1h > POOR_LINK_PER_H:
        bits |= Cause.POOR_LINK
    return int(bits) | held(memory, now_ms)


def held(memory: ChannelMemory, now_ms: int) -> int:
    """``Cause`` bits of what was said and not taken back for ``HELD_MS``."""
    bits = 0
    for since, cause in (
        (memory.covered_since, Cause.OCCLUDED),
        (memory.tampered_since, Cause.TAMPERED),
        (memory.moved_since, Cause.MOVED),
    ):
        if since is not None and now_ms - since >= HELD_MS:
            bits |= cause
    return int(bits)


def seen_to(memory: ChannelMemory) -> None:
    """Somebody was there: what it said of its view is over, its bit rate is learnt anew."""
    memory.covered_since = memory.tampered_since = memory.moved_since = None
    memory.dark_since = memory.moving_ms = memory.gap_ms = None
    memory.usual_kbps, memory.learnt = 0.0, 0


def _picture(
    memory: ChannelMemory, channel: CameraChannel, said_ms: int | None, now_ms: int
) -> int:
    """The one thing that is wrong with the picture, the worst first; 0 = nothing."""
    share = rate_share(channel)
    memory.frames = _still(memory.frames, channel.frames, now_ms)
    memory.last_frame = _still(memory.last_frame, channel.last_frame_t, now_ms)
    comes = share is not None and share >= LOW_RATE_SHARE
    is_poor = share is not None and not comes
    memory.low_since = _since(memory.low_since, now_ms, holds=is_poor)
    is_dark = _is_dark(memory, channel, comes=comes)
    memory.dark_since = _since(memory.dark_since, now_ms, holds=is_dark)
    if comes and not is_dark:
        _learn_rate(memory, channel.kbps)
    if (
        channel.online is False
        or channel.video_loss
        or (share is not None and share < NO_VIDEO_SHARE)
    ):
        return Cause.NO_VIDEO
    old = _age(memory, channel, said_ms)
    if _is_frozen(memory, channel, now_ms):
        return Cause.FROZEN
    if old is Cause.NO_VIDEO:
        return Cause.FROZEN if comes else Cause.NO_VIDEO
    bits = int(old or 0)
    if memory.low_since is not None and now_ms - memory.low_since >= LOW_RATE_MS:
        bits |= Cause.LOW_FRAME_RATE
    if memory.dark_since is not None and now_ms - memory.dark_since >= BLACK_MS:
        bits |= Cause.BLACK
    return int(bits)


def rate_share(channel: CameraChannel) -> float | None:
    """Frame rate as a share of the expected one; None = one of them is unknown.

    Without an expected rate none at all is still no picture.
    """
    if channel.fps is None:
        return None
    if channel.fps_expected is None:
        return 0.0 if channel.fps <= 0 else None
    return channel.fps / channel.fps_expected if channel.fps_expected > 0 else None


def _age(memory: ChannelMemory, channel: CameraChannel, said_ms: int | None) -> Cause | None:
    """How old its newest picture is by its own clock, as a cause.

    A time that moves on, however far behind, is another clock's: then it is old and not gone.
    """
    newest_ms = channel.last_frame_t
    if newest_ms is None or said_ms is None or newest_ms < YEAR_2000_MS:
        return None
    age_ms = said_ms - newest_ms
    if age_ms > GONE_MS and memory.last_frame[2]:
        return Cause.NO_VIDEO
    return Cause.PICTURE_OLD if age_ms > OLD_MS else None


def _is_frozen(memory: ChannelMemory, channel: CameraChannel, now_ms: int) -> bool:
    """Whether its numbers stand, or nothing moves in it as it used to."""
    if any(_stands(still, now_ms, channel.fps) for still in (memory.frames, memory.last_frame)):
        return True
    if channel.motion:
        memory.moving_ms = now_ms
    if channel.motion is None or memory.moving_ms is None:
        return False
    return now_ms - memory.moving_ms >= STILL_MS


def _stands(still: Still, now_ms: int, fps: float | None) -> bool:
    """Whether a number stands that a picture of ``fps`` (unknown: 1) would have moved."""
    _, since_ms, repeats = still
    stood_ms = now_ms - since_ms
    if not repeats or stood_ms / 1000 * (1.0 if fps is None else fps) < 1:
        return False
    return repeats >= FROZEN_HEARTBEATS or stood_ms >= FROZEN_MS


def _still(before: Still, value: int | None, now_ms: int) -> Still:
    if value is not None and before[0] == value:
        return value, before[1], before[2] + 1
    return value, now_ms, 0


def _is_dark(memory: ChannelMemory, channel: CameraChannel, *, comes: bool) -> bool:
    """By its brightness where it tells it, else by a bit rate far below its usual one."""
    if channel.luma_pct is not None:
        return channel.luma_pct < BLACK_LUMA_PCT
    if not comes or channel.kbps is None or memory.learnt < RATE_LEARNT:
        return False
    return channel.kbps < BLACK_RATE_SHARE * memory.usual_kbps


def _learn_rate(memory: ChannelMemory, kbps: float | None) -> None:
    if kbps is not None and kbps > 0:
        memory.learnt = min(memory.learnt + 1, RATE_MEMORY)
        memory.usual_kbps += (kbps - memory.usual_kbps) / memory.learnt


def _recording(memory: ChannelMemory, channel: CameraChannel, now_ms: int) -> int:
    """Whether it records, and whether a stretch of it is missing."""
    before = memory.idle_since
    idle = None if channel.recording is None else not channel.recording
    memory.idle_since = _said(before, now_ms, word=idle)
    idle_ms = 0 if before is None else now_ms - before
    if memory.idle_since is None and idle_ms >= GAP_MS:
        memory.gap_ms = now_ms
    bits = 0 if memory.idle_since is None else int(Cause.NOT_RECORDING)
    is_gap = memory.idle_since is not None and idle_ms >= GAP_MS
    if is_gap or (memory.gap_ms is not None and now_ms - memory.gap_ms < GAP_TOLD_MS):
        bits |= Cause.RECORDING_GAP
    return int(bits)


def _said(since: int | None, now_ms: int, *, word: bool | None) -> int | None:
    """Since when something is said; what is left out says nothing."""
    return since if word is None else _since(since, now_ms, holds=word)


def _since(since: int | None, now_ms: int, *, holds: bool) -> int | None:
    if not holds:
        return None
    return now_ms if since is None else since
