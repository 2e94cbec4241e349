"""The lane and the careful way give the same, whatever a fix says and however its device speaks."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import fix_lane
from devices.crs import Crs
from devices.errors import WireError
from devices.model import PLAIN, Profile, SpeedUnit
from devices.readings import Fix
from support.factories import at_ms

_SAID: dict[str, st.SearchStrategy[Any]] = {
    "acc_m": st.sampled_from([0, 6.5, 65_534, 65_535, -1]),
    "hdop": st.sampled_from([0.9, 99.9, 99.99, -1]),
    "sat": st.sampled_from([0, 14, 254, 255, -1]),
    "spd_kmh": st.sampled_from([0, 4.2, 250, 400.1, -1]),
    "cog": st.sampled_from([0, 87, 360, 361, -1]),
    "crs": st.sampled_from(["wgs84", "gcj02", "bd09", "mars"]),
    "valid": st.booleans(),
    "fix_t": st.sampled_from([at_ms(0), at_ms(-3_000), 7]),
}
_BATTERY: dict[str, st.SearchStrategy[Any]] = {
    "pct": st.sampled_from([0, 82.5, 100, 101, -1]),
    "mv": st.sampled_from([0, 3_980, 65_535, -1]),
    "ext_mv": st.sampled_from([0, 52_100, -1]),
}
_TIMES = st.sampled_from([at_ms(0), at_ms(119), at_ms(121), at_ms(-601), 1_764_032_462, 5, None])
_PROFILES = st.sampled_from(
    [
        PLAIN,
        Profile(crs=Crs.GCJ02),
        Profile(speed_unit=SpeedUnit.KNOTS),
        Profile(speed_unit=SpeedUnit.MPS),
    ]
)
_DEGREES = st.sampled_from([0, 31.820613, 90, 90.1, None])


@st.composite
def fixes(draw: st.DrawFn) -> dict[str, Any]:
    """A fix in the words of wire.md, with what devices say when they do not know."""
    pos = {"lat": draw(_DEGREES), "lon": draw(_DEGREES)}
    pos |= draw(st.fixed_dictionaries({}, optional=_SAID))
    said = {
        "v": draw(st.sampled_from([1, 1, 1, 2])),
        "id": draw(st.sampled_from(["trk-1", "trk-1", "trk-2"])),
        "boot": draw(st.sampled_from(["7f3a", "", "a-b_c", "a b", "é", "x" * 33])),
        "seq": draw(st.sampled_from([0, 48_213, None])),
        "t": draw(_TIMES),
        "pos": {key: value for key, value in pos.items() if value is not None},
        "bat": draw(st.fixed_dictionaries({}, optional=_BATTERY)),
        "net": draw(
            st.fixed_dictionaries({}, optional={"rssi_dbm": st.sampled_from([-87, -1, 99])})
        ),
    }
    return {key: value for key, value in said.items() if value is not None}


Told = tuple[Fix | None, str, tuple[str, int] | None]


def _told(payload: bytes, profile: Profile, offset_ms: int) -> Told:
    try:
        return fix_lane.decode_fix("trk-1", payload, at_ms(0), profile, offset_ms), "", None
    except WireError as exc:
        return None, exc.reason, exc.number


def _refuse(_: bytes) -> Fix:
    raise msgspec.DecodeError("the lane is closed")


@given(said=fixes(), profile=_PROFILES, offset_ms=st.sampled_from([0, 0, 900_000, -28_800_000]))
def test_the_lane_is_the_careful_way(
    said: dict[str, Any], profile: Profile, offset_ms: int
) -> None:
    """Same readings, flags, keys, reasons and numbers; also for a skeleton that is known."""
    payload = msgspec.json.encode(said)
    once = _told(payload, profile, offset_ms)
    again = _told(payload, profile, offset_ms)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fix_lane, "_decode", _refuse)
        careful = _told(payload, profile, offset_ms)

    assert once == again == careful


def test_the_lane_takes_what_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain fix whose skeleton is known needs no second look."""
    payload = b'{"v":1,"id":"trk-1","boot":"a","seq":%d,"t":%d,"pos":{"lat":31.8,"lon":117.2}}'
    fix_lane.decode_fix("trk-1", payload % (1, at_ms(0)), at_ms(0), PLAIN, 0)
    monkeypatch.delattr(fix_lane, "read")
    monkeypatch.delattr(fix_lane, "judge_fix")

    fix = fix_lane.decode_fix("trk-1", payload % (2, at_ms(1)), at_ms(1), PLAIN, 0)

    assert (fix.seq, fix.t_ms, fix.lat_deg, fix.flags) == (2, at_ms(1), 31.8, 0)


def test_a_key_that_stands_twice_never_takes_the_lane() -> None:
    """Typed decoding would take the last one; digits in a key hide nothing."""
    plain = b'{"boot":"a","seq":1,"t":%d,"pos":{"lat":31.8,"lon":117.2}}' % at_ms(0)
    twice = plain.replace(b'"lat":31.8', b'"lat":31.8,"lat":31.9')
    for _ in range(2):
        assert _told(plain, PLAIN, 0)[1] == ""
        assert _told(twice, PLAIN, 0)[1] == "dupkey"
