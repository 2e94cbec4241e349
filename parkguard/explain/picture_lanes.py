"""The lanes of the picture over time: distance, statistic and evidence, witnesses."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
from matplotlib.axes import Axes

from alerts.detection.evidence import WEIGHTS, Sign
from parkguard.explain import picture_style as style
from parkguard.explain.picture_series import Floats, Series, on_axis, silences, unwatched
from parkguard.explain.picture_style import Brush
from parkguard.explain.story import Happening, SignSpan, Story

_ROOM = 3.0
"""An axis ends at so many times its highest threshold; what is above stands at its edge."""
_MARK_SHARE, MARK_ROW_IN = 0.026, 0.21
"""Width of a numbered mark as a share of the time axis, and height of a row of them, inches."""
_NARROW = 0.12
"""Below this share of the axis a word stands upright."""
_STEPS_S = (10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400)
_TICKS_MAX = 7
"""Steps of the time axis; the smallest that gives no more marks than fit."""
_FORMS = ((10_800, "%m-%d %H:%M"), (60, "%H:%M"), (0, "%H:%M:%S"))
"""How a time is written on the axis, from a step of so many seconds on."""
_PAD_MS = 30_000
"""Room left and right of what there is to see."""


def span_ms(story: Story) -> tuple[int, int]:
    """What the time axis shows: where the period has something, with a little room."""
    times = [fix.t_ms for fix in story.drawn] + [one.at_ms for one in story.happenings]
    if not times:
        return story.period.from_ms, story.period.to_ms
    low, high = min(times) - _PAD_MS, max(times) + _PAD_MS
    return max(low, story.period.from_ms - _PAD_MS), min(high, story.period.to_ms + _PAD_MS)


def draw_time_axis(lanes: Sequence[Axes], story: Story, brush: Brush) -> None:
    """One axis of time for all lanes, named on the last."""
    low_ms, high_ms = span_ms(story)
    step_s = next(
        (s for s in _STEPS_S if (high_ms - low_ms) / 1000 / s <= _TICKS_MAX), _STEPS_S[-1]
    )
    offset_s = brush.local(low_ms).utcoffset() or timedelta()
    shift_ms, step_ms = round(offset_s.total_seconds() * 1000), step_s * 1000
    first_ms = -(-(low_ms + shift_ms) // step_ms) * step_ms - shift_ms
    ticks_ms = range(first_ms, high_ms + 1, step_ms)
    form = next(form for least_s, form in _FORMS if step_s >= least_s)
    for lane in lanes:
        lane.set_xlim(on_axis(low_ms), on_axis(high_ms))
        lane.set_xticks(
            [on_axis(t_ms) for t_ms in ticks_ms],
            [brush.local(t_ms).strftime(form) for t_ms in ticks_ms],
        )
        lane.tick_params(labelbottom=lane is lanes[-1], length=3)
        lane.grid(axis="x", color=style.PALE, lw=0.6)
        for side in ("top", "right"):
            lane.spines[side].set_visible(False)
    _gaps(lanes[0], story, brush)


def draw_distance(axes: Axes, series: Series, brush: Brush) -> None:
    """Metres from the anchor against the radii of the levels and the noise."""
    axes.set_ylabel(brush.text("away"))
    if not series.fixes:
        axes.set_yticks([])
        return
    police, moved = series.of(lambda fix: fix.police_radius_m), series.of(lambda fix: fix.moved_m)
    top = _ROOM * float(np.nanmax(police))
    sigma = series.of(lambda fix: fix.sigma_m)
    axes.fill_between(series.times, 0, 3 * sigma, color=style.SKY, alpha=0.25, lw=0)
    owner = series.of(lambda fix: fix.owner_radius_m)
    axes.step(series.times, owner, where="post", color=style.ORANGE, ls="--", lw=1.3)
    axes.step(series.times, police, where="post", color=style.VERMILION, ls="-.", lw=1.3)
    _curve(axes, series.times, np.minimum(moved, top), colour=style.BLUE)
    _limit(axes, np.concatenate([moved, police]), top, brush.text("beyond", "{:.0f} m"))


def draw_sum(axes: Axes, series: Series, brush: Brush) -> None:
    """The statistic, what witnesses add to it, and the thresholds of the levels."""
    axes.set_ylabel(brush.text("nats"))
    if not series.fixes:
        axes.set_yticks([])
        return
    times, police = series.times, series.of(lambda fix: fix.police_threshold)
    score, total = series.of(lambda fix: fix.score), series.of(lambda fix: fix.total)
    top = _ROOM * float(np.nanmax(police))
    shown, summed = np.minimum(score, top), np.minimum(total, top)
    axes.axhline(0, color=style.GREY, lw=0.6)
    axes.fill_between(
        times, 0, shown, color=style.BLUE, alpha=0.25, lw=0, label=brush.text("score")
    )
    for more, colour, hatch, name in (
        (total >= score, style.GREEN, "//", "for"),
        (total < score, style.PURPLE, "\\\\", "against"),
    ):
        axes.fill_between(
            times,
            shown,
            summed,
            where=more,
            color=colour,
            alpha=0.35,
            lw=0,
            hatch=hatch,
            label=brush.text(name) if np.any(total[more] != score[more]) else None,
        )
    owner = series.of(lambda fix: fix.owner_threshold)
    _threshold(
        axes, times, owner, colour=style.ORANGE, dash="--", name=brush.text("owner"), beside="top"
    )
    _threshold(
        axes,
        times,
        police,
        colour=style.VERMILION,
        dash="-.",
        name=brush.text("police"),
        beside="bottom",
    )
    _curve(axes, times, summed, colour=style.INK, label=brush.text("sum"))
    levels = list(style.LEVEL_MARKS)
    reaches = series.of(lambda fix: levels.index(fix.reached) if fix.reached else -1)
    for number, (marker, colour) in enumerate(style.LEVEL_MARKS.values()):
        at = reaches == number
        axes.plot(
            times[at], summed[at], marker, color=colour, mec=style.INK, ms=6, mew=0.6, zorder=6
        )
    _limit(axes, np.concatenate([score, total, police]), top, brush.text("beyond", "{:.0f}"))
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 0.99),
        frameon=False,
        fontsize=8,
        ncols=4,
        borderaxespad=0,
        borderpad=0.2,
        columnspacing=1.2,
    )


def draw_signs(axes: Axes, story: Story, brush: Brush) -> None:
    """A bar a witness below its name, as long as it lived; what is discounted is a frame."""
    codes = list(dict.fromkeys(span.code for span in story.signs))
    axes.set_ylim(len(codes), 0)
    axes.set_yticks([])
    for row, code in enumerate(codes):
        name = _sign_name(code, story.signs, brush)
        axes.text(
            0.005, row + 0.3, name, transform=axes.get_yaxis_transform(), va="center", fontsize=8
        )
    for span in story.signs:
        begin, end = (on_axis(t_ms) for t_ms in (span.from_ms, span.to_ms))
        colour = style.GREEN if span.nats > 0 else style.PURPLE
        axes.broken_barh(
            [(begin, max(end - begin, 1e-6))],
            (codes.index(span.code) + 0.55, 0.36),
            facecolors="white" if span.why else colour,
            edgecolors=style.GREY if span.why else colour,
            hatch=None if span.why else "//" if span.nats > 0 else "\\\\",
            alpha=0.75,
            lw=1,
        )


def mark_rows(shown: Sequence[Happening], story: Story) -> list[int]:
    """A row a happening above the first lane, so that neighbours do not hide each other."""
    low, high = span_ms(story)
    apart_ms = (high - low) * _MARK_SHARE
    ends: list[float] = []
    rows = []
    for one in shown:
        free = (row for row, end_ms in enumerate(ends) if one.at_ms - end_ms >= apart_ms)
        row = next(free, len(ends))
        ends[row : row + 1] = [one.at_ms]
        rows.append(row)
    return rows


def draw_happenings(lanes: Sequence[Axes], shown: Sequence[Happening], rows: Sequence[int]) -> None:
    """Numbered marks above the first lane, and a line through all lanes at a change of level."""
    level = -1
    for number, (one, row) in enumerate(zip(shown, rows, strict=True), start=1):
        at = on_axis(one.at_ms)
        rises = one.level > level
        level = max(level, one.level)
        colour = style.level_colour(one.level)
        for lane in lanes if rises else lanes[:1]:
            lane.axvline(at, color=colour, lw=1.2 if rises else 0.6, ls="-" if rises else ":")
        style.draw_mark(
            lanes[0],
            number,
            (at, 1.0),
            coords=lanes[0].get_xaxis_transform(),
            offset_pt=(0, 9 + 72 * MARK_ROW_IN * row),
            colour=colour,
        )


def _threshold(
    axes: Axes, times: Floats, values: Floats, *, colour: str, dash: str, name: str, beside: str
) -> None:
    """The line of a threshold, its name and last value beside its end, above or below."""
    axes.step(times, values, where="post", color=colour, ls=dash, lw=1.3)
    last = float(values[~np.isnan(values)][-1])
    axes.annotate(
        f"{name} {last:.1f}",
        (1.0, last),
        xycoords=("axes fraction", "data"),
        ha="right",
        va=beside,
        fontsize=8,
        color=colour,
    )


def _curve(axes: Axes, times: Floats, values: Floats, *, colour: str, label: str = "") -> None:
    axes.plot(times, values, "-o", color=colour, lw=1.3, ms=2.6, label=label or None, zorder=4)


def _limit(axes: Axes, values: Floats, top: float, beyond: str) -> None:
    """End the axis above its highest value, or at ``top`` with a word on how far it goes on."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    room = 0.08 * (min(high, top) - min(low, 0.0))
    axes.set_ylim(low - room if low < 0 else 0.0, min(high, top) + room)
    if high > top:
        axes.text(0.01, 0.96, beyond.format(high), transform=axes.transAxes, va="top", fontsize=8)


def _gaps(axes: Axes, story: Story, brush: Brush) -> None:
    """Where it was not armed, and where it did not report: nothing is judged there."""
    low_ms, high_ms = span_ms(story)
    named = [(span, "not_armed") for span in unwatched(story)]
    for (begin_ms, end_ms), name in [*named, *((span, "silent") for span in silences(story))]:
        begin, end = on_axis(begin_ms), on_axis(end_ms)
        fill = {"color": style.PALE, "alpha": 0.6} if name == "not_armed" else {"fc": "none"}
        hatch = None if name == "not_armed" else "...."
        axes.axvspan(begin, end, lw=0, zorder=0, hatch=hatch, ec=style.PALE, **fill)
        axes.text(
            (begin + end) / 2,
            0.5,
            brush.text(name),
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="center",
            rotation=90 if end_ms - begin_ms < _NARROW * (high_ms - low_ms) else 0,
            fontsize=8,
            color=style.GREY,
            clip_on=True,
        )


def _sign_name(code: str, spans: Sequence[SignSpan], brush: Brush) -> str:
    """What it says and its weight; a code without a sign of ours stands for itself."""
    nats = next(span.nats for span in spans if span.code == code)
    sign = Sign.__members__.get(code.upper())
    weight = None if sign is None else WEIGHTS[sign]
    name = code if weight is None else weight.zh if brush.lang == "zh" else weight.en
    return brush.plain(f"{name} {nats:+g}")
