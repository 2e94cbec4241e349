"""Which parts have stopped saying how they are. Pure: fed with what was seen, and how late.

A part renews its status file from the loop that does its work, so a file that stays the same is
a loop that stands still. The time in which the watching loop itself did not run counts for
nothing: a machine that was suspended, or a clock that leapt, is no part's fault.
"""

from collections.abc import Mapping

from parkguard.status_files import PartStatus

LOOK_S = 1.0
"""How often to look. Source: parts write about once a second."""


class Watchdog:
    """Counts for how long each part has said nothing new.

    Args:
        stuck_s: A part that says nothing for so long is stuck.
    """

    def __init__(self, stuck_s: float) -> None:
        self._stuck_s = stuck_s
        self._said: dict[str, PartStatus] = {}
        self._silent_s: dict[str, float] = {}

    def stuck(
        self, said: Mapping[str, PartStatus], pids: Mapping[str, int], *, passed_s: float
    ) -> dict[str, float]:
        """Give the parts that are stuck, and for how long each was seen to say nothing, seconds.

        Args:
            said: The status files, by part.
            pids: The processes that run now, by part. One that has not said anything yet is
                starting: the processor may have hours of journal to read again.
            passed_s: Since the last call.
        """
        watched_s = min(passed_s, 2 * LOOK_S)
        for name, pid in pids.items():
            status = said.get(name)
            if status is None or status.pid != pid:
                self._said.pop(name, None)
            elif status != self._said.get(name):
                self._said[name], self._silent_s[name] = status, 0.0
            else:
                self._silent_s[name] += watched_s
        return {
            name: self._silent_s[name]
            for name in pids
            if name in self._said and self._silent_s[name] >= self._stuck_s
        }
