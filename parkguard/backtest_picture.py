"""A back-test as one picture (PNG or SVG), with matplotlib, an extra."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from alerts.comparing import Difference, Step
from parkguard.cli_shared import CommandError
from parkguard.replay.backtest import BackTest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH_IN, HEIGHT_IN, DPI = 10.0, 6.4, 110
_SENT, _CANDIDATE = "#777777", "#0072B2"
_KEPT, _MISSED, _FALSE, _AVOIDED, _OPEN = "#009E73", "#D55E00", "#E69F00", "#56B4E9", "#bbbbbb"
"""Okabe and Ito, told apart by the colour-blind; hatches tell the same."""
_STEPS = {
    Step.OWNER_NOTICE: ("owner notice", "车主通知"),
    Step.POLICE_READY: ("police-ready", "警方级别"),
    Step.INCIDENT: ("incident", "事件"),
}
_PARTS = (
    ("true_kept", ("theft, kept", "失窃,仍告警"), _KEPT, ""),
    ("true_missed", ("theft, missed", "失窃,漏报"), _MISSED, "xx"),
    ("false_kept", ("false, kept", "误报,仍告警"), _FALSE, ".."),
    ("false_avoided", ("false, avoided", "误报,避免"), _AVOIDED, "//"),
    ("unlabelled", ("nobody said", "无人标注"), _OPEN, ""),
    ("only_candidate", ("new", "新增"), _CANDIDATE, "\\\\"),
)
SUFFIXES = (".png", ".svg")
_SIDES = (("sent", "已发送"), ("candidate", "候选设置"))
_ALERTS = ("alerts", "告警数")
Words = Callable[[tuple[str, str]], str]


def check_picture(path: Path) -> None:
    """Say at once what a picture needs.

    Raises:
        CommandError: matplotlib is missing, or the name says no format.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise CommandError(f"--picture {path}: name a file that ends in .png or .svg")
    if find_spec("matplotlib") is None:
        raise CommandError("--picture needs matplotlib, an extra: pip install 'matplotlib>=3.11'")


def draw_back_test(test: BackTest, path: Path, *, title: str) -> None:
    """Write the picture: above what became of the alerts, below the weeks.

    Raises:
        OSError: The file cannot be written.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra
    from matplotlib.font_manager import FontProperties  # noqa: PLC0415
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    from parkguard.explain.fonts import typeface  # noqa: PLC0415

    face = typeface()
    family = list(face.families)
    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DPI, layout="constrained")
    above, *weeks = figure.subplot_mosaic(
        [["all"] * len(Step), [step.value for step in Step]], height_ratios=(1.1, 1.0)
    ).values()

    def words(pair: tuple[str, str]) -> str:
        return f"{pair[0]} {pair[1]}" if face.has_chinese else pair[0]

    _outcomes(above, test.steps, [words(part[1]) for part in _PARTS], words)
    for axes, step in zip(weeks, Step, strict=True):
        _weeks(axes, test, step, words)
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.set_title(words(_STEPS[step]), fontsize=9)
    above.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    heading = figure.suptitle(face.drawable(title), fontsize=11)
    font = FontProperties(family=family)
    for axes in (above, *weeks):
        legend = axes.get_legend()
        texts = [axes.title, axes.xaxis.label, *axes.get_xticklabels(), *axes.get_yticklabels()]
        for text in (*texts, *(legend.get_texts() if legend else ())):
            size = text.get_fontsize()
            text.set_fontproperties(font)
            text.set_fontsize(size)
    heading.set_fontproperties(font)
    heading.set_fontsize(11)
    figure.savefig(
        path,
        format=path.suffix[1:].lower(),
        metadata={"Date": None} if path.suffix.lower() == ".svg" else None,
    )


def _outcomes(axes: "Axes", steps: list[Difference], labels: list[str], words: Words) -> None:
    """One bar a step, cut by what people said."""
    names = [words(_STEPS[line.step]) for line in steps][::-1]
    left = [0] * len(steps)
    for (part, _, colour, hatch), label in zip(_PARTS, labels, strict=True):
        widths = [_count(line, part) for line in steps][::-1]
        bars = axes.barh(
            names, widths, left=left, color=colour, hatch=hatch, edgecolor="white", label=label
        )
        axes.bar_label(
            bars,
            [str(width) if width else "" for width in widths],
            label_type="center",
            fontsize=8,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
        )
        left = [begin + width for begin, width in zip(left, widths, strict=True)]
    axes.legend(fontsize=8, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.08), frameon=False)
    axes.set_xlabel(words(_ALERTS), fontsize=8, loc="right")
    axes.spines[["top", "right"]].set_visible(False)


def _count(line: Difference, part: str) -> int:
    if part == "unlabelled":
        known = line.true_kept + line.true_missed + line.false_kept + line.false_avoided
        return line.both + line.only_live - known
    return int(getattr(line, part))


def _weeks(axes: "Axes", test: BackTest, step: Step, words: Words) -> None:
    """Sent and candidate side by side, with room for the legend above them."""
    some = [week for week in test.weeks if week.step is step]
    places = range(len(some))
    sent, candidate = (words(side) for side in _SIDES)
    axes.bar([k - 0.2 for k in places], [one.sent for one in some], 0.4, color=_SENT, label=sent)
    axes.bar(
        [k + 0.2 for k in places],
        [one.candidate for one in some],
        0.4,
        color=_CANDIDATE,
        hatch="//",
        edgecolor="white",
        label=candidate,
    )
    axes.set_xticks(list(places), [one.week.split("-")[1] for one in some], fontsize=8)
    axes.set_xlim(-0.8, max(len(some) - 0.2, 2.2))
    axes.set_ylim(0, 1.3 * max([1, *(max(one.sent, one.candidate) for one in some)]))
    axes.tick_params(axis="y", labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    if step is Step.OWNER_NOTICE:
        axes.legend(fontsize=8, frameon=False, loc="upper left", ncols=2)
