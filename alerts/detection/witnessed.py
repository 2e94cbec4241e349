"""Every witness of a slot with what it counts, and why one counts nothing: in words, too.

``evidence`` sums what counts; here stands the whole of it, for people who ask why.
"""

from collections.abc import Mapping
from typing import NamedTuple

from alerts.detection.evidence import WEIGHTS, EvidenceArrays, Sign
from alerts.model import Reason

RECENT_S = 600.0
"""So long after its end a witness is still named as one that expired, seconds. Ours: as long as
the longest one lives (detection.md, Evidence)."""
EXPIRED = "expired"
"""Why a witness counts nothing when nothing but its time is over."""

Discounts = Mapping[Sign, tuple[float, str]]
"""What signs of a slot count instead of their weight, nats, and the stable word that says why."""

WHY: dict[str, tuple[str, str]] = {
    "site_power_loss": ("the whole site lost power", "整个场地停电"),
    "area_jamming": ("others nearby are jammed, too", "附近其他车辆同样受到干扰"),
    "dark_place": ("trackers often fall silent there", "该处设备常失联"),
}
"""Why a witness was discounted, English and Chinese."""


class Witnessed(NamedTuple):
    """One sign and what it counts.

    Attributes:
        counted: Nats in the sum, before the sum is clipped.
        ends_s: Until it expires, seconds; below zero: since it did.
        why: "" when it counts in full, else a stable word: ``expired`` or one of ``WHY``.
    """

    sign: Sign
    counted: float
    ends_s: float
    why: str = ""


def witnessed(
    evidence: EvidenceArrays, slot: int, now_ms: int, discounts: Discounts | None = None
) -> list[Witnessed]:
    """The living signs and those that ended lately; a denial that ended says nothing any more."""
    found = []
    for sign in Sign:
        expires_ms = int(evidence.expires[sign, slot])
        ends_s = (expires_ms - now_ms) / 1000
        nats = WEIGHTS[sign].nats
        if ends_s > 0:
            counted, why = (discounts or {}).get(sign, (nats, ""))
            found.append(Witnessed(sign, counted, ends_s, why))
        elif expires_ms and nats > 0 and ends_s > -RECENT_S:
            found.append(Witnessed(sign, 0.0, ends_s, EXPIRED))
    return found


def reason_of_witness(witness: Witnessed) -> Reason:
    """A witness as a reason: what it says, and why it does not count when it does not."""
    weight = WEIGHTS[witness.sign]
    en, zh = weight.en, weight.zh
    if witness.why == EXPIRED:
        ago_s, lives_s = round(-witness.ends_s), round(weight.lives_s)
        en += f"; no longer counted: it counts for {lives_s} s, which ended {ago_s} s ago"
        zh += f";不再计入:有效期{lives_s}秒,已过期{ago_s}秒"
    elif witness.why:
        why_en, why_zh = WHY.get(witness.why, (witness.why, witness.why))
        en += f"; counts {witness.counted:+g} instead of {weight.nats:+g}: {why_en}"
        zh += f";计{witness.counted:+g}而非{weight.nats:+g}:{why_zh}"
    return Reason(
        code=witness.sign.name.lower(),
        group=weight.group,
        nats=witness.counted,
        text_en=en,
        text_zh=zh,
    )
