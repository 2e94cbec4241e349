"""The simulators' encoder against the examples of the wire page."""

import json

import msgspec
import pytest

from simulators.encode import (
    Batch,
    CameraHeartbeat,
    ChargerStatus,
    Coin,
    Event,
    Fix,
    Payload,
    Position,
    Session,
    State,
    encode,
)

FIX = """{"v":1,"id":"trk-000123","boot":"7f3a","seq":48213,"t":1764032462000,
 "pos":{"lat":31.820613,"lon":117.227239,"crs":"wgs84","src":"gnss","valid":true,
        "acc_m":6.5,"hdop":0.9,"sat":14,"alt_m":32,"spd_kmh":4.2,"cog":87},
 "st":{"ign":false,"motion":true,"armed":true,"ext_power":true,"charging":false,"mode":"live"},
 "bat":{"pct":82,"mv":3980,"ext_mv":52100},
 "net":{"rat":"4g","rssi_dbm":-87,"cell":{"mcc":460,"mnc":0,"lac":22222,"cid":123456789}},
 "next_s":10}"""
BATCH = """{"v":1,"id":"trk-000123","boot":"7f3a","backfill":true,"order":"asc",
 "fixes":[{"seq":48100,"t":1764030000000,"pos":{"lat":31.8201,"lon":117.2269,"src":"gnss",
           "valid":true,"acc_m":8,"spd_kmh":12.0,"cog":90}},
          {"seq":48101,"t":1764030010000,"pos":{"lat":31.8201,"lon":117.2273,"src":"gnss",
           "valid":true,"acc_m":8,"spd_kmh":12.4,"cog":91}}]}"""
EVENT = """{"v":1,"id":"trk-000123","ev_id":"01JDK3Q7V6N8","t":1764032461000,"type":"vibration",
 "on":true,"lvl":2,"dur_s":4,"count":7,
 "pos":{"lat":31.820613,"lon":117.227239,"src":"gnss","valid":true,"acc_m":6.5},
 "st":{"ign":false,"armed":true},"raw":{"proto":"jt808","alarm":65536,"status":262210}}"""
STATUS = """{"v":1,"id":"chg-001007","boot":"a1c2","seq":9911,"t":1764032400000,"rssi_dbm":-75,
 "temp_c":34,"mains_v":229.6,"door_open":false,"smoke":false,
 "box":{"coins":312,"amount_fen":31200,"cap_coins":800},
 "ctr":{"coins_total":40112,"amount_total_fen":4011200,"energy_total_wh":9120340,
        "sessions_total":38877},
 "ports":[{"n":1,"state":"charging","session":"S-88213","w":142,"ma":650,"wh":410,"temp_c":39,
           "s":9120},
          {"n":2,"state":"available"},
          {"n":3,"state":"faulted","err":"relay_stuck","vendor_err":"0x09","w":36}],
 "next_s":60}"""
SESSION = """{"v":1,"id":"chg-001007","t":1764032400000,"kind":"stop","session":"S-88213","port":1,
 "pay":"coin","paid_fen":100,"start_t":1764023280000,"energy_wh":410,"seconds":9120,"w_max":168,
 "w_end":14,"stop":"full","charged_fen":100,"refund_fen":0,"cur":"CNY","offline":true}"""
COIN = """{"v":1,"id":"chg-001007","t":1764023275000,"kind":"insert","n":1,"denom_fen":100,
 "amount_fen":100,"port":1,"session":"S-88213",
 "ctr":{"coins_total":40112,"amount_total_fen":4011200},"box":{"coins":312}}"""
HEARTBEAT = """{"v":1,"id":"cam-020315","t":1764032400000,"up_s":864000,"fw":"5.7.3",
 "ch":[{"n":1,"online":true,"fps":24.6,"fps_expected":25,"frames":48211993,
        "last_frame_t":1764032399500,"kbps":3100,"reconn_1h":0,"stalls_1h":1,"recording":true,
        "occluded":false,"tampered":false,"video_loss":false}],
 "disk":{"total_gb":4000,"used_gb":3610,"ok":true,"oldest_t":1760662800000},
 "clock_off_ms":120,"temp_c":48,"next_s":60}"""
STATE = """{"v":1,"id":"cam-020315","state":"online","t":1764032400000,"boot":"91ff",
 "reason":"power_on","next_s":60}"""


def ordered(text: str | bytes) -> object:
    """JSON with the order of its keys."""
    return json.loads(text, object_pairs_hook=list)


@pytest.mark.parametrize(
    ("example", "kind"),
    [
        (FIX, Fix),
        (BATCH, Batch),
        (EVENT, Event),
        (STATUS, ChargerStatus),
        (SESSION, Session),
        (COIN, Coin),
        (HEARTBEAT, CameraHeartbeat),
        (STATE, State),
    ],
    ids=["fix", "batch", "event", "status", "session", "coin", "heartbeat", "state"],
)
def test_example_of_the_page_is_reproduced(example: str, kind: type[Payload]) -> None:
    """Every example comes out with the same keys in the same order and the same values."""
    payload = msgspec.json.decode(example, type=kind)

    encoded = encode(payload)

    assert ordered(encoded) == ordered(example)


def test_unknown_is_left_out() -> None:
    """A fix without a position says so and names no coordinate."""
    fix = Fix(id="trk-1", boot="7f3a", seq=1, t=1, pos=Position(src="gnss", valid=False))

    encoded = encode(fix)

    assert json.loads(encoded)["pos"] == {"src": "gnss", "valid": False}


def test_malformed_coordinate_stays_text() -> None:
    """What a file says malformed is sent malformed, as text in the number's place."""
    position = Position(lat="53.3x85817", lon=-6.26, src="gnss", valid=True)

    encoded = encode(Fix(id="trk-1", boot="7f3a", seq=1, t=1, pos=position))

    assert b'"lat":"53.3x85817"' in encoded
