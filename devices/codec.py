"""One decoder per message: strict and fast where the bytes are as wire.md says, else careful.

The fast way decodes straight into the type, which refuses what it does not know. What typed
decoding cannot see, a key that stands twice, is seen once per *skeleton*: the bytes without digits.
Two messages with one skeleton have the same keys but for digits in them, so that a skeleton whose
own keys are all different proves it for every message that shares it.
"""

import json
import re
from typing import Any, Generic, TypeVar

import msgspec

from devices import payloads
from devices.encoding import Opened
from devices.errors import WireError, WireReason
from devices.fitting import fit, part, refuse
from devices.plain_objects import check, check_depth, parse
from devices.readings import Fix

_Message = TypeVar("_Message", bound=msgspec.Struct)
MAX_SKELETONS = 8_192
"""Skeletons remembered, about 300 bytes each; when full they are learnt anew."""
NUMBERS = b"0123456789+-."
"""What a skeleton lacks."""
MAX_BOOT = 32
"""Longest boot id, characters. Source: wire.md."""
BOOT = re.compile(rf"[A-Za-z0-9_-]{{0,{MAX_BOOT}}}", re.ASCII)
"""The form of a boot id."""
_NOTHING: dict[str, Any] = {}
CLEAN: set[bytes] = set()
"""Skeletons that prove their messages sound: ASCII, JSON, no key twice, no backslash."""


class Codec(Generic[_Message]):
    """Both decoders of one type of message."""

    def __init__(self, model: type[_Message], plan: type[msgspec.Struct] | None = None) -> None:
        """Build the decoders once; ``plan`` has the keys that may be sent if ``model`` has more."""
        self.model = model
        self.plan = plan or model
        self.json = msgspec.json.Decoder(model)
        self.msgpack = msgspec.msgpack.Decoder(model)


Read = tuple[_Message, int, dict[str, Any]]
"""A message, the ``Flag`` bits of how it was written, and the keys it does not know."""


FIX = Codec(Fix, payloads.FixMessage)
BATCH = Codec(payloads.BatchMessage)
EVENT = Codec(payloads.EventMessage)
STATUS = Codec(payloads.StatusMessage)
SESSION = Codec(payloads.SessionMessage)
COIN = Codec(payloads.CoinMessage)
HEARTBEAT = Codec(payloads.HeartbeatMessage)
STATE = Codec(payloads.StateMessage)
INFO = Codec(payloads.InfoMessage)
ACK = Codec(payloads.AckMessage)
MULTI = Codec(payloads.MultiMessage)
MULTI_ITEM = Codec(payloads.MultiItem)


def read(
    codec: Codec[_Message], opened: Opened, device_id: str | None, decimal: str
) -> Read[_Message]:
    """Read one message of ``device_id``.

    Args:
        codec: Of the type that is expected.
        opened: The bytes.
        device_id: The topic's identity; a payload that names another is refused. None: the
            payload is the wrapping of another message, which has an identity of its own.
        decimal: ``","`` where the device's profile says so.

    Raises:
        WireError: With its reason; nothing else escapes.
    """
    body = opened.body
    try:
        if opened.packed:
            message = codec.msgpack.decode(body)
            sure = _is_plain(body)
        else:
            message = codec.json.decode(body)
            sure = body.translate(None, NUMBERS) in CLEAN or _is_clean(body)
    except msgspec.ValidationError as exc:
        if not opened.packed and _is_clean(body):
            own_keys = "unknown field" in str(exc)
            return _read_clean(codec, opened, device_id, decimal, own_keys=own_keys)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass  # the careful way names what is wrong
    else:
        if sure:
            _check_identity(message, device_id)
            return message, 0, _NOTHING
    return read_fields(codec, parse(opened), device_id, decimal)


def _read_clean(
    codec: Codec[_Message],
    opened: Opened,
    device_id: str | None,
    decimal: str,
    *,
    own_keys: bool,
) -> Read[_Message]:
    """JSON that is sound but not quite as its type says: keys of its own, numbers as text."""
    try:
        fields = msgspec.json.decode(opened.body)
    except msgspec.DecodeError:
        return read_fields(codec, parse(opened), device_id, decimal)
    check_depth(opened.body)
    if own_keys and isinstance(fields, dict):
        known, ext = part(fields, codec.plan)
        try:
            message = msgspec.convert(known, codec.model)
        except msgspec.ValidationError:
            pass  # a number as text, or something that is refused
        else:
            _check_identity(message, device_id)
            return message, 0, ext
    return _fitted(codec, fields, device_id, decimal)


def read_fields(
    codec: Codec[_Message], fields: object, device_id: str | None, decimal: str
) -> Read[_Message]:
    """Read one message that stands as plain objects.

    Raises:
        WireError: With its reason.
    """
    try:
        check(fields)
    except WireError as exc:
        _keep_number(exc, fields)
        raise
    return _fitted(codec, fields, device_id, decimal)


def _fitted(
    codec: Codec[_Message], fields: object, device_id: str | None, decimal: str
) -> Read[_Message]:
    try:
        fitted = fit(fields, codec.plan, decimal=decimal)
        message = _convert(fitted.fields, codec.model)
    except WireError as exc:
        _keep_number(exc, fields)
        raise
    _check_identity(message, device_id)
    return message, fitted.flags, fitted.ext


def _convert(fields: dict[str, Any], model: type[_Message]) -> _Message:
    try:
        return msgspec.convert(fields, model)
    except msgspec.ValidationError as exc:
        refuse(exc)


def _keep_number(error: WireError, fields: object) -> None:
    """Tell boot and sequence number of a refused message, where they are surely its own."""
    if type(fields) is dict:  # no key twice
        boot, seq = fields.get("boot", ""), fields.get("seq")
        if isinstance(boot, str) and type(seq) is int and 0 <= seq < 2**53:
            error.number = boot, seq


def _check_identity(message: Any, device_id: str | None) -> None:  # noqa: ANN401 - any message
    """What types cannot say: identity, and the form of a fix's boot id."""
    if device_id is None:
        return
    said_id = message.id
    if said_id != device_id and said_id is not None:
        raise WireError(WireReason.ID, "the payload names another device than the topic")
    if BOOT.fullmatch(message.boot) is None:
        raise WireError(WireReason.RANGE, f"boot is not of [A-Za-z0-9_-]{{0,{MAX_BOOT}}}")


def _is_plain(body: bytes) -> bool:
    """Whether MessagePack holds only what a message may, no key twice and no key beyond ASCII."""
    plain = msgspec.msgpack.decode(body)
    try:
        check(plain)
    except WireError:
        return False  # the careful way says it again, and keeps the number
    return "".join(plain).isascii() and bool(msgspec.msgpack.encode(plain) == body)


def _is_clean(body: bytes) -> bool:
    """Whether these bytes are JSON without a key twice, a backslash, or more than ASCII.

    Its skeleton is remembered when that proves the same of every message that shares it.
    """
    skeleton = body.translate(None, NUMBERS)
    if skeleton in CLEAN:
        return True
    if b"\\" in body or not body.isascii():
        return False
    distinct = True

    def look(pairs: list[tuple[str, Any]]) -> None:
        nonlocal distinct
        keys = [key.encode().translate(None, NUMBERS) for key, _ in pairs]
        distinct = distinct and len(set(keys)) == len(keys)

    try:
        json.loads(body.decode(), object_pairs_hook=look, parse_int=len)
    except (ValueError, RecursionError):
        return False
    if distinct:
        if len(CLEAN) >= MAX_SKELETONS:
            CLEAN.clear()
        CLEAN.add(skeleton)
    return distinct
