"""How much of what devices kept for hours is written with the next group commit.

Whoever reads the journal passes everything in its order: 70 MB that arrive at once and are written
at once stand before what happens now, for both readers (0.3-0.5 s, docs/benchmarks.md, Back-fill).
Spread over some seconds they do not, and the broker keeps them until then.
"""

COMMIT_BYTES = 1 << 20
"""Most of one group commit: some 10 ms of the journal (docs/benchmarks.md, Stores)."""
BYTES_PER_S = 10 << 20
"""Written a second: 50 ms of a reader's time each second (docs/benchmarks.md, Back-fill)."""


class BulkPace:
    """An allowance that grows with time; a full store of it is one commit's worth."""

    def __init__(self) -> None:
        """Begin with a full one."""
        self._left_bytes = float(COMMIT_BYTES)
        self._at_ms = 0

    def admits(self, now_ms: int, *, crowded: bool) -> int:
        """Bytes that may be taken now.

        Args:
            now_ms: Of a clock that never steps.
            crowded: So much waits that what happens now soon cannot come in: no time to spread it.
        """
        grown = self._left_bytes + (now_ms - self._at_ms) * BYTES_PER_S / 1_000
        self._left_bytes = min(float(COMMIT_BYTES), grown)
        self._at_ms = now_ms
        return COMMIT_BYTES if crowded else int(self._left_bytes)

    def took(self, count: int) -> None:
        """So many bytes were taken."""
        self._left_bytes = max(0.0, self._left_bytes - count)
