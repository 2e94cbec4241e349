"""The bad-input list: what field devices and attackers send, and what becomes of it.

One table for the unit test of decoding and for the test through a real broker. Row numbers are
those of the list in docs; where decisions changed an outcome, the decision stands here.
"""

import gzip
import zlib
from functools import partial
from typing import NamedTuple

from devices.errors import WireReason
from devices.readings import Flag

SENDER = "trk-000001"
"""The registered tracker that most rows come from."""
STRANGER = "trk-000009"
"""A tracker nobody registered."""
CHARGER = "chg-000001"
WEEKS_MS = 1_024 * 7 * 86_400_000
DAY_MS = 86_400_000
_gzip = partial(gzip.compress, mtime=0)


class BadInput(NamedTuple):
    """One thing somebody sends.

    Attributes:
        row: Number in the list.
        name: What it is; with the row it is unique.
        payload: Bytes as published.
        reason: Why it is quarantined; None = it is accepted.
        flags: Exactly these ``Flag`` bits, when it is accepted.
        before: Payloads of the same sender that are taken before it; each is good.
        channel, cls, device_id: Its topic.
        retained: Published as retained.
    """

    row: int
    name: str
    payload: bytes
    reason: WireReason | None = None
    flags: int = 0
    before: tuple[bytes, ...] = ()
    channel: str = "fix"
    cls: str = "trk"
    device_id: str = SENDER
    retained: bool = False

    @property
    def id(self) -> str:
        """Row and name, for a test's id."""
        return f"{self.row:02d} {self.name}"


class _Sender:
    """Writes good fixes of one moment, to be spoilt."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms

    def fix(
        self, more: bytes = b"", *, t: int = 0, pos: bytes = b'"lat":31.8,"lon":117.2'
    ) -> bytes:
        """A fix of now, or of ``t``, with ``more`` keys behind it."""
        return b'{"v":1,"t":%d,"pos":{%b}%b}' % (t or self._now_ms, pos, more)

    def numbered(self, seq: int, *, t: int = 0, lat: float = 31.8, boot: bytes = b"b48") -> bytes:
        """A fix with its number."""
        pos = b'"lat":%f,"lon":117.2' % lat
        return self.fix(b',"boot":"%b","seq":%d' % (boot, seq), t=t, pos=pos)

    def text(self, own: str) -> bytes:
        """A fix with a text of its own."""
        return self.fix(b',"own":"%b"' % own.encode())


def _nested(depth: int) -> bytes:
    return b'{"x":%b%b}' % (b"[" * depth, b"]" * depth)


_Q = WireReason


def bad_input(now_ms: int) -> list[BadInput]:
    """The list as sent and received at ``now_ms``, wall clock, ms UTC.

    Rows 47 and 50 are missing: see ``same_again``, and a subscriber learns no address
    (decisions.md 9).
    """
    sender = _Sender(now_ms)
    fix, numbered, text = sender.fix, sender.numbered, sender.text
    return [
        BadInput(1, "empty payload", b"", _Q.EMPTY),
        BadInput(2, "one space", b" ", _Q.EMPTY),
        BadInput(2, "newline only", b"\r\n", _Q.EMPTY),
        BadInput(3, "two bytes of no text", b"\xff\xfe", _Q.UTF8),
        BadInput(3, "bad byte inside", b'{"boot":"\xff"}', _Q.UTF8),
        BadInput(4, "byte order mark", b"\xef\xbb\xbf" + fix()),
        BadInput(5, "UTF-16 with mark", fix().decode().encode("utf-16"), _Q.UTF8),
        BadInput(5, "UTF-16-LE", fix().decode().encode("utf-16-le"), _Q.UTF8),
        BadInput(5, "UTF-16-BE", fix().decode().encode("utf-16-be"), _Q.UTF8),
        BadInput(6, "truncated", fix()[:-3], _Q.JSON),
        BadInput(7, "trailing garbage", b"{}x", _Q.JSON),
        BadInput(8, "two documents", b"{}{}", _Q.JSON),
        BadInput(8, "two lines", fix() + b"\n" + fix(), _Q.JSON),
        *[
            BadInput(9, f"top level {word.decode()}", word, _Q.SHAPE)
            for word in (b"null", b"[]", b"1", b'"x"')
        ],
        BadInput(10, "NaN", fix(pos=b'"lat":NaN,"lon":117'), _Q.NUMBER),
        BadInput(11, "Infinity", fix(pos=b'"lat":31,"lon":Infinity'), _Q.NUMBER),
        BadInput(11, "-Infinity", fix(b',"next_s":-Infinity'), _Q.NUMBER),
        BadInput(12, "1e999", fix(pos=b'"lat":1e999,"lon":117'), _Q.NUMBER),
        BadInput(13, "1e-400", fix(pos=b'"lat":31.8,"lon":117.2,"acc_m":1e-400')),
        BadInput(13, "-0.0", fix(pos=b'"lat":31.8,"lon":117.2,"spd_kmh":-0.0')),
        BadInput(13, "-0.0/1e-400 is null island", fix(pos=b'"lat":-0.0,"lon":1e-400'), None,
                 Flag.NULL_ISLAND),
        BadInput(14, "duplicate key", fix(pos=b'"lat":1,"lat":50,"lon":1'), _Q.DUPKEY),
        BadInput(14, "duplicate key, escaped", b'{"t":1,"\\u0074":2}', _Q.DUPKEY),
        BadInput(15, "30,000 arrays deep", _nested(30_000), _Q.DEPTH),
        BadInput(15, "100,000 arrays deep", _gzip(_nested(100_000)), _Q.DEPTH),
        BadInput(16, "900 deep", _nested(900), _Q.DEPTH),
        BadInput(16, "33 deep", _nested(32), _Q.DEPTH),
        BadInput(16, "32 deep", _nested(31), None, Flag.NO_TIME | Flag.NO_FIX),
        BadInput(17, "too many keys",
                 b"{%b}" % b",".join(b'"k%d":1' % k for k in range(9_000)), _Q.SIZE),
        BadInput(18, "integer of 5,000 digits", fix(b',"boot":"a","seq":%b' % (b"9" * 5_000)),
                 _Q.NUMBER),
        BadInput(19, "2^64", numbered(2**64), _Q.RANGE),
        BadInput(19, "2^63", numbered(2**63), _Q.RANGE),
        BadInput(19, "-2^63-1", numbered(-(2**63) - 1), _Q.RANGE),
        BadInput(20, "seq 1.5", fix(b',"boot":"a","seq":1.5'), _Q.TYPE),
        BadInput(21, "seq 1.0", fix(b',"boot":"a","seq":1.0'), _Q.TYPE),
        BadInput(22, "number as text", fix(b',"bat":{"pct":"12.5"}'), None, Flag.COERCED),
        BadInput(22, "place as text", fix(pos=b'"lat":"31.8","lon":"117.2"'), None, Flag.COERCED),
        BadInput(22, "decimal comma", fix(b',"bat":{"pct":"12,5"}'), None, Flag.UNREADABLE),
        BadInput(22, "words for a position", fix(pos=b'"lat":"N31","lon":"E117"'), _Q.NUMBER),
        BadInput(23, "true for a number", fix(b',"bat":{"pct":true}'), _Q.TYPE),
        BadInput(23, "true for a latitude", fix(pos=b'"lat":true,"lon":117'), _Q.TYPE),
        BadInput(24, "Arabic digits", fix(',"bat":{"pct":"٣"}'.encode()), None, Flag.UNREADABLE),
        BadInput(24, "full-width digits in a position", fix(pos='"lat":"３１","lon":117'.encode()),  # noqa: RUF001
                 _Q.NUMBER),
        BadInput(24, "underscores", fix(b',"boot":"a","seq":"1_000"'), _Q.NUMBER),
        BadInput(25, "lone surrogate", text("\\ud800"), _Q.UTF8),
        BadInput(26, "NUL in a text", text("a\\u0000b"), _Q.TEXT),
        BadInput(26, "NUL in the boot id", fix(b',"boot":"a\\u0000"'), _Q.TEXT),
        BadInput(27, "CR LF in a text", text("a\\r\\nid: 7\\r\\n\\r\\n")),
        BadInput(27, "raw CR LF in a text", b'{"own":"a\r\nb"}', _Q.JSON),
        BadInput(27, "line feed in an event's id",
                 b'{"ev_id":"a\\n","type":"tilt","t":%d}' % now_ms, _Q.RANGE, channel="event"),
        BadInput(28, "right-to-left override, zero width, emoji", text("\u202e\u200b🛵e\u0301")),
        BadInput(29, "id decomposed", '{"id":"trk-e\u0301"}'.encode(), _Q.ID),
        BadInput(29, "topic with a capital", fix(), _Q.TOPIC, device_id="Trk-000001"),
        BadInput(29, "topic beyond ASCII", fix(), _Q.TOPIC, device_id="trk-é"),
        BadInput(30, "70,000 letters", text("x" * 70_000), _Q.SIZE),
        BadInput(31, "HTML", text("<img src=x onerror=alert(1)>")),
        BadInput(32, "CSV formula", text("=cmd()|' /C calc'!A0")),
        BadInput(33, "SQL", text("'; DROP TABLE fixes; --")),
        BadInput(33, "line protocol", text("a\\nm2,x=y v=1")),
        BadInput(34, "ends in a backslash", text("a\\\\")),
        BadInput(34, "empty text", text("")),
        BadInput(35, "NaN in a measure", fix(b',"bat":{"pct":NaN}'), _Q.NUMBER),
        BadInput(35, "NaN of its own", b'{"own":NaN}', _Q.NUMBER),
        BadInput(36, "latitude 91", fix(pos=b'"lat":91,"lon":117'), _Q.RANGE),
        BadInput(36, "longitude 181", fix(pos=b'"lat":31,"lon":181'), _Q.RANGE),
        BadInput(36, "-999", fix(pos=b'"lat":-999,"lon":-999'), _Q.RANGE),
        BadInput(37, "packed NaN",
                 b"\x81\xa3pos\x82\xa3lat\xcb\x7f\xf8\0\0\0\0\0\0\xa3lon\xcb\x7f\xf8\0\0\0\0\0\0",
                 _Q.NUMBER),
        BadInput(38, "null island", fix(pos=b'"lat":0,"lon":0'), None, Flag.NULL_ISLAND),
        BadInput(39, "swapped, impossible", fix(pos=b'"lat":117.2,"lon":31.8'), _Q.RANGE),
        BadInput(40, "speed -1", fix(pos=b'"lat":31.8,"lon":117.2,"spd_kmh":-1'), None,
                 Flag.IMPLAUSIBLE),
        BadInput(40, "speed 5,000", fix(pos=b'"lat":31.8,"lon":117.2,"spd_kmh":5000'), None,
                 Flag.IMPLAUSIBLE),
        BadInput(40, "speed 65535", fix(pos=b'"lat":31.8,"lon":117.2,"spd_kmh":65535'), None,
                 Flag.IMPLAUSIBLE),
        BadInput(41, "no time", b'{"pos":{"lat":31.8,"lon":117.2}}', None, Flag.NO_TIME),
        BadInput(42, "seconds", fix(t=now_ms // 1000), None, Flag.TIME_SCALED),
        BadInput(42, "microseconds", fix(t=now_ms * 1000), None, Flag.TIME_SCALED),
        BadInput(42, "nanoseconds", fix(t=now_ms * 1_000_000), None, Flag.TIME_SCALED),
        BadInput(42, "no unit at all", fix(t=now_ms * 10), _Q.TIME),
        BadInput(43, "1970", fix(t=5_000), _Q.TIME),
        BadInput(43, "2000-01-01", fix(t=946_684_800_000), None, Flag.LATE),
        BadInput(43, "one rollover", fix(t=now_ms - WEEKS_MS), None, Flag.WEEK_ROLLOVER),
        BadInput(43, "two rollovers", fix(t=now_ms - 2 * WEEKS_MS), None, Flag.WEEK_ROLLOVER),
        BadInput(43, "2036", fix(t=2_082_758_400_000), None, Flag.FUTURE),
        BadInput(44, "ten years ahead", fix(t=now_ms + 3_652 * DAY_MS), None, Flag.FUTURE),
        BadInput(44, "three minutes ahead", fix(t=now_ms + 180_000), None, Flag.FUTURE),
        BadInput(45, "30 days old", fix(t=now_ms - 30 * DAY_MS), None, Flag.LATE),
        *[
            BadInput(46, f"ISO {word}", b'{"t":"%b"}' % word.encode(), _Q.TIME)
            for word in ("2025-11-25T01:00:00", "2025-11-25T24:00:00Z", "2025-12-31T23:59:60Z",
                         "2025-11-25T01:00:00+25:61")
        ],
        BadInput(48, "same number, other bytes", numbered(7, lat=31.9), _Q.CONFLICT,
                 before=(numbered(7),)),
        BadInput(49, "number goes back", numbered(3, t=now_ms, boot=b"b49"), None, Flag.SEQ_BACK,
                 before=(numbered(40, t=now_ms - 60_000, boot=b"b49"),)),
        BadInput(51, "unknown device", fix(), _Q.UNKNOWN_DEVICE, device_id=STRANGER),
        BadInput(51, "registered as another class", b"{}", _Q.CLASS, channel="hb", cls="cam"),
        BadInput(52, "another's id", fix(b',"id":"trk-000002"'), _Q.ID),
        BadInput(52, "another's id of its own shape", b'{"id":"trk-000002","own":1}', _Q.ID),
        BadInput(56, "retained fix", fix(), _Q.RETAINED, retained=True),
        BadInput(56, "retained SOS", b'{"ev_id":"a56","type":"sos"}', _Q.RETAINED, channel="event",
                 retained=True),
        BadInput(62, "schema version 2", b'{"v":2,"place":{"h3":"8a2a"}}', _Q.VERSION),
        BadInput(62, "schema version 99", b'{"v":99}', _Q.VERSION),
        BadInput(62, "unknown channel", b"{}", _Q.CHANNEL, channel="telemetry"),
        BadInput(63, "gzip", _gzip(fix())),
        BadInput(63, "zlib", zlib.compress(fix())),
        BadInput(63, "gzip cut short", _gzip(fix())[:-2], _Q.ENCODING),
        BadInput(63, "gzip bomb", _gzip(b"[" * 20_000_000), _Q.ENCODING),
        BadInput(63, "zlib bomb", zlib.compress(b" " * 20_000_000, 9), _Q.ENCODING),
        BadInput(63, "gzip in gzip", _gzip(_gzip(b"{}")), _Q.ENCODING),
        BadInput(63, "CBOR", bytes.fromhex("a1617601"), _Q.ENCODING),
        BadInput(63, "protobuf", b"\x08\x96\x01", _Q.ENCODING),
        BadInput(63, "money as words", b'{"kind":"stop","paid_fen":"1 yuan"}', _Q.NUMBER,
                 channel="session", cls="chg", device_id=CHARGER),
    ]  # fmt: skip


def same_again(now_ms: int) -> bytes:
    """Row 47: published twice it is accepted once and counted once as a duplicate."""
    return _Sender(now_ms).numbered(47, boot=b"b47")
