"""Held messages: put in, asked for, heard of by the processor."""

import sqlalchemy as sa

from api.roles import CITY, Scope
from devices import control as wire
from devices.control import Requeue
from stores.processing import RecordsProcessLedger
from stores.quarantine import put_refusals
from stores.quarantine_replay import Queued
from stores.queries_quarantine import QuarantineQueries
from stores.records import writing
from stores.schema import control
from support.stores_records import NOW_MS, a_refusal, rows_of

ASKED_MS = NOW_MS + 60_000
AUDIT = (ASKED_MS, "zhao", "operator", "quarantine_replayed", "quarantine:1", "")


def ledger_on(engine: sa.Engine) -> RecordsProcessLedger:
    """The processor's ledger, five seconds later."""
    return RecordsProcessLedger(engine, "0.2.0", now_ms=lambda: NOW_MS + 5000)


def hold(engine: sa.Engine, *rows: object) -> None:
    """Put refusals in."""
    with writing(engine) as connection:
        put_refusals(connection, rows, code_version="0.1.0", now_ms=NOW_MS)  # type: ignore[arg-type]


def ask(engine: sa.Engine, scope: Scope = CITY, **picked: object) -> Queued:
    """Ask as operator zhao for held rows to be run again."""
    asked: dict[str, object] = {"limit": 10_000} | picked
    return QuarantineQueries(engine).queue(
        scope,
        by="zhao",
        at_ms=ASKED_MS,
        audit=AUDIT,
        **asked,  # type: ignore[arg-type]
    )


def requeues(engine: sa.Engine) -> list[Requeue]:
    """What the processor is asked, in order."""
    heard = [wire.decode(row["body"]) for row in rows_of(engine, control)]
    return [entry for entry in heard if isinstance(entry, Requeue)]


def an_unknown(seq: int, device_id: str, **changes: object) -> object:
    """A message of a device that nobody registered."""
    topic = f"pg/v1/up/trk/{device_id}/fix"
    fields: dict[str, object] = {
        "device_id": device_id,
        "topic": topic,
        "reason": "unknown_device",
        "payload": b"{}",
    }
    return a_refusal(seq, **(fields | changes))  # type: ignore[arg-type]
