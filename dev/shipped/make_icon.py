"""Draws assets/icon.png: a picture that comes out of its noise, over the published curve of ω.

.host/venv/bin/python dev/shipped/make_icon.py
"""

from __future__ import annotations

import numpy as np
from noise_rectification.nodes.core.schedule import DEFAULT_CURVE
from PIL import Image, ImageDraw
from private_host.setup import ROOT

SIZE, DETAIL, CELL = 400, 4, 10  # pixels; times finer drawn, for smooth edges; pixels of a cell of noise
GROUND, DISC, CURVE = (24, 26, 32), (196, 112, 128), (86, 180, 233)
MIDDLE, RADIUS = (200, 168), 88
LEFT, RIGHT, TOP, BOTTOM = 40, 360, 264, 424  # where x is 0 and 1, and ω is 1 and 0


def noisy() -> Image.Image:
    """The disc's colour, its noise gone from left to right."""
    cells = SIZE // CELL
    noise = np.random.default_rng(7).normal(0, 90, (cells, cells, 3))
    share = np.clip((MIDDLE[0] + RADIUS / 2 - CELL * np.arange(cells)) / (1.5 * RADIUS), 0, 1)
    pixels = (np.array(DISC) + noise * share[None, :, None]).clip(0, 255).astype(np.uint8)
    return Image.fromarray(pixels).resize((DETAIL * SIZE, DETAIL * SIZE), Image.Resampling.NEAREST)


def main() -> None:
    icon = Image.new("RGB", (DETAIL * SIZE, DETAIL * SIZE), GROUND)
    disc = Image.new("L", icon.size, 0)
    corners = [DETAIL * (place + sign * RADIUS) for sign in (-1, 1) for place in MIDDLE]
    ImageDraw.Draw(disc).ellipse(corners, fill=255)
    icon.paste(noisy(), mask=disc)
    pen = ImageDraw.Draw(icon)
    points = [
        (DETAIL * (LEFT + x * (RIGHT - LEFT)), DETAIL * (TOP + (1 - y) * (BOTTOM - TOP)))
        for x, y in DEFAULT_CURVE.points
    ]
    pen.line(points, fill=CURVE, width=5 * DETAIL)
    for x, y in points:
        pen.ellipse(
            (x - 9 * DETAIL, y - 9 * DETAIL, x + 9 * DETAIL, y + 9 * DETAIL),
            fill=GROUND,
            outline=CURVE,
            width=4 * DETAIL,
        )
    icon.resize((SIZE, SIZE), Image.Resampling.LANCZOS).save(ROOT / "assets" / "icon.png", optimize=True)


if __name__ == "__main__":
    main()
