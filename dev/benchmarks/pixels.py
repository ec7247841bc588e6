"""Carried in pixels (nodes/host/looks.py): what a look gives behind a VAE that puts pixels and pictures into a cell.

    .host/venv/bin/python dev/benchmarks/pixels.py [--clips N] [--seeds N] [--workers N]

The demo model behind orthonormal blocks of 4x4 pixels and 5 frames, which is the same model, seen as a latent one.
Each setting is one way to sample it, each method one way to hold it to the picture. Runs are kept in pixels.json beside
this file, and only those that are not there yet are made: remove the file to measure anew. Writes its tables into the
texts; with --page only these. pixels.md was made with `--clips 16 --seeds 3`.
"""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import NamedTuple

import numpy as np
from benchmarks.evidence import CLIPS
from benchmarks.harness import (
    BEST,
    CFG,
    OFF,
    PSNR,
    SCHEDULER,
    STEPS,
    Scene,
    arguments,
    keep,
    kept,
    start_worker,
    table,
    write,
)

NAME = "pixels"
BLOCKS = "blocks of 4x4 pixels and 5 frames"
PLACES = 5  # of a picture within a latent frame
HELD = BEST | {"anchor": "image"}
TRUE, PLAIN, PUBLISHED = "true clip", "plain", "published"
IN_LATENT, IN_PIXELS = "carried in the latent", "carried in pixels"
MOTION, PEAK, TIME = "motion, px", "peak over mean", "time, s"


class Setting(NamedTuple):
    """One way to sample: the loader's and the sampler's inputs."""

    steps: int = STEPS
    cfg: float = CFG
    scheduler: str = "simple"
    shift: float | None = None
    sampling: str = "flow"
    latent: str = BLOCKS
    methods: tuple[str, ...] = (PUBLISHED, IN_PIXELS)


FOUR = (PLAIN, PUBLISHED, IN_LATENT, IN_PIXELS)
SETTINGS = {
    "noise levels": Setting(scheduler=SCHEDULER, sampling="noise levels", methods=FOUR),
    "flow, shift 5": Setting(shift=5.0, methods=FOUR),
    "flow, shift 1": Setting(shift=1.0),
    "flow, shift 12": Setting(shift=12.0),
    "flow, shift 5, 8 steps, cfg 1": Setting(8, 1.0, shift=5.0),
    "flow, shift 5, 4 steps, cfg 1": Setting(4, 1.0, shift=5.0),
    "noise levels, latents are pixels": Setting(
        scheduler=SCHEDULER, sampling="noise levels", latent="pixels", methods=(IN_LATENT, IN_PIXELS)
    ),
}


def schedule_of(method: str, setting: Setting) -> dict:
    """The schedule's arguments: as published with the anchor that fits the model, held all through where carried."""
    anchor = {"anchor": "image"} if setting.sampling == "flow" else {}
    return {PLAIN: OFF, PUBLISHED: anchor, IN_LATENT: BEST | anchor, IN_PIXELS: HELD}[method]


def runs(job: tuple[str, str, str, int, tuple[str, ...]]) -> list[dict]:
    """One picture under one motion, sampled in one setting from one seed, by each method."""
    import torch
    from demo_model.clips import true_clip

    name, picture, motion, seed, methods = job
    setting, truth = SETTINGS[name], true_clip(picture, motion)
    scene = Scene(truth, motion, shift=setting.shift, sampling=setting.sampling, latent=setting.latent)
    sampling = {"seed": seed, "steps": setting.steps, "scheduler": setting.scheduler, "cfg": setting.cfg}
    rows = []
    with torch.inference_mode():
        for method in methods:
            began = time.process_time()
            vae = {"vae": scene.vae} if method == IN_PIXELS else {}
            latent = scene.sampled(schedule_of(method, setting), **sampling, **vae)
            took = time.process_time() - began
            video = scene.decoded(latent).numpy()
            rows.append(
                {"setting": name, "method": method, "picture": picture, "motion of": motion, "seed": seed, TIME: took}
                | measured(video, truth.numpy())
            )
    return rows


def measured(video: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Likeness to the true clip, motion, and whether it is even within a latent frame: 1 is, 5 stands and jumps."""
    from noise_rectification.nodes.core import metrics

    flows = [metrics.optical_flow(a, b) for a, b in zip(video[:-1], video[1:], strict=True)]
    far = np.array([np.hypot(*flow).mean() for flow in flows])
    by_place = np.array([far[place::PLACES].mean() for place in range(PLACES)])
    return {
        PSNR: float(np.mean([metrics.psnr(a, b) for a, b in zip(video[1:], truth[1:], strict=True)])),
        MOTION: float(metrics.net_motion(flows).mean()),
        PEAK: float(by_place.max() / by_place.mean()),
    }


def true_motion(clips: list[tuple[str, str]]) -> dict[str, float]:
    from demo_model.clips import true_clip

    values = [measured(truth, truth) for truth in (true_clip(*clip).numpy() for clip in clips)]
    return {column: float(np.mean([value[column] for value in values])) for column in (MOTION, PEAK)}


def tables(results: dict) -> dict[str, list[str]]:
    lines = [f"{results['clips']} clips, seeds: {results['seeds']}.", ""]
    for name, setting in SETTINGS.items():
        rows = {method: mean_of(results["runs"], name, method) for method in setting.methods}
        if all(rows.values()):
            lines += [f"**{name}**", "", *table(rows | {TRUE: results["truth"]}), ""]
    return {"carried in pixels": lines[:-1]}


def mean_of(rows: list[dict], name: str, method: str) -> dict[str, float]:
    mine = [row for row in rows if (row["setting"], row["method"]) == (name, method)]
    return {c: float(np.mean([row[c] for row in mine])) for c in (PSNR, MOTION, PEAK, TIME)} if mine else {}


def measure(options) -> dict:
    try:
        done = kept(NAME)["runs"]
    except FileNotFoundError:
        done = []
    there = {tuple(row[key] for key in ("setting", "picture", "motion of", "seed", "method")) for row in done}
    clips = CLIPS[:: max(1, len(CLIPS) // options.clips)][: options.clips]
    jobs = []
    for seed in range(options.seeds):
        for name, setting in SETTINGS.items():
            for clip in clips:
                missing = tuple(m for m in setting.methods if (name, *clip, seed, m) not in there)
                jobs += [(name, *clip, seed, missing)] if missing else []
    results = {"clips": len(clips), "seeds": options.seeds, "truth": true_motion(clips), "runs": done}
    with ProcessPoolExecutor(options.workers, get_context("spawn"), start_worker) as pool:
        for number, job in enumerate(as_completed([pool.submit(runs, job) for job in jobs]), 1):
            results["runs"] += [rounded(row) for row in job.result()]
            keep(NAME, results)
            print(f"{number} of {len(jobs)}", end="\r", flush=True)
    return results


def rounded(row: dict) -> dict:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in row.items()}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--clips", type=int, default=16)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    write(tables(kept(NAME) if options.page else measure(options)))


if __name__ == "__main__":
    main()
