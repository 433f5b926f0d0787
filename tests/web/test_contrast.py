"""Colours of the dashboard: text at 4.5 to 1 and more on what it stands on, light and dark (AA)."""

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[2] / "addon/turnout/web/static/style.css").read_text()
# text, what it stands on
PAIRS = (
    ("ink", "ground"),
    ("ink", "sheet"),
    ("ink", "tint"),
    ("ink", "bad-tint"),
    ("soft", "ground"),
    ("soft", "sheet"),
    ("accent", "sheet"),
    ("accent", "ground"),
    ("accent", "tint"),
    ("accent", "bad-tint"),
    ("accent-ink", "accent"),
    ("bad", "sheet"),
    ("bad", "tint"),
    ("good", "sheet"),
)


def palettes() -> list[dict[str, str]]:
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)[:2]
    return [dict(re.findall(r"--([\w-]+): (#\w{6});", text)) for text in (light, dark)]


def luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("text", "ground"), PAIRS, ids=lambda name: name)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_contrast(text: str, ground: str, dark: bool) -> None:
    palette = palettes()[dark]
    light, dim = sorted((luminance(palette[text]), luminance(palette[ground])), reverse=True)
    assert (light + 0.05) / (dim + 0.05) >= 4.5
