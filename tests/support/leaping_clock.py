"""Parts whose wall clock a test puts on and back while they run (libfaketime)."""

from pathlib import Path

import pytest

LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1")


class LeapingClock:
    """One wall clock for every part started with ``command``; steady clocks stay true.

    Sleeping fails under it (an error of the library): our services never sleep, but the MQTT
    client does while it waits to connect again. Start the broker first.

    Args:
        folder: For the file that says how far the clock is off.
    """

    def __init__(self, folder: Path) -> None:
        found = [path for each in LIBRARIES for path in Path("/").glob(each.lstrip("/"))]
        if not found:
            pytest.fail("libfaketime is not installed; run: apt-get install -y libfaketime")
        self._library = found[0]
        self._file = folder / "faketime"
        self.offset_s = 0
        self.leap(0)

    def leap(self, by_s: int) -> None:
        """Put the clock on (or back, when negative)."""
        self.offset_s += by_s
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{self.offset_s:+d}\n")
        fresh.replace(self._file)

    def command(self, command: list[str]) -> list[str]:
        """The command under this clock.

        With its default for waits on steady clocks the library lets a thread that waits for the
        interpreter's lock spin.
        """
        return [
            "env",
            f"LD_PRELOAD={self._library}",
            f"FAKETIME_TIMESTAMP_FILE={self._file}",
            "FAKETIME_CACHE_DURATION=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1",
            "FAKETIME_FORCE_MONOTONIC_FIX=0",
            *command,
        ]
