"""Colours held, put to the test on the demo model: a drift of colours in one clip, and from chunk to chunk.

    .host/venv/bin/python dev/benchmarks/colours.py

A drift (contrast down to 0.8 and a tint, both growing over the frames) is put into the model's guided prediction at
every step. Then a video is made of six chunks, each from the last frame of the one before. Writes colours.md and
colours.json beside this file.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from benchmarks.harness import CARRIED, CFG, OFF, STEPS, Scene, node, start_worker, table

HERE = Path(__file__).resolve().parent

CLIPS = (("coffee", "pan left"), ("cameraman", "zoom in"), ("cat", "turn left"), ("rocket", "pan up"),
         ("astronaut", "turn right"))  # fmt: skip
SEED = 11
CHUNK_CLIPS = (("coffee", "turn left"), ("cat", "zoom in"), ("astronaut", "pan right"))
CHUNKS = 6
CONTRAST, TINT = 0.8, (0.35, -0.05, -0.3)
COLOURS = {"hold_colours": 1.0}
METHODS = {"plain": OFF, "published": {}, "published, colours held": COLOURS, "carried": CARRIED,
           "carried, colours held": CARRIED | COLOURS}  # fmt: skip


def drifting(model):
    """The demo model with a drift in its guided prediction."""
    import torch

    other = model.clone()

    def predict(arguments):
        share = torch.linspace(0, 1, len(arguments["denoised"])).reshape(-1, 1, 1, 1)
        tint = torch.tensor(TINT).reshape(1, 3, 1, 1)
        return arguments["denoised"] * (1 - (1 - CONTRAST) * share) + tint * share

    other.set_model_sampler_post_cfg_function(predict)
    return other


def one_clip(metrics, name, motion) -> dict[str, list[float]]:
    """Per method, with and without drift: PSNR to the true clip, ΔE00 of the last frame, motion."""
    from demo_model.clips import true_clip

    truth = true_clip(name, motion)
    scene = Scene(truth, motion)
    measured = {}
    for method, changes in METHODS.items():
        for drift in (False, True):
            model = drifting(scene.model) if drift else scene.model
            video = scene.sample(scene.picture, changes, model=model, seed=SEED).numpy()
            flows = [metrics.optical_flow(a, b) for a, b in zip(video[:-1], video[1:], strict=True)]
            measured[f"{method}, drifting" if drift else method] = [
                float(np.mean([metrics.psnr(a, b) for a, b in zip(video, truth.numpy(), strict=True)])),
                float(metrics.colour_drift(video[-1:], truth[0].numpy())[0]),
                float(metrics.colour_drift(video[-1:], truth[-1].numpy())[0]),
                float(metrics.net_motion(flows).mean()),
            ]
    return measured


def chunks(metrics, name, motion) -> dict[str, list[float]]:
    """Per method: how many ΔE00 the colours of a chunk's last frame move away from the first picture, a chunk."""
    from demo_model.clips import true_clip

    first = true_clip(name, motion)[:1]
    scene = Scene(first, motion)
    colours = node("NRStillVideoLatent", image=first, vae=scene.vae, length=1, width=0, height=0, resize="stretch")
    ways = {
        "plain": (OFF, {}),
        "carried": (CARRIED, {}),
        "carried, colours held": (CARRIED | COLOURS, {}),
        "carried, colours held to the first picture": (CARRIED | COLOURS, {"colour_reference": colours}),
    }
    slopes = {}
    for way, (changes, more) in ways.items():
        picture, drift = first, []
        for _ in range(CHUNKS):
            video = scene.sample(picture, changes, model=drifting(scene.model), seed=SEED, **more)
            drift.append(float(metrics.colour_drift(video[-1:].numpy(), first[0].numpy())[0]))
            picture = video[-1:]
        slopes[way] = [float(np.polyfit(range(1, CHUNKS + 1), drift, 1)[0]), drift[-1]]
    return slopes


def means(results: list[dict], columns: list[str]) -> dict[str, dict[str, float]]:
    """Mean over the clips: method -> column -> value."""
    averaged = {name: np.mean([result[name] for result in results], axis=0) for name in results[0]}
    return {name: dict(zip(columns, np.round(row, 4).tolist(), strict=True)) for name, row in averaged.items()}


def main() -> None:
    from noise_rectification.nodes.core import metrics

    start_worker()
    import torch

    measured = ["PSNR to the true clip, dB", "ΔE00, last frame to the picture", "ΔE00, last frame to the true one",
                "motion, px/frame"]  # fmt: skip
    chained = ["ΔE00 to the first picture, more with each chunk", "after the last chunk"]
    with torch.inference_mode():
        results = {
            "one clip": means([one_clip(metrics, *clip) for clip in CLIPS], measured),
            "chunks": means([chunks(metrics, *clip) for clip in CHUNK_CLIPS], chained),
        }
    text = [
        "# Colours held",
        "",
        f"Written by `python dev/benchmarks/colours.py`: {len(CLIPS)} clips, seed 11, {STEPS} steps of euler, guidance "
        f"{CFG:g}. Drifting: contrast down to {CONTRAST:g} and a tint, growing over the frames, in every prediction.",
        "",
        *table(results["one clip"]),
        "",
        f"A drifting model, {CHUNKS} chunks, each from the last frame of the one before; {len(CHUNK_CLIPS)} clips:",
        "",
        *table(results["chunks"]),
    ]
    (HERE / "colours.json").write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    (HERE / "colours.md").write_text("\n".join(text) + "\n")
    print("\n".join(text))


if __name__ == "__main__":
    main()
