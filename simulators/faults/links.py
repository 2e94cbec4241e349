"""Lines that come and go: wills, births, silence, blind zones. What a broker says of a device."""

from collections.abc import Iterator, Sequence

from simulators.encode import Batch, BatchedFix, Fix, encode
from simulators.faults.saying import Said, decoded, of_outgoing, wall_ms
from simulators.outgoing import Identity

BATCH_MAX = 200
KEPT = frozenset({"coin", "session", "event", "batch"})
"""Channels whose messages wait in the device until the line is back; measurements do not."""

Span = tuple[float, float]
"""From, to: seconds after the start of the day."""


class Cut:
    """A line that is cut in spells: nothing comes through, the broker tells the will, a birth ends.

    Args:
        identity: Whose line.
        spells: Ascending, apart.
        will_after_s: From the cut to the will; longer than the spell = it is never told.
    """

    def __init__(self, identity: Identity, spells: Sequence[Span], *, will_after_s: float) -> None:
        self._identity, self._spells, self._will_after_s = identity, spells, will_after_s

    def take(self, said: Said) -> list[Said]:
        """Nothing while the line is cut, or at its end what is kept."""
        end_s = next((end for begin, end in self._spells if begin <= said.at_s < end), None)
        if end_s is None:
            return [said]
        return [said._replace(at_s=end_s + 1.0)] if said.channel in KEPT else []

    def rest(self) -> list[Said]:
        """Wills and births."""
        return list(self._words())

    def _words(self) -> Iterator[Said]:
        me = self._identity
        for begin_s, end_s in self._spells:
            will_s = begin_s + self._will_after_s
            if will_s < end_s:
                yield of_outgoing(will_s, me.will(wall_ms(0.0)))
            yield of_outgoing(end_s, me.birth(wall_ms(end_s), reason="reconnect"))


class Blind:
    """A dead spot of the mobile network: fixes wait in the tracker and come as a batch."""

    def __init__(self, spell: Span) -> None:
        """Cover this time."""
        self._begin_s, self._end_s = spell
        self._kept: list[BatchedFix] = []
        self._who: tuple[str, str] | None = None

    def take(self, said: Said) -> list[Said]:
        """Keep fixes; events are lost with the place that nobody could tell them from."""
        if not self._begin_s <= said.at_s < self._end_s:
            return [said]
        if said.channel == "fix":
            fix = decoded(said, Fix)
            self._kept.append(BatchedFix(seq=fix.seq, t=fix.t, pos=fix.pos, st=fix.st))
            self._who = said.device_id, fix.boot
        return []

    def rest(self) -> list[Said]:
        """What was kept, in one message."""
        if self._who is None:
            return []
        device_id, boot = self._who
        fixes = self._kept[:BATCH_MAX]
        payload = encode(Batch(id=device_id, boot=boot, backfill=True, fixes=fixes))
        return [Said(self._end_s + 0.5, "trk", device_id, "batch", payload)]


class Thinned:
    """Ordinary losses: single messages that never come, never two within ``GAP_S``.

    What fails more often than that is a fault of the link, and planted.
    """

    GAP_S = 1_800.0

    def __init__(self, draws: Iterator[float], share: float, channels: frozenset[str]) -> None:
        """Lose this share of these channels; ``draws`` are even in [0, 1)."""
        self._draws, self._share, self._channels = draws, share, channels
        self._lost_s = 0.0

    def take(self, said: Said) -> list[Said]:
        """The message, or nothing."""
        if said.channel not in self._channels or said.at_s - self._lost_s < self.GAP_S:
            return [said]
        if next(self._draws) >= self._share:
            return [said]
        self._lost_s = said.at_s
        return []

    def rest(self) -> list[Said]:
        """Nothing besides."""
        return []
