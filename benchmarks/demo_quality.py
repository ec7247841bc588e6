"""The demo model's videos, measured: rectified against plain, on the same noise, over pictures x motions x seeds.

    .host/venv/bin/python benchmarks/demo_quality.py [--seeds N] [--sampler NAME] [--json FILE]

The demo's clips come from a program, so the true clip of a picture and a motion is known: likeness to it rewards
fidelity and motion at once. The frozen picture is a row of the table, so that freezing cannot look like a win.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "demo")]
from pack import pack_module, run_node, start_host  # noqa: E402

CLIPS = [
    *(("cat", m) for m in ("pan left", "zoom in", "turn left")),
    *(("astronaut", m) for m in ("pan right", "zoom out")),
    *(("coffee", m) for m in ("pan up", "turn right", "zoom in")),  # held out from training
    *(("cameraman", m) for m in ("pan down", "zoom out")),  # held out from training
    ("rocket", "pan left"),
    ("star", "drift left"),
    ("disc", "drift down"),
    ("triangle", "drift up"),
]
STEPS, CFG, SCHEDULER = 20, 3.0, "normal"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--sampler", default="euler")
    parser.add_argument("--json", type=Path, help="also write every number to this file")
    options = parser.parse_args()
    start_host()
    import torch

    with torch.inference_mode():
        runs = [(*clip, seed, options.sampler) for seed in range(options.seeds) for clip in CLIPS]
        rows = [row for run in runs for row in measure_clip(*run)]
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    print_table(rows, options)


def methods() -> dict:
    """Name -> (schedule, denoise); None for the host's own sampling."""
    schedule = pack_module("nodes.core.schedule").Schedule
    return {
        "plain": (schedule(strength=0.0), 1.0),
        "plain, denoise 0.6": (schedule(strength=0.0), 0.6),
        "rectified, published": (schedule(), 1.0),
        "rectified, anchor image": (schedule(anchor="image"), 1.0),
    }


def measure_clip(name: str, motion_name: str, seed: int, sampler: str) -> list[dict]:
    """All methods on one picture, motion and seed."""
    from clips import true_clip

    truth = true_clip(name, motion_name)
    model, vae = run_node("NRLoadDemoModel")
    positive, negative = run_node("NRDemoPrompt", motion=motion_name)
    picture = truth[:1]
    (still,) = run_node("NRStillVideoLatent", image=picture, vae=vae, length=len(truth), width=0, height=0,
                        resize="center crop")  # fmt: skip
    videos = {"frozen picture": picture.expand_as(truth), "true clip": truth}
    for method, (schedule, denoise) in methods().items():
        (latent,) = run_node(
            "NRKSampler", model=model, seed=seed, steps=STEPS, cfg=CFG, sampler_name=sampler, scheduler=SCHEDULER,
            positive=positive, negative=negative, latent_image=still, denoise=denoise, schedule=schedule,
        )  # fmt: skip
        videos[method] = vae.decode(latent["samples"]).clamp(0, 1)
    return [
        {"picture": name, "motion name": motion_name, "seed": seed, "method": method}
        | measure(video.numpy(), picture[0].numpy(), truth.numpy())
        for method, video in videos.items()
    ]


def measure(video: np.ndarray, picture: np.ndarray, truth: np.ndarray) -> dict:
    """The table's columns for one video. PSNR of equal pictures is infinite; it is counted as 60 dB."""
    from measure import fidelity, motion

    near = fidelity(video, picture)
    true = [fidelity(frame[None], true_frame) for frame, true_frame in zip(video, truth, strict=True)]
    return {
        "PSNR to true clip": float(np.mean([min(60.0, t["psnr"][0]) for t in true])),
        "SSIM to true clip": float(np.mean([t["ssim"][0] for t in true])),
        "SSIM to picture": float(near["ssim"].mean()),
        "PSNR to picture": float(np.minimum(near["psnr"], 60.0).mean()),
        "SSIM first frame": float(near["ssim"][0]),
        "motion": motion(video),
    }


def print_table(rows: list[dict], options) -> None:
    columns = [c for c in rows[0] if c not in ("picture", "motion name", "seed", "method")]
    run = f"{len(CLIPS)} clips x {options.seeds} seeds, {options.sampler}, {STEPS} steps, cfg {CFG}"
    print(f"\n{run}; mean ± spread over the clips")
    print(f"{'':26}" + "".join(f"{c:>20}" for c in columns))
    for method in dict.fromkeys(row["method"] for row in rows):
        values = np.array([[row[c] for c in columns] for row in rows if row["method"] == method])
        cells = "".join(f"{m:12.3f} ± {s:5.3f}" for m, s in zip(values.mean(0), values.std(0), strict=True))
        print(f"{method:26}{cells}")


if __name__ == "__main__":
    main()
