"""Answers of InfluxDB 2.x and 3.x that 1.6.7 cannot give, played by a strict stub.

Their shapes are those of docs.influxdata.com (write API and "Troubleshoot issues writing data" of
2.x and of 3 Core, read 2026-11).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from devices.errors import StoreError
from devices.refused import PartialWrite, StoreReason
from devices.telemetry import Row
from stores.influx_lines import tag_of
from stores.influx_place import DataClass, InfluxVersion
from stores.influx_setup import check, erase, set_up
from stores.telemetry_influx import InfluxTelemetry
from support.influx_stub import SECRET, InfluxStub, Said
from support.telemetry_rows import NOW_MS, a_row

V2, V3 = InfluxVersion.V2, InfluxVersion.V3
ROWS = [a_row(k, seq=k) for k in range(6)]
BOTH = pytest.mark.parametrize("version", [V2, V3])


@contextmanager
def told(
    *answers: Said, version: InfluxVersion = V2, timeout_s: float = 5.0
) -> Iterator[tuple[InfluxTelemetry, InfluxStub]]:
    """A store at a stub that says this; no request may be faulty, no answer left over."""
    with InfluxStub(answers, version=version) as stub:
        store = InfluxTelemetry(stub.place(timeout_s=timeout_s))
        try:
            yield store, stub
        finally:
            store.close()
    assert stub.faults == []
    assert len(stub.asked) == len(answers)


def trouble_of(act: Callable[[], object]) -> StoreError:
    """The error of a call that must fail and may pass; never with the secret."""
    with pytest.raises(StoreError) as trouble:
        act()
    assert trouble.value.may_pass
    assert SECRET not in str(trouble.value)
    assert "\n" not in str(trouble.value)
    return trouble.value


def refused_of(store: InfluxTelemetry, rows: list[Row]) -> list[tuple[Row, StoreReason]]:
    """What a write leaves out."""
    with pytest.raises(PartialWrite) as partial:
        store.write(rows)
    return [(one.row, one.reason) for one in partial.value.refused]


def v3_names(*numbers: int) -> Said:
    """3 Core: some lines were bad, and these are they."""
    return Said(
        400,
        {
            "error": "partial write of line protocol occurred",
            "data": [
                {
                    "original_line": "fix,device=...",
                    "line_number": number,
                    "error_message": "invalid column type for column 'sat', expected f64",
                }
                for number in numbers
            ],
        },
    )


@BOTH
def test_204_is_yes(version: InfluxVersion) -> None:
    """One request for each class of data, at most 5,000 lines in one."""
    rows = [a_row(k, seq=k) for k in range(5001)] + [a_row(measurement="coin", n=1)]

    with told(Said(), Said(), Said(), version=version) as (store, stub):
        store.write(rows)

    assert [(asked.query["bucket"], len(asked.lines)) for asked in stub.asked] == [
        ("parkguard/track", 5000),
        ("parkguard/track", 1),
        ("parkguard/money", 1),
    ]


@pytest.mark.fault(31)
def test_3x_names_lines_by_number_and_the_rest_is_written_again() -> None:
    """It names at most 100 of them: the rest counts after its own 204 alone."""
    with told(v3_names(2, 5), v3_names(1), Said(), version=V3) as (store, stub):
        left_out = refused_of(store, ROWS)

    assert left_out == [(ROWS[k], StoreReason.CONFLICT) for k in (1, 4, 0)]
    assert [len(asked.lines) for asked in stub.asked] == [6, 4, 3]


def test_numbers_that_mean_nothing_are_not_believed() -> None:
    """Beyond the request, or when a text has a line break: then it is looked for by halves."""
    broken = [
        a_row(measurement="event", ev_id="a\nb", seq=1),
        a_row(measurement="event", ev_id="c", seq=2),
    ]

    for rows in (ROWS[:2], broken):
        with told(v3_names(2 if rows is broken else 9), v3_names(1), Said(), version=V3) as parts:
            if rows is broken:
                parts[1].faults.clear()
            left_out = refused_of(parts[0], rows)
            parts[1].faults[:] = [fault for fault in parts[1].faults if "bad line" not in fault]
        assert left_out == [(rows[0], StoreReason.CONFLICT)]


def test_2x_repeats_the_bad_line_and_has_written_nothing() -> None:
    """The rest is written again."""
    line = (
        f"fix,device=trk-000001 lat_deg=31.82,lon_deg=117.22,acc_m=6.5,seq=3i {NOW_MS + 3000}003000"
    )
    bad = Said(400, {"code": "invalid", "message": f"unable to parse '{line}': invalid number"})

    with told(bad, Said()) as (store, stub):
        left_out = refused_of(store, ROWS)

    assert left_out == [(ROWS[3], StoreReason.LINE)]
    assert stub.asked[1].lines == [text for text in stub.asked[0].lines if text != line]


@pytest.mark.fault(31)
def test_2x_conflict_names_no_line() -> None:
    """422: halves, until the one is found; 6 -> 3 -> 1."""
    conflict = Said(
        422,
        {
            "code": "unprocessable entity",
            "message": "failure writing points to database: partial write: field type conflict: "
            'input field "sat" on measurement "fix" is type integer, already exists as type float '
            "dropped=1",
        },
    )

    with told(conflict, conflict, conflict, Said(), Said()) as (store, _):
        left_out = refused_of(store, ROWS)

    assert left_out == [(ROWS[0], StoreReason.CONFLICT)]


def test_2x_drops_what_is_older_than_the_retention() -> None:
    """Counted; the others are stored."""
    said = "failure writing points to database: partial write: points beyond retention policy"

    answer = Said(422, {"code": "x", "message": f"{said} dropped=2"})
    with told(answer) as (store, _), pytest.raises(PartialWrite) as partial:
        store.write(ROWS)

    assert (partial.value.refused, partial.value.expired) == ((), 2)


@pytest.mark.fault(32)
@BOTH
@pytest.mark.parametrize(
    ("said", "todo"),
    [
        (Said(401, {"code": "unauthorized", "message": "unauthorized access"}), "secret_file"),
        (Said(401), "secret_file"),
        (
            Said(403, {"code": "forbidden", "message": "insufficient permissions"}),
            "give the token the right",
        ),
        (Said(404, {"code": "not found", "message": 'bucket "x" not found'}), "stores init"),
        (Said(500, {"code": "internal error", "message": "oh\nno"}), "see its log"),
        (Said(400, b"<html>Bad Request</html>"), "see its log"),
        (Said(422, {"detail": "no words that we know"}), "see its log"),
        (Said(502, b"<html>Bad Gateway</html>"), "see its log"),
        (Said(200, b"<html>Please log in</html>"), "is telemetry.influx.url an InfluxDB?"),
        (Said(301, b"", {"Location": "/elsewhere"}), "is telemetry.influx.url an InfluxDB?"),
        (Said(202), "is telemetry.influx.url an InfluxDB?"),
        (Said(500, b"\xff\xfe\x00"), "telemetry.influx.url"),
    ],
)
def test_anything_but_204_is_no(version: InfluxVersion, said: Said, todo: str) -> None:
    """One line that says what to do; the same rows are tried again."""
    with told(said, Said(), version=version) as (store, stub):
        trouble = trouble_of(lambda: store.write(ROWS))
        store.write(ROWS)

    assert todo in str(trouble)
    assert stub.asked[0].body == stub.asked[1].body


@pytest.mark.fault(34)
@BOTH
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "wait_s"),
    [("7", 7.0), ("0.5", 0.5), ("86400", 600.0), ("soon", None), ("-1", None), ("", None)],
)
def test_retry_after_is_honoured(
    version: InfluxVersion, status: int, header: str, wait_s: float | None
) -> None:
    """Up to ten minutes; nonsense is as if it was not said."""
    busy = Said(status, {"code": "too many requests"}, {"Retry-After": header} if header else {})

    with told(busy, version=version) as (store, _):
        trouble = trouble_of(lambda: store.write(ROWS))

    assert trouble.retry_after_s == wait_s


@pytest.mark.fault(33)
@BOTH
def test_413_splits_until_it_fits(version: InfluxVersion) -> None:
    """And one row that is too large alone stays out."""
    large = Said(413, {"code": "request too large", "message": "no"})

    with told(large, large, large, Said(), Said(), version=version) as (store, stub):
        left_out = refused_of(store, ROWS)

    assert [len(asked.lines) for asked in stub.asked] == [6, 3, 1, 2, 3]
    assert left_out == [(ROWS[0], StoreReason.TOO_LARGE)]


@pytest.mark.fault(30)
def test_answer_that_does_not_come_may_pass() -> None:
    """Within ``timeout_s``, for writes and for reads; nobody tries again in here."""
    end = threading.Event()
    with told(Said(after=end), Said(200, {"results": []}, after=end), timeout_s=0.2) as (store, _):
        writing = trouble_of(lambda: store.write(ROWS))
        reading = trouble_of(lambda: store.count("fix"))
        end.set()

    assert "did not answer within 0.2 s" in str(writing)
    assert str(writing) == str(reading)


@BOTH
def test_reads_bind_their_values(version: InfluxVersion) -> None:
    """Names of columns are our own; device and times stand in ``params`` alone."""
    device_id = "x' OR 'a'='a"
    columns = ["time", "mean", "min", "max", "count"]
    answer = {
        "results": [{"series": [{"columns": columns, "values": [[NOW_MS * 10**6, 2, 1, 3, 2]]}]}]
    }

    with told(Said(200, answer), version=version) as (store, stub):
        found = store.history("fix", "sat", device_id, NOW_MS, NOW_MS + 9, 1000)

    asked = stub.asked[0]
    assert (asked.method, asked.path) == ("GET", "/query")
    assert (asked.query["db"], asked.query["rp"], asked.query["epoch"]) == (
        "parkguard",
        "track",
        "ns",
    )
    assert asked.query["params"] == (
        f'{{"device":"{tag_of(device_id)}","from":{NOW_MS}000000,"to":{NOW_MS + 10}000000}}'
    )
    assert "OR" not in asked.query["q"].split("WHERE")[1].split("GROUP")[0]
    assert [tuple(one) for one in found] == [(NOW_MS, 2.0, 1.0, 3.0, 2)]


@pytest.mark.parametrize(
    ("said", "todo"),
    [
        (Said(200, b"<html>"), "telemetry.influx.url"),
        (Said(200, {"results": [{"error": "database not found: parkguard"}]}), "stores init"),
        (Said(200, {"results": [{"error": "timeout"}]}), "timeout"),
        (Said(401, {"code": "unauthorized"}), "secret_file"),
        (Said(503, {"code": "x"}, {"Retry-After": "3"}), "too much to do"),
        (
            Said(
                200,
                {
                    "results": [
                        {"series": [{"columns": ["rows"], "values": [[1]], "partial": True}]}
                    ]
                },
            ),
            "max-row-limit",
        ),
    ],
)
def test_read_that_fails_is_said(said: Said, todo: str) -> None:
    """Never an empty track where there is an error."""
    with told(said) as (store, _):
        assert todo in str(trouble_of(lambda: store.count("fix")))


def test_2x_is_set_up_by_buckets() -> None:
    """One that is there gets its retention, one that is not is made."""
    ping = Said(204, headers={"X-Influxdb-Version": "v2.7.12"})
    orgs = Said(200, {"orgs": [{"id": "0af1"}]})
    answers = [
        ping,
        *(orgs, Said(200, {"buckets": [{"id": "b7"}]}), Said(200, {})),
        *(orgs, Said(404, {"code": "not found"}), Said(201, {})),
        *(orgs, Said(200, {"buckets": []}), Said(201, {})),
    ]

    with told(*answers) as (_, stub):
        said = set_up(
            stub.place(), {DataClass.TRACK: 90, DataClass.HEALTH: 400, DataClass.MONEY: 0}
        )

    changes = [(one.method, one.path, one.json) for one in stub.asked if one.method != "GET"]
    days = [{"type": "expire", "everySeconds": 90 * 86_400}]
    assert changes == [
        ("PATCH", "/api/v2/buckets/b7", {"retentionRules": days}),
        (
            "POST",
            "/api/v2/buckets",
            {
                "orgID": "0af1",
                "name": "parkguard/health",
                "retentionRules": [{"type": "expire", "everySeconds": 400 * 86_400}],
            },
        ),
        (
            "POST",
            "/api/v2/buckets",
            {"orgID": "0af1", "name": "parkguard/money", "retentionRules": []},
        ),
    ]
    assert said[0] == "parkguard/track: fix, event; kept 90 days"


def test_3x_is_set_up_by_databases() -> None:
    """409 = there already: 3 Core cannot change how long it is kept, and that is said."""
    ping = Said(200, {}, {"X-Influxdb-Version": "3.4.1"})

    with told(ping, Said(200), Said(409), Said(200), version=V3) as (_, stub):
        said = set_up(
            stub.place(), {DataClass.TRACK: 90, DataClass.HEALTH: 400, DataClass.MONEY: 0}
        )

    assert [(one.method, one.json) for one in stub.asked[1:]] == [
        ("POST", {"db": "parkguard/track", "retention_period": "90d"}),
        ("POST", {"db": "parkguard/health", "retention_period": "400d"}),
        ("POST", {"db": "parkguard/money"}),
    ]
    assert [line.partition("; ")[2] for line in said] == [
        "kept 90 days",
        "was there before, kept as long as it was set then",
        "kept for ever",
    ]


def test_2x_erases_by_predicate_and_3x_says_that_it_cannot() -> None:
    """Every bucket of 2.x is asked."""
    with told(Said(), Said(), Said()) as (_, stub):
        erase(stub.place(), "trk-000007")
    with InfluxStub([], version=V3) as third, pytest.raises(StoreError, match="cannot erase"):
        erase(third.place(), "trk-000007")

    assert [one.query["bucket"] for one in stub.asked] == [
        f"parkguard/{kind.value}" for kind in DataClass
    ]
    assert stub.asked[0].json == {
        "start": "1970-01-01T00:00:00Z",
        "stop": "2100-01-01T00:00:00Z",
        "predicate": 'device="trk-000007"',
    }


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"X-Influxdb-Version": "1.8.10"}, "set telemetry.influx.version to '1', not '2'"),
        ({"X-Influxdb-Version": "3.1.0"}, "set telemetry.influx.version to '3', not '2'"),
        ({}, "not as InfluxDB"),
    ],
)
def test_another_generation_is_told(headers: dict[str, str], said: str) -> None:
    """Before anything is written."""
    with told(Said(204, headers=headers)) as (_, stub):
        assert said in str(trouble_of(lambda: check(stub.place())))
