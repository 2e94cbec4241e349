"""Run as a process: append batches to a journal and print every number that is returned.

Each batch is marked (``control_upto``) with its own last number.
"""

import argparse
import resource
import sys
from pathlib import Path

from devices.entry import Incoming
from devices.errors import JournalError
from stores.journal_sqlite import SqliteJournalWriter


def main() -> None:
    """Append until killed, or until the journal says that it cannot."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--segment-bytes", type=int, default=200_000)
    parser.add_argument("--file-limit", type=int, help="writes beyond this size fail (EFBIG)")
    told = parser.parse_args()
    writer = SqliteJournalWriter(
        told.folder,
        segment_bytes=told.segment_bytes,
        reserve_bytes=0,
        now_ms=lambda: 1_790_000_000_000,
    )
    if told.file_limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (told.file_limit, told.file_limit))
    last = writer.append([])
    while True:
        batch = [
            Incoming(0, 1_790_000_000_000 + n, n, 0, "pg/v1/up/trk/trk-1/fix", b"%d" % n * 20)
            for n in range(last + 1, last + 8)
        ]
        try:
            last = writer.append(batch, control_upto=last + len(batch))
        except JournalError as exc:
            say(f"refused may_pass={exc.may_pass}")
            if not exc.may_pass:
                return
        else:
            say(str(last))


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
