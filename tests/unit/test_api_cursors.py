"""Cursors: opaque, and harmless whatever a client sends."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cursors import BadCursor, decode_cursor, encode_cursor


@given(st.integers(min_value=-(2**63) + 1, max_value=2**63 - 1), st.text(max_size=60))
def test_a_cursor_comes_back_as_it_went(number: int, text: str) -> None:
    """Numbers and texts keep their type."""
    assert decode_cursor(encode_cursor(number), int) == (number,)
    cursor = encode_cursor(number, text)
    if len(cursor) <= 400:
        assert decode_cursor(cursor, int, str) == (number, text)


def test_no_cursor_is_the_first_page() -> None:
    """None stays None."""
    assert decode_cursor(None, int) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "!!!!",
        "é",
        encode_cursor("1"),
        encode_cursor(1, 2),
        encode_cursor(2**63),
        base64.urlsafe_b64encode(b"[true]").decode(),
        base64.urlsafe_b64encode(b'{"a":1}').decode(),
        base64.urlsafe_b64encode(b"[" * 200).decode(),
        "A" * 401,
    ],
)
def test_a_foreign_cursor_is_refused(text: str) -> None:
    """Nothing but BadCursor escapes."""
    with pytest.raises(BadCursor):
        decode_cursor(text, int)


@given(st.text())
def test_any_text_is_a_cursor_or_refused(text: str) -> None:
    """Whatever stands in the address."""
    try:
        decode_cursor(text, int, str)
    except BadCursor:
        return
