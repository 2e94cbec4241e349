"""Why a fix told nobody anything, or no more than it did: what stood in its way, in words. Pure."""

from enum import StrEnum

from alerts.detection.shapes import OWNER_FIXES, POLICE_FIXES
from alerts.sight import Sight

Words = tuple[str, str]
"""English and Chinese."""


class Hindrance(StrEnum):
    """What keeps one fix from a level. Every value stands in docs/explain.md."""

    NO_GNSS_FIX = "no_gnss_fix"
    JUDGED_LATE = "judged_late"
    OUT_OF_ORDER = "out_of_order"
    LEAP_HELD = "leap_held"
    DISARMED = "disarmed"
    SETTLING = "settling"
    AT_ANCHOR = "at_anchor"
    NEAR = "near"
    FEW_FIXES = "few_fixes"
    NEEDS_WITNESS = "needs_witness"
    EXCUSED = "excused"
    LIKE_NOISE = "like_noise"
    POLICE_NEAR = "police_near"
    POLICE_FEW_FIXES = "police_few_fixes"
    POLICE_SUM = "police_sum"
    POSITION_ALONE = "position_alone"


def hindrances_of(sight: Sight) -> list[Hindrance]:
    """What kept a fix from the next level, the first thing first; [] for a police-ready one."""
    if not sight.scored:
        return [_unscored(sight)]
    if not sight.reached:
        return [Hindrance.EXCUSED] * sight.excused + _below_owner(sight)
    if sight.reached == "owner":
        return _below_police(sight)
    return [Hindrance.POSITION_ALONE] if len(sight.groups) == 1 else []


def _below_owner(sight: Sight) -> list[Hindrance]:
    if sight.at_anchor:
        return [Hindrance.AT_ANCHOR]
    found = []
    if sight.moved_m <= sight.owner_radius_m:
        found.append(Hindrance.NEAR)
    elif not sight.owner_shape:
        found.append(Hindrance.FEW_FIXES)
    elif not sight.alone and sight.evidence <= 0:
        found.append(Hindrance.NEEDS_WITNESS)
    if sight.total <= sight.owner_threshold:
        found.append(Hindrance.LIKE_NOISE)
    return found


def _below_police(sight: Sight) -> list[Hindrance]:
    found = []
    if sight.moved_m <= sight.police_radius_m:
        found.append(Hindrance.POLICE_NEAR)
    elif not sight.police_shape:
        found.append(Hindrance.POLICE_FEW_FIXES)
    if sight.total <= sight.police_threshold:
        found.append(Hindrance.POLICE_SUM)
    return found


def _unscored(sight: Sight) -> Hindrance:
    if sight.lane != "live":
        return Hindrance.JUDGED_LATE if sight.lane == "late" else Hindrance.NO_GNSS_FIX
    if sight.held:
        return Hindrance.LEAP_HELD
    if not sight.accepted:
        return Hindrance.OUT_OF_ORDER
    return Hindrance.DISARMED if sight.mode == "disarmed" else Hindrance.SETTLING


def words_of(hindrance: Hindrance, sight: Sight) -> Words:
    """A hindrance with the numbers of its fix, English and Chinese."""
    away, total = f"{sight.moved_m:.0f}", f"{sight.total:.1f}"
    alone_m = f"{sight.alone_radius_m:.0f}"
    owner_m, police_m = f"{sight.owner_radius_m:.0f}", f"{sight.police_radius_m:.0f}"
    owner, police = f"{sight.owner_threshold:.1f}", f"{sight.police_threshold:.1f}"
    few = f"{sight.outside} fixes in a row outside, {sight.farther} of them farther than before"
    few_zh = f"连续{sight.outside}个定位在界外,其中{sight.farther}个更远"
    return {
        Hindrance.NO_GNSS_FIX: (
            "no position from satellites of this time: never judged",
            "没有可用的卫星定位,不参与判断",
        ),
        Hindrance.JUDGED_LATE: (
            "it came more than ten minutes late: judged with its upload, not live",
            "迟到十分钟以上,随补传数据整体判断",
        ),
        Hindrance.OUT_OF_ORDER: (
            "older than a fix that was judged before: kept, not judged",
            "早于已判断的定位,仅保存",
        ),
        Hindrance.LEAP_HELD: (
            "an impossible leap: held until a second fix agrees",
            "位置跳变过快,等待第二个定位确认",
        ),
        Hindrance.DISARMED: ("it was not armed: nobody watches", "未设防,不监控"),
        Hindrance.SETTLING: (
            "it had not settled yet: three agreeing fixes at rest arm it",
            "尚未就位:需三个一致的静止定位后设防",
        ),
        Hindrance.AT_ANCHOR: ("it stands where it was parked", "仍在停放点"),
        Hindrance.NEAR: (
            f"{away} m away: the owner is told beyond {owner_m} m",
            f"离开{away}米,超过{owner_m}米才通知车主",
        ),
        Hindrance.FEW_FIXES: (
            f"{few}: {OWNER_FIXES} of each are needed",
            f"{few_zh},各需{OWNER_FIXES}个",
        ),
        Hindrance.NEEDS_WITNESS: (
            f"{away} m away: up to {alone_m} m the owner is told only when a witness speaks, too",
            f"离开{away}米:{alone_m}米以内需有其他证据才通知车主",
        ),
        Hindrance.EXCUSED: (
            "something explains it (a ticket, the owner's phone, others that move alike)",
            "有合理解释(工单、车主手机或附近车辆一同移动)",
        ),
        Hindrance.LIKE_NOISE: (
            f"its steps look more like a receiver's error or an excursion: {total} of {owner} nats",
            f"更像定位误差或多径漂移而非移动:{total}/{owner}奈特",
        ),
        Hindrance.POLICE_NEAR: (
            f"{away} m away: police-ready begins beyond {police_m} m",
            f"离开{away}米,超过{police_m}米才达警方级别",
        ),
        Hindrance.POLICE_FEW_FIXES: (
            f"{few}: police-ready needs {POLICE_FIXES} of each",
            f"{few_zh},警方级别各需{POLICE_FIXES}个",
        ),
        Hindrance.POLICE_SUM: (
            f"{total} of {police} nats for police-ready",
            f"警方级别:{total}/{police}奈特",
        ),
        Hindrance.POSITION_ALONE: (
            "only the position speaks: police-ready needs a second, independent witness",
            "仅有位置证据,警方级别需要第二个独立证据",
        ),
    }[hindrance]
