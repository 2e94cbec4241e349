"""One message of every channel: those of docs/wire.md word for word, and ours where it has none."""

from typing import NamedTuple

from devices.model import DeviceClass
from devices.topics import Topic

RECV_MS = 1_764_032_463_000
"""A second after the fix of the page was taken."""
TRACKER, CHARGER, CAMERA, GATEWAY = "trk-000123", "chg-001007", "cam-020315", "gw-000007"

FIX = b"""{"v":1,"id":"trk-000123","boot":"7f3a","seq":48213,"t":1764032462000,
 "pos":{"lat":31.820613,"lon":117.227239,"crs":"wgs84","src":"gnss","valid":true,
        "acc_m":6.5,"hdop":0.9,"sat":14,"alt_m":32,"spd_kmh":4.2,"cog":87},
 "st":{"ign":false,"motion":true,"armed":true,"ext_power":true,"charging":false,"mode":"live"},
 "bat":{"pct":82,"mv":3980,"ext_mv":52100},
 "net":{"rat":"4g","rssi_dbm":-87,"cell":{"mcc":460,"mnc":0,"lac":22222,"cid":123456789}},
 "next_s":10}"""
BATCH = b"""{"v":1,"id":"trk-000123","boot":"7f3a","backfill":true,"order":"asc",
 "fixes":[{"seq":48100,"t":1764030000000,"pos":{"lat":31.8201,"lon":117.2269,"src":"gnss",
           "valid":true,"acc_m":8,"spd_kmh":12.0,"cog":90}},
          {"seq":48101,"t":1764030010000,"pos":{"lat":31.8201,"lon":117.2273,"src":"gnss",
           "valid":true,"acc_m":8,"spd_kmh":12.4,"cog":91}}]}"""
EVENT = b"""{"v":1,"id":"trk-000123","ev_id":"01JDK3Q7V6N8","t":1764032461000,"type":"vibration",
 "on":true,"lvl":2,"dur_s":4,"count":7,
 "pos":{"lat":31.820613,"lon":117.227239,"src":"gnss","valid":true,"acc_m":6.5},
 "st":{"ign":false,"armed":true},"raw":{"proto":"jt808","alarm":65536,"status":262210}}"""
STATUS = b"""{"v":1,"id":"chg-001007","boot":"a1c2","seq":9911,"t":1764032400000,"rssi_dbm":-75,
 "temp_c":34,"mains_v":229.6,"door_open":false,"smoke":false,
 "box":{"coins":312,"amount_fen":31200,"cap_coins":800},
 "ctr":{"coins_total":40112,"amount_total_fen":4011200,"energy_total_wh":9120340,
        "sessions_total":38877},
 "ports":[{"n":1,"state":"charging","session":"S-88213","w":142,"ma":650,"wh":410,"temp_c":39,
           "s":9120},
          {"n":2,"state":"available"},
          {"n":3,"state":"faulted","err":"relay_stuck","vendor_err":"0x09","w":36}],
 "next_s":60}"""
SESSION = b"""{"v":1,"id":"chg-001007","t":1764032400000,"kind":"stop","session":"S-88213","port":1,
 "pay":"coin","paid_fen":100,"start_t":1764023280000,"energy_wh":410,"seconds":9120,"w_max":168,
 "w_end":14,"stop":"full","charged_fen":100,"refund_fen":0,"cur":"CNY","offline":true}"""
COIN = b"""{"v":1,"id":"chg-001007","t":1764023275000,"kind":"insert","n":1,"denom_fen":100,
 "amount_fen":100,"port":1,"session":"S-88213",
 "ctr":{"coins_total":40112,"amount_total_fen":4011200},"box":{"coins":312}}"""
HEARTBEAT = b"""{"v":1,"id":"cam-020315","t":1764032400000,"up_s":864000,"fw":"5.7.3",
 "ch":[{"n":1,"online":true,"fps":24.6,"fps_expected":25,"frames":48211993,
        "last_frame_t":1764032399500,"kbps":3100,"reconn_1h":0,"stalls_1h":1,"recording":true,
        "occluded":false,"tampered":false,"video_loss":false}],
 "disk":{"total_gb":4000,"used_gb":3610,"ok":true,"oldest_t":1760662800000},
 "clock_off_ms":120,"temp_c":48,"next_s":60}"""
STATE = b"""{"v":1,"id":"cam-020315","state":"online","t":1764032400000,"boot":"91ff",
 "reason":"power_on","next_s":60}"""
INFO = b"""{"v":1,"id":"trk-000123","boot":"7f3a","seq":1,"t":1764032400000,"model":"GT06N",
 "fw":"2.1.7","hw":"B","caps":["resend","buffer"],"interval_s":10,"receipts":true}"""
ACK = b"""{"v":1,"id":"trk-000123","t":1764032462000,"cmd_id":"c-77","result":"refused",
 "detail":"battery low"}"""
MULTI = b"""{"v":1,"id":"gw-000007","items":[
 {"class":"trk","id":"trk-000123","channel":"fix","msg":%b},
 {"class":"chg","id":"chg-001007","channel":"status","msg":%b},
 {"class":"cam","id":"cam-020315","channel":"hb","msg":%b}]}""" % (FIX, STATUS, HEARTBEAT)


class Golden(NamedTuple):
    """A message and the topic it comes on."""

    topic: Topic
    payload: bytes


def _on(cls: DeviceClass, device_id: str, channel: str, payload: bytes) -> Golden:
    return Golden(Topic(cls, device_id, channel), payload)


GOLDEN = {
    "fix": _on(DeviceClass.TRACKER, TRACKER, "fix", FIX),
    "batch": _on(DeviceClass.TRACKER, TRACKER, "batch", BATCH),
    "event": _on(DeviceClass.TRACKER, TRACKER, "event", EVENT),
    "info": _on(DeviceClass.TRACKER, TRACKER, "info", INFO),
    "ack": _on(DeviceClass.TRACKER, TRACKER, "ack", ACK),
    "status": _on(DeviceClass.CHARGER, CHARGER, "status", STATUS),
    "session": _on(DeviceClass.CHARGER, CHARGER, "session", SESSION),
    "coin": _on(DeviceClass.CHARGER, CHARGER, "coin", COIN),
    "hb": _on(DeviceClass.CAMERA, CAMERA, "hb", HEARTBEAT),
    "state": _on(DeviceClass.CAMERA, CAMERA, "state", STATE),
    "multi": _on(DeviceClass.GATEWAY, GATEWAY, "multi", MULTI),
}
"""By channel."""
