"""docs/dispatch.md says every reason and every figure, and its example is true."""

import re
from enum import StrEnum
from pathlib import Path

import pytest

from alerts.delivery.metrics import Tally
from alerts.delivery.model import Backlog, DeliveryReason, End, RejectReason
from alerts.delivery.signature import signed_headers
from alerts.model import Channel

PAGE = (Path(__file__).parents[2] / "docs" / "dispatch.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("enum", [DeliveryReason, RejectReason, End, Channel])
def test_every_reason_stands_in_the_page(enum: type[StrEnum]) -> None:
    """A reason that nobody explained is not a reason."""
    assert [reason for reason in enum if f"`{reason}`" not in PAGE] == []


@pytest.mark.parametrize("reason", DeliveryReason)
def test_table_says_whether_it_is_tried_again(reason: DeliveryReason) -> None:
    """The table and ``may_pass`` agree."""
    (row,) = re.findall(rf"^\| `{reason}` \|.*$", PAGE, re.MULTILINE)

    assert ("| retry" in row) == reason.may_pass
    if not reason.may_pass:
        assert f"`{reason.end}`, desk told at once" in row


def test_every_figure_stands_in_the_page() -> None:
    """What the status file holds is explained."""
    figures = Tally().figures(Backlog(pending={}, oldest_ms=None), lost=0, now_ms=0)

    assert [name for name in figures if f"`{name}`" not in PAGE] == []


def test_signature_example_is_true() -> None:
    """Whoever builds a receiver can check it against the page."""
    example = dict(re.findall(r"^(key|id|timestamp|body|signature) +(\S.*)$", PAGE, re.MULTILINE))

    headers = signed_headers(
        example["key"].encode(),
        message_id=example["id"],
        at_s=int(example["timestamp"]),
        body=example["body"].encode(),
    )

    assert headers["webhook-signature"] == example["signature"]
