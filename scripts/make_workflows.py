"""Makes the workflows that are dropped on the canvas: workflows/<name>.json and its thumbnail <name>.jpg.

.host/venv/bin/python scripts/make_workflows.py [NAME ...]
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from pathlib import Path

from comfyui_server import comfyui, get
from comfyui_setup import ROOT
from PIL import Image
from playwright.sync_api import Page
from workflows.frontend import AT_REST, SHOW_ALL, frontend, through_the_frontend
from workflows.graph import Graph
from workflows.layout import PADDING
from workflows.other_packs import OTHER_PACKS
from workflows.recipes import RECIPES
from workflows.saving import with_defaults

WORKFLOWS = ROOT / "workflows"
HEART = ("LoadImage", "NRSchedule", "NRKSampler", "NRKSamplerAdvanced", "SamplerCustom", "SamplerCustomAdvanced")


def main(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as base, comfyui(Path(base)) as address, frontend(address, Path(base)) as page:
        definitions = {**get(f"{address}/object_info"), **OTHER_PACKS}
        for name in names or RECIPES:
            graph = RECIPES[name].graph()
            with_defaults(graph, definitions)
            saved = through_the_frontend(page, graph, definitions)
            (WORKFLOWS / f"{name}.json").write_text(json.dumps(saved, indent=1, ensure_ascii=False) + "\n")
            photograph(page, graph, saved["groups"], WORKFLOWS / f"{name}.jpg")
            print(f"{name}: {len(graph.nodes)} nodes", flush=True)


def photograph(page: Page, graph: Graph, groups: list[dict], path: Path) -> None:
    """The thumbnail: from the picture to the sampler, where the graph does what the others do not."""
    shown = [
        group["bounding"]
        for group, column in zip(groups, graph.columns, strict=True)
        if any(graph.nodes[key]["class_type"] in HEART for key in column.nodes)
    ]
    left, right = shown[0][0], shown[-1][0] + shown[-1][2]
    page.evaluate(SHOW_ALL, [left - PADDING, -PADDING, right + PADDING, shown[0][3] + PADDING])
    page.wait_for_function(AT_REST)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").resize((480, 270), Image.Resampling.LANCZOS)
    picture.save(path, quality=85, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1:])
