"""The listening clock: how long we have listened to everybody, and when we did not.

It stands still while we or the broker were away, so our own outage is nobody's silence. It
also knows which wills say more of the broker than of a device.
"""

from typing import NamedTuple

import msgspec

from devices.presence import PresencePolicy, grace_is_over

MAX_TICK_MS = 2_000
"""The clock moves at most so much a tick: a longer silence of the journal is our own outage, not
the devices' (ticks come once a second)."""
OUTAGE_TICK_MS = 5_000
"""A tick this late ends an outage of ours, after which devices get their grace. A shorter one is
a busy machine: were it an outage, a slow disk would put off every judgement for ever."""


class Will(NamedTuple):
    """A will that may have to be undone: what was known of the device before it."""

    at_ms: int
    slot: int
    said: int
    heard_ms: int


class ListeningState(msgspec.Struct):
    """For checkpoints; times are of the listening clock but for ``last_tick_ms``."""

    now_ms: int = 0
    last_tick_ms: int = -1
    outage_end_ms: int | None = None
    away: bool = False
    wills: list[Will] = []


class Listening:
    """The clock, fed by ticks. ``now_ms`` is its time, from 0."""

    def __init__(self, policy: PresencePolicy) -> None:
        """Start at 0, with no outage."""
        self._policy = policy
        self._state = ListeningState()
        self._longest_ms = MAX_TICK_MS

    @property
    def now_ms(self) -> int:
        """How long we have listened."""
        return self._state.now_ms

    @property
    def outage_end_ms(self) -> int | None:
        """When the newest outage ended; None = its grace is over for everybody."""
        return self._state.outage_end_ms

    def near_outage(self, elapsed_ms: int) -> bool:
        """Whether a will received now says more of the broker or of us than of its device."""
        state = self._state
        late_ms = max(OUTAGE_TICK_MS, self._longest_ms)
        if 0 <= state.last_tick_ms < elapsed_ms - late_ms:
            return True
        end_ms = state.outage_end_ms
        return end_ms is not None and state.now_ms - end_ms < self._policy.will_doubt_s * 1000

    def will(self, slot: int, *, said: int, heard_ms: int) -> None:
        """Remember what was known before a will, for the case that an outage follows."""
        self._state.wills.append(Will(self._state.now_ms, slot, said, heard_ms))

    def tick(
        self,
        elapsed_ms: int,
        *,
        connected: bool,
        anyone: bool = True,
        longest_ms: int = MAX_TICK_MS,
    ) -> list[Will]:
        """Let time pass.

        Args:
            elapsed_ms: The steady clock.
            connected: Whether the broker was there.
            anyone: Whether any device was there before. If not, a late tick is nobody's outage (a
                replay leaps over the time in which more silence changes nothing).
            longest_ms: A tick counts at most so much; a replay that takes several ticks as one
                (parkguard.replay.striding) says for how long it stands.

        Returns:
            Wills to undo, newest first: an outage begins, they were its first sign.
        """
        state, self._longest_ms = self._state, longest_ms
        passed_ms = max(elapsed_ms - state.last_tick_ms, 0) if state.last_tick_ms >= 0 else 0
        state.last_tick_ms = elapsed_ms
        if connected:
            state.now_ms += min(passed_ms, longest_ms)
        if state.wills:
            doubt_ms = self._policy.will_doubt_s * 1000 + MAX_TICK_MS
            state.wills = [w for w in state.wills if state.now_ms - w.at_ms <= doubt_ms]
        late_ms = max(OUTAGE_TICK_MS, longest_ms)
        began = not state.away and (not connected or (anyone and passed_ms > late_ms))
        if began or state.away:
            state.outage_end_ms = state.now_ms
        elif state.outage_end_ms is not None and grace_is_over(
            state.now_ms - state.outage_end_ms, self._policy
        ):
            state.outage_end_ms = None
        state.away = not connected
        if not began:
            return []
        undone, state.wills = state.wills[::-1], []
        return undone

    def dump(self) -> ListeningState:
        """State for a checkpoint."""
        return msgspec.structs.replace(self._state, wills=list(self._state.wills))

    def load(self, state: ListeningState) -> None:
        """Take the state of a checkpoint."""
        self._state = msgspec.structs.replace(state, wills=list(state.wills))
