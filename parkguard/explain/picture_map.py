"""The map of the picture: track, anchor, noise and radii in metres, north up, with a scale bar."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle
from numpy.typing import NDArray

from alerts.sight import Sight
from devices.geo import to_local_m
from parkguard.explain import picture_style as style
from parkguard.explain.picture_style import Brush
from parkguard.explain.story import Happening, Story

Points = NDArray[np.float64]
"""East and north of the anchor, metres, shape (fixes, 2)."""
_LEAST_M = 60.0
"""Half the width of a map of a vehicle that hardly moved, metres."""
_TICKS = (1, 2, 5)
_FAR = 2.5
"""A map of more than so many police radii hides what was about the anchor: it gets an inset."""


def draw_map(axes: Axes, story: Story, shown: Sequence[Happening], brush: Brush) -> None:
    """Draw where the vehicle was, and the numbers of ``shown`` that raised a level."""
    axes.set_xticks([])
    axes.set_yticks([])
    fixes = [fix for fix in story.drawn if fix.lat_deg is not None and fix.lon_deg is not None]
    if not fixes:
        axes.text(0.5, 0.5, brush.text("no_place"), ha="center", va="center", color=style.GREY)
        return
    centre = _centre(story, fixes)
    points = _local(fixes, centre)
    _circles(axes, story, brush)
    _track(axes, fixes, points, brush)
    _levels(axes, fixes, points, shown)
    half_m = _frame(axes, fixes, points)
    _scale_bar(axes)
    _north(axes, brush)
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(1.02, 1.0),
        frameon=False,
        borderaxespad=0,
        fontsize=8,
        labelspacing=0.35,
    )
    if half_m > _FAR * _reach_m(fixes):
        _near(axes, story, fixes, points, brush)


def _centre(story: Story, fixes: list[Sight]) -> tuple[float, float]:
    """The anchor before it moved: that of the first armed fix, else the first fix."""
    armed = [fix.anchor for fix in story.drawn if fix.anchor is not None]
    first = fixes[0]
    return armed[0] if armed else (first.lat_deg or 0.0, first.lon_deg or 0.0)


def _local(fixes: list[Sight], centre: tuple[float, float]) -> Points:
    lat_deg = np.array([fix.lat_deg for fix in fixes], np.float64)
    lon_deg = np.array([fix.lon_deg for fix in fixes], np.float64)
    ones = np.ones(len(fixes))
    return np.stack(to_local_m(lat_deg, lon_deg, ones * centre[0], ones * centre[1]), axis=1)


def _circles(axes: Axes, story: Story, brush: Brush) -> None:
    """Noise and radii of the decisive fix about the anchor."""
    fix = None if story.decisive is None else story.fixes[story.decisive]
    if fix is None:
        return
    for times, alpha in ((3.0, 0.18), (1.0, 0.35)):
        label = brush.text("sigma") if times == 1.0 else None
        axes.add_patch(
            Circle((0, 0), times * fix.sigma_m, color=style.SKY, alpha=alpha, lw=0, label=label)
        )
    for radius_m, colour, dash, name in (
        (fix.owner_radius_m, style.ORANGE, "--", "owner_m"),
        (fix.police_radius_m, style.VERMILION, "-.", "police_m"),
    ):
        label = f"{brush.text(name)} {radius_m:.0f} m"
        axes.add_patch(
            Circle((0, 0), radius_m, fill=False, color=colour, ls=dash, lw=1.4, label=label)
        )
    axes.plot(0, 0, "+", color=style.GREEN, ms=14, mew=3, label=brush.text("anchor"), zorder=6)


def _track(axes: Axes, fixes: list[Sight], points: Points, brush: Brush) -> None:
    """The way in order of fix times, and a mark a fix by what was made of it."""
    way = [k for k in np.argsort([fix.t_ms for fix in fixes], kind="stable") if fixes[k].accepted]
    axes.plot(*points[way].T, color=style.BLUE, lw=1.0, alpha=0.6, label=brush.text("track"))
    kinds = np.array([_kind(fix) for fix in fixes])
    for kind, marker, colour, size in (
        ("unscored", "o", "none", 4.5),
        ("held", "x", style.INK, 6.0),
        ("scored", "o", style.BLUE, 4.5),
        ("owner_fix", *style.LEVEL_MARKS["owner"], 6.5),
        ("police_fix", *style.LEVEL_MARKS["police"], 6.0),
    ):
        its = points[kinds == kind]
        if len(its):
            axes.plot(
                its[:, 0],
                its[:, 1],
                ls="none",
                marker=marker,
                ms=size,
                mfc=colour,
                mec=style.GREY if colour == "none" else style.INK,
                mew=0.8,
                label=brush.text(kind),
                zorder=5,
            )


def _levels(axes: Axes, fixes: list[Sight], points: Points, shown: Sequence[Happening]) -> None:
    """The number of each change of level at the last fix that was received by then."""
    level = -1
    for number, one in enumerate(shown, start=1):
        known = [k for k, fix in enumerate(fixes) if fix.recv_ms <= one.at_ms and fix.accepted]
        if one.level > level and known:
            x, y = points[max(known, key=lambda k: fixes[k].t_ms)].tolist()
            colour = style.level_colour(one.level)
            style.draw_mark(axes, number, (x, y), coords="data", offset_pt=(10, 10), colour=colour)
        level = max(level, one.level)


def _kind(fix: Sight) -> str:
    if fix.reached:
        return f"{fix.reached}_fix"
    if fix.scored:
        return "scored"
    return "held" if fix.lane == "live" and not fix.accepted else "unscored"


def _frame(axes: Axes, fixes: list[Sight], points: Points) -> float:
    """Fill the box with every fix and the police radius; gives half its height, metres."""
    reach_m = _reach_m(fixes)
    low = np.minimum(points.min(axis=0), -reach_m)
    high = np.maximum(points.max(axis=0), reach_m)
    wide = _aspect(axes)
    middle = (low + high) / 2
    half_m = max(float((high - low)[0]) / 2 / wide, float((high - low)[1]) / 2) * 1.15
    axes.set_xlim(middle[0] - half_m * wide, middle[0] + half_m * wide)
    axes.set_ylim(middle[1] - half_m, middle[1] + half_m)
    axes.set_aspect("equal")
    axes.set_facecolor("#fafafa")
    return half_m


def _reach_m(fixes: list[Sight]) -> float:
    return max((fix.police_radius_m for fix in fixes if fix.scored), default=_LEAST_M)


def _near(axes: Axes, story: Story, fixes: list[Sight], points: Points, brush: Brush) -> None:
    """The anchor's surroundings larger, beside the map, when the way led far from it."""
    inset = axes.inset_axes((1.05, 0.0, 0.4, 0.4 * _aspect(axes)))
    inset.set_xticks([])
    inset.set_yticks([])
    _circles(inset, story, brush)
    _track(inset, fixes, points, brush)
    half_m = 0.8 * _reach_m(fixes)
    inset.set_xlim(-half_m, half_m)
    inset.set_ylim(-half_m, half_m)
    _scale_bar(inset)


def _aspect(axes: Axes) -> float:
    box = axes.get_window_extent()
    return float(box.width / box.height)


def _scale_bar(axes: Axes) -> None:
    low, high = axes.get_xlim()
    bottom, top = axes.get_ylim()
    wanted_m = (high - low) / 4
    power = 10 ** math.floor(math.log10(wanted_m))
    length_m = max(power * step for step in _TICKS if power * step <= wanted_m)
    x, y = low + (high - low) * 0.05, bottom + (top - bottom) * 0.05
    axes.plot([x, x + length_m], [y, y], color=style.INK, lw=3, solid_capstyle="butt", zorder=7)
    text = f"{length_m:g} m" if length_m < 1_000 else f"{length_m / 1_000:g} km"  # noqa: PLR2004
    axes.text(x + length_m / 2, y + (top - bottom) * 0.015, text, ha="center", va="bottom")


def _north(axes: Axes, brush: Brush) -> None:
    axes.annotate(
        brush.text("north"),
        xy=(0.94, 0.97),
        xytext=(0.94, 0.85),
        xycoords="axes fraction",
        ha="center",
        va="top",
        arrowprops={"arrowstyle": "-|>", "color": style.INK, "lw": 1.5},
        zorder=7,
    )
