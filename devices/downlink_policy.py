"""What is said to devices, and how often: settings ``downlinks.*``."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DownlinkPolicy:
    """What is said to devices, and how often.

    Attributes:
        receipt_s: At most one receipt per device in so long, but for batches and births; seconds (decisions.md)
        resend_after_s: A gap is asked for so long after it opened: what is on its way may still come; seconds (P3: closed in 10 s)
        resend_again_s: Asked again after so long, then after five times as long and so on; seconds
        resend_asks: Asked so often without an answer; then silence until the device connects anew
        resend_ranges: Most ranges of one device asked for at once
        resend_devices: Most devices asked in one second: the answers share the broker with live traffic
        command_again_s: A command without an answer is sent again after so long when its device was heard since, then after twice as long and so on; seconds (ours: three reports of 5 s)
        command_sends: Most times one command is sent
        command_backoff_s: A device that left a command of ours unanswered is not sent the like by ourselves for so long, then twice as long and so on up to 64 times; seconds (ours: ten minutes, the owner's notice gap)
    """  # noqa: E501 - a row of the table in docs/settings.md is one line

    receipt_s: float = 60.0
    resend_after_s: float = 3.0
    resend_again_s: float = 60.0
    resend_asks: int = 4
    resend_ranges: int = 8
    resend_devices: int = 200
    command_again_s: float = 15.0
    command_sends: int = 4
    command_backoff_s: float = 600.0
