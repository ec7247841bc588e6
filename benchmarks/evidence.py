"""The paper's claims put to the test on the demo model: fidelity against motion, over pictures x motions x seeds.

    .host/venv/bin/python benchmarks/evidence.py [--seeds N] [--only METHOD ...] [--workers N]

The demo's clips come from a program, so the true clip of a picture and a motion is known: likeness to it rewards
fidelity and motion at once and is the first column. The frozen picture is a row, so that freezing cannot look like a
win. All methods of one clip start from the same noise. Writes evidence.md, evidence.json and evidence.png beside this
file.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT / folder) for folder in ("tests/support", "scripts", "demo")]

CAMERA = [f"{verb} {way}" for verb, ways in (("pan", ("left", "right", "up", "down")), ("zoom", ("in", "out")),
                                             ("turn", ("left", "right"))) for way in ways]  # fmt: skip
HELD_OUT = ("coffee", "cameraman")  # pictures that the model's training never showed
PHOTOS = ("astronaut", "cat", "rocket", *HELD_OUT)
DRAWINGS = ("disc", "star", "sun", "triangle")
CLIPS = [(photo, motion) for photo in PHOTOS for motion in CAMERA] + [
    (drawing, f"drift {way}") for drawing in DRAWINGS for way in ("left", "up")
]
SAMPLERS = ("dpmpp_2m", "res_multistep", "euler_ancestral", "dpmpp_2m_sde", "lcm")
STEPS, CFG, SCHEDULER = 20, 1.5, "normal"
COLUMNS = ("PSNR to true clip", "SSIM to true clip", "SSIM to picture", "PSNR to picture", "motion", "flicker")
GAINS = ("SSIM to picture", "PSNR to true clip")  # also told as what is gained over lower denoise at equal motion
DENOISES = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)
TAU_ENDS = tuple(i / 10 for i in range(1, 11))
OMEGAS = (0.0, 0.25, 0.5, 0.75, 1.0)


def methods() -> dict[str, tuple]:
    """Name -> (sampler, denoise, arguments of the schedule)."""
    off = {"strength": 0.0}
    table = {"plain": ("euler", 1.0, off)}
    table |= {f"denoise {d:g}": ("euler", d, off) for d in DENOISES}
    table |= {f"published ω, τ_end {t:g}": ("euler", 1.0, {"tau_end": t}) for t in TAU_ENDS}
    table |= {f"ω = {w:g}": ("euler", 1.0, {"omega": (w,)}) for w in OMEGAS}
    table |= {f"preset {name}": ("euler", 1.0, {"curve": curve}) for name, curve in presets().items()}
    table |= {f"anchor image, τ_end {t:g}": ("euler", 1.0, {"anchor": "image", "tau_end": t}) for t in (0.3, 0.6, 0.9)}
    for sampler in SAMPLERS:
        table |= {f"{sampler}, plain": (sampler, 1.0, off), f"{sampler}, rectified": (sampler, 1.0, {})}
    return table


def presets() -> dict[str, str]:
    """The curve editor's presets, read where they are defined."""
    text = (ROOT / "js" / "curve_editor" / "presets.js").read_text()
    entry = re.compile(r"(\w+): \{ points: (\[\[.*?\]\]), interpolation: (\w+) \}")
    return {
        name: json.dumps({"points": json.loads(points), "interpolation": kind.lower()})
        for name, points, kind in entry.findall(text)
    }


def start_worker() -> None:
    from pack import start_host

    start_host()
    import comfy.utils

    comfy.utils.set_progress_bar_enabled(False)


def measure_clip(name: str, motion: str, seed: int, chosen: list[str]) -> list[dict]:
    """All chosen methods on one picture, motion and seed."""
    import torch
    from clips import true_clip
    from pack import pack_module, run_node

    schedule_of = pack_module("nodes.core.schedule").Schedule
    curve_of = pack_module("nodes.core.curve").Curve
    truth = true_clip(name, motion)
    picture = truth[:1]
    model, vae = run_node("NRLoadDemoModel")
    positive, negative = run_node("NRDemoPrompt", motion=motion)
    (still,) = run_node("NRStillVideoLatent", image=picture, vae=vae, length=len(truth), width=0, height=0,
                        resize="center crop")  # fmt: skip

    def sample(sampler, denoise, changes):
        if "curve" in changes:
            changes = {"omega": curve_of.parse(changes["curve"])}
        (latent,) = run_node(
            "NRKSampler", model=model, seed=seed, steps=STEPS, cfg=CFG, sampler_name=sampler, scheduler=SCHEDULER,
            positive=positive, negative=negative, latent_image=still, denoise=denoise, schedule=schedule_of(**changes),
        )  # fmt: skip
        return vae.decode(latent["samples"]).clamp(0, 1).numpy()

    with torch.inference_mode():
        videos = {"true clip": truth.numpy(), "frozen picture": picture.expand_as(truth).numpy()}
        videos |= {method: sample(*settings) for method, settings in methods().items() if method in chosen}
    run = {"picture": name, "motion asked": motion, "seed": seed}
    return [run | {"method": m} | measure_video(v, picture[0].numpy(), truth.numpy()) for m, v in videos.items()]


def measure_video(video: np.ndarray, picture: np.ndarray, truth: np.ndarray) -> dict:
    from pack import pack_module

    metrics = pack_module("nodes.core.metrics")
    mean = metrics.measure(video, picture).mean
    pairs = list(zip(video, truth, strict=True))
    return {
        "PSNR to true clip": float(np.mean([metrics.psnr(a, b) for a, b in pairs])),
        "SSIM to true clip": float(np.mean([metrics.ssim(a, b) for a, b in pairs])),
        "SSIM to picture": mean["ssim"],
        "PSNR to picture": mean["psnr"],
        "motion": mean["motion"],
        "flicker": mean["flicker"],
    }


def summarise(rows: list[dict]) -> dict[str, dict]:
    """Per method and column: the mean over all clips, and the spread of that mean over seeds."""
    seeds = sorted({row["seed"] for row in rows})
    names = list(dict.fromkeys(row["method"] for row in rows))
    means = {(m, s): mean_of(rows, m, s) for m in names for s in seeds}
    for (_, seed), mine in means.items():
        usual = [means[name, seed] for name in names if name == "plain" or name.startswith("denoise")]
        for column in GAINS:
            mine[f"gain, {column}"] = above_the_usual_way(mine, usual, column)
    summary = {}
    for method in names:
        by_column = {c: [means[method, s][c] for s in seeds] for c in means[method, seeds[0]]}
        summary[method] = {
            c: None if None in v else [round(float(np.mean(v)), 4), round(float(np.std(v)), 4)]
            for c, v in by_column.items()
        }
    return summary


def mean_of(rows: list[dict], method: str, seed: int) -> dict:
    mine = [row for row in rows if (row["method"], row["seed"]) == (method, seed)]
    held_out = [row["PSNR to true clip"] for row in mine if row["picture"] in HELD_OUT]
    mean = {column: float(np.mean([row[column] for row in mine])) for column in COLUMNS}
    return mean | {"PSNR to true clip, held-out pictures": float(np.mean(held_out))}


def above_the_usual_way(mine: dict, usual: list[dict], column: str) -> float | None:
    """How much more of a measure than lower denoise gives at the same motion; None where it never has that motion."""
    if len(usual) < 2:
        return None
    line = sorted((one["motion"], one[column]) for one in usual)
    motions, values = zip(*line, strict=True)
    if not motions[0] <= mine["motion"] <= motions[-1]:
        return None
    return mine[column] - float(np.interp(mine["motion"], motions, values))


def write_table(summary: dict, path: Path, caption: str) -> None:
    columns = list(next(iter(summary.values())))
    lines = [caption, "", "| method | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    for method, values in summary.items():
        cells = ("–" if v is None else f"{v[0]:.2f} ± {v[1]:.2f}" for v in (values[c] for c in columns))
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    path.write_text("\n".join(lines) + "\n")


def draw(summary: dict, path: Path) -> None:
    """Fidelity against motion, and likeness to the true clip against motion: one line for each knob that is turned."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 5.6), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    lines = {
        "lower denoise, no rectification": (["plain", *(f"denoise {d:g}" for d in DENOISES)], "#D55E00", "s--"),
        "rectified, published ω: τ_end from low to high": (
            [f"published ω, τ_end {t:g}" for t in TAU_ENDS],
            "#0072B2",
            "o-",
        ),
        "rectified, τ_end 0.6: constant ω from 1 to 0": ([f"ω = {w:g}" for w in reversed(OMEGAS)], "#009E73", "^-"),
    }
    points = {"true clip": ("*", "black"), "frozen picture": ("X", "grey")}
    for axes, column, title in zip(
        figure.subplots(1, 2),
        ("SSIM to picture", "PSNR to true clip"),
        ("Fidelity to the picture", "Likeness to the true clip: fidelity and motion at once"),
        strict=True,
    ):
        for label, (names, colour, style) in lines.items():
            there = [summary[n] for n in names if n in summary]
            (x, xerr), (y, yerr) = (zip(*(s[c] for s in there), strict=True) for c in ("motion", column))
            axes.errorbar(x, y, yerr, xerr, style, color=colour, label=label, capsize=2, elinewidth=0.8)
        for name, (marker, colour) in points.items():
            if column != "PSNR to true clip" or name != "true clip":
                axes.plot(summary[name]["motion"][0], summary[name][column][0], marker, color=colour, ms=12, label=name)
        axes.set_title(title)
        axes.set_xlabel("motion, pixels per frame")
        axes.set_ylabel("SSIM, 1 = equal" if column.startswith("SSIM") else "PSNR, dB")
        axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    figure.axes[0].legend(fontsize="small")
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", nargs="*", help="methods to run; all without it")
    parser.add_argument("--clips", type=int, default=len(CLIPS), help="the first N clips only, for a quick look")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    chosen = options.only or list(methods())
    clips = CLIPS if options.clips == len(CLIPS) else CLIPS[:: max(1, len(CLIPS) // options.clips)]
    runs = [(*clip, seed, chosen) for seed in range(options.seeds) for clip in clips]
    rows = []
    with ProcessPoolExecutor(options.workers, get_context("spawn"), start_worker) as pool:
        for i, done in enumerate(pool.map(measure_clip, *zip(*runs, strict=True)), start=1):
            rows += done
            print(f"{i} of {len(runs)} clips", end="\r", flush=True)
    summary = summarise(rows)
    caption = (
        f"{len(clips)} clips x {options.seeds} seeds, {STEPS} steps, guidance {CFG:g}, euler unless another sampler is "
        "named; mean ± standard deviation of the mean over seeds. Motion in pixels per frame, flicker in 8-bit levels. "
        "Gain: what the method has more than lower denoise at equal motion (read off the line of the denoise rows); – "
        "where lower denoise never has that motion."
    )
    (HERE / "evidence.json").write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    write_table(summary, HERE / "evidence.md", caption)
    if "published ω, τ_end 0.6" in summary and "plain" in summary:
        draw(summary, HERE / "evidence.png")
    print((HERE / "evidence.md").read_text())


if __name__ == "__main__":
    main()
