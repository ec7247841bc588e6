"""Makes the pictures of the help pages: js/docs/<NodeId>.png, each node at work among its neighbours.

.host/venv/bin/python scripts/make_help_pictures.py [NODE_ID ...]

Small graphs, loaded and drawn by the real frontend.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from comfyui_server import comfyui, get
from comfyui_setup import ROOT
from PIL import Image
from workflows.frontend import AT_REST, SHOW_ALL, frontend, through_the_frontend
from workflows.graph import Graph
from workflows.layout import PADDING
from workflows.other_packs import OTHER_PACKS
from workflows.parts import PICTURE
from workflows.saving import with_defaults

DOCS = ROOT / "js" / "docs"
SIZE = (880, 520)  # at most
SAMPLING = {"seed": 7, "steps": 20, "cfg": 1.5, "sampler_name": "euler", "scheduler": "normal"}
STAGES = {"noise_seed": 7, "steps": 20, "cfg": 3.5, "sampler_name": "euler", "scheduler": "simple"}


def still_video_latent(graph: Graph) -> None:
    graph.column("Picture and VAE", 300)
    image = graph.add("LoadImage", image=PICTURE)
    model = graph.add("NRLoadDemoModel")
    graph.column("A clip in which nothing moves", 330)
    still = graph.add("NRStillVideoLatent", image=image, vae=model.slot(1), length=16, width=64, height=64)
    graph.column("Where it goes", 320)
    prompt = graph.add("NRDemoPrompt", motion="pan left")
    graph.add("NRKSampler", model=model, positive=prompt, negative=prompt.slot(1), latent_image=still, **SAMPLING)


def noise_image_latent(graph: Graph) -> None:
    graph.column("Still clip", 320)
    model = graph.add("NRLoadDemoModel")
    still = graph.add("NRStillVideoLatent", image=graph.add("LoadImage", image=PICTURE), vae=model.slot(1), length=16)
    graph.column("Known noise", 330)
    noised = graph.add("NRNoiseLatent", model=model, latent=still, seed=7, noise_type="blended", frame_correlation=0.5)
    graph.column("Its latent replaces the seed's noise", 340)
    prompt = graph.add("NRDemoPrompt", motion="pan left")
    graph.add("NRKSampler", model=model, positive=prompt, negative=prompt.slot(1), latent_image=noised, **SAMPLING)


def apply(graph: Graph) -> None:
    graph.column("Model and schedule", 400)
    model = graph.add("NRLoadDemoModel")
    schedule = graph.add("NRSchedule")
    graph.column("Patch", 300)
    patched = graph.add("NRApply", model=model, schedule=schedule)
    prompt = graph.add("NRDemoPrompt", motion="pan left")
    graph.column("Any sampler of the host", 330)
    still = graph.add("NRStillVideoLatent", image=graph.add("LoadImage", image=PICTURE), vae=model.slot(1), length=16)
    graph.add("KSampler", model=patched, positive=prompt, negative=prompt.slot(1), latent_image=still, **SAMPLING)


def ksampler(graph: Graph) -> None:
    graph.column("Model, prompt, picture", 320)
    model = graph.add("NRLoadDemoModel")
    prompt = graph.add("NRDemoPrompt", motion="pan left")
    still = graph.add("NRStillVideoLatent", image=graph.add("LoadImage", image=PICTURE), vae=model.slot(1), length=16)
    graph.column("Schedule", 400)
    schedule = graph.add("NRSchedule")
    graph.column("In place of KSampler", 340)
    graph.add("NRKSampler", model=model, positive=prompt, negative=prompt.slot(1), latent_image=still,
              schedule=schedule, **SAMPLING)  # fmt: skip


def ksampler_advanced(graph: Graph) -> None:
    graph.column("One schedule for both", 400)
    schedule = graph.add("NRSchedule")
    graph.column("First expert", 360)
    first = graph.add("NRKSamplerAdvanced", add_noise="enable", start_at_step=0, end_at_step=10,
                      return_with_leftover_noise="enable", schedule=schedule, **STAGES)  # fmt: skip
    graph.column("Second expert goes on", 360)
    graph.add("NRKSamplerAdvanced", add_noise="disable", start_at_step=10, end_at_step=10000,
              return_with_leftover_noise="disable", latent_image=first, schedule=schedule, **STAGES)  # fmt: skip


PICTURES = {
    "NRStillVideoLatent": still_video_latent,
    "NRNoiseLatent": noise_image_latent,
    "NRApply": apply,
    "NRKSampler": ksampler,
    "NRKSamplerAdvanced": ksampler_advanced,
}


def main(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as base, comfyui(Path(base)) as address, frontend(address, Path(base)) as page:
        definitions = {**get(f"{address}/object_info"), **OTHER_PACKS}
        for name in names or PICTURES:
            graph = Graph(name, note="x")
            PICTURES[name](graph)
            with_defaults(graph, definitions)
            saved = through_the_frontend(page, graph, definitions)
            photograph(page, saved["groups"]).save(DOCS / f"{name}.png", optimize=True)
            print(name, flush=True)


def photograph(page, groups: list[dict]) -> Image.Image:
    """All columns, cut to their frames."""
    left, top, *_ = groups[0]["bounding"]
    x, _, width, height = groups[-1]["bounding"]
    box = [left - PADDING, top - PADDING, x + width + PADDING, top + height + PADDING]
    page.evaluate(SHOW_ALL, box)
    page.wait_for_function(AT_REST)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    scale = min(shot.width / (box[2] - box[0]), shot.height / (box[3] - box[1]))
    wide, high = scale * (box[2] - box[0]), scale * (box[3] - box[1])
    shot = shot.crop([round((a + s * b) / 2) for s in (-1, 1) for a, b in ((shot.width, wide), (shot.height, high))])
    shot.thumbnail(SIZE, Image.Resampling.LANCZOS)
    return shot


if __name__ == "__main__":
    main(sys.argv[1:])
