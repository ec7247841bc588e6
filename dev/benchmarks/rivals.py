"""Side by side with what people would use instead: the demo model, the clips, the seed and the measures of evidence.py.

    python dev/benchmarks/rivals.py PATH_TO_PACKS [--clips N] [--workers N]
    python dev/benchmarks/rivals.py --known | --page

PATH_TO_PACKS: a folder that holds checkouts of ComfyUI-KJNodes, RES4LYF and ComfyUI-AnimateDiff-Evolved, whose needs
the Python that runs this must have. They are loaded as the host loads them; newer ones need a newer host than the
private one: COMFYUI=FOLDER names it. Each rival's knob is swept, so that it is a line and not a point.

Results are kept per clip in output/rivals, in a folder named after the demo model's weights: a run that was stopped
goes on where it was, and a rival that was added is all that runs. Delete the folder when the rule or a pack changes.
Writes rivals.json and rivals.png beside this file, its tables into the texts, and strips of frames to look at into
output/rivals. --known: of the clips that are done, running nothing. --page: the tables alone, of rivals.json.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from benchmarks.evidence import CLIPS
from benchmarks.harness import (
    HERE,
    PSNR,
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
from benchmarks.moved import FREE_MOVES, against_asked, asked_by
from benchmarks.rival_methods import RIVALS, Rival, moved_truly, points
from private_host.setup import ROOT

LOOKED_AT = (("coffee", "pan left"), ("cat", "zoom in"))  # clips whose frames are kept, to look at
SHOWN_FRAMES = (0, 3, 6, 9, 12, 15)
ASKED = LOOKED_AT  # pictures and prompts under which a camera move is asked for
ASKED_SPEED = 1.5  # of a camera that is asked for, times that of the prompt
COLUMNS = ("fidelity along motion", PSNR, "motion", "flicker", "time")
IN_SHORT = (
    "plain",
    "frozen picture",
    "lower denoise, denoise 0.6",
    "noise mask on frame 0, mask of the others 1",
    "noise mask on frame 0, mask of the others 0.9",
    "DifferentialDiffusion over the frames, mask of the last frame 1",
    "KJNodes ColorMatch, after plain, strength 1",
    "KJNodes LatentInpaintTTM, still clip, steps 12",
    "RES4LYF epsilon, weight 1",
    "RES4LYF epsilon, every step, weight 0.1",
    "RES4LYF epsilon, frame weights, scale 1",
    "RES4LYF flow, end step 3",
    "RES4LYF sync, end step 9",
    "AnimateDiff-Evolved FreeInit, iterations 2",
    "published rule, ours, τ_end 0.6",
    "published rule, softly to the end, ours, strength 0.25",
    "carried, ours, τ_end 0.6",
    "carried, ω = 0, softly to the end, ours, strength 0.5",
    "carried, ω = 0, ours, τ_end 1",
)


def start_with_packs(packs: str) -> None:
    start_worker()
    import server

    import nodes

    server.PromptServer(asyncio.new_event_loop())  # packs register routes with it as they are loaded
    for pack in sorted(Path(packs).iterdir()):
        asyncio.run(nodes.load_custom_node(str(pack)))


def results_folder() -> Path:
    weights = hashlib.sha256((ROOT / "nodes" / "demo_model" / "model.safetensors").read_bytes()).hexdigest()
    folder = ROOT / "output" / "rivals" / weights[:8]
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def known_of(*names: str) -> dict:
    """What is known of a clip, or of something else that is named so."""
    file = results_folder() / f"{' '.join(names)}.json"
    return json.loads(file.read_text()) if file.exists() else {}


def note(known: dict, *names: str) -> None:
    (results_folder() / f"{' '.join(names)}.json").write_text(json.dumps(known, ensure_ascii=False, indent=1))


def frames_file(name: str, motion: str, method: str) -> Path:
    return results_folder() / f"{name} {motion}.{method}.npy"


def scene_of(name: str, motion: str) -> Scene:
    from demo_model.clips import true_clip

    truth = true_clip(name, motion)
    return Scene(truth, motion, moved_truly(name, motion, truth[:1]))


def asked_scenes(name: str, motion: str) -> dict[str, Scene]:
    """One picture under camera moves that are asked for in pixels (NRCameraMove), the moved picture being the truth."""
    from demo_model.clips import true_clip

    picture = true_clip(name, motion, 1)
    moves = {f"{ASKED_SPEED:g} times the prompt's speed": (motion, asked_by(motion, ASKED_SPEED))}
    moves |= {f"{label}, no prompt": (None, move) for label, move in FREE_MOVES.items()}
    scenes = {}
    for label, (prompt, move) in moves.items():
        frames, visible, _ = Scene(picture, prompt).filmed(*move)
        scenes[label] = Scene(frames, prompt, moving=(frames, visible))
    return scenes


def video_of(scene: Scene, rival: Rival, value: float) -> np.ndarray:
    made = rival.make(scene, value)
    frames = scene.vae.decode(made["samples"]) if isinstance(made, dict) else made
    return frames.clamp(0, 1).numpy()


def measured(make, measure) -> dict:
    """The measures of what `make` makes, with the processor time that it took; or why it fails.

    Processor time, since on a busy machine the clock on the wall says more of the others.
    """
    started = time.process_time()
    try:
        made = make()
        taken = time.process_time() - started
        return measure(made) | {"seconds": taken}
    except Exception as error:  # another pack's: it is told in the table, and the others go on
        return {"fails": f"{type(error).__name__}: {error}"}


def measure_clip(name: str, motion: str) -> None:
    """What is not yet known of one clip, point by point, kept as soon as it is known."""
    import torch

    known = known_of(name, motion)
    with torch.inference_mode():
        scene = scene_of(name, motion)
        truth, picture = scene.truth.numpy(), scene.picture[0].numpy()
        ways = {"true clip": lambda: truth, "frozen picture": lambda: scene.picture.expand_as(scene.truth).numpy()}
        ways |= {m: lambda rival=rival, v=v: video_of(scene, rival, v) for m, (rival, v) in points().items()}
        for method in [m for m in ways if m not in known]:

            def measure(video, method=method):
                if (name, motion) in LOOKED_AT:
                    np.save(frames_file(name, motion, method), (255 * video).round().astype(np.uint8))
                return measure_video(video, picture, truth)

            known[method] = measured(ways[method], measure)
            note(known, name, motion)


def measure_asked(name: str, motion: str) -> None:
    """The rivals that are told the motion, under camera moves that are asked for; kept likewise."""
    import torch

    known = known_of("camera", name, motion)
    with torch.inference_mode():
        for move, scene in asked_scenes(name, motion).items():
            for method, (rival, value) in points().items():
                label = f"{move}: {method}"
                if label in known or not (rival.told_motion or method == "plain"):
                    continue
                known[label] = measured(
                    lambda scene=scene, rival=rival, value=value: torch.from_numpy(video_of(scene, rival, value)),
                    lambda video, scene=scene: against_asked(video, scene.truth),
                )
                note(known, "camera", name, motion)


def summarise(clips: list[dict]) -> dict[str, dict]:
    """Means over the clips by method, and the time of a run, plain sampling's being 1 (medians)."""
    summary = {m: averaged([clip[m] for clip in clips]) for m in ("true clip", "frozen picture", *points())}
    plain = statistics.median(clip["plain"]["seconds"] for clip in clips)
    for method in points():
        if "fails" not in summary[method]:
            summary[method]["time"] = round(statistics.median(c[method]["seconds"] for c in clips) / plain, 2)
    return summary


def averaged(rows: list[dict]) -> dict:
    """Mean over the clips, or why one of them fails."""
    if failed := [row for row in rows if "fails" in row]:
        return failed[0]
    return {column: round(float(np.mean([row[column] for row in rows])), 4) for column in rows[0]}


def rows_of(summary: dict) -> dict[str, dict]:
    """What the table tells of each method."""
    return {
        method: {COLUMNS[0]: f"does not run: {row['fails']}"} if "fails" in row else {c: row.get(c) for c in COLUMNS}
        for method, row in summary.items()
    }


def tables(results: dict[str, dict]) -> dict[str, list[str]]:
    """Of all methods, and of those that are told the motion under a camera move; and the first in short."""
    run, clips = results["run"], results["clips"]
    short = {name: in_short(clips[name]) for name in IN_SHORT if "fails" not in clips[name]}
    return {
        "rivals": [f"{run['clips']} clips, ComfyUI {run['ComfyUI']}.", "", *table(rows_of(clips))],
        "rivals under a camera move": table(results["camera"], ""),
        "rivals in short": table(short, ""),
    }


def draw(summary: dict, path: Path) -> None:
    """Fidelity along the motion, and likeness to the true clip, against motion: a line for each rival."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 6.4), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, 2)
    colours = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
    for axes, column, words in zip(
        panels,
        ("fidelity along motion", PSNR),
        ("SSIM to the picture, along the motion, 1 = equal", "likeness to the true clip: PSNR, dB"),
        strict=True,
    ):
        for i, (name, rival) in enumerate(RIVALS.items()):
            there = [summary[m] for m, (r, _) in points().items() if r is rival and "fails" not in summary[m]]
            style = {"color": colours[i % 7], "marker": "osD^vP*"[i // 4], "ms": 5, "lw": 1}
            if "ours" in name:
                style |= {"lw": 2.6, "ms": 8}
            dash = ":" if rival.told_motion else "-"
            axes.plot([r["motion"] for r in there], [r[column] for r in there], dash, label=name, **style)
        for name, marker in (("true clip", "*"), ("frozen picture", "X")):
            if summary[name][column] < 99:
                axes.plot(summary[name]["motion"], summary[name][column], marker, color="grey", ms=12, label=name)
        axes.axvline(summary["true clip"]["motion"], color="grey", lw=0.8, ls="--")
        axes.set_xlabel("motion, pixels per frame (dashed: the true clip's)")
        axes.set_ylabel(words)
        axes.grid(alpha=0.3)
    panels[1].set_ylim(top=40)  # what gives the moving clip itself back lies far above
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center", fontsize="small",
                  title="dotted: told the true motion")  # fmt: skip
    figure.savefig(path)


def draw_strips() -> None:
    """Frames of every point on the clips that are looked at: one picture for each rival, a row for each value."""
    from PIL import Image, ImageDraw

    for name, motion in LOOKED_AT:
        for label, rival in {"": None, **RIVALS}.items():
            methods = [m for m, (r, _) in points().items() if r is rival] if rival else ["true clip", "frozen picture"]
            files = [(m, frames_file(name, motion, m)) for m in methods]
            rows = [(m, np.load(file)[list(SHOWN_FRAMES)]) for m, file in files if file.exists()]
            if not rows:
                continue
            height, width = 2 * rows[0][1].shape[1], 2 * rows[0][1].shape[2]
            strip = Image.new("RGB", (width * len(SHOWN_FRAMES), (height + 14) * len(rows)), "white")
            for i, (method, frames) in enumerate(rows):
                ImageDraw.Draw(strip).text((4, i * (height + 14)), method, fill="black")
                across = Image.fromarray(np.concatenate(list(frames), axis=1)).resize((strip.width, height))
                strip.paste(across, (0, i * (height + 14) + 14))
            strip.save(results_folder() / f"{name} {motion}, {label or 'true clip'}.png")


def measure(packs: str, clips: list[tuple[str, str]], workers: int) -> None:
    """What is not yet known of these clips."""
    with ProcessPoolExecutor(workers, get_context("spawn"), start_with_packs, (packs,)) as pool:
        jobs = [pool.submit(measure_clip, *clip) for clip in clips]
        jobs += [pool.submit(measure_asked, *clip) for clip in ASKED]
        for i, job in enumerate(jobs, start=1):
            job.result()
            print(f"{i} of {len(jobs)}", flush=True)


def known_results(clips: list[tuple[str, str]]) -> dict[str, dict]:
    """Means over the clips that are done, and over the camera moves where all are."""
    done = [clip for clip in (known_of(*clip) for clip in clips) if points().keys() <= clip.keys()]
    cameras = [known_of("camera", *clip) for clip in ASKED]
    asked = {label: averaged([camera[label] for camera in cameras]) for label in cameras[0]} if all(cameras) else {}
    for row in asked.values():
        row.pop("seconds", None)
    run = {"ComfyUI": version_of_host(), "clips": len(done)}
    return {"run": run, "clips": summarise(done), "camera": asked}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("packs", nargs="?", help="a folder of checkouts")
    parser.add_argument("--clips", type=int, default=len(CLIPS), help="how many of evidence.py's clips")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--known", action="store_true", help="run nothing: tell of the clips that are done")
    options = parser.parse_args()
    if not (options.packs or options.known or options.page):
        parser.error("which packs? Give the folder of their checkouts.")
    clips = CLIPS[:: max(1, len(CLIPS) // options.clips)]
    clips = clips[::2] + clips[1::2]  # what a run that was stopped has, is spread over pictures and motions
    if not options.page:
        if not options.known:
            measure(options.packs, clips, options.workers)
        keep("rivals", known_results(clips))
        draw(kept("rivals")["clips"], HERE / "rivals.png")
        draw_strips()
    write(tables(kept("rivals")))


if __name__ == "__main__":
    main()
