"""Colours, marks and words of the picture. Colours: Okabe and Ito, told apart by the colour-blind.

Nothing is told by colour alone: levels differ in mark, thresholds in dash, witnesses in hatch.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from matplotlib.axes import Axes
from matplotlib.transforms import Transform

from parkguard.explain.fonts import Typeface
from parkguard.explain.step_words import Words

BLUE, SKY, GREEN = "#0072B2", "#56B4E9", "#009E73"
ORANGE, VERMILION, PURPLE = "#E69F00", "#D55E00", "#CC79A7"
INK, GREY, PALE = "#222222", "#777777", "#dddddd"
LEVEL_MARKS = {"owner": ("^", ORANGE), "police": ("s", VERMILION)}
"""Mark and colour of a fix that reaches a level."""
LEVEL_COLOURS = (GREY, ORANGE, VERMILION, PURPLE, PURPLE)
"""Of a level's line, by level."""

TEXTS: dict[str, Words] = {
    "north": Words("N", "北"),
    "anchor": Words("where it was parked", "停放点"),
    "sigma": Words("its noise (1, 3 sigma)", "定位噪声(1、3倍标准差)"),
    "track": Words("track", "轨迹"),
    "unscored": Words("fix that was not judged", "未参与判断的定位"),
    "held": Words("held back or out of order", "暂缓或乱序"),
    "scored": Words("judged fix", "参与判断的定位"),
    "owner_fix": Words("fix at the owner's level", "达到车主级别"),
    "police_fix": Words("fix at police level", "达到警方级别"),
    "owner_m": Words("owner's radius", "车主半径"),
    "police_m": Words("police radius", "警方半径"),
    "away": Words("metres away", "距停放点(米)"),
    "nats": Words("evidence, nats", "证据(奈特)"),
    "score": Words("position statistic S", "位置统计量S"),
    "sum": Words("S and witnesses", "S加其他证据"),
    "owner": Words("owner", "车主"),
    "police": Words("police", "警方"),
    "signs": Words("witnesses", "证据"),
    "for": Words("speaks for a theft", "支持失窃"),
    "against": Words("speaks against it", "反对失窃"),
    "nothing": Words("counts nothing", "不计入"),
    "beyond": Words("up to {}", "最高{}"),
    "not_armed": Words("not watched", "未监控"),
    "silent": Words("no report", "无报告"),
    "no_place": Words("no position in this period", "此时段没有定位"),
    "more": Words("... and {} more", "……另有{}项"),
}
"""Every word of the picture that is not of the story."""


def level_colour(level: int) -> str:
    """Of a mark or a line; grey for what is of no alert."""
    return LEVEL_COLOURS[level] if level >= 0 else GREY


def draw_mark(
    axes: Axes,
    number: int,
    at: tuple[float, float],
    *,
    coords: str | Transform,
    offset_pt: tuple[float, float],
    colour: str,
) -> None:
    """A number in a disc, so many points beside a place; the list says what it means."""
    axes.annotate(
        str(number),
        at,
        xycoords=coords,
        xytext=offset_pt,
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=7.5,
        color="white",
        bbox={"boxstyle": "circle,pad=0.22", "fc": colour, "ec": "none"},
        annotation_clip=False,
        zorder=8,
    )


@dataclass(frozen=True, slots=True)
class Brush:
    """Language, zone and typeface of one picture."""

    lang: str
    zone: ZoneInfo
    face: Typeface

    def text(self, name: str, *values: object) -> str:
        """A word of the picture."""
        return self.plain(TEXTS[name].of(self.lang).format(*values))

    def plain(self, text: str) -> str:
        """Any text, with what cannot be drawn left out."""
        return self.face.drawable(text)

    def local(self, t_ms: int) -> datetime:
        """A time in the story's zone."""
        return datetime.fromtimestamp(t_ms / 1000, self.zone)
