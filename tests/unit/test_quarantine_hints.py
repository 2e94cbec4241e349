"""Staff find what to do: a hint for every reason, in two languages, and in the docs."""

from pathlib import Path

import pytest

from devices.errors import WireReason
from devices.quarantine_bound import QuarantinePolicy
from devices.quarantine_hints import HINTS, NO_HINT, hint_of, text_of

PAGE = (Path(__file__).parents[2] / "docs" / "quarantine.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("reason", list(WireReason))
def test_every_reason_has_a_hint_that_stands_in_the_docs(reason: WireReason) -> None:
    """One line each, English and Chinese."""
    hint = HINTS[reason]

    assert f"| `{reason}` | {hint.en} | {hint.zh} |" in PAGE
    assert "\n" not in hint.en + hint.zh
    assert any("\u4e00" <= letter <= "\u9fff" for letter in hint.zh)


def test_reason_of_another_version_has_a_hint_too() -> None:
    """A database may be older or newer than the code."""
    assert hint_of("moon_phase") == NO_HINT
    assert hint_of("json") == HINTS[WireReason.JSON]


def test_every_bound_stands_in_the_docs_with_its_default() -> None:
    """By the setting's name."""
    policy = QuarantinePolicy()
    for name in QuarantinePolicy.__dataclass_fields__:
        assert f"| `quarantine.{name}` | {getattr(policy, name):,} |" in PAGE


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (b'{"lat": 31.8', '{"lat": 31.8'),
        ("皖A\t1\r\n".encode(), "皖A\t1\r\n"),
        (b"", ""),
        (b"\xff\xfe", None),
        (b"a\x00b", None),
        (b"\x1b[31mred", None),
        ("\u0085".encode(), None),
    ],
)
def test_payload_is_text_when_it_can_be_shown(payload: bytes, text: str | None) -> None:
    """A terminal's commands are no text."""
    assert text_of(payload) == text
