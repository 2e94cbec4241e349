"""Cutting a message of many into its head and its elements, each as its own bytes.

What stands inside an element is not looked at here: NaN, a key twice or bad UTF-8 in one must
not cost the others. msgspec cuts what it can read; a scanner of strings and brackets the rest.
"""

import re
from typing import Any, NamedTuple

import msgspec

from devices.encoding import Opened
from devices.errors import WireError, WireReason

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{},]', re.DOTALL)
_KEY = re.compile(rb'\s*"((?:[^"\\]|\\.)*+)"\s*:', re.DOTALL)
_json_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_json_list = msgspec.json.Decoder(list[msgspec.Raw])
_packed_object = msgspec.msgpack.Decoder(dict[str, msgspec.Raw])
_packed_list = msgspec.msgpack.Decoder(list[msgspec.Raw])
_FAULTS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_MAP_16, _MAP_32 = 0xDE, 0xDF


class Cut(NamedTuple):
    """A message whose ``value`` was taken out; in its place stands an empty one."""

    head: Opened
    value: bytes


def cut_out(opened: Opened, key: str, stand_in: Any) -> Cut | None:  # noqa: ANN401 - [] or None
    """Take the value of ``key`` out of an object.

    Returns:
        None when there is no such key, or no object at all: reading the whole says why.

    Raises:
        WireError: ``json``, ``encoding`` or ``dupkey``.
    """
    return _cut_packed(opened, key, stand_in) if opened.packed else _cut_json(opened, key, stand_in)


def elements(value: bytes, *, packed: bool) -> list[bytes] | None:
    """The elements of a list; None when it is none.

    Raises:
        WireError: ``json`` or ``encoding``.
    """
    try:
        found = (_packed_list if packed else _json_list).decode(value)
    except msgspec.ValidationError:
        return None
    except _FAULTS as exc:
        if packed:
            raise WireError(WireReason.ENCODING, f"not MessagePack: {exc}") from exc
        return _parts(value, b"[", b"]") if value.lstrip()[:1] == b"[" else None
    return [bytes(element) for element in found]


def _cut_packed(opened: Opened, key: str, stand_in: Any) -> Cut | None:  # noqa: ANN401
    try:
        top = _packed_object.decode(opened.body)
    except msgspec.ValidationError:
        return None
    except _FAULTS as exc:
        raise WireError(WireReason.ENCODING, f"not MessagePack: {exc}") from exc
    if len(top) != _size_of_map(opened.body):
        raise WireError(WireReason.DUPKEY, "a key stands twice in one object")
    if key not in top:
        return None
    value = bytes(top.pop(key))
    head = msgspec.msgpack.encode({**top, key: stand_in})
    return Cut(Opened(head, packed=True), value)


def _size_of_map(body: bytes) -> int:
    if body[0] == _MAP_16:
        return int.from_bytes(body[1:3])
    if body[0] == _MAP_32:
        return int.from_bytes(body[1:5])
    return body[0] & 0x0F


def _cut_json(opened: Opened, key: str, stand_in: Any) -> Cut | None:  # noqa: ANN401
    body, empty = opened.body, msgspec.json.encode(stand_in)
    try:
        top = _json_object.decode(body)
    except msgspec.ValidationError:
        return None
    except _FAULTS:
        return _cut_by_scanning(body, key, empty)
    if key not in top:
        return None
    value = bytes(top[key])
    at = body.find(value, max(body.find(b'"%b"' % key.encode()), 0))
    head = body[:at] + empty + body[at + len(value) :]
    return Cut(Opened(head, packed=False), value)


def _cut_by_scanning(body: bytes, key: str, empty: bytes) -> Cut | None:
    if body.lstrip()[:1] != b"{":
        return None
    value, parts = None, []
    for part in _parts(body, b"{", b"}"):
        found = _KEY.match(part)
        if found is None:
            raise WireError(WireReason.JSON, "an object without keys")
        if found[1] == key.encode() and value is None:
            value = part[found.end() :].strip()
            part = found[0] + empty  # noqa: PLW2901 - the same part without its value
        parts.append(part)
    if value is None:
        return None
    return Cut(Opened(b"{" + b",".join(parts) + b"}", packed=False), value)


def _parts(body: bytes, opening: bytes, closing: bytes) -> list[bytes]:
    """What stands between the commas of one object or list."""
    parts, depth, begin, end = [], 0, 0, -1
    for token in _TOKEN.finditer(body):
        char = token[0]
        if char in b"[{":
            depth += 1
            if depth == 1:
                begin = token.end()
                if char != opening:
                    break
        elif char in b"]}":
            depth -= 1
            if depth == 0:
                parts.append(body[begin : token.start()].strip())
                end = token.end() if char == closing else -1
                break
        elif char == b"," and depth == 1:
            parts.append(body[begin : token.start()].strip())
            begin = token.end()
    if end < 0 or body[end:].strip():
        raise WireError(WireReason.JSON, "brackets do not match, or something follows them")
    return [] if parts == [b""] else parts
