"""Makes the pictures of the template gallery: workflows/<name>.jpg.

.host/venv/bin/python dev/shipped/make_thumbnails.py [NAME ...]

The demo's picture is its result: its workflow is run for it, as `make demo` does.
"""

from __future__ import annotations

import json
import sys

from demo_model import run
from PIL import Image
from private_host.setup import ROOT
from shipped.workflows.parts import RECIPES
from shipped.workflows.thumbnails import draw, draw_result


def demo_rows() -> dict[str, list[Image.Image]]:
    """The picture, and frames of the three videos that the demo makes of it."""
    workflow = json.loads(run.WORKFLOW.read_text())
    frames = run.read_frames(run.make_video(workflow), workflow)
    picture = run.read_picture(workflow)
    return {
        way: [Image.fromarray((frame * 255).round().astype("uint8")) for frame in (picture, *video[5::5])]
        for way, video in frames.items()
    }


if __name__ == "__main__":
    for name in sys.argv[1:] or RECIPES:
        recipe = RECIPES[name]
        thumbnail = draw(name, recipe.graph(), recipe.drawing) if recipe.drawing else draw_result(demo_rows(), name)
        thumbnail.save(ROOT / "workflows" / f"{name}.jpg", quality=88, optimize=True)
