"""What people and keys said of a tracker lately.

Late records are judged by what held at their time; the live arrays only know what holds now. A
few words per slot are kept.
"""

from bisect import insort
from typing import NamedTuple

import msgspec

MAX_WORDS = 16
"""Words kept per slot: a delivery rider arms and disarms about that often in a shift; what is
older is forgotten, and late records from before it meet a vehicle that was not armed."""


class Word(msgspec.Struct, frozen=True):
    """One change of arming, said at ``t_ms`` (wall clock, ms UTC).

    ``what``: ``disarm``, ``ride`` (the owner rides on), ``anew`` (an alert ended), ``arm``.
    """

    t_ms: int
    what: str


class Spot(NamedTuple):
    """A place a vehicle was at; metres east and north of the slot's origin."""

    x: float
    y: float


class Past:
    """Words by slot, in order of time; of one time as they were said.

    A late word of the key stands where it was said, not where it was heard.
    """

    def __init__(self, words: dict[int, list[Word]] | None = None) -> None:
        """Start from ``words`` or with nothing said."""
        self.words = words or {}

    def say(self, slot: int, word: Word) -> None:
        """Keep one word."""
        kept = self.words.setdefault(slot, [])
        insort(kept, word, key=_time)
        del kept[:-MAX_WORDS]

    def forget(self, slot: int) -> None:
        """The tracker is not on that vehicle any more."""
        self.words.pop(slot, None)

    def since(self, slot: int, t_ms: int) -> list[Word]:
        """What was said after ``t_ms``."""
        return [word for word in self.words.get(slot, []) if word.t_ms > t_ms]

    def before(self, slot: int, t_ms: int) -> Word | None:
        """The last word up to ``t_ms``."""
        said = [word for word in self.words.get(slot, []) if word.t_ms <= t_ms]
        return said[-1] if said else None


def _time(word: Word) -> int:
    return word.t_ms
