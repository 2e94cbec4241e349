"""The doctor's look at a records database on a server, and at the revision of any."""

import dataclasses

import sqlalchemy as sa

from parkguard.doctor import Finding, Grade, Patient
from parkguard.records import open_unmigrated
from parkguard.secret_files import SecretRefused
from stores.records import revision_of, revision_wanted
from stores.records_faults import RecordsUnusable, check_server, unusable_at

WITHIN_S = 3.0
"""A server that needs longer to answer the doctor is not well."""


def check_server_records(patient: Patient) -> Finding:
    """The server answers, lets us in, is of the kind we need, and has the schema."""
    records = dataclasses.replace(
        patient.settings.records, connect_s=WITHIN_S, lock_s=WITHIN_S, statement_s=WITHIN_S
    )
    try:
        engine = open_unmigrated(patient.settings.model_copy(update={"records": records}))
        try:
            with unusable_at(engine.url), engine.connect() as connection:
                return revision_found(connection, check_server(connection))
        finally:
            engine.dispose()
    except RecordsUnusable as exc:
        return Finding(check="records", grade=Grade.FAIL, found=exc.found, todo=exc.todo)
    except SecretRefused as exc:
        found, _, todo = str(exc).rpartition(": ")
        return Finding(check="records", grade=Grade.FAIL, found=found, todo=todo)


def revision_found(connection: sa.Connection, database: str) -> Finding:
    """Whether the schema is the one of this program."""
    has, wants = revision_of(connection), revision_wanted()
    fine = has == wants
    return Finding(
        check="records",
        grade=Grade.OK if fine else Grade.WARN,
        found=f"{database}, revision {has}" + ("" if fine else f", this program has {wants}"),
        todo="" if fine else "restart `parkguard up`: it migrates at its start",
    )
