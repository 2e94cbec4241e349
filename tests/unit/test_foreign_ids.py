"""Foreign ids in one form, at registration and on the wire."""

import pytest

from devices.errors import WireError, WireReason
from devices.foreign.ids import canonical_id, phone_id, registered_id


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("004712340000018", "004712340000018"),
        (" 0047 1234 0000018 ", "004712340000018"),
        ("0047-1234.0000018", "004712340000018"),
        ("AA:BB:CC:00:11:22", "aabbcc001122"),
        ("aa-bb-cc-00-11-22", "aabbcc001122"),
        ("EB-0417", "eb-0417"),
        ("eb_0417", "eb-0417"),
        ("Wang/Bike 7", "wang/bike-7"),
        ("Bike 1-12", "bike-1-12"),
        ("Bike 11-2", "bike-11-2"),
        ("\uff10\uff11\uff12", "012"),
    ],
)
def test_one_device_has_one_form(value: str, expected: str) -> None:
    """Zeros stay, hardware numbers lose separators, names stay apart."""
    assert canonical_id(value) == expected
    assert canonical_id(expected) == expected
    assert registered_id("traccar", value) == expected


@pytest.mark.parametrize(
    "value", [4_712_340_000_018, 1.0, True, None, [], "", "  ", "车一", "x" * 65]
)
def test_what_can_be_no_id_is_refused(value: object) -> None:
    """A number has lost its zeros."""
    with pytest.raises(WireError) as caught:
        canonical_id(value)

    assert caught.value.reason is WireReason.ID


@pytest.mark.parametrize(
    "value", ["13912345678", "013912345678", "00000000013912345678", "139-1234-5678"]
)
def test_terminal_has_one_phone_number(value: str) -> None:
    """Twelve digits, whichever edition of JT/T 808 filled them up."""
    assert phone_id(value) == "013912345678"
    assert registered_id("jt808", value) == "013912345678"


@pytest.mark.parametrize("value", ["bike-1", "1" * 21, "", 13_912_345_678])
def test_what_can_be_no_phone_number_is_refused(value: object) -> None:
    """Letters, too many digits, a JSON number."""
    with pytest.raises(WireError) as caught:
        phone_id(value)

    assert caught.value.reason is WireReason.ID


def test_other_adapters_register_the_general_form() -> None:
    """Only JT/T 808 fills up with zeros."""
    assert registered_id("traccar", "0862 0123") == "08620123"
