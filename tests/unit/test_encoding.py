"""Plain or compressed, JSON or MessagePack: told by the first bytes, never by trying."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.encoding import MAX_PAYLOAD_BYTES, MAX_UNPACKED_BYTES, Opened, open_payload
from devices.errors import WireError, WireReason
from devices.plain_objects import parse

JSON = b'{"v":1}'
_gzip = partial(gzip.compress, mtime=0)
"""The same bytes whenever a worker collects: they stand in the names of tests."""
UMLAUT = '{"fw":"ü"}'.encode()


@pytest.mark.parametrize(
    ("payload", "opened"),
    [
        (JSON, Opened(JSON, packed=False)),
        (b" \n" + JSON, Opened(b" \n" + JSON, packed=False)),
        (b"\xef\xbb\xbf" + JSON, Opened(JSON, packed=False)),
        (UMLAUT, Opened(UMLAUT, packed=False)),
        (_gzip(JSON), Opened(JSON, packed=False)),
        (_gzip(b"\xef\xbb\xbf" + JSON), Opened(JSON, packed=False)),
        *[(zlib.compress(JSON, level), Opened(JSON, packed=False)) for level in (0, 1, 6, 9)],
        (b"\x81\xa1v\x01", Opened(b"\x81\xa1v\x01", packed=True)),
        (b"\xde\x00\x00", Opened(b"\xde\x00\x00", packed=True)),
        (_gzip(b"\x80"), Opened(b"\x80", packed=True)),
        (zlib.compress(b"\xdf\x00\x00\x00\x00"), Opened(b"\xdf\x00\x00\x00\x00", packed=True)),
    ],
)
def test_payload_is_opened(payload: bytes, opened: Opened) -> None:
    """Two texts, two compressions, every level, and their mixtures."""
    assert open_payload(payload) == opened


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", WireReason.EMPTY),
        (b" ", WireReason.EMPTY),
        (b"\r\n", WireReason.EMPTY),
        (b"\xef\xbb\xbf", WireReason.EMPTY),
        (_gzip(b""), WireReason.EMPTY),
        (b"\xff\xfe", WireReason.UTF8),
        (b'{"boot":"\xff"}', WireReason.UTF8),
        *[('{"v":1}'.encode(name), WireReason.UTF8) for name in ("utf-16", "utf-32", "utf-32-be")],
        ('{"v":1}'.encode("utf-16-be"), WireReason.UTF8),
        ('[{"v":1}]'.encode("utf-16-be"), WireReason.UTF8),
        (_gzip(b'{"boot":"\xff"}'), WireReason.UTF8),
        (_gzip(JSON)[:-1], WireReason.ENCODING),
        (_gzip(JSON)[:10], WireReason.ENCODING),
        (_gzip(JSON) + b"x", WireReason.ENCODING),
        (_gzip(JSON) + _gzip(JSON), WireReason.ENCODING),
        (_gzip(JSON)[:-8] + bytes(8), WireReason.ENCODING),
        (zlib.compress(JSON)[:-1], WireReason.ENCODING),
        (zlib.compress(JSON)[:-4] + bytes(4), WireReason.ENCODING),
        (b"\x1f\x8b", WireReason.ENCODING),
        (_gzip(_gzip(JSON)), WireReason.ENCODING),
        (zlib.compress(_gzip(JSON)), WireReason.ENCODING),
        (bytes.fromhex("a1617601"), WireReason.ENCODING),  # CBOR {"v": 1}
        (b"\x08\x96\x01", WireReason.ENCODING),  # protobuf
        (b"\x00\x00", WireReason.ENCODING),
        (bz2.compress(JSON), WireReason.UTF8),
        (lzma.compress(JSON), WireReason.UTF8),
        (b"x" * (MAX_PAYLOAD_BYTES + 1), WireReason.SIZE),
    ],
)
def test_what_cannot_be_opened_has_its_reason(payload: bytes, reason: WireReason) -> None:
    """Cut short, damaged, compressed twice, another format, another alphabet."""
    with pytest.raises(WireError) as refused:
        parse(open_payload(payload))

    assert refused.value.reason is reason


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress], ids=["gzip", "zlib"])
def test_output_has_a_limit(compress: Callable[[bytes], bytes]) -> None:
    """A bomb is not unpacked: what comes out is counted while it comes (reliability.md 63)."""
    largest = b'"' + b"a" * (MAX_UNPACKED_BYTES - 2) + b'"'

    assert len(open_payload(compress(largest)).body) == MAX_UNPACKED_BYTES
    for bomb in (largest + b" ", b"[" * 50_000_000):
        packed = compress(bomb)
        assert len(packed) <= MAX_PAYLOAD_BYTES
        with pytest.raises(WireError) as refused:
            open_payload(packed)
        assert refused.value.reason is WireReason.ENCODING


@given(payload=st.binary(max_size=200), head=st.sampled_from([b"", b"\x1f\x8b", b"x\x9c", b"\x81"]))
def test_any_bytes_are_opened_or_refused(payload: bytes, head: bytes) -> None:
    """Nothing but ``WireError`` escapes, and nothing opened is longer than the limit."""
    try:
        opened = open_payload(head + payload)
    except WireError as exc:
        assert exc.detail  # noqa: PT017 - both ways are right
    else:
        assert len(opened.body) <= MAX_UNPACKED_BYTES
