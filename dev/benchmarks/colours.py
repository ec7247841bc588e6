"""Colours held, put to the test on the demo model: a drift of colours in one clip, and from chunk to chunk.

    .host/venv/bin/python dev/benchmarks/colours.py

A drift (contrast down to 0.8 and a tint, both growing over the frames) is put into the model's guided prediction at
every step. Then a video is made of six chunks, each from the last frame of the one before. Last, chunks without drift:
the contrast of what is seen throughout, apart from its details. Writes colours.json beside this file, and its tables
into the texts; with --page only these.
"""

from __future__ import annotations

import numpy as np
from benchmarks.harness import (
    BEST,
    CARRIED,
    FRAMES,
    OFF,
    Scene,
    arguments,
    keep,
    kept,
    node,
    start_worker,
    table,
    write,
)

CLIPS = (("coffee", "pan left"), ("cameraman", "zoom in"), ("cat", "turn left"), ("rocket", "pan up"),
         ("astronaut", "turn right"))  # fmt: skip
SEED = 11
CHUNK_CLIPS = (("coffee", "turn left"), ("cat", "zoom in"), ("astronaut", "pan right"))
CHUNKS = 6
SEEN_THROUGHOUT = (("coffee", "turn left"), ("cat", "turn right"), ("cat", "zoom in"))
STEADY_CHUNKS = 5
RIM = 6  # cells from what has left the frame: softened pictures hold nothing of it
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


def fading(name, motion) -> dict[str, dict[str, float]]:
    """Per way, without drift: contrast of what is seen throughout after each chunk, 1 being the first picture's.

    Details are looked at apart, since deviation is both: a picture that gets softer has less of it, and has not faded.
    """
    from demo_model.clips import true_clip

    clip = true_clip(name, motion, (FRAMES - 1) * STEADY_CHUNKS + 1)
    first, ends = clip[:1], clip[FRAMES - 1 :: FRAMES - 1]
    scene = Scene(first, motion)
    colours = node("NRStillVideoLatent", image=first, vae=scene.vae, length=1, width=0, height=0, resize="stretch")
    held = {"carried, to the first picture": CARRIED, "carried at all steps, ω 0, to the first picture": BEST}
    made = {"true clip": list(ends.split(1))}
    for way, changes in held.items():
        pictures = [first]
        for _ in range(STEADY_CHUNKS):
            video = scene.sample(pictures[-1], changes | COLOURS, seed=SEED, colour_reference=colours)
            pictures.append(video[-1:])
        made[way] = pictures[1:]
    rows = {}
    for way, pictures in made.items():
        kept = [contrast_kept(first, picture, motion, chunk) for chunk, picture in enumerate(pictures, 1)]
        row = {f"chunk {chunk}": coarse for chunk, (coarse, _) in enumerate(kept, 1)}
        rows[f"{name}, {motion}: {way}"] = row | {"details, last chunk": kept[-1][1]}
    return rows


def contrast_kept(first, later, motion: str, chunk: int) -> tuple[float, float]:
    """Deviation of what both pictures [1, H, W, 3] show, as a share of the first's: softened, and of the details."""
    import torch
    from noise_rectification.nodes.core.camera import window_flow
    from noise_rectification.nodes.core.flow import flow, guide, inside, warp, windowed
    from noise_rectification.nodes.demo_model.words import prompt_rates, prompt_tokens
    from torch.nn.functional import max_pool2d, pad

    first, later = (picture.permute(0, 3, 1, 2).float() for picture in (first, later))
    camera = prompt_rates(prompt_tokens(motion))[0, 0]
    asked = window_flow(camera, torch.tensor([(FRAMES - 1.0) * chunk]), *first.shape[-2:])
    left = (inside(asked) < 1).float()
    seen = max_pool2d(pad(left, [RIM] * 4, value=1.0), 2 * RIM + 1, stride=1)[0, 0] == 0
    both = [warp(first, flow(guide(first), guide(later), initial=asked)), later]
    soft = [windowed(windowed(windowed(windowed(picture)))) for picture in both]
    fine = [picture - softened for picture, softened in zip(both, soft, strict=True)]
    before, after, fine_before, fine_after = (each[0, :, seen].std(-1) for each in (*soft, *fine))
    return round(float((after / before).mean()), 4), round(float((fine_after / fine_before).mean()), 4)


def means(results: list[dict], columns: list[str]) -> dict[str, dict[str, float]]:
    """Mean over the clips: method -> column -> value."""
    averaged = {name: np.mean([result[name] for result in results], axis=0) for name in results[0]}
    return {name: dict(zip(columns, np.round(row, 4).tolist(), strict=True)) for name, row in averaged.items()}


def tables(results: dict[str, dict]) -> dict[str, list[str]]:
    """All tables, and what of the first is shown elsewhere."""
    one, shown = results["one clip"], ("ΔE00, last frame to the picture", "PSNR to the true clip, dB")
    ways = ("carried, drifting", "carried, colours held, drifting", "carried, colours held")
    return {
        "colours": table(one),
        "colours from chunk to chunk": table(results["chunks"]),
        "colours without drift": table(results["without drift"], "clip and way"),
        "colours in short": table({way: {column: one[way][column] for column in shown} for way in ways}),
    }


def measured() -> dict[str, dict]:
    from noise_rectification.nodes.core import metrics

    start_worker()
    import torch

    of_a_clip = ["PSNR to the true clip, dB", "ΔE00, last frame to the picture", "ΔE00, last frame to the true one",
                 "motion, px/frame"]  # fmt: skip
    of_chunks = ["ΔE00 to the first picture, more with each chunk", "after the last chunk"]
    with torch.inference_mode():
        return {
            "one clip": means([one_clip(metrics, *clip) for clip in CLIPS], of_a_clip),
            "chunks": means([chunks(metrics, *clip) for clip in CHUNK_CLIPS], of_chunks),
            "without drift": {way: row for clip in SEEN_THROUGHOUT for way, row in fading(*clip).items()},
        }


def main() -> None:
    if not arguments(__doc__).parse_args().page:
        keep("colours", measured())
    write(tables(kept("colours")))


if __name__ == "__main__":
    main()
