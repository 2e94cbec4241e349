"""The doctor's look at InfluxDB, and at the rows that the telemetry store did not take."""

from collections import Counter
from collections.abc import Iterator

from devices.errors import StoreError
from parkguard.doctor import Finding, Grade, Patient
from parkguard.secret_files import SecretRefused
from parkguard.wiring.shared import Places
from parkguard.wiring.telemetry import influx_place
from stores.influx_place import DataClass
from stores.influx_query import InfluxQuery
from stores.influx_setup import check
from stores.telemetry_refused import KEPT_MAX, SqliteRefusedRows

WITHIN_S = 3.0
"""A server that needs longer to answer the doctor is not well."""


def check_influx(patient: Patient) -> Iterator[Finding]:
    """InfluxDB answers, is of the generation that was set, and has what is read and written."""
    if patient.settings.telemetry.store != "influx":
        return
    try:
        place = influx_place(patient.settings, timeout_s=WITHIN_S)
        version = check(place)
        query = InfluxQuery(place)
        try:
            for kind in DataClass:
                query.select(kind, 'SELECT "seq" FROM "fix" LIMIT 1', {}, ["seq"])
        finally:
            query.close()
    except (SecretRefused, StoreError) as exc:
        found, _, todo = str(exc).rpartition(": ")
        yield Finding(check="influx", grade=Grade.FAIL, found=found, todo=todo)
        return
    names = ", ".join(place.name(kind) for kind in DataClass)
    yield Finding(check="influx", grade=Grade.OK, found=f"{version} at {place.url} has {names}")


def check_refused(patient: Patient) -> Iterator[Finding]:
    """Rows set aside by the projector: they wait for people."""
    try:
        kept = SqliteRefusedRows(Places(patient.settings.data_dir).refused).all()
    except StoreError as exc:
        yield Finding(
            check="telemetry_refused",
            grade=Grade.FAIL,
            found=str(exc),
            todo="delete refused.db: the books and the journal have the truth",
        )
        return
    if kept:
        reasons = Counter(one.reason.value for one in kept)
        told = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
        more = " or more" if len(kept) == KEPT_MAX else ""
        yield Finding(
            check="telemetry_refused",
            grade=Grade.WARN,
            found=f"{len(kept)}{more} rows are not in the telemetry store ({told})",
            todo="look at `parkguard stores refused`; docs/stores.md says what each reason means",
        )
