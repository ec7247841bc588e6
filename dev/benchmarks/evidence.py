"""The paper's claims put to the test on the demo model: fidelity against motion, over pictures x motions x seeds.

    .host/venv/bin/python dev/benchmarks/evidence.py [--seeds N] [--only METHOD_OR_SAMPLER ...] [--workers N]

evidence.md was made with `--clips 16 --seeds 3`: 16 clips (a picture and a motion each), three seeds for the methods of
THREE_SEEDS and one for the others. A row says which ComfyUI it was measured on: samplers whose first noise repeats the
run's initial noise there are left out (`repeats_initial_noise`), and `COMFYUI=FOLDER PYTHON` in front measures them on
another. Rows that a run does not measure stay as they are.

The demo's clips come from a program, so the true clip of a picture and a motion is known: likeness to it rewards
fidelity and motion at once and is the first column. The frozen picture is a row, so that freezing cannot look like a
win. All methods of one clip start from the same noise. Writes evidence.json and evidence.png beside this file, and its
tables into the texts; with --page only these.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
from benchmarks.harness import (
    BEST,
    CARRIED,
    HERE,
    OFF,
    PSNR,
    SCHEDULER,
    STEPS,
    Scene,
    arguments,
    in_short,
    keep,
    kept,
    measure_video,
    start_worker,
    table,
    version_of_host,
    write,
)

CAMERA = [f"{verb} {way}" for verb, ways in (("pan", ("left", "right", "up", "down")), ("zoom", ("in", "out")),
                                             ("turn", ("left", "right"))) for way in ways]  # fmt: skip
HELD_OUT = ("coffee", "cameraman")  # pictures that the model's training never showed
PHOTOS = ("astronaut", "cat", "rocket", *HELD_OUT)
DRAWINGS = ("disc", "star", "sun", "triangle")
CLIPS = [(photo, motion) for photo in PHOTOS for motion in CAMERA] + [
    (drawing, f"drift {way}") for drawing in DRAWINGS for way in ("left", "up")
]
SAMPLERS = ("dpmpp_2m", "uni_pc", "euler_ancestral", "dpmpp_2m_sde", "lcm")
COLUMNS = (PSNR, "fidelity along motion", "motion", "SSIM to picture", "visible", "flicker")
GAINS = (PSNR,)  # also told as what is gained over lower denoise at equal motion
DENOISES = (0.8, 0.6, 0.4, 0.3)
TAU_ENDS = (0.1, 0.3, 0.6, 0.9, 1.0)
OMEGAS = (0.0, 0.5, 1.0)
AMOUNTS = (0.5, 1.25)
SHIFTS = (1, 5)
USUAL = ("plain", *(f"denoise {d:g}" for d in DENOISES))  # what people do without the pack: gains are told over it
STILL_IMAGE, CARRIED_IMAGE = {"anchor": "image"}, CARRIED | {"anchor": "image"}
THREE_SEEDS = ("plain", "published ω, τ_end 0.6", "carried, τ_end 0.6", "carried, ω = 0, τ_end 1")
IN_SHORT = {
    "plain": "no rectification",
    "frozen picture": "frozen picture",
    "published ω, τ_end 0.6": "as published",
    "carried, τ_end 0.6": "**`motion_compensation` 1**",
    "carried, ω = 0, τ_end 1": "**the same, ω = 0, `tau_end` 1**",
    "true clip": "the true clip",
}
EACH_TAU_END = "`tau_end` 0.1 / 0.3 / **0.6** / 0.9 / 1"
KNOBS = {
    "no rectification, denoise 0.8 / 0.6 / 0.4 / 0.3": [f"denoise {d:g}" for d in DENOISES],
    f"as published, {EACH_TAU_END}": [f"published ω, τ_end {t:g}" for t in TAU_ENDS],
    f"`motion_compensation` 1, {EACH_TAU_END}": [f"carried, τ_end {t:g}" for t in TAU_ENDS],
    "`motion_compensation` 1, ω = 0, `tau_end` 0.9 / 1": [f"carried, ω = 0, τ_end {t}" for t in ("0.9", "1")],
    "as published, ω the same for all frames, 1 / 0.5 / 0": [f"ω = {w}" for w in ("1", "0.5", "0")],
    "`motion_compensation` 1, ω the same for all frames, 1 / 0.5 / 0": [f"carried, ω = {w}" for w in ("1", "0.5", "0")],
    "`motion_compensation` 0.5 / 1 / 1.25": ["carried, amount 0.5", "carried, τ_end 0.6", "carried, amount 1.25"],
}


class Method(NamedTuple):
    """One way to make a clip: a sampler of the host, the schedule's arguments, and how noise and picture are mixed."""

    schedule: dict
    sampler: str = "euler"
    denoise: float = 1.0
    shift: float | None = None  # of the demo model asked as a flow model; None for its noise levels


def methods() -> dict[str, Method]:
    table = {"plain": Method(OFF)}
    table |= {f"denoise {d:g}": Method(OFF, denoise=d) for d in DENOISES}
    table |= {f"published ω, τ_end {t:g}": Method({"tau_end": t}) for t in TAU_ENDS}
    table |= {f"ω = {w:g}": Method({"omega": (w,)}) for w in OMEGAS}
    table["anchor image, τ_end 0.6"] = Method(STILL_IMAGE)
    table |= {f"carried, τ_end {t:g}": Method(CARRIED | {"tau_end": t}) for t in TAU_ENDS}
    table |= {f"carried, ω = {w:g}": Method(CARRIED | {"omega": (w,)}) for w in OMEGAS}
    table |= {f"carried, ω = 0, τ_end {t:g}": Method(BEST | {"tau_end": t}) for t in (0.9, 1.0)}
    table["carried, anchor image, τ_end 0.6"] = Method(CARRIED_IMAGE)
    table |= {f"carried, amount {a:g}": Method({"motion_compensation": a}) for a in AMOUNTS}
    for sampler in SAMPLERS:
        kinds = {"published": {}, "carried": CARRIED, "carried, ω = 0, τ_end 1": BEST}
        table |= {f"{sampler}, {kind}": Method(schedule, sampler) for kind, schedule in kinds.items()}
    table["dpmpp_2m, carried, ω = 0, τ_end 0.9"] = Method(BEST | {"tau_end": 0.9}, "dpmpp_2m")
    table["dpmpp_2m, carried, ω = 0, τ_end 0.9, tau_ramp 0.3"] = Method(
        BEST | {"tau_end": 0.9, "tau_ramp": 0.3}, "dpmpp_2m"
    )
    for shift in SHIFTS:
        kinds = {
            "plain": OFF,
            "still image": STILL_IMAGE,
            "carried image": CARRIED_IMAGE,
            "carried, ω = 0, τ_end 1": BEST | STILL_IMAGE,
        }
        table |= {f"flow, shift {shift}, {kind}": Method(schedule, shift=shift) for kind, schedule in kinds.items()}
    return table


def named(names: list[str] | None) -> list[str]:
    """The methods of these names and of the samplers of these names; all without any."""
    return [name for name, method in methods().items() if not names or name in names or method.sampler in names]


def repeats_initial_noise(sampler: str, seed: int = 0) -> bool:
    """Whether the first noise that a sampler injects is the noise that the run started from, as it is for many samplers
    of ComfyUI 0.3.75 on the CPU: their states are too noisy, so that such a run tells nothing of the sampler.

    Found on one step of a model that predicts zeros: what is left is noise, and more of the run's own where the sampler
    has the run's seed than where it has another.
    """
    import comfy.sample
    import torch
    from private_host.pack import run_node

    (model, _), prompts = run_node("NRLoadDemoModel"), run_node("NRDemoPrompt", motion="pan left")
    model = model.clone()
    model.set_model_sampler_post_cfg_function(lambda step: torch.zeros_like(step["denoised"]))
    latent = torch.zeros(16, 3, 16, 16)
    noise = comfy.sample.prepare_noise(latent, seed)

    def likeness(seed_of_sampler: int) -> float:
        state = comfy.sample.sample(model, noise, STEPS, 1.0, sampler, SCHEDULER, *prompts, latent, last_step=1,
                                    disable_pbar=True, seed=seed_of_sampler)  # fmt: skip
        return float(torch.corrcoef(torch.stack([state, noise]).flatten(1))[0, 1])

    # Two draws, of 12288 numbers each, are alike by about ±0.01; one that is used twice adds 0.08 (er_sde) to 1 (lcm).
    return likeness(seed) > likeness(seed + 12345) + 0.04


def repeating(samplers: list[str]) -> list[str]:
    import torch

    with torch.inference_mode():
        return [sampler for sampler in samplers if repeats_initial_noise(sampler)]


def measure_clip(name: str, motion: str, seed: int, chosen: set[str]) -> list[dict]:
    """All chosen methods on one picture, motion and seed."""
    import torch
    from demo_model.clips import true_clip
    from private_host.pack import run_node

    truth = true_clip(name, motion)
    scene = Scene(truth, motion)
    (flow_model, _) = run_node("NRLoadDemoModel", sampling="flow")

    def sample(method: Method):
        model = None
        if method.shift is not None:
            model = run_node("ModelSamplingSD3", model=flow_model, shift=method.shift)[0]
        settings = {"model": model, "seed": seed, "sampler": method.sampler, "denoise": method.denoise}
        return scene.sample(scene.picture, method.schedule, **settings).numpy()

    with torch.inference_mode():
        videos = {"true clip": truth.numpy(), "frozen picture": scene.picture.expand_as(truth).numpy()}
        videos |= {name_of: sample(method) for name_of, method in methods().items() if name_of in chosen}
    run = {"picture": name, "motion asked": motion, "seed": seed}
    return [run | {"method": m} | measure_video(v, scene.picture[0].numpy(), truth.numpy()) for m, v in videos.items()]


def summarise(rows: list[dict]) -> dict[str, dict]:
    """Per method and column: the mean over all clips, and the spread of that mean over seeds."""
    names = [name for name in ("true clip", "frozen picture", *methods()) if any(row["method"] == name for row in rows)]
    seeds = {m: sorted({row["seed"] for row in rows if row["method"] == m}) for m in names}
    means = {(m, s): mean_of(rows, m, s) for m in names for s in seeds[m]}
    for mine in means.values():
        usual = [means[n, 0] for n in names if n in USUAL]
        for column in GAINS:
            mine[f"gain, {column}"] = above_the_usual_way(mine, usual, column)
    summary = {}
    for method in names:
        by_column = {c: [means[method, s][c] for s in seeds[method]] for c in means[method, seeds[method][0]]}
        summary[method] = {
            c: None if None in v else [round(float(np.mean(v)), 4), round(float(np.std(v)), 4)]
            for c, v in by_column.items()
        }
    return summary


def mean_of(rows: list[dict], method: str, seed: int) -> dict:
    mine = [row for row in rows if (row["method"], row["seed"]) == (method, seed)]
    held_out = [row[PSNR] for row in mine if row["picture"] in HELD_OUT]
    mean = {column: float(np.mean([row[column] for row in mine])) for column in COLUMNS}
    return mean | {f"{PSNR}, held-out pictures": float(np.mean(held_out))}


def above_the_usual_way(mine: dict, usual: list[dict], column: str) -> float | None:
    """How much more of a measure than lower denoise gives at the same motion; None where it never has that motion."""
    if len(usual) < 2:
        return None
    line = sorted((one["motion"], one[column]) for one in usual)
    motions, values = zip(*line, strict=True)
    if not motions[0] <= mine["motion"] <= motions[-1]:
        return None
    return mine[column] - float(np.interp(mine["motion"], motions, values))


def spread(mean: float, deviation: float, decimals: int = 2) -> str:
    told = f"{mean:.{decimals}f}"
    return f"{told} ± {deviation:.{decimals}f}" if deviation else told


def measurable(chosen: list[str], pool: ProcessPoolExecutor) -> list[str]:
    """The chosen methods less those whose sampler repeats its noise here, which are named."""
    repeated = pool.submit(repeating, sorted({methods()[name].sampler for name in chosen})).result()
    if repeated:
        print(f"Not measured on ComfyUI {version_of_host()}, where they repeat the run's initial noise: "
              f"{', '.join(repeated)}. Their rows stay as they are; COMFYUI=FOLDER names another ComfyUI.")  # fmt: skip
    return [name for name in chosen if methods()[name].sampler not in repeated]


def joined(known: dict[str, dict], fresh: dict[str, dict]) -> dict[str, dict]:
    """Fresh rows in the place of known ones, in the methods' order."""
    both = known | fresh
    return {name: both[name] for name in ("true clip", "frozen picture", *methods()) if name in both}


def tables(summary: dict[str, dict]) -> dict[str, list[str]]:
    """The whole table, and the parts of it that are shown elsewhere."""

    def means(*names: str) -> dict[str, str]:
        return in_short(*({column: summary[name][column][0] for column in COLUMNS} for name in names))

    def with_spread(name: str) -> dict[str, str]:
        likeness = {PSNR: None if name == "true clip" else spread(*summary[name][PSNR], decimals=1)}
        return in_short({column: summary[name][column][0] for column in COLUMNS} | likeness)

    by_sampler = {
        sampler: means(*(f"{sampler}, {way}" for way in ("published", "carried", "carried, ω = 0, τ_end 1")))
        | {"ComfyUI": summary[f"{sampler}, carried"]["ComfyUI"]}
        for sampler in SAMPLERS
    }
    ways = ("plain", "still image", "carried image", "carried, ω = 0, τ_end 1")
    by_shift = {f"shift {shift}": means(*(f"flow, shift {shift}, {way}" for way in ways)) for shift in SHIFTS}
    return {
        "evidence": table({name: cells(values) for name, values in summary.items()}),
        "evidence in short": table({label: with_spread(name) for name, label in IN_SHORT.items()}, ""),
        "evidence by knob": table({label: means(*names) for label, names in KNOBS.items()}, ""),
        "evidence by sampler": table(by_sampler, ""),
        "evidence as a flow model": table(by_shift, ""),
    }


def cells(values: dict) -> dict[str, str | None]:
    return {column: spread(*value) if isinstance(value, list) else value and str(value)
            for column, value in values.items()}  # fmt: skip


def draw(summary: dict, path: Path) -> None:
    """Fidelity against motion, and likeness to the true clip against motion: one line for each knob that is turned."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 5.6), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    lines = {
        "lower denoise, no rectification": (["plain", *(f"denoise {d:g}" for d in DENOISES)], "#D55E00", "s--"),
        "published, τ_end from low to high": ([f"published ω, τ_end {t:g}" for t in TAU_ENDS], "#0072B2", "o-"),
        "published, τ_end 0.6, ω from 1 to 0": ([f"ω = {w:g}" for w in reversed(OMEGAS)], "#56B4E9", "^-"),
        "carried along the motion, τ_end from low to high": (
            [f"carried, τ_end {t:g}" for t in TAU_ENDS],
            "#009E73",
            "D-",
        ),
        "carried, τ_end 0.6, ω from 1 to 0": ([f"carried, ω = {w:g}" for w in reversed(OMEGAS)], "#CC79A7", "v-"),
    }
    points = {"true clip": ("*", "black"), "frozen picture": ("X", "grey")}
    for axes, column, title in zip(
        figure.subplots(1, 2),
        ("fidelity along motion", PSNR),
        ("Fidelity to the picture, along the motion", "Likeness to the true clip: fidelity and motion at once"),
        strict=True,
    ):
        for label, (names, colour, style) in lines.items():
            there = [summary[n] for n in names if n in summary]
            (x, xerr), (y, yerr) = (zip(*(s[c] for s in there), strict=True) for c in ("motion", column))
            axes.errorbar(x, y, yerr, xerr, style, color=colour, label=label, capsize=2, elinewidth=0.8)
        for name, (marker, colour) in points.items():
            if column != PSNR or name != "true clip":
                axes.plot(summary[name]["motion"][0], summary[name][column][0], marker, color=colour, ms=12, label=name)
        axes.set_title(title)
        axes.set_xlabel("motion, pixels per frame")
        axes.set_ylabel("PSNR, dB" if column == PSNR else "SSIM where the picture is visible, 1 = equal")
        axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    figure.axes[0].legend(fontsize="small")
    figure.savefig(path)


def measured(options) -> dict[str, dict]:
    """The rows that were asked for, in the place of those that are kept."""
    clips = CLIPS if options.clips == len(CLIPS) else CLIPS[:: max(1, len(CLIPS) // options.clips)]
    rows = []
    with ProcessPoolExecutor(options.workers, get_context("spawn"), start_worker) as pool:
        chosen = measurable(named(options.only), pool)
        if not chosen:
            sys.exit("There is nothing left to measure.")
        lists = [{*chosen, *USUAL} if seed == 0 else {*chosen} & {*THREE_SEEDS} for seed in range(options.seeds)]
        runs = [(*clip, seed, lists[seed]) for seed in range(options.seeds) for clip in clips]
        for i, done in enumerate(pool.map(measure_clip, *zip(*runs, strict=True)), start=1):
            rows += done
            print(f"{i} of {len(runs)} clips", end="\r", flush=True)
    if not options.only:
        chosen = ["true clip", "frozen picture", *chosen]
    fresh = {method: values for method, values in summarise(rows).items() if method in chosen}
    for method, values in fresh.items():
        seeds = len({row["seed"] for row in rows if row["method"] == method})
        values |= {"clips": len(clips), "seeds": seeds, "ComfyUI": version_of_host()}
    return joined(kept("evidence"), fresh)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", nargs="*", help="methods to run; all without it")
    parser.add_argument("--clips", type=int, default=len(CLIPS), help="the first N clips only, for a quick look")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    if not options.page:
        keep("evidence", measured(options))
        draw(kept("evidence"), HERE / "evidence.png")
    write(tables(kept("evidence")))


if __name__ == "__main__":
    main()
