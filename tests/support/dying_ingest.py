"""The receiver, killing itself with SIGKILL when a batch is durable and not yet acknowledged.

python dying_ingest.py SETTINGS NTH     dies at the NTH acknowledgement, and writes why
"""

import os
import signal
import sys
from pathlib import Path

from typing_extensions import override

from ingest.ports import Envelope
from ingest.source import MqttSource
from parkguard.settings_file import read_settings
from parkguard.wiring.ingest import run_ingest


class DyingSource(MqttSource):
    """A source whose process dies instead of acknowledging the nth time."""

    left = int(sys.argv[2])

    @override
    def ack(self, envelopes: list[Envelope]) -> None:
        if envelopes:
            DyingSource.left -= 1
            if DyingSource.left == 0:
                sys.stdout.write(f"dying with {len(envelopes)} durable, unacknowledged\n")
                sys.stdout.flush()
                os.kill(os.getpid(), signal.SIGKILL)
        super().ack(envelopes)


if __name__ == "__main__":
    sys.exit(run_ingest(read_settings(Path(sys.argv[1])), source_type=DyingSource))
