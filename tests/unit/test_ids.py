"""One form for ids and plates, however they were typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.ids import canonical_id, canonical_plate, device_id_fault, is_imei
from devices.owners import Owner, canonical_phone, mask_phone

IMEI = "490154203237518"
"""The example of 3GPP TS 23.003."""


@pytest.mark.parametrize(
    ("typed", "form"),
    [
        ("trk-000123", "trk-000123"),
        ("  TRK-000123\t", "trk-000123"),
        ("ＴＲＫ－０００１２３", "trk-000123"),  # noqa: RUF001
        ("trk–000123", "trk-000123"),  # noqa: RUF001
        ("\ufefftrk-\u200b000123\u200e", "trk-000123"),
    ],
)
def test_id_is_one_however_it_was_typed(typed: str, form: str) -> None:
    """Capitals, full width, dashes of typography, what copying leaves behind."""
    assert canonical_id(typed) == form
    assert device_id_fault(form) == ""


@pytest.mark.parametrize(
    "typed",
    ["皖A12345", "皖a·12345", "皖A•12345", " 皖Ａ・１２３４５ ", "皖A-123 45", "皖A.12345"],  # noqa: RUF001
)
def test_plate_is_one_however_it_was_typed(typed: str) -> None:
    """The dot stands in many heights, and nowhere."""
    assert canonical_plate(typed) == "皖A12345"


@given(text=st.text(max_size=40))
def test_the_one_form_is_its_own(text: str) -> None:
    """Importing what was exported changes nothing."""
    assert canonical_id(canonical_id(text)) == canonical_id(text)
    assert canonical_plate(canonical_plate(text)) == canonical_plate(text)


@given(digits=st.text("0123456789", min_size=14, max_size=14))
def test_one_of_ten_numbers_of_15_digits_is_an_imei(digits: str) -> None:
    """The one whose check digit is right."""
    assert sum(is_imei(digits + last) for last in "0123456789") == 1


def test_imei_is_refused_with_a_hint_and_not_repeated() -> None:
    """The fault gets logged and mailed; the number is a person's."""
    fault = device_id_fault(IMEI)

    assert "IMEI" in fault
    assert IMEI not in fault
    assert device_id_fault("490154203237519") == device_id_fault("86010000001234") == ""


def test_phone_has_one_form_and_no_output_shows_it() -> None:
    """Nor does what a log makes of an owner."""
    phone = canonical_phone(" +86 138-0013 ８０００ ")  # noqa: RUF001

    assert phone == "+8613800138000"
    assert mask_phone("13800138000") == "138****8000"
    assert mask_phone("12345") == "*****"
    assert "138" not in repr(Owner(id="o-1", name="Wang", phone=phone))
    with pytest.raises(ValueError, match="5-20 digits") as refused:
        canonical_phone("call me")
    assert "call" not in str(refused.value)
