"""A camera's word that it is well, held against what it shows: causes, channels, and their ends."""

from typing import Any

import msgspec
import pytest

from devices.camera_conditions import (
    CameraMemory,
    ChannelChange,
    camera_event,
    camera_heard,
    camera_seen_to,
    sees,
)
from devices.causes import Cause, causes_of
from devices.presence import Presence
from devices.readings import CameraChannel, CameraHeartbeat, Event, EventType, Flag
from support.factories import T0_MS

DAY_S = 86_400.0
GOOD: dict[str, Any] = {"online": True, "fps": 25.0, "fps_expected": 25, "recording": True}
DISK: dict[str, Any] = {"disk_total_gb": 4_000, "disk_used_gb": 2_000}
WELL: dict[str, Any] = DISK | {"disk_ok": True, "occluded": False, "tampered": False}


class Eye:
    """One camera on a clock of seconds; its pictures advance unless a word says otherwise."""

    def __init__(self) -> None:
        self.memory = CameraMemory()
        self.now_s = 0.0
        self.changes: list[ChannelChange] = []
        self.causes: list[Cause] = []

    def beat(
        self, *, after_s: float = 60.0, n: int = 1, off_s: float = 0.0, **words: object
    ) -> None:
        """A heartbeat with one channel; words of the heartbeat are told from the channel's."""
        self.now_s += after_s
        whole = {k: words.pop(k) for k in [*words] if k in CameraHeartbeat.__struct_fields__}
        moves = {"frames": int(self.now_s * 25), "last_frame_t": self.at_ms(off_s - 0.1)}
        channel = CameraChannel(n=n, **(GOOD | moves | words))
        given: dict[str, Any] = {"t_ms": self.at_ms(off_s), "channels": (channel,)} | whole
        heartbeat = CameraHeartbeat(**given)
        self._take(*camera_heard(self.memory, heartbeat, **self._when()))

    def say(self, type_: EventType, *, on: bool = True, channel: int | None = None) -> None:
        """An event, at once."""
        event = Event(t_ms=self.at_ms(), ev_id="e", type=type_, on=on, channel=channel)
        self._take(*camera_event(self.memory, event, **self._when()))

    def at_ms(self, more_s: float = 0.0) -> int:
        """Wall time."""
        return T0_MS + round((self.now_s + more_s) * 1000)

    def _when(self) -> dict[str, int]:
        return {"slot": 3, "recv_ms": self.at_ms(), "now_ms": 7_000 + round(self.now_s * 1000)}

    def _take(self, bits: int, changes: list[ChannelChange]) -> None:
        self.causes = causes_of(bits)
        self.changes += changes


def told(*beats: dict[str, Any]) -> list[list[Cause]]:
    """The causes after each of several heartbeats, a minute apart unless ``after_s`` says."""
    eye, found = Eye(), []
    for words in beats:
        eye.beat(**words)
        found.append(eye.causes)
    return found


@pytest.mark.parametrize(
    ("words", "causes"),
    [
        ({"fps": 14.9}, [[], [], [Cause.LOW_FRAME_RATE]]),
        ({"fps": 2.4}, [[Cause.NO_VIDEO]] * 3),
        ({"fps": 0.0, "fps_expected": None}, [[Cause.NO_VIDEO]] * 3),
        ({"fps": 0.0, "fps_expected": 0}, [[]] * 3),
        ({"luma_pct": 3.9}, [[], [], [Cause.BLACK]]),
        ({"luma_pct": 4.0}, [[]] * 3),
        ({"occluded": True}, [[], [Cause.OCCLUDED], [Cause.OCCLUDED]]),
        ({"tampered": True}, [[], [Cause.TAMPERED], [Cause.TAMPERED]]),
        ({"reconn_1h": 11}, [[Cause.POOR_LINK]] * 3),
        ({"reconn_1h": 10}, [[]] * 3),
        ({"frames": 5}, [[], [Cause.FROZEN], [Cause.FROZEN]]),
        ({"clock_off_ms": 5_001}, [[Cause.CLOCK_OFF]] * 3),
        ({"clock_off_ms": -60_001}, [[Cause.CLOCK_OFF, Cause.CLOCK_UNUSABLE]] * 3),
        ({"off_s": -6.0}, [[], [], [Cause.CLOCK_OFF]]),
        ({"off_s": 61.0}, [[Cause.CLOCK_OFF, Cause.CLOCK_UNUSABLE]] * 3),
        ({"off_s": 4.9}, [[]] * 3),
        (DISK | {"disk_used_gb": 3_601}, [[Cause.DISK_FULL]] * 3),
        ({"disk_ok": False}, [[Cause.DISK_FAULT]] * 3),
    ],
)
def test_bounds_of_the_health_table(words: dict[str, Any], causes: list[list[Cause]]) -> None:
    """Three heartbeats a minute apart that say the same; a fourth that is well ends it at once."""
    *held, well = told(words, words, words, WELL)

    assert (held, well) == (causes, [])


def test_picture_grows_old_and_is_gone() -> None:
    """Over 10 s it is told; over 60 s and standing it is frozen while frames are counted."""
    old = [{"frames": None, "last_frame_t": T0_MS + 50_000 + 1_000 * k} for k in (0, 55, 55)]

    lagging, moving, standing = told(*old)

    assert (lagging, moving, standing) == ([], [Cause.PICTURE_OLD], [Cause.FROZEN])
    unknown = {"last_frame_t": T0_MS, "frames": None, "fps": None}
    assert told(unknown, unknown, unknown)[1:] == [[Cause.FROZEN]] * 2


def test_another_clocks_picture_time_that_moves_on_is_not_gone() -> None:
    """A recorder's clock is 10 min ahead of its camera's."""
    behind = [{"last_frame_t": T0_MS + 60_000 * k - 600_000} for k in range(4)]

    assert told(*behind) == [[Cause.PICTURE_OLD]] * 4


def _usual(count: int = 40, kbps: float = 3_100.0) -> list[dict[str, Any]]:
    return [{"kbps": kbps + 200 * (k % 5 - 2)} for k in range(count)]


def test_bit_rate_that_collapses_while_frames_come_is_black() -> None:
    """The encoder writes next to nothing; after two minutes it is told, and it is not learnt."""
    dark = [{"kbps": 60.0}] * 600

    found = told(*_usual(), *dark, {"kbps": 2_900.0})

    assert found[:42] == [[]] * 42
    assert found[42:640] == [[Cause.BLACK]] * 598
    assert found[-1] == []


@pytest.mark.parametrize(
    "night",
    [
        [{"kbps": 20.0}, *({"kbps": 700.0} for _ in range(60))],  # the filter swings, then noise
        [{"kbps": 40.0, "luma_pct": 30.0}] * 60,  # still, but bright
        [{"kbps": 40.0, "fps": 10.0}] * 3,  # few frames cost little
    ],
)
def test_night_is_not_black(night: list[dict[str, Any]]) -> None:
    """An infrared switch, a still scene that is bright, a rate that fell with its frames."""
    assert all(Cause.BLACK not in causes for causes in told(*_usual(), *night))


def test_black_from_the_first_day_is_told_by_brightness_alone() -> None:
    """No usual rate is known."""
    assert told(*({"kbps": 40.0} for _ in range(200)))[-1] == []


def test_nothing_that_moves_for_a_day_is_frozen_at_its_source() -> None:
    """A frame rate of 5 proves nothing (Frigate); where nothing ever moved nothing is known."""
    still = [{"frames": None, "last_frame_t": None, "motion": False, "after_s": 3_600.0}] * 25
    moved = {"frames": None, "last_frame_t": None, "motion": True}

    found = told(moved, *still, moved)

    assert (found[23], found[24], found[-1]) == ([], [Cause.FROZEN], [])
    assert told(*still)[-1] == []
    away = {"frames": None, "last_frame_t": None, "motion": False, "after_s": DAY_S}
    assert told(moved, away)[-1] == []


def test_delay_of_a_queue_is_no_clock() -> None:
    """Ten heartbeats that waited for our broker come at once, each delayed differently."""
    waited = [{"after_s": 0.1, "off_s": -600.0 + 60 * k} for k in range(10)]

    assert all(found == [] for found in told({}, *waited))


@pytest.mark.parametrize("flag", [Flag.TIME_LEARNT, Flag.WEEK_ROLLOVER])
def test_corrected_time_is_no_evidence(flag: Flag) -> None:
    """We mend it; the camera goes on stamping pictures with it."""
    assert told({"flags": int(flag)}) == [[Cause.CLOCK_OFF, Cause.CLOCK_UNUSABLE]]


def test_gap_of_recordings_is_told_for_a_day() -> None:
    """Not at once, not for a moment's stop, and not for ever."""
    eye = Eye()
    for recording in (True, False, False, True):
        eye.beat(recording=recording)
    short = eye.causes
    for _ in range(6):
        eye.beat(recording=False)
    idle = eye.causes
    eye.beat()
    after = eye.causes
    eye.beat(after_s=DAY_S)

    assert (short, after, eye.causes) == ([], [Cause.RECORDING_GAP], [])
    assert idle == [Cause.NOT_RECORDING, Cause.RECORDING_GAP]


def test_archive_that_leapt_on_has_a_gap_and_rotation_has_none() -> None:
    """By the day is rotation; three days at once are lost. A newest hour that stands is a gap."""
    eye = Eye()
    oldest_ms = T0_MS - 40 * 86_400_000
    for days in (0, 1, 2):
        eye.beat(oldest_t_ms=oldest_ms + days * 86_400_000)
    rotating = eye.causes
    eye.beat(oldest_t_ms=oldest_ms + 5 * 86_400_000)
    lost = eye.causes
    stalled = told({"newest_t_ms": T0_MS - 3_601_000 + 60_000}, {"newest_t_ms": T0_MS})

    assert (rotating, lost, stalled[0]) == ([], [Cause.RECORDING_GAP], [Cause.RECORDING_GAP])


def test_new_camera_is_not_short_and_an_old_one_is() -> None:
    """30 days are asked for once the disk drops recordings, or the camera could have them."""
    first_ms, day_ms = T0_MS, 86_400_000
    new = told(
        *({"after_s": DAY_S, "up_s": 864_000, "oldest_t_ms": first_ms} for _ in range(29)),
    )
    old = told({"up_s": 31 * DAY_S, "oldest_t_ms": T0_MS - 29 * day_ms})
    rotates = told(
        {"oldest_t_ms": T0_MS - 20 * day_ms}, {"oldest_t_ms": T0_MS - 20 * day_ms + 3_600_000}
    )

    assert new[-1] == []
    assert old == [[Cause.RETENTION_SHORT]]
    assert rotates == [[], [Cause.RETENTION_SHORT]]


def test_events_hold_until_they_or_a_heartbeat_take_them_back() -> None:
    """Covered after 30 s; a heartbeat that sees clears it; a view that changed only staff clear."""
    eye = Eye()
    eye.beat()
    eye.say(EventType.OCCLUSION)
    at_once = eye.causes
    eye.beat(after_s=31)
    covered = eye.causes
    eye.beat(occluded=False)
    clear = eye.causes
    eye.say(EventType.SCENE_CHANGE)
    eye.beat(after_s=40, occluded=False, tampered=False)
    moved = eye.causes
    assert camera_seen_to(eye.memory, slot=3) == []
    eye.beat()

    assert (at_once, covered, clear) == ([], [Cause.OCCLUDED], [])
    assert (moved, eye.causes) == ([Cause.MOVED], [])


def test_a_picture_lost_by_an_event_is_lost_until_the_next_word() -> None:
    """On and off, and a heartbeat that counts frames again."""
    eye = Eye()
    eye.beat()
    said = []
    for on in (True, False, True):
        eye.say(EventType.VIDEO_LOSS, on=on)
        said.append(eye.causes)
    eye.beat()

    assert said == [[Cause.NO_VIDEO], [], [Cause.NO_VIDEO]]
    assert eye.causes == []


def test_disk_event_is_a_fault_of_the_whole_camera() -> None:
    """Its channels stay all right."""
    eye = Eye()
    eye.beat()
    eye.say(EventType.DISK)
    said = eye.causes
    eye.beat(disk_ok=True)

    assert (said, eye.causes) == ([Cause.DISK_FAULT], [])
    assert [change.causes for change in eye.changes] == [0]


def test_each_channel_says_which_and_since_when() -> None:
    """One change when it is first heard, when it goes wrong, when it is well; nothing between."""
    eye = Eye()
    for k in range(6):
        stands = {"frames": 5} if 1 <= k <= 3 else {}
        second = CameraChannel(n=2, **(GOOD | {"frames": 10 * k}))
        first = CameraChannel(n=1, **(GOOD | {"frames": 100 * k} | stands))
        eye.beat(channels=(first, second))

    ones = [(change.n, causes_of(change.causes), change.since_ms) for change in eye.changes]
    assert ones == [
        (1, [], T0_MS + 60_000),
        (2, [], T0_MS + 60_000),
        (1, [Cause.FROZEN], T0_MS + 180_000),
        (1, [], T0_MS + 300_000),
    ]


def test_a_channel_that_is_left_out_has_no_picture() -> None:
    """A recorder that lists only who lives hides nobody; maintenance drops it for good."""
    eye = Eye()
    both = tuple(CameraChannel(n=n, **(GOOD | {"frames": n})) for n in (1, 2))
    eye.beat(channels=both)
    eye.beat(n=1, after_s=299)
    in_turn = eye.causes
    eye.beat(n=1, after_s=1)
    gone = eye.causes
    eye.beat(channels=())
    silent = eye.causes
    dropped = camera_seen_to(eye.memory, slot=3)
    eye.beat(n=1)

    assert (in_turn, gone, silent) == ([], [Cause.NO_VIDEO], [Cause.NO_VIDEO])
    assert eye.causes == []
    assert [(one.n, one.is_gone) for one in dropped] == [(2, True)]


def test_memory_goes_through_a_checkpoint() -> None:
    """What was said before a restart counts after it."""
    eye, other = Eye(), Eye()
    for one in (eye, other):
        one.beat(frames=5, kbps=3_000.0, occluded=True)
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(other.memory), type=CameraMemory)
    other.memory = kept
    for one in (eye, other):
        one.beat(frames=5, occluded=True)

    assert other.causes == eye.causes == [Cause.FROZEN, Cause.OCCLUDED]
    assert other.memory == eye.memory


@pytest.mark.parametrize(
    ("presence", "causes", "expected"),
    [
        (Presence.ONLINE, 0, True),
        (Presence.ONLINE, Cause.DISK_FULL | Cause.CLOCK_UNUSABLE | Cause.RETENTION_SHORT, True),
        (Presence.ONLINE, Cause.FROZEN, False),
        (Presence.ONLINE, Cause.NOT_RECORDING, False),
        (Presence.LATE, 0, False),
    ],
)
def test_what_counts_as_seeing(presence: Presence, causes: int, *, expected: bool) -> None:
    """It shows and records now; how long it keeps it is another matter."""
    assert sees(presence, int(causes)) is expected
