"""Owners of vehicles: personal data that never enters a topic, a control row or the journal."""

import re

import msgspec
from typing_extensions import override

from devices.ids import folded

_PHONE = re.compile(r"\+?[0-9]{5,20}", re.ASCII)
"""E.164 has at most 15 digits; room for an extension."""
_BETWEEN = re.compile(r"[\s().\-/]+")
_SHOWN = 4
_FRONT = 3


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Who owns vehicles (``Vehicle.owner_id``).

    Attributes:
        id: Of ours; no name and no phone number.
        phone: Canonical (``canonical_phone``), "" = none.
        consent: Purposes the person granted, as vehicles name them.
        consent_ref: Where the signed form is.
        consent_ms: When it was signed, ms UTC.
    """

    id: str
    name: str = ""
    phone: str = ""
    consent: tuple[str, ...] = ()
    consent_ref: str = ""
    consent_ms: int | None = None

    @override
    def __repr__(self) -> str:
        """Name the id alone: values get logged."""
        return f"Owner(id={self.id!r})"


def canonical_phone(text: str) -> str:
    """Give a phone number as digits, a plus before them kept.

    Raises:
        ValueError: It is none; the number is not repeated.
    """
    digits = _BETWEEN.sub("", folded(text))
    if digits and _PHONE.fullmatch(digits) is None:
        raise ValueError("a phone number has 5-20 digits, + before them if need be")
    return digits


def mask_phone(phone: str) -> str:
    """A phone number as it stands in every output: ``138****5678``."""
    if len(phone) < _FRONT + 2 * _SHOWN:
        return "*" * len(phone)
    return f"{phone[:_FRONT]}{'*' * (len(phone) - _FRONT - _SHOWN)}{phone[-_SHOWN:]}"


def mask_name(name: str) -> str:
    """A name with all but its first character hidden."""
    return name[:1] + "*" * len(name[1:])
