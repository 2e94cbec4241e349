"""One form for ids and plates, however they were typed: the same thing is the same text.

What is registered already keeps its id as it is: only what is new is brought into this form.
"""

import re
import unicodedata

from devices.topics import DEVICE_ID, OUR_PREFIX

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
"""Ids of vehicles, owners and sites."""
PLATE_MAX = 64
_IMEI = re.compile(r"[0-9]{15}", re.ASCII)
"""15 digits, the last a check digit (3GPP TS 23.003, 6.2.1)."""
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
"""What copying from a web page or a chat leaves in a text and nobody sees."""
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_BETWEEN = re.compile(r"[\s.\-_\u00b7\u2022\u2027\u2219\u22c5\u30fb\uff65\u25cf]+")
"""What people write between the parts of a plate: blanks, dots at every height, dashes."""


def folded(text: str) -> str:
    """Trim a text and fold full-width letters and digits (NFKC); its case stays.

    Dashes of typography become ``-``, invisible characters go.
    """
    if text.isascii():
        return text.strip()
    plain = _DASHES.sub("-", _INVISIBLE.sub("", text))
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", plain)).strip()


def canonical_id(text: str) -> str:
    """Give a new id in the one form: folded and lower case. Idempotent."""
    return folded(text).lower()


def id_fault(text: str) -> str:
    """Say why an id of a vehicle, owner or site is refused, "" when it is not."""
    if ID.fullmatch(text):
        return ""
    return "an id has 1-64 of a-z 0-9 _ . - and begins with a letter or digit"


def device_id_fault(device_id: str) -> str:
    """Say why a new device may not have an id, "" when it may. Do not repeat it: it may be an IMEI.

    The id is a topic level and a user name, and topics get logged (decisions.md 9).
    """
    if DEVICE_ID.fullmatch(device_id) is None:
        return "a device id has 1-64 of a-z 0-9 -"
    if device_id.startswith(OUR_PREFIX):
        return f"a device id does not begin with {OUR_PREFIX}"
    if is_imei(device_id):
        return (
            "looks like an IMEI, which is personal data and stands in logs: choose an id of your "
            "own (trk-000123); an adapter's number goes into the column foreign.ADAPTER"
        )
    return ""


def is_imei(text: str) -> bool:
    """Whether a text is an IMEI: 15 digits whose last one is right (Luhn)."""
    return _IMEI.fullmatch(text) is not None and _luhn(text) == 0


def _luhn(digits: str) -> int:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - digits of 10 to 18, added
    return total % 10


def canonical_plate(text: str) -> str:
    """Give a plate in the one form: upper case, nothing between its parts. Idempotent.

    ``皖A·12345``, ``皖a 12345`` and full-width characters are one plate.
    """
    return folded(_BETWEEN.sub("", folded(text)).upper())
