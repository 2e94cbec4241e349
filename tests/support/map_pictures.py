"""What a picture of a map shows: where a colour is, and where lines of it cross."""

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import Locator, Page, expect

Colour = tuple[int, int, int]
NEAR = 6
"""A colour counts as another if no channel is further off: of 256, for what SwiftShader rounds."""
DRAWN = """el => new Promise((done, late) => {
    const map = el.cityMap;
    const look = () => {
        if (!map.getLayer("dot") || !map.areTilesLoaded()) return requestAnimationFrame(look);
        map.once("idle", done);
        map.triggerRepaint();
    };
    look();
    setTimeout(() => late(new Error("the map is not drawn within 30 s")), 30000);
})"""
"""Resolves when every layer (``dot`` is the last) and every tile is there and drawn."""


def open_map(page: Page) -> Locator:
    """The map of a page, when it is wholly drawn."""
    host = page.locator("[data-ready='true']")
    expect(host).to_be_visible()
    host.evaluate(DRAWN)
    return host


def colour_of(host: Locator, variable: str) -> Colour:
    """A colour of the page's theme, as ``--danger``, where a map is."""
    text = str(host.evaluate("(el, name) => getComputedStyle(el).getPropertyValue(name)", variable))
    red, green, blue = bytes.fromhex(text.strip().removeprefix("#"))
    return red, green, blue


def blend(above: Colour, below: Colour, opacity: float) -> Colour:
    """One colour through which another shines."""
    red, green, blue = (
        round(opacity * one + (1 - opacity) * other)
        for one, other in zip(above, below, strict=True)
    )
    return red, green, blue


@dataclass(frozen=True, slots=True)
class MapPicture:
    """A screenshot of a map, one pixel for each of the page."""

    pixels: npt.NDArray[np.int16]

    @classmethod
    def take(cls, host: Locator) -> "MapPicture":
        """Take one."""
        host.evaluate(DRAWN)
        with Image.open(io.BytesIO(host.screenshot())) as image:
            return cls(np.asarray(image.convert("RGB"), dtype=np.int16))

    def where(self, *colours: Colour) -> npt.NDArray[np.bool_]:
        """Which pixels have one of these colours."""
        away = [
            np.abs(self.pixels - np.array(colour, dtype=np.int16)).max(axis=2) for colour in colours
        ]
        near: npt.NDArray[np.bool_] = np.min(away, axis=0) <= NEAR
        return near

    def share(self, *colours: Colour) -> float:
        """How much of it has one of these colours, 0 to 1."""
        return float(self.where(*colours).mean())

    def cross(self, colour: Colour) -> tuple[float, float]:
        """Where a line from top to bottom and one from left to right meet, pixels."""
        near = self.where(colour)
        down, across = near.mean(axis=0) > 0.5, near.mean(axis=1) > 0.5
        assert down.any(), "no line goes from top to bottom"
        assert across.any(), "no line goes from left to right"
        return float(np.flatnonzero(down).mean()), float(np.flatnonzero(across).mean())

    def middle(
        self, colour: Colour, *, at: tuple[float, float] | None = None, within_px: int = 12
    ) -> tuple[float, float]:
        """The middle of what has a colour, of the whole map or near a place, pixels."""
        near = self.where(colour)
        left = top = 0
        if at is not None:
            left, top = (max(0, round(one) - within_px) for one in at)
            near = near[top : top + 2 * within_px + 1, left : left + 2 * within_px + 1]
        rows, columns = np.nonzero(near)
        assert rows.size, f"{colour} is not there"
        x, y = ((float(one.min()) + float(one.max())) / 2 for one in (columns, rows))
        return left + x, top + y
