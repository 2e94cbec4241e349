"""Line protocol: every line is one that InfluxDB reads, and says exactly what the row says."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.telemetry import MEASUREMENTS, ColumnType, Row
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
    """A row of any measurement, some values unknown."""
    name = draw(st.sampled_from(list(MEASUREMENTS)))
    fields = tuple(draw(st.none() | VALUES[kind]) for kind in MEASUREMENTS[name].values())
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
    """Types, texts, unknown values and key; no text leaves its quotes."""
    (line,) = LineWriter().lines([row])

    assert LINE.fullmatch(line.replace("\r", " "))
    name, tag, fields, time_ns = read(line)
    columns = MEASUREMENTS[row.measurement]
    known = {c: v for c, v in zip(columns, row.fields, strict=True) if v is not None}
    assert (name, tag, time_ns) == (
        row.measurement,
        tag_of(row.device_id),
        point_ns(row.t_ms, row.seq),
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

    found = row_of(
        row.measurement, row.device_id, [point_ns(row.t_ms, row.seq), row.seq, *given_back]
    )

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
    """``seq`` stands in it."""
    (line,) = LineWriter().lines([a_row(measurement="state", seq=5)])

    assert line == f"state,device=trk-000001 seq=5i {NOW_MS}000005"
