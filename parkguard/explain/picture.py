"""A story as one picture: words, map and lanes over time. PNG or SVG, by the name of the file.

A picture of 1,080 pixels' width reads on a phone and on A4. Two drawings of one story are equal.
"""

from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from parkguard.explain import picture_lanes as lanes
from parkguard.explain.fonts import Typeface
from parkguard.explain.picture_map import draw_map
from parkguard.explain.picture_series import Series
from parkguard.explain.picture_style import Brush
from parkguard.explain.story import Happening, Story
from parkguard.explain.words import Narrator
from parkguard.explain.wrapping import shortened, wrapped

SUFFIXES = (".png", ".svg")
_WIDTH_IN, _DPI = 7.2, 150
_COLOURS = 128
"""Of the palette of a PNG."""
_LISTED = 14
"""Happenings that are numbered and listed."""
_ROW_IN, _HEAD_ROW_IN = 0.2, 0.187
"""Height of a line of text, of the list and of the head, inches."""
_MARGIN_IN, _LANE_IN = 0.25, 0.72
"""About the sheet, and left of the lanes, where their numbers stand, inches."""
_MAP_IN, _MAP_WIDTH_IN = 3.7, 4.5
"""Height and width of the map; the rest of its row is the legend's, inches."""
_COLUMNS, _LIST_COLUMNS = 96, 54
"""Letters of half width that fit into a line of the head, and of the list."""


def draw(story: Story, *, lang: str, face: Typeface, out: Path) -> None:
    """Draw ``story`` into a file.

    Raises:
        OSError: It cannot be written.
    """
    brush = Brush(lang, ZoneInfo(story.period.timezone), face)
    look: dict[Any, Any] = {
        "font.family": list(face.families),
        "font.size": 9.5,
        "axes.unicode_minus": False,
        "hatch.linewidth": 0.5,
        "svg.hashsalt": story.period.vehicle_id,
    }
    with mpl.rc_context(look):
        figure = _figure(story, Narrator(story, lang), brush)
        out.write_bytes(_svg(figure) if out.suffix.lower() == ".svg" else _png(figure))


def _svg(figure: Figure) -> bytes:
    with BytesIO() as file:
        figure.savefig(file, format="svg", metadata={"Date": None})
        return file.getvalue()


def _png(figure: Figure) -> bytes:
    """With a palette: a third of the size, and nobody sees a difference."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    image = Image.fromarray(pixels[:, :, :3])
    with BytesIO() as file:
        image.quantize(_COLOURS).save(file, format="png", optimize=True)
        return file.getvalue()


def _figure(story: Story, told: Narrator, brush: Brush) -> Figure:
    head = _wrapped(told)
    shown = _shown(story.happenings)
    lines = [f"{k}  {told.happening(one)}" for k, one in enumerate(shown, start=1)]
    listed = [shortened(line, _LIST_COLUMNS) for line in lines]
    left_out = len(story.happenings) - len(shown)
    if left_out:
        listed.append(brush.text("more", left_out))
    rows = lanes.mark_rows(shown, story)
    signs = len({span.code for span in story.signs})
    sheet = _Sheet(
        heights=[
            0.32 + _HEAD_ROW_IN * len(head),
            _MAP_IN,
            1.7,
            1.9,
            *([0.06 + 0.3 * signs] if signs else []),
            _ROW_IN * ((len(listed) + 1) // 2),
        ],
        gaps=[
            0.12,
            0.15,
            0.3 + lanes.MARK_ROW_IN * (max(rows) + 1 if rows else 0),
            0.3,
            *([0.14] if signs else []),
            0.36,
        ],
    )
    _head(sheet.row(), told.title(), head, brush)
    draw_map(sheet.row(right_in=_WIDTH_IN - _MARGIN_IN - _MAP_WIDTH_IN), story, shown, brush)
    distance, total = sheet.row(left_in=_LANE_IN), sheet.row(left_in=_LANE_IN)
    series = Series(story)
    lanes.draw_distance(distance, series, brush)
    lanes.draw_sum(total, series, brush)
    times = [distance, total]
    if signs:
        times.append(sheet.row(left_in=_LANE_IN))
        lanes.draw_signs(times[-1], story, brush)
    lanes.draw_time_axis(times, story, brush)
    lanes.draw_happenings(times, shown, rows)
    _list(sheet.row(), listed, brush)
    return sheet.figure


class _Sheet:
    """Rows of axes from the top down, placed in inches: nothing moves by the length of a word."""

    def __init__(self, *, heights: list[float], gaps: list[float]) -> None:
        """``gaps`` are the inches above each row."""
        self._height_in = sum(heights) + sum(gaps) + _MARGIN_IN
        self._rows = list(zip(gaps, heights, strict=True))
        self._top_in = self._height_in
        self.figure = Figure(figsize=(_WIDTH_IN, self._height_in), dpi=_DPI)

    def row(self, *, left_in: float = _MARGIN_IN, right_in: float = _MARGIN_IN) -> Axes:
        """The next row, between two margins."""
        gap, height = self._rows.pop(0)
        self._top_in -= gap + height
        width = (_WIDTH_IN - left_in - right_in) / _WIDTH_IN
        bottom, high = self._top_in / self._height_in, height / self._height_in
        return self.figure.add_axes((left_in / _WIDTH_IN, bottom, width, high))


def _wrapped(told: Narrator) -> list[str]:
    """The lines of the head below the title, each fitting the width."""
    lines = [told.verdict(), *told.because()]
    return [part for line in lines for part in wrapped(line, _COLUMNS, indent="   ")]


def _head(axes: Axes, title: str, lines: list[str], brush: Brush) -> None:
    axes.set_axis_off()
    axes.text(0, 1, brush.plain(title), transform=axes.transAxes, va="top", weight="bold", size=12)
    text = brush.plain("\n".join(lines))
    axes.text(0, 0, text, transform=axes.transAxes, va="bottom", linespacing=1.35)


def _list(axes: Axes, lines: list[str], brush: Brush) -> None:
    """What the numbers mean, in two columns."""
    axes.set_axis_off()
    half = (len(lines) + 1) // 2
    for x, part in ((0.0, lines[:half]), (0.52, lines[half:])):
        text = brush.plain("\n".join(part))
        axes.text(x, 1, text, transform=axes.transAxes, va="top", size=8.5, linespacing=1.5)


def _shown(happenings: tuple[Happening, ...]) -> list[Happening]:
    """What is numbered; of too much the steps of alerts and people's acts come first."""
    ranked = sorted(range(len(happenings)), key=lambda k: happenings[k].kind == "event")
    return [happenings[k] for k in sorted(ranked[:_LISTED])]
