"""Profiles of devices: what may not be registered, said in words; files and columns."""

from pathlib import Path

import msgspec
import pytest

from devices.crs import Crs
from devices.model import PLAIN, Profile, SpeedUnit
from devices.registration_faults import claims_twice, profile_faults
from parkguard.registration import RegistrationError, profile_of, read_wanted


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        (Profile(gateway="GW 1"), "gateway 'GW 1'"),
        (Profile(gateway="trk-1"), "its own gateway"),
        (Profile(foreign={"JT 808": "1"}), "adapter 'JT 808'"),
        (Profile(foreign={"jt808": ""}), "foreign id ''"),
        (Profile(foreign={"jt808": "a b"}), "foreign id 'a b'"),
        (Profile(foreign={"traccar": " . "}), "foreign id ' . '"),
        (Profile(foreign={"jt808": "1\x00"}), r"foreign id '1\x00'"),
        (Profile(foreign={"jt808": "x" * 65}), "1-64 printable"),
        (
            Profile(foreign={"teltonika": "1"}),
            "only owntracks, traccar, jt808, thingsboard, frigate",
        ),
        (Profile(foreign={"jt808": "bike-1"}), "phone number"),
        (Profile(meter_wrap_wh=2**53), "meter_wrap_wh"),
        (Profile(meter_wrap_wh=-1), "meter_wrap_wh"),
        (Profile(coins_fen=(0,)), "coins_fen [0]"),
        (Profile(coins_fen=(100, 100)), "twice"),
        (Profile(coins_fen=tuple(range(1, 40))), "more than 32"),
    ],
)
def test_wrong_profile_is_said_in_words(profile: Profile, words: str) -> None:
    """One line, with the device's name."""
    [fault] = profile_faults("trk-1", profile)

    assert fault.startswith("trk-1: ")
    assert words in fault


@pytest.mark.parametrize(
    "profile",
    [
        PLAIN,
        Profile(foreign={"jt808": "139 1234 5678", "thingsboard": "Bike 7"}),
        Profile(gateway="gw-1", foreign={"jt808": "013912345678", "owntracks": "user/phone"}),
        Profile(meter_wrap_wh=2**53 - 1, coins_fen=(50, 100)),
    ],
)
def test_believable_profile_has_no_fault(profile: Profile) -> None:
    """As devices in the field have them."""
    assert list(profile_faults("trk-1", profile)) == []


def test_same_foreign_id_twice_is_a_fault_of_the_second() -> None:
    """The first keeps it."""
    profile = Profile(foreign={"jt808": "1"})

    claims, faults = claims_twice([("a", profile), ("b", profile), ("c", PLAIN)])

    assert claims == {("jt808", "1"): "a"}
    assert [fault.split(":")[0] for fault in faults] == ["b"]


def test_profile_is_read_from_flat_text() -> None:
    """Fields by name, foreign ids by adapter, coins by blanks."""
    row = {
        "speed_unit": "knots",
        "crs": "gcj02",
        "decimal": ",",
        "gateway": "gw-1",
        "foreign.jt808": "013912345678",
        "meter_wrap_wh": "1000000",
        "coins_fen": "50 100",
    }

    assert profile_of(row) == Profile(
        speed_unit=SpeedUnit.KNOTS,
        crs=Crs.GCJ02,
        decimal=",",
        gateway="gw-1",
        foreign={"jt808": "013912345678"},
        meter_wrap_wh=1_000_000,
        coins_fen=(50, 100),
    )


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".json"])
def test_files_hold_profiles(tmp_path: Path, suffix: str) -> None:
    """As columns, or as an object."""
    device = {"id": "trk-1", "cls": "trk", "profile": {"foreign": {"jt808": "01"}, "decimal": ","}}
    text = {
        ".csv": 'id,cls,foreign.jt808,decimal,model\ntrk-1,trk,01,",",x2\n',
        ".jsonl": msgspec.json.encode(device).decode(),
        ".json": msgspec.json.encode({"devices": [device]}).decode(),
    }
    file = tmp_path / f"fleet{suffix}"
    file.write_text(text[suffix], encoding="utf-8")

    [entry] = read_wanted(file).devices

    assert entry.profile == Profile(foreign={"jt808": "01"}, decimal=",")


@pytest.mark.parametrize("column", ["speed_unit,warp", "decimal,;", "coins_fen,1 x", "colour,red"])
def test_wrong_column_names_its_line(tmp_path: Path, column: str) -> None:
    """And the place in it."""
    name, value = column.split(",")
    file = tmp_path / "fleet.csv"
    file.write_text(f"id,cls,{name}\ntrk-1,trk,{value}\n", encoding="utf-8")

    with pytest.raises(RegistrationError, match=r"fleet\.csv:2"):
        read_wanted(file)
