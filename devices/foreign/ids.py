"""Foreign ids in one canonical form, the same at registration and on the wire.

Ids are text. A JSON number has lost its leading zeros and is refused (field case A-13).
"""

import re
import unicodedata
from functools import lru_cache

from devices.errors import WireError, WireReason

MAX_ID = 64
"""Longest id, characters. Source: decisions.md 9."""
PHONE_DIGITS = 12
"""A terminal's phone number is BCD[6]. Source: JT/T 808-2013, message header."""
MAX_PHONE_DIGITS = 20
"""... BCD[10] since JT/T 808-2019."""
_REMEMBERED = 65_536
"""Ids whose form is remembered, about 200 bytes each; ours: the fleet of one process."""
_SEPARATORS = re.compile(r"[\s._:-]+")
_HARDWARE = re.compile(r"[0-9]+|(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}", re.ASCII)
_FORM = re.compile(rf"[\x21-\x7e]{{1,{MAX_ID}}}", re.ASCII)


def canonical_id(value: object) -> str:
    """One form of an id: lower case; separators gone from hardware numbers, one dash in names.

    ``" 0047 1234 0000018 "`` is ``004712340000018`` and ``AA:BB:CC:00:11:22`` is ``aabbcc001122``,
    but ``Bike 1-12`` is ``bike-1-12`` and ``Bike 11_2`` is ``bike-11-2``: names that people tell
    apart stay apart. A slash stays: it parts user and device.

    Raises:
        WireError: ``identity_mismatch`` for what is no text, or no 1-64 printable ASCII characters.
    """
    if not isinstance(value, str):
        kind = "missing" if value is None else "no text: a number has lost its leading zeros"
        raise WireError(WireReason.ID, f"the sender's id is {kind}")
    return _canonical(value)


@lru_cache(_REMEMBERED)
def _canonical(value: str) -> str:
    text = unicodedata.normalize("NFKC", value).strip().lower()
    bare = _SEPARATORS.sub("", text)
    if _HARDWARE.fullmatch(bare) or _HARDWARE.fullmatch(text):
        canonical = bare
    else:
        canonical = _SEPARATORS.sub("-", text).strip("-")
    if _FORM.fullmatch(canonical) is None:
        raise WireError(WireReason.ID, "the sender's id is not 1-64 printable ASCII characters")
    return canonical


def phone_id(value: object) -> str:
    """A JT/T 808 terminal phone number: 12 digits, whichever length the edition gave it.

    The number is BCD of fixed length, so that leading zeros fill and mean nothing: 13912345678,
    013912345678 and 00000000013912345678 are one terminal.

    Raises:
        WireError: ``identity_mismatch``.
    """
    digits = canonical_id(value)
    if not digits.isdigit() or len(digits) > MAX_PHONE_DIGITS:
        raise WireError(WireReason.ID, f"a terminal's phone number is 1-{MAX_PHONE_DIGITS} digits")
    return digits.lstrip("0").zfill(PHONE_DIGITS)


@lru_cache(maxsize=8_192)  # an import asks for each again and again: whose, who else's, in order
def registered_id(adapter: str, value: str) -> str:
    """The form in which a device's id in ``adapter`` is registered (device profile ``foreign``).

    Raises:
        WireError: ``identity_mismatch``: it can never arrive.
    """
    return phone_id(value) if adapter == "jt808" else canonical_id(value)
