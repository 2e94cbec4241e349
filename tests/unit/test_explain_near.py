"""Those who matter tell the same story as everybody: what is left out changes nothing."""

from pathlib import Path

import msgspec

from devices.model import DeviceClass
from devices.readings import EventType
from support.explain_town import (
    BESIDE,
    FAR,
    HERE,
    MIDDLE_S,
    NUMBERS,
    STATION,
    Town,
    near_story,
)
from support.factories import a_device, an_entry, at_ms


def _ids(*areas: str) -> set[str]:
    return {a_device(number).id for area in areas for number in NUMBERS[area]}


def _ride(number: int, s: float) -> float:
    return max(0.0, 5.0 * (s - MIDDLE_S)) if number == 1 else 0.0


def test_theft_is_told_alike_without_the_other_end_of_town(tmp_path: Path) -> None:
    """Strangers are shaken and ride, too; of the journal only its area is decoded."""
    town = Town(
        folder=tmp_path,
        shift=lambda n, s: _ride(n, s) or (_ride(1, s) if n in NUMBERS[FAR] else 0.0),
        said=[(MIDDLE_S, number, EventType.VIBRATION) for number in (1, 3, 8, *NUMBERS[FAR])],
    )
    town.write()

    story, near, everybody = near_story(town)

    assert story.alerts
    assert story.alerts[0].police_ready_ms is not None
    assert story == everybody
    assert {device.id for device in near.snapshot.devices} == _ids(HERE) | {STATION}
    assert (near.neighbours, near.whole_area) == (6, True)


def test_site_that_loses_power_is_counted_over_the_border(tmp_path: Path) -> None:
    """Told at once, then nine others lost power, four of them in the next area: it stands down."""
    both = [*NUMBERS[HERE], *NUMBERS[BESIDE]]
    town = Town(
        folder=tmp_path,
        said=[(MIDDLE_S + n / 10, n, EventType.POWER_CUT) for n in both]
        + [(MIDDLE_S - 1, 1, EventType.POWER_CUT), (MIDDLE_S - 0.5, 1, EventType.TILT)],
    )
    town.write()

    story, near, everybody = near_story(town)

    assert [one.code for one in story.happenings if one.kind == "alert"] == ["raised", "merged"]
    assert "site_power_loss" in {span.why for span in story.signs}
    assert story == everybody
    assert {d.id for d in near.snapshot.devices} == _ids(HERE, BESIDE) | {STATION}


def test_jammed_with_two_of_another_area(tmp_path: Path) -> None:
    """By itself it would be evidence; a hundred strangers' jamming far away is another incident."""
    town = Town(
        folder=tmp_path,
        said=[(MIDDLE_S + n / 10, n, EventType.JAMMING_GNSS) for n in (1, 7, 8, *NUMBERS[FAR])],
    )
    town.write()

    story, near, everybody = near_story(town)
    alone, _, _ = near_story(town, neighbours=0)

    assert [span.why for span in story.signs] == ["area_jamming"]
    assert story == everybody
    assert {span.why for span in alone.signs} == {""}
    assert _ids(FAR) < {device.id for device in near.snapshot.devices}


def test_station_without_mains_explains_a_power_cut(tmp_path: Path) -> None:
    """One message of a charger, and the site is dark."""
    station = a_device(99, id=STATION, cls=DeviceClass.CHARGER, vehicle_id=None)
    body = {"v": 1, "seq": 1, "boot": "b", "t": at_ms(MIDDLE_S), "mains_v": 0.0, "ports": []}
    town = Town(
        folder=tmp_path,
        said=[(MIDDLE_S + 2, 1, EventType.POWER_CUT)],
        more=[an_entry(msgspec.json.encode(body), at_s=MIDDLE_S, device=station, channel="status")],
    )
    town.write()

    story, _, everybody = near_story(town)

    assert [span.why for span in story.signs] == ["site_power_loss"]
    assert story == everybody


def test_ferry_moves_all_of_an_area_alike(tmp_path: Path) -> None:
    """Six vehicles move as one: nobody is asked, whoever else reports."""
    town = Town(
        folder=tmp_path,
        shift=lambda n, s: max(0.0, 4.0 * (s - MIDDLE_S)) if n in NUMBERS[HERE] else 0.0,
    )
    town.write()

    story, _, everybody = near_story(town)

    assert any(sign.code == "alike" for fix in story.fixes for sign in fix.signs)
    assert story == everybody


def test_neighbours_are_bounded_and_it_is_told(tmp_path: Path) -> None:
    """The station first: it witnesses for all; its own trackers are never left out."""
    town = Town(folder=tmp_path)
    town.write()

    _, near, _ = near_story(town, neighbours=2)

    assert {d.id for d in near.snapshot.devices} == {"trk-000001", "trk-000002", STATION}
    assert (near.neighbours, near.whole_area) == (2, False)
    assert [vehicle.id for vehicle in near.snapshot.vehicles] == ["v-1", "v-2"]
