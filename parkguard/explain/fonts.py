"""A typeface of this machine that has Chinese characters; boxes instead of them are never drawn."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from matplotlib import font_manager

LATIN = "DejaVu Sans"
"""Comes with matplotlib."""
CHINESE = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "PingFang SC",
    "Microsoft YaHei",
    "SimHei",
    "Droid Sans Fallback",
)
"""Families with simplified Chinese, best first."""
FILES = ("notosanscjk", "sourcehansans", "wqy-", "pingfang", "msyh", "simhei", "droidsansfallback")
"""How their files' names begin; matplotlib's list may be older than an installed font."""
INSTALL = "apt-get install fonts-wqy-microhei"
"""The smallest of them on Debian: 5 MB."""


@dataclass(frozen=True, slots=True)
class Typeface:
    """Families to draw with, the first that has a character is taken."""

    families: tuple[str, ...]

    @property
    def has_chinese(self) -> bool:
        """Whether Chinese can be drawn."""
        return len(self.families) > 1

    def drawable(self, text: str) -> str:
        """``text`` with ``?`` for what no family has."""
        known = _characters(self.families)
        return "".join(c if ord(c) in known or c == "\n" else "?" for c in text)


@cache
def typeface() -> Typeface:
    """Latin, and the best Chinese family that is installed."""
    found = _installed(CHINESE)
    if found is None:
        known = {font.fname for font in font_manager.fontManager.ttflist}
        for name in sorted(set(font_manager.findSystemFonts()) - known):
            if Path(name).name.lower().startswith(FILES):
                font_manager.fontManager.addfont(name)
        found = _installed(CHINESE)
    return Typeface((LATIN,) if found is None else (LATIN, found))


def _installed(families: tuple[str, ...]) -> str | None:
    names = {font.name for font in font_manager.fontManager.ttflist}
    return next((family for family in families if family in names), None)


@cache
def _characters(families: tuple[str, ...]) -> frozenset[int]:
    """Code points that these families have."""
    found: set[int] = set()
    for family in families:
        path = font_manager.findfont(font_manager.FontProperties(family=[family]))
        found |= set(font_manager.get_font(path).get_charmap())
    return frozenset(found)
