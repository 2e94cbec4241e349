"""The processor, killing itself with SIGKILL around its nth commit that says something.

python dying_process.py SETTINGS NTH before|after
"""

import os
import signal
import sys
from pathlib import Path

from typing_extensions import override

from alerts.ports import ProcessCommit
from parkguard.settings_file import read_settings
from parkguard.wiring.process import run_process
from stores.processing import RecordsProcessLedger


class DyingLedger(RecordsProcessLedger):
    """A ledger whose process dies just before or just after a commit."""

    left = int(sys.argv[2])

    @override
    def commit(self, commit: ProcessCommit) -> None:
        if commit.books:
            DyingLedger.left -= 1
        if DyingLedger.left == 0 and sys.argv[3] == "before":
            self._die(commit)
        super().commit(commit)
        if DyingLedger.left == 0:
            self._die(commit)

    def _die(self, commit: ProcessCommit) -> None:
        sys.stdout.write(f"dying {sys.argv[3]} the commit of entry {commit.upto_seq}\n")
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(run_process(read_settings(Path(sys.argv[1])), ledger_type=DyingLedger))
