"""The words of wire.md: flags, sources, states, kinds and reasons. Values are the wire's."""

from enum import IntFlag, StrEnum


class Flag(IntFlag):
    """What was noticed about a record. Stored as bits: never reuse one."""

    NO_TIME = 1 << 0  # no time given: the receive time stands in
    TIME_SCALED = 1 << 1  # seconds, µs or ns, told by magnitude
    FUTURE = 1 << 2  # more than 120 s ahead of the receive time
    LATE = 1 << 3  # older than 10 min: the history lane
    BACKFILL = 1 << 4  # the device says it was buffered
    NULL_ISLAND = 1 << 5  # 0/0: no position
    NO_FIX = 1 << 6  # valid:false or no coordinates
    IMPLAUSIBLE = 1 << 7  # a side value out of range, taken as unknown
    RETAINED = 1 << 8  # delivered as retained
    COERCED = 1 << 9  # a number written as text
    WEEK_ROLLOVER = 1 << 10  # k x 1,024 weeks off: snapped
    TIME_LEARNT = 1 << 11  # a learnt offset of k x 15 min was taken off
    CONVERTED = 1 << 12  # position came in GCJ-02 or BD-09; the original is kept in ``ext``
    UNREADABLE = 1 << 13  # an optional measure was no number: taken as unknown
    SEQ_BACK = 1 << 14  # the number fell without a new boot id: clone, or counter set back
    REQUEUED = 1 << 15  # run again from quarantine


NOT_LEFT_OUT = int(Flag.UNREADABLE | Flag.IMPLAUSIBLE)
"""With one of these a measure that is missing was not left out: it is unknown now."""


class FixSource(StrEnum):
    """Where a position comes from (wire.md, ``src``)."""

    GNSS = "gnss"
    CELL = "cell"
    WIFI = "wifi"
    LAST = "last"
    MANUAL = "manual"


SOURCE_CODE = {source: code for code, source in enumerate(FixSource, start=1)}
"""Number of each source in LatestState; 0 = none."""


class EventType(StrEnum):
    """What a tracker can report (wire.md, Types)."""

    VIBRATION = "vibration"
    TOW = "tow"
    DISPLACEMENT = "displacement"
    TILT = "tilt"
    ILLEGAL_IGNITION = "illegal_ignition"
    FALL = "fall"
    CRASH = "crash"
    POWER_CUT = "power_cut"
    POWER_RESTORED = "power_restored"
    LOW_BATTERY = "low_battery"
    LOW_EXT_POWER = "low_ext_power"
    REMOVED = "removed"
    TAMPER = "tamper"
    SIM_CHANGED = "sim_changed"
    JAMMING_GSM = "jamming_gsm"
    JAMMING_GNSS = "jamming_gnss"
    GNSS_ANTENNA = "gnss_antenna"
    GNSS_BLIND_ENTER = "gnss_blind_enter"
    GNSS_BLIND_EXIT = "gnss_blind_exit"
    SOS = "sos"
    ARM = "arm"
    DISARM = "disarm"
    GEOFENCE_ENTER = "geofence_enter"
    GEOFENCE_EXIT = "geofence_exit"
    UNLOCK = "unlock"
    BATTERY_REMOVED = "battery_removed"
    BATT_OVER_TEMP = "batt_over_temp"
    BATT_OVER_VOLT = "batt_over_volt"
    SLEEP = "sleep"
    WAKE = "wake"
    POWER_ON = "power_on"
    POWER_OFF = "power_off"
    # chargers and cameras
    SMOKE = "smoke"
    SHORT_CIRCUIT = "short_circuit"
    OVER_TEMPERATURE = "over_temperature"
    DOOR = "door"
    MAINS = "mains"
    VIDEO_LOSS = "video_loss"
    OCCLUSION = "occlusion"
    SCENE_CHANGE = "scene_change"
    DISK = "disk"


class PortState(StrEnum):
    """States of a charging port (wire.md; OCPP words where there are some)."""

    AVAILABLE = "available"
    PREPARING = "preparing"
    CHARGING = "charging"
    FLOAT = "float"
    FINISHING = "finishing"
    OCCUPIED = "occupied"
    RESERVED = "reserved"
    UNAVAILABLE = "unavailable"
    FAULTED = "faulted"


class SessionKind(StrEnum):
    """What a session message says."""

    START = "start"
    UPDATE = "update"
    STOP = "stop"


class PayKind(StrEnum):
    """How a session was paid."""

    COIN = "coin"
    CARD = "card"
    QR = "qr"
    FREE = "free"
    ADMIN = "admin"


class StopReason(StrEnum):
    """Why a session ended (wire.md)."""

    FULL = "full"
    TIME_UP = "time_up"
    MONEY_UP = "money_up"
    ENERGY_UP = "energy_up"
    USER = "user"
    UNPLUGGED = "unplugged"
    NOT_PLUGGED = "not_plugged"
    OVER_POWER = "over_power"
    OVER_CURRENT = "over_current"
    OVER_TEMP = "over_temp"
    SMOKE = "smoke"
    GROUND_FAULT = "ground_fault"
    MAINS_LOST = "mains_lost"
    REMOTE = "remote"
    FAULT = "fault"
    UNKNOWN = "unknown"


class CoinKind(StrEnum):
    """What a coin message says."""

    INSERT = "insert"
    REJECT = "reject"
    JAM = "jam"
    BOX_OPEN = "box_open"
    COLLECT = "collect"


class AckResult(StrEnum):
    """How a command ended."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    EXPIRED = "expired"
    PENDING = "pending"


class DeviceState(StrEnum):
    """Birth and will (wire.md, State)."""

    ONLINE = "online"
    SLEEPING = "sleeping"
    DISCONNECTED = "disconnected"
    LOST = "lost"
