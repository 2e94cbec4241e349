"""The receiver again and again, each run a process of its own that need not import anything.

python forked_ingest.py SETTINGS TIMES     writes pid and exit code of each run
"""

import os
import sys
from pathlib import Path

from parkguard.settings_file import read_settings
from parkguard.wiring.ingest import run_ingest


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    settings = read_settings(Path(sys.argv[1]))
    for _ in range(int(sys.argv[2])):
        child = os.fork()
        if child == 0:
            sys.exit(run_ingest(settings))
        _say(f"pid {child}")
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        _say(f"code {code}")
