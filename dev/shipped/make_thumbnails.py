"""Makes the pictures of the template gallery, which move: workflows/<name>.jpg, by their content WebP.

    .host/venv/bin/python dev/shipped/make_thumbnails.py [NAME ...]

The host asks for a .jpg, and browsers go by what is in it. The demo's picture is its result: its workflow is run for
it, as `make demo` does.
"""

from __future__ import annotations

import json
import sys

import numpy as np
from demo_model import run
from PIL import Image
from private_host.setup import ROOT
from shipped.workflows.parts import RECIPES
from shipped.workflows.thumbnails import DURATION, Video, draw, draw_result

QUALITY = 32


def demo_video(title: str) -> Video:
    """The picture, and the three videos that the demo makes of it."""
    workflow = json.loads(run.WORKFLOW.read_text())
    videos = run.read_frames(run.make_video(workflow), workflow)
    shown = {way: [pillow(frame) for frame in video] for way, video in videos.items()}
    return draw_result(title, pillow(run.read_picture(workflow)), shown)


def pillow(pixels: np.ndarray) -> Image.Image:
    """[H, W, 3] in [0, 1], cut as the thumbnail's tiles are."""
    picture = Image.fromarray((pixels * 255).round().astype("uint8"))
    rim = round(picture.height * (1 - 170 / 194) / 2)
    return picture.crop((0, rim, picture.width, picture.height - rim))


if __name__ == "__main__":
    for name in sys.argv[1:] or RECIPES:
        recipe = RECIPES[name]
        first, *rest = draw(name, recipe.drawing) if recipe.drawing else demo_video(name)
        first.save(ROOT / "workflows" / f"{name}.jpg", "WEBP", save_all=True, append_images=rest, duration=DURATION,
                   loop=0, quality=QUALITY, method=6)  # fmt: skip
