"""Makes what InfluxDB needs, looks whether it is well, and erases a device."""

import re
from collections.abc import Mapping

from devices.errors import StoreError
from devices.telemetry import MEASUREMENTS
from stores.influx_lines import tag_of
from stores.influx_place import DATA_CLASS, DataClass, InfluxPlace, InfluxVersion
from stores.influx_query import InfluxQuery

DAY_S = 86_400
NOT_FOUND, CONFLICT = 404, 409

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def set_up(place: InfluxPlace, keep_days: Mapping[DataClass, int]) -> list[str]:
    """Make what is missing, and set how long each class of data is kept.

    Args:
        place: The server, and a login that may do this.
        keep_days: Days per class; 0 = for ever.

    Returns:
        One line per class: what there is now.

    Raises:
        StoreError: It was not done; the text says what to do.
    """
    if not _NAME.fullmatch(place.bucket):
        raise StoreError(
            "telemetry.influx.bucket: take letters, digits, - and _ only", may_pass=False
        )
    query = InfluxQuery(place)
    make = {
        InfluxVersion.V1: _make_policy,
        InfluxVersion.V2: _make_bucket,
        InfluxVersion.V3: _make_database,
    }[place.version]
    try:
        check(place)
        if place.version is InfluxVersion.V1:
            query.tell(f'CREATE DATABASE "{place.bucket}"')
        return [
            f"{place.name(kind)}: {', '.join(_measurements(kind))}; "
            + make(query, place, kind, keep_days[kind])
            for kind in DataClass
        ]
    finally:
        query.close()


def check(place: InfluxPlace) -> str:
    """Give the server's version, if it is of the generation that the settings name.

    Raises:
        StoreError: It is not there, is no InfluxDB, or is of another generation.
    """
    query = InfluxQuery(place)
    try:
        answer = query.send("GET", "/ping", bucket=place.bucket)
    finally:
        query.close()
    version = answer.headers.get("X-Influxdb-Version", "")
    generation = version.removeprefix("v")[:1]
    if not version:
        raise StoreError(
            f"{place.url} answers, but not as InfluxDB: check telemetry.influx.url", may_pass=True
        )
    if generation != place.version.value:
        raise StoreError(
            f"InfluxDB at {place.url} is {version}: set telemetry.influx.version to "
            f"{generation!r}, not {place.version.value!r}",
            may_pass=True,
        )
    return str(version)


def erase(place: InfluxPlace, device_id: str) -> None:
    """Take every row of one device out of the store; harmless when there is none.

    What the journal still holds of it comes back when the store is rebuilt; the journal ages out.

    Raises:
        StoreError: It was not done, or this generation cannot do it.
    """
    tag = tag_of(device_id)  # holds no quote: the statement cannot be left
    query = InfluxQuery(place)
    try:
        if place.version is InfluxVersion.V1:
            query.tell(f"DROP SERIES WHERE \"device\" = '{tag}'")
        elif place.version is InfluxVersion.V2:
            for kind in DataClass:
                query.send(
                    "POST",
                    "/api/v2/delete",
                    bucket=place.name(kind),
                    params={"org": place.org, "bucket": place.name(kind)},
                    json={
                        "start": "1970-01-01T00:00:00Z",
                        "stop": "2100-01-01T00:00:00Z",
                        "predicate": f'device="{tag}"',
                    },
                )
        else:
            raise StoreError(
                "InfluxDB 3 cannot erase one device: its rows leave with their retention",
                may_pass=False,
            )
    finally:
        query.close()


def _measurements(kind: DataClass) -> list[str]:
    return [name for name in MEASUREMENTS if DATA_CLASS[name] is kind]


def _kept(days: int) -> str:
    return f"kept {days} days" if days else "kept for ever"


def _make_policy(query: InfluxQuery, place: InfluxPlace, kind: DataClass, days: int) -> str:
    """A retention policy of 1.x; one that is there is altered. The name is quoted and our own."""
    duration = f"{days}d" if days else "INF"
    named = f'RETENTION POLICY "{kind.value}" ON "{place.bucket}"'
    there = {row[0] for row in query.tell(f'SHOW RETENTION POLICIES ON "{place.bucket}"')}
    verb = "ALTER" if kind.value in there else "CREATE"
    query.tell(f"{verb} {named} DURATION {duration} REPLICATION 1")
    return _kept(days)


def _make_bucket(query: InfluxQuery, place: InfluxPlace, kind: DataClass, days: int) -> str:
    """A bucket of 2.x named ``db/rp``, which InfluxQL finds without a mapping."""
    name = place.name(kind)
    rules = [{"type": "expire", "everySeconds": days * DAY_S}] if days else []
    orgs = query.send("GET", "/api/v2/orgs", bucket=name, params={"org": place.org}).json()["orgs"]
    there = query.send(
        "GET",
        "/api/v2/buckets",
        bucket=name,
        params={"org": place.org, "name": name},
        passing=frozenset({NOT_FOUND}),
    ).json()
    for bucket in there.get("buckets", []):
        path = f"/api/v2/buckets/{bucket['id']}"
        query.send("PATCH", path, bucket=name, json={"retentionRules": rules})
        return _kept(days)
    asked = {"orgID": orgs[0]["id"], "name": name, "retentionRules": rules}
    query.send("POST", "/api/v2/buckets", bucket=name, json=asked)
    return _kept(days)


def _make_database(query: InfluxQuery, place: InfluxPlace, kind: DataClass, days: int) -> str:
    """A database of 3.x. The retention of one that is there is left: 3 Core cannot change it."""
    asked: dict[str, str] = {"db": place.name(kind)}
    if days:
        asked["retention_period"] = f"{days}d"
    made = query.send(
        "POST",
        "/api/v3/configure/database",
        bucket=place.name(kind),
        json=asked,
        passing=frozenset({CONFLICT}),
    )
    if made.status_code == CONFLICT:
        return "was there before, kept as long as it was set then"
    return _kept(days)
