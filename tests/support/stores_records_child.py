"""Run as a process: work on the records database as a part does, to its end or until killed."""

import argparse
import sys
from collections.abc import Callable

import sqlalchemy as sa

from alerts.delivery.model import Accepted
from alerts.delivery.ports import OutboxError
from alerts.ports import ProcessCommit
from devices.model import DeviceClass
from devices.registration_faults import AlreadyRegistered
from stores.delivery import SqlOutbox
from stores.processing import RecordsProcessLedger, put_control
from stores.records import migrate, open_records, writing
from stores.records_policy import RecordsPolicy
from stores.registry import Registry
from stores.registry_devices import NewDevice

NOW_MS = 1_790_000_000_000
BATCH = 7
PATIENT = RecordsPolicy(lock_s=60, statement_s=60)
"""The other process may need long to start."""


def say(word: object) -> None:
    """One line, at once."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def control(engine: sa.Engine, count: int) -> None:
    """Add so many control rows."""
    for _ in range(count):
        with writing(engine) as connection:
            put_control(connection, b"{}", NOW_MS)


def process(engine: sa.Engine, count: int) -> None:
    """Commit so many entries, 0 for ever; say each."""
    ledger = RecordsProcessLedger(engine, "test", now_ms=lambda: NOW_MS)
    upto = ledger.offset()
    while not count or upto < count:
        upto += 1
        books = {("received", ""): 1}
        ledger.commit(ProcessCommit(upto_seq=upto, recv_ms=upto, books=books))
        say(upto)


def register(engine: sa.Engine, count: int) -> None:
    """Register so many new devices, one after the other; say which became ours."""
    registry = Registry(engine, lambda: NOW_MS)
    for number in range(count):
        name = f"trk-{number}"
        device = NewDevice(id=name, cls=DeviceClass.TRACKER, secret_hash="h")  # noqa: S106 - of nobody
        try:
            registry.add_new_devices([device], [], adopt=None)
        except AlreadyRegistered:
            continue
        say(name)


def tell(engine: sa.Engine, _count: int) -> None:
    """Number and tell whatever is due until nothing is."""
    outbox = SqlOutbox(engine)
    while outbox.backlog().pending:
        try:
            outbox.number(now_ms=NOW_MS, limit=BATCH)
            for notice in outbox.due("webhook", "", now_ms=NOW_MS, busy=(), limit=BATCH):
                outbox.accepted(notice, Accepted(case=None), at_ms=NOW_MS)
        except OutboxError as exc:
            if not exc.may_pass:
                raise


def nothing(_engine: sa.Engine, _count: int) -> None:
    """Migrate alone."""


JOBS: dict[str, Callable[[sa.Engine, int], None]] = {
    "control": control,
    "process": process,
    "register": register,
    "tell": tell,
    "migrate": nothing,
}


def main() -> None:
    """Do one job and say when it is done."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("job", choices=JOBS)
    parser.add_argument("--count", type=int, default=0)
    told = parser.parse_args()
    engine = open_records(told.url, PATIENT)
    migrate(engine)
    JOBS[told.job](engine, told.count)
    say("done")


if __name__ == "__main__":
    main()
