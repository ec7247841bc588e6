"""Makes the workflows that are dropped on the canvas, workflows/<name>.json, and the blueprint, subgraphs/<name>.json.

.host/venv/bin/python dev/shipped/make_workflows.py [NAME ...]

Each with the ComfyUI that its note names: those that need a newer one are left as they are, until this runs on such a
one (COMFYUI=FOLDER, CONTRIBUTING.md).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from private_host.server import get
from private_host.setup import ROOT
from shipped.workflows.blueprint import NAME, blueprint
from shipped.workflows.frontend import open_canvases, through_the_frontend
from shipped.workflows.other_packs import OTHER_PACKS
from shipped.workflows.parts import RECIPES
from shipped.workflows.saving import unknown_nodes, with_defaults

WORKFLOWS = ROOT / "workflows"
SUBGRAPHS = ROOT / "subgraphs"
DEMO = ROOT / "dev" / "demo_model" / "image_to_video.api.json"


def main(names: list[str]) -> None:
    with open_canvases() as (address, canvases):
        definitions = {**get(f"{address}/object_info"), **OTHER_PACKS}
        for name in names or RECIPES:
            recipe = RECIPES[name]
            graph = recipe.graph()
            if missing := unknown_nodes(graph, definitions):
                print(f"{name}: left as it is, made with ComfyUI {recipe.host}. Missing here: {', '.join(missing)}")
                continue
            with_defaults(graph, definitions)
            write(WORKFLOWS / f"{name}.json", through_the_frontend(canvases, graph, definitions))
            if graph.name == "demo_image_to_video":
                write(DEMO, graph.nodes)
            print(f"{name}: {len(graph.nodes)} nodes", flush=True)
        if not names:
            write(SUBGRAPHS / f"{NAME}.json", blueprint(canvases[0], definitions))


def write(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
