"""Run as a process: commit to the records database as the processor does, until killed."""

import argparse
import sys

from alerts.ports import ProcessCommit
from stores.processing import RecordsProcessLedger, put_control
from stores.records import migrate, open_records, writing


def main() -> None:
    """Commit for ever, or add so many control rows, or only migrate; print what returned."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("job", choices=["process", "control", "migrate"])
    parser.add_argument("--count", type=int, default=0)
    told = parser.parse_args()
    engine = open_records(told.url)
    migrate(engine)
    if told.job == "control":
        for _ in range(told.count):
            with writing(engine) as connection:
                put_control(connection, b"{}", 1_790_000_000_000)
    elif told.job == "process":
        ledger = RecordsProcessLedger(engine, "test", now_ms=lambda: 1_790_000_000_000)
        upto = ledger.offset()
        while not told.count or upto < told.count:
            upto += 1
            books = {("received", ""): 1}
            ledger.commit(ProcessCommit(upto_seq=upto, recv_ms=upto, books=books))
            sys.stdout.write(f"{upto}\n")
            sys.stdout.flush()
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main()
