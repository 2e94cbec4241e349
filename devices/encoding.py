"""What a payload is made of: plain or compressed, JSON or MessagePack. Limits before parsing."""

import zlib

import msgspec

from devices.errors import WireError, WireReason

MAX_PAYLOAD_BYTES = 65_536
"""Most bytes of one message as received. Source: decisions.md 13."""
MAX_UNPACKED_BYTES = 262_144
"""Most bytes of one message after unpacking: 200 fixes of 500 bytes are 100 kB; ours."""
_GZIP = b"\x1f\x8b"
_ZLIB = {b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"}
_GZIP_WBITS = 31
_MSGPACK_FIRST = frozenset({*range(0x80, 0xA0), 0xDC, 0xDD, 0xDE, 0xDF})
_CBOR_FIRST = range(0xA0, 0xC0)
_WHITE = b" \t\r\n"
_OPENS = {b"{", b"[", b" "}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Opened(msgspec.Struct, frozen=True, gc=False):
    """Bytes that a parser may read. ``packed`` = MessagePack, else UTF-8 JSON."""

    body: bytes
    packed: bool


def open_payload(payload: bytes, *, of_many: bool = False) -> Opened:
    """Check size, unpack, and tell JSON from MessagePack by the first byte.

    ``of_many``: a message of many elements, whose text is checked element by element.

    Raises:
        WireError: ``size``, ``empty``, ``encoding`` or ``utf8``.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise WireError(WireReason.SIZE, f"{len(payload)} bytes, at most {MAX_PAYLOAD_BYTES}")
    if payload.startswith(b"{") and payload.isascii():
        return Opened(payload, False)  # noqa: FBT003 - one by one is half the cost here
    head = payload[:2]
    if head == _GZIP or head in _ZLIB:
        payload = _unpack(payload, _GZIP_WBITS if head == _GZIP else zlib.MAX_WBITS)
        if payload[:2] == _GZIP or payload[:2] in _ZLIB:
            raise WireError(WireReason.ENCODING, "compressed twice")
    first = payload[0] if payload else _WHITE[0]
    if first in _MSGPACK_FIRST:
        return Opened(payload, packed=True)
    if first == 0 and payload.strip(b"\0")[:1] in _OPENS:
        raise WireError(WireReason.UTF8, "UTF-16 or UTF-32")
    if first in _CBOR_FIRST or (first < 0x20 and first not in _WHITE):  # noqa: PLR2004 - ASCII
        raise WireError(WireReason.ENCODING, "neither JSON, MessagePack, gzip nor zlib")
    body = payload.removeprefix(_BYTE_ORDER_MARK)
    if not body or body.isspace():
        raise WireError(WireReason.EMPTY, "no payload")
    if not of_many:
        check_utf8(body)
    return Opened(body, packed=False)


def check_utf8(body: bytes) -> None:
    """Raises ``utf8`` when the bytes are not UTF-8."""
    try:
        body.decode()
    except UnicodeDecodeError as exc:
        raise WireError(WireReason.UTF8, f"byte {exc.start} is not UTF-8") from exc


def _unpack(payload: bytes, wbits: int) -> bytes:
    stream = zlib.decompressobj(wbits)
    try:
        body = stream.decompress(payload, MAX_UNPACKED_BYTES + 1)
    except zlib.error as exc:
        raise WireError(WireReason.ENCODING, f"cannot be unpacked: {exc}") from exc
    if len(body) > MAX_UNPACKED_BYTES:
        raise WireError(WireReason.ENCODING, f"unpacks to over {MAX_UNPACKED_BYTES} bytes")
    if not stream.eof or stream.unused_data:
        raise WireError(WireReason.ENCODING, "compressed data is cut short, or goes on behind it")
    return body
