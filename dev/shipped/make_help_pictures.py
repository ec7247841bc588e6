"""Makes the pictures of the help pages that show a node among its neighbours: js/docs/<NodeId>.png.

.host/venv/bin/python dev/shipped/make_help_pictures.py [NODE_ID ...]

Drawn downwards and large, because the host's help panel is 220 pixels wide.
"""

from __future__ import annotations

import sys

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.patches import FancyBboxPatch
from private_host.setup import ROOT

DOCS = ROOT / "js" / "docs"
WIDTH = 440  # pixels: twice the panel's
BOX, GAP = 0.5, 0.42  # inches
GROUND, NODE, OURS, WORDS = "#202020", "#3a3a3a", "#175a75", "#f0f0f0"

# From top to bottom: nodes, and between two of them what goes along.
PICTURES = {
    "NRStillVideoLatent": ["Load Image", "image", "Still Video Latent", "latent_image", "Rectified KSampler"],
    "NRKeyframeLatent": ["Batch Images", "images", "Keyframe Video Latent", "latent_image", "Rectified KSampler"],
    "NRNoiseLatent": ["Still Video Latent", "latent", "Noise Image Latent", "latent_image", "Rectified KSampler"],
    "NRApply": ["Load Diffusion Model", "model", "LoRA", "model", "Apply Noise Rectification", "model", "KSampler"],
    "NRKSampler": ["Load Image", "image", "Still Video Latent", "latent_image", "Rectified KSampler", "latent",
                   "VAE Decode"],
    "NRKSamplerAdvanced": ["Rectification Schedule", "schedule", "Rectified KSampler (Adv.)\nsteps 0 to 10",
                           "latent_image", "Rectified KSampler (Adv.)\nsteps 10 to 20"],
}  # fmt: skip
OWN = {
    "NRStillVideoLatent": "Still Video Latent",
    "NRKeyframeLatent": "Keyframe Video Latent",
    "NRNoiseLatent": "Noise Image Latent",
    "NRApply": "Apply Noise Rectification",
    "NRKSampler": "Rectified KSampler",
    "NRKSamplerAdvanced": "Rectified KSampler (Adv.)",
}


def draw(chain: list[str], own: str):
    """A figure of the chain, with the page's own nodes marked."""
    nodes, carried = chain[::2], chain[1::2]
    height = len(nodes) * BOX + len(carried) * GAP + 0.2
    width = WIDTH / 200
    figure = pyplot.figure(figsize=(width, height), dpi=200, facecolor=GROUND)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    for i, node in enumerate(nodes):
        top = 0.1 + i * (BOX + GAP)
        colour = OURS if node.startswith(own) else NODE
        style = "round,pad=0,rounding_size=0.06"
        axes.add_patch(FancyBboxPatch((0.1, top), width - 0.2, BOX, boxstyle=style, facecolor=colour, edgecolor="none"))
        axes.text(width / 2, top + BOX / 2, node, color=WORDS, fontsize=8.5, ha="center", va="center")
    for i, name in enumerate(carried):
        top = 0.1 + BOX + i * (BOX + GAP)
        arrow = {"arrowstyle": "-|>", "color": WORDS, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", (width / 2, top + GAP), (width / 2, top), arrowprops=arrow)
        axes.text(width / 2 + 0.1, top + GAP / 2, name, color=WORDS, fontsize=7.5, va="center")
    return figure


def main(names: list[str]) -> None:
    for name in names or PICTURES:
        figure = draw(PICTURES[name], OWN[name])
        figure.savefig(DOCS / f"{name}.png", facecolor=GROUND)
        pyplot.close(figure)
        print(name)


if __name__ == "__main__":
    main(sys.argv[1:])
