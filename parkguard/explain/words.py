"""A story as lines for people, English or Chinese: what was told, why, what stood in the way."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.hindrances import hindrances_of, words_of
from alerts.model import Reason
from alerts.sight import Sight, SignSeen
from parkguard.explain.step_words import Words, words_for
from parkguard.explain.story import Alert, Happening, Story

LEVELS: tuple[Words, ...] = (
    Words("noted", "仅记录"),
    Words("suspected", "疑似"),
    Words("probable", "很可能"),
    Words("confirmed", "已确认"),
    Words("person in danger", "人员危险"),
)
"""By ``alerts.model.Level``."""
KINDS: dict[str, Words] = {
    "movement": Words("movement", "移动"),
    "tamper": Words("tampering", "拆动"),
    "geofence": Words("fence", "围栏"),
    "sos": Words("SOS", "SOS求助"),
    "area": Words("area", "区域"),
    "identity": Words("identity", "身份冲突"),
    "fire": Words("fire", "火警"),
}
"""By ``alerts.model.AlertKind``."""
GROUPS: dict[str, Words] = {
    "position": Words("position", "位置"),
    "inertial": Words("motion sensor", "运动传感器"),
    "power": Words("power", "电源"),
    "radio": Words("radio", "无线电"),
    "human": Words("people", "人"),
}
"""By ``alerts.model.Group``."""
SHORT: dict[str, Words] = {
    "no_gnss_fix": Words("no position from satellites", "无卫星定位"),
    "judged_late": Words("came late", "补传"),
    "out_of_order": Words("older than one judged before", "乱序"),
    "leap_held": Words("impossible leap, held back", "位置跳变"),
    "disarmed": Words("not armed", "未设防"),
    "settling": Words("not settled yet", "尚未就位"),
    "at_anchor": Words("where it was parked", "在停放点"),
    "near": Words("not far enough for the owner", "未达通知距离"),
    "few_fixes": Words("too few fixes in a row", "连续定位不足"),
    "needs_witness": Words("too near without a witness", "距离近且无其他证据"),
    "excused": Words("explained", "有合理解释"),
    "like_noise": Words("more like noise than moving", "更像定位误差"),
    "police_near": Words("not far enough for police-ready", "未达警方距离"),
    "police_few_fixes": Words("too few for police-ready", "警方级别定位不足"),
    "police_sum": Words("sum too low for police-ready", "警方级别证据不足"),
    "position_alone": Words("no second witness", "无第二证据"),
}
"""Names of ``alerts.hindrances.Hindrance`` for counting them."""
_TOLD = 1
"""From this level on somebody is told (docs/alerts.md)."""


class Narrator:
    """Tells one story in one language (``en`` or ``zh``), times in the story's zone."""

    def __init__(self, story: Story, lang: str) -> None:
        """Tell ``story`` in ``lang``."""
        self._story = story
        self._lang = lang
        self._zone = ZoneInfo(story.period.timezone)
        ends = (self._local(t_ms).date() for t_ms in (story.period.from_ms, story.period.to_ms))
        self._is_long = len(set(ends)) > 1

    def lines(self) -> list[str]:
        """Everything, verdict first."""
        return [
            self.title(),
            self.verdict(),
            *(f"  {line}" for line in self.because()),
            *self._rest(),
        ]

    def title(self) -> str:
        """Who and when."""
        period = self._story.period
        begin, end = self._local(period.from_ms), self._local(period.to_ms)
        span = f"{begin:%Y-%m-%d %H:%M:%S} - {end:%Y-%m-%d %H:%M:%S}"
        if not self._is_long:
            span = f"{begin:%Y-%m-%d %H:%M:%S}-{end:%H:%M:%S}"
        trackers = self._story.trackers
        other = f" ({trackers[0]}; {', '.join(trackers[1:])})" if len(trackers) > 1 else ""
        return f"{period.vehicle_id}{other}  {span} ({period.timezone})"

    def verdict(self) -> str:
        """One line: what was told, or that nothing was."""
        told = [alert for alert in self._story.alerts if alert.level >= _TOLD]
        if told:
            return self._alert_line(max(told, key=lambda alert: alert.level))
        if self._story.alerts:
            return self._of(Words("noted, nobody was told", "仅记录,未通知任何人"))
        return self._of(Words("nothing was told", "未发出任何通知"))

    def because(self) -> list[str]:
        """Why: the alert's reasons, or what stood in the way at the nearest moment."""
        alerts = self._story.alerts
        if alerts:
            top = max(alerts, key=lambda alert: alert.level)
            return [self._reason_line(reason) for reason in top.reasons]
        fix = self.decisive()
        if fix is None:
            return [self._of(Words("no fix was judged while it was armed", "设防期间没有定位"))]
        nearest = Words("nearest to an alert", "最接近警报的时刻")
        head = f"{self._of(nearest)} {self.clock(fix.t_ms)}: {self.sum_of(fix)}"
        hindrances = (self._of(Words(*words_of(one, fix))) for one in hindrances_of(fix))
        return [head, *hindrances, *map(self._sign_line, fix.signs)]

    def decisive(self) -> Sight | None:
        """The fix that explains most."""
        story = self._story
        return None if story.decisive is None else story.fixes[story.decisive]

    def sum_of(self, fix: Sight) -> str:
        """The sum of one fix in numbers."""
        away, score, total = f"{fix.moved_m:.0f}", f"{fix.score:.1f}", f"{fix.total:.1f}"
        evidence, raw = f"{fix.evidence:+.1f}", f"{fix.evidence_raw:+.1f}"
        clipped = raw != evidence
        en = f"{evidence} (of {raw}, the most that counts)" if clipped else evidence
        zh = f"{evidence}(原为{raw},已封顶)" if clipped else evidence
        return self._of(
            Words(
                f"{away} m away, S {score}, witnesses {en}, together {total} nats",
                f"离开{away}米,S {score},其他证据{zh},合计{total}奈特",
            )
        )

    def happening(self, one: Happening) -> str:
        """One line of the timeline."""
        text = one.text_zh if self._lang == "zh" else one.text_en
        level = f" [L{one.level}]" if one.level >= 0 else ""
        by = "" if one.by in {"", "system"} or one.kind == "event" else f" ({one.by})"
        return f"{self.clock(one.at_ms)} {text}{level}{by}"

    def clock(self, t_ms: int) -> str:
        """Time of day in the story's zone, with the day when the period has several."""
        return self._local(t_ms).strftime("%m-%d %H:%M:%S" if self._is_long else "%H:%M:%S")

    def short(self, code: str) -> str:
        """A hindrance's name."""
        return self._of(words_for(SHORT, code))

    # -- parts ------------------------------------------------------------------------------

    def _rest(self) -> Iterator[str]:
        fix, story = self.decisive(), self._story
        if fix is not None and fix.signs and story.alerts:
            at = Words(f"witnesses at {self.clock(fix.t_ms)}", f"{self.clock(fix.t_ms)}的证据")
            yield self._of(at)
            yield from (f"  {self._sign_line(sign)}" for sign in fix.signs)
        if story.happenings:
            yield self._of(Words("what happened", "经过"))
            yield from (f"  {self.happening(one)}" for one in story.happenings)
        count = Words(f"fixes: {len(story.fixes)}", f"定位数:{len(story.fixes)}")
        ordered = sorted(story.hindrances.items(), key=lambda item: (-item[1], item[0]))
        parts = [f"{self.short(code)} {number}" for code, number in ordered]
        yield "; ".join([self._of(count), *parts])

    def _alert_line(self, alert: Alert) -> str:
        kind, raised = words_for(KINDS, alert.kind), self.clock(alert.raised_ms)
        line = self._of(Words(f"{kind.en}: raised at {raised}", f"{kind.zh}:{raised}生成警报"))
        if alert.police_ready_ms is not None:
            at = self.clock(alert.police_ready_ms)
            line += self._of(Words(f", police-ready at {at}", f",{at}达到警方级别"))
        level, away = LEVELS[alert.level], f"{alert.moved_m:.0f}"
        line += self._of(
            Words(
                f", {level.en} (level {alert.level}) {away} m away",
                f",{level.zh}(级别{alert.level}),离开{away}米",
            )
        )
        return f"{line} [{alert.alert_id[:8]}]"

    def _reason_line(self, reason: Reason) -> str:
        text = reason.text_zh if self._lang == "zh" else reason.text_en
        nats = f"{reason.nats:+.1f} " if reason.nats else ""
        return f"{nats}{self._group(reason.group)}: {text}"

    def _sign_line(self, sign: SignSeen) -> str:
        text = sign.text_zh if self._lang == "zh" else sign.text_en
        return f"{sign.counted:+.1f} {self._group(sign.group)}: {text}"

    def _group(self, code: str) -> str:
        return self._of(words_for(GROUPS, code))

    def _local(self, t_ms: int) -> datetime:
        return datetime.fromtimestamp(t_ms / 1000, self._zone)

    def _of(self, words: Words) -> str:
        return words.of(self._lang)
