"""A part that is told to stop stops, whenever the word comes."""

import subprocess
import sys

from parkguard.clock import monotonic_s

TOLD_AGAIN_AND_AGAIN = """
from parkguard.wiring.shared import Stop

Stop()
print("ready", flush=True)
for _ in range(20_000):
    stop = Stop()
    while not stop.wait(2e-5):
        pass
print("stopped every time", flush=True)
"""


def test_word_may_come_in_the_middle_of_waiting() -> None:
    """With ``threading.Event`` it hung for ever: the signal's handler wanted the waiter's lock."""
    command = [sys.executable, "-c", TOLD_AGAIN_AND_AGAIN]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as part:  # noqa: S603 - our own
        assert part.stdout is not None
        assert part.stdout.readline() == b"ready\n"
        until_s = monotonic_s() + 60
        while part.poll() is None and monotonic_s() < until_s:
            part.terminate()
        part.kill()

        assert part.stdout.read() == b"stopped every time\n"


def test_who_is_told_before_waits_no_more() -> None:
    """The next sleep ends at once."""
    code = (
        "import os, signal\n"
        "from parkguard.wiring.shared import Stop\n"
        "stop = Stop()\n"
        "print(stop.wait(0.0), stop.wait(0.001))\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
        "print(stop.wait(3600.0), stop.wait(3600.0), stop.wait(0.0))\n"
    )

    said = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-c", code], capture_output=True, check=True, timeout=60
    )

    assert said.stdout == b"False False\nTrue True True\n"
