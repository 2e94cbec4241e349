"""The owner's signed link: what was signed is read back, anything else opens nothing."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.links import MAX_CHARS, PREFIX, Link, LinkReason, LinkRefused, make_link, read_link

KEY, OLD, OTHER = b"the key that signs", b"the key before it", b"somebody else's key"
LINK = Link(alert_id="3f2a91c0d4e5f6a7b8c9d0e1", contact="wang", expires_s=1_764_145_800)
TOKEN = make_link(KEY, LINK)
BEFORE_MS = LINK.expires_s * 1000 - 1
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def refused(token: str, *, now_ms: int = BEFORE_MS, keys: tuple[bytes, ...] = (KEY,)) -> LinkReason:
    """Why a token opens nothing."""
    with pytest.raises(LinkRefused) as caught:
        read_link(keys, token, now_ms=now_ms)
    return caught.value.reason


def test_what_was_signed_is_read_back_until_it_ends() -> None:
    """To the millisecond; the same link has one token, short enough for a message."""
    assert read_link([KEY], TOKEN, now_ms=BEFORE_MS) == LINK
    assert refused(TOKEN, now_ms=BEFORE_MS + 1) is LinkReason.ENDED
    assert make_link(KEY, LINK) == TOKEN
    assert len(TOKEN) < 80


def test_a_link_of_the_key_before_opens_until_that_key_is_gone() -> None:
    """So a key can be replaced without voiding what is out."""
    old = make_link(OLD, LINK)

    assert read_link([KEY, OLD], old, now_ms=BEFORE_MS) == LINK
    assert refused(old) is LinkReason.BAD_SIGNATURE
    assert refused(old, keys=()) is LinkReason.BAD_SIGNATURE


@given(place=st.integers(len(PREFIX), len(TOKEN) - 1), letter=st.sampled_from(ALPHABET))
def test_no_letter_can_be_changed(place: int, letter: str) -> None:
    """Neither what it says nor the code; also the unused bits of the last letter."""
    changed = TOKEN[:place] + letter + TOKEN[place + 1 :]
    if changed != TOKEN:
        assert refused(changed) in {LinkReason.BAD_SIGNATURE, LinkReason.GARBLED}


def test_a_token_has_one_spelling() -> None:
    """The last letter has bits that say nothing: other letters would mean the same."""
    for letter in ALPHABET.replace(TOKEN[-1], ""):
        assert refused(TOKEN[:-1] + letter) in {LinkReason.BAD_SIGNATURE, LinkReason.GARBLED}


@given(st.text(max_size=MAX_CHARS + 9) | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_anything_else_is_refused_and_no_fault(text: str) -> None:
    """Whatever stands behind the prefix."""
    assert refused(PREFIX + text) in {LinkReason.BAD_SIGNATURE, LinkReason.GARBLED}
    assert refused(text) is LinkReason.GARBLED


def test_a_longer_end_needs_the_key() -> None:
    """The time stands in the signed part."""
    raw = base64.urlsafe_b64decode(TOKEN.removeprefix(PREFIX) + "=" * (-len(TOKEN[4:]) % 4))
    later = (LINK.expires_s + 3600).to_bytes(5, "big") + raw[5:]
    token = PREFIX + base64.urlsafe_b64encode(later).decode().rstrip("=")

    assert refused(token) is LinkReason.BAD_SIGNATURE
    assert refused(make_link(OTHER, LINK)) is LinkReason.BAD_SIGNATURE


@given(
    alert_id=st.text(ALPHABET, min_size=1, max_size=32),
    contact=st.text(max_size=24),
    expires_s=st.integers(0, 2**40 - 1),
)
def test_every_link_is_read_back(alert_id: str, contact: str, expires_s: int) -> None:
    """Whatever a contact is called."""
    link = Link(alert_id=alert_id, contact=contact, expires_s=expires_s)

    assert read_link([KEY], make_link(KEY, link), now_ms=expires_s * 1000 - 1) == link
