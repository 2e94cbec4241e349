"""Case A-32, names that a spreadsheet runs.

Kind: text is quoted for the place it goes to, and only there. Fixed in ``api.csv_text``, through
which every CSV of ours goes: a text that begins as a formula gets an apostrophe, numbers stay
numbers, JSON knows nothing of it.
"""

import csv
import io
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.csv_text import csv_cell, csv_text
from devices.model import DeviceClass
from devices.telemetry import MEASUREMENTS, Row
from parkguard.clock import wall_ms
from parkguard.registration import DeviceEntry, Wanted, register
from stores.registry import Registry
from stores.telemetry_sqlite import SqliteTelemetry
from support.machine import Machine

PURPOSE = {"x-purpose": "ADMIN_CHECK"}
VEHICLE, TRACKER = "veh-load-000001", "trk-load-000001"
WEST_DEG = -5.2
"""A-32: a real longitude that begins with a formula's sign."""
HARMLESS = {
    "=1+2": "'=1+2",
    "+41 79": "'+41 79",
    "@x": "'@x",
    "-5": "'-5",
    "\t=1+2": "'\t=1+2",
    "\r=1": "'\r=1",
    "\n@a": "'\n@a",
    "  =1+2": "'  =1+2",
    "\u200b\u202e=1": "'\u200b\u202e=1",
    "\x00=1": "'\ufffd=1",
    "＝1+2": "'＝1+2",  # noqa: RUF001 - the full-width sign is the point
    "TK-200": "TK-200",
    "a=1": "a=1",
    'red, "fast"\nand new': 'red, "fast"\nand new',
    "雅迪": "雅迪",
    "": "",
}
"""A text and what its reader finds in the cell."""
NAMES = [name for name in HARMLESS if name.isprintable() or name == "\t=1+2"]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """An API process; devices whose models are these names, and a track west of Greenwich."""
    with Machine(tmp_path_factory.mktemp("a32"), registry=("load", "--devices", "1")) as machine:
        devices = [
            DeviceEntry(id=f"cam-{k:03d}", cls=DeviceClass.CAMERA, model=name)
            for k, name in enumerate(NAMES)
        ]
        register(Registry(machine.engine, wall_ms), Wanted(devices=devices))
        columns = dict.fromkeys(MEASUREMENTS["fix"]) | {
            "lat_deg": 31.8,
            "lon_deg": WEST_DEG,
            "speed_mps": 0.0,
            "source": "=cmd()",
            "flags": 0,
        }
        now_ms = wall_ms()
        telemetry = SqliteTelemetry(machine.settings.data_dir / "telemetry.db")
        telemetry.write(
            [Row("fix", TRACKER, now_ms - k, k, tuple(columns.values())) for k in range(3)]
        )
        telemetry.close()
        machine.start("api")
        machine.wait_ready("api")
        with machine.client() as client:
            yield client


def test_a32_names_of_devices_are_harmless_in_csv_and_untouched_in_json(
    client: httpx.Client,
) -> None:
    """A-32: every page of the list, the next one by its Link."""
    plain = client.get("/v1/devices", params={"cls": "cam"}).json()["devices"]
    found: list[dict[str, str]] = []
    address = "/v1/devices?cls=cam&format=csv&limit=5"
    while address:
        answer = client.get(address)
        found += _table(answer)
        address = answer.links.get("next", {}).get("url", "")

    assert [device["model"] for device in plain] == NAMES
    assert [row["model"] for row in found] == [HARMLESS[name] for name in NAMES]
    assert [row["id"] for row in found] == [device["id"] for device in plain]
    assert {row["presence"] for row in found} == {"unknown"}
    assert {row["causes"] for row in found} == {"never_heard"}


def test_a32_numbers_of_a_track_stay_numbers(client: httpx.Client) -> None:
    """A-32: the longitude is -5.2, not text; a source that nobody could send is text."""
    address = f"/v1/vehicles/{VEHICLE}/track?format=csv"
    answer = client.get(address, headers=PURPOSE)
    pages = [client.get(f"{address}&limit=2", headers=PURPOSE)]
    pages.append(client.get(pages[0].links["next"]["url"], headers=PURPOSE))
    plain = client.get(f"/v1/vehicles/{VEHICLE}/track", headers=PURPOSE).json()["fixes"]

    rows = _table(answer)

    assert f",{WEST_DEG}," in answer.text
    assert [float(row["lon_deg"]) for row in rows] == [WEST_DEG] * 3
    assert {row["source"] for row in rows} == {"'=cmd()"}
    assert {row["acc_m"] for row in rows} == {""}
    assert [row for page in pages for row in _table(page)] == rows
    assert {(fix["source"], fix["lon_deg"]) for fix in plain} == {("=cmd()", WEST_DEG)}


@pytest.mark.parametrize("params", [{"format": "xls"}, {"format": ""}])
def test_a32_another_form_is_refused(client: httpx.Client, params: dict[str, str]) -> None:
    """422 with the words that there are."""
    assert client.get("/v1/devices", params=params).status_code == 422


@pytest.mark.parametrize(("name", "shown"), HARMLESS.items())
def test_a32_a_cell_that_would_run_begins_with_an_apostrophe(name: str, shown: str) -> None:
    """A-32: also behind blanks and signs that are not seen, and for the full-width signs."""
    [row] = csv.reader(io.StringIO(csv_cell(name), newline=""))

    assert row == [shown]


@pytest.mark.parametrize(
    ("number", "shown"),
    [(-5.2, "-5.2"), (-5, "-5"), (0.0, "0.0"), (1e-7, "1e-07"), (float("nan"), ""), (None, ""),
     (float("-inf"), ""), (True, "true"), (2**53, "9007199254740992")],
)  # fmt: skip
def test_a32_a_number_is_never_text(number: float | None, shown: str) -> None:
    """A-32: without quotes and apostrophe; what is no number is empty."""
    assert csv_cell(number) == shown


@given(st.lists(st.lists(st.text() | st.floats() | st.none(), min_size=2, max_size=2)))
def test_a32_any_table_can_be_read_back_and_none_of_its_texts_runs(
    rows: list[list[str | float | None]],
) -> None:
    """A-32 as a law: a row a row, a cell a cell, no text that begins as a formula."""
    text = csv_text(["=a", "b"], rows).removeprefix("\ufeff")

    read = list(csv.reader(io.StringIO(text, newline=""), strict=True))

    assert read[0] == ["'=a", "b"]
    assert [len(row) for row in read[1:]] == [2] * len(rows)
    for written, back in zip(rows, read[1:], strict=True):
        for cell, shown in zip(written, back, strict=True):
            assert not isinstance(cell, str) or shown.strip()[:1] not in {*"=+-@"}


def _table(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    text = answer.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
