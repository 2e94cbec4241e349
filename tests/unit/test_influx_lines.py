"""Line protocol: every line is one that InfluxDB reads, and says exactly what the row says."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.telemetry import MEASUREMENTS, USUAL, ColumnType, Row
from stores.influx_lines import LineWriter, point_ns, row_of, tag_of
from support.influx_stub import LINE
from support.telemetry_rows import NOW_MS, a_row

VALUES: dict[ColumnType, st.SearchStrategy[float | int | str]] = {
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "int": st.integers(-(2**63), 2**63 - 1),
    "str": st.text(),
}
FIELD = re.compile(r'([a-z_]+)=("(?:[^"\\]|\\.)*"|[^,"]+)(?:,|$)', re.DOTALL)


@st.composite
def any_rows(draw: st.DrawFn) -> Row:
    """A row of any measurement, some values unknown, some as usual."""
    name = draw(st.sampled_from(list(MEASUREMENTS)))
    fields = tuple(
        draw(VALUES[kind] | st.just(USUAL[name][column]))
        if column in USUAL[name]
        else draw(st.none() | VALUES[kind])
        for column, kind in MEASUREMENTS[name].items()
    )
    t_ms = draw(st.integers(946_684_800_000, 4_102_444_799_999))
    return Row(name, draw(st.text()), t_ms, draw(st.integers(-(2**63), 2**63 - 1)), fields)


def read(line: str) -> tuple[str, str, dict[str, str], int]:
    """Measurement, tag, fields as written and time of a line: a reader of its own."""
    head, rest = line.split(" ", 1)
    told, time_ns = rest.rsplit(" ", 1)
    name, tag = head.split(",device=")
    return name, tag, dict(FIELD.findall(told)), int(time_ns)


@given(any_rows())
def test_line_says_what_the_row_says(row: Row) -> None:
    """Types, texts and key; nothing of what is unknown or usual; no text leaves its quotes."""
    (line,) = LineWriter().lines([row])

    assert LINE.fullmatch(line.replace("\r", " "))
    name, tag, fields, time_ns = read(line)
    columns = MEASUREMENTS[row.measurement]
    known = {
        column: value
        for column, value in zip(columns, row.fields, strict=True)
        if value is not None and value != USUAL[row.measurement].get(column)
    }
    assert (name, tag, time_ns) == (
        row.measurement,
        tag_of(row.device_id),
        point_ns(row),
    )
    assert fields.keys() == {*known, "seq"}
    for column, value in known.items():
        said = fields[column]
        if columns[column] == "int":
            assert said == f"{value}i"
        elif columns[column] == "float":
            assert float(said) == value
            assert not said.endswith("i")
        else:
            assert re.sub(r"\\(.)", r"\1", said[1:-1], flags=re.DOTALL) == value


@given(any_rows())
def test_row_comes_back_from_what_the_database_gives(row: Row) -> None:
    """JSON has whole floats as integers; the column knows better."""
    given_back = [
        int(value) if isinstance(value, float) and value.is_integer() else value
        for value in row.fields
    ]

    found = row_of(row.measurement, row.device_id, [point_ns(row), row.seq, *given_back])

    assert found == row
    assert list(map(type, found.fields)) == list(map(type, row.fields))


@given(st.text(), st.text())
def test_two_devices_never_share_a_tag(one: str, other: str) -> None:
    """Whatever they are called; a plain id stands as it is."""
    assert (tag_of(one) == tag_of(other)) == (one == other)
    assert re.fullmatch(r"[A-Za-z0-9%._~-]+", tag_of(one))
    assert tag_of("trk-000001") == "trk-000001"


@pytest.mark.parametrize(
    "bad",
    [
        a_row(sat=11.0),
        a_row(lat_deg="31.82"),
        a_row(source=7),
        a_row(sat="11"),
        a_row(flags=True),
    ],
)
def test_type_of_a_column_never_changes(bad: Row) -> None:
    """A database keeps the first type for ever: another one is our bug, told before it is sent."""
    with pytest.raises(ValueError, match=r"fix\.\w+ is (int|float|str), not"):
        LineWriter().lines([a_row(), bad])


def test_row_without_a_value_is_a_line_all_the_same() -> None:
    """``seq`` stands in it; in the time as whole microseconds, or nanoseconds of a hash."""
    counter, hash_, flagged = LineWriter().lines(
        [
            a_row(measurement="state", seq=1_005),
            a_row(measurement="state", seq=2**32 + 5),
            a_row(measurement="state", seq=1_005, flags=8),
        ]
    )

    assert counter == f"state,device=trk-000001 seq=1005i {NOW_MS}005000"
    assert hash_ == f"state,device=trk-000001 seq={2**32 + 5}i {NOW_MS}967301"
    assert flagged == f"state,device=trk-000001 flags=8i,seq=1005i {NOW_MS}001005"
