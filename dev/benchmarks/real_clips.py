"""What real models make of their picture, and what carrying it and holding its colours would do there.

    .host/venv/bin/python dev/benchmarks/real_clips.py DATA [--only-colours]

DATA holds what cannot be shipped: `clips/*.webp` and `clips/pictures` (comfyanonymous/ComfyUI_examples, commit
f9431bb), `clips/paper` (noise-rectification/noise-rectification.github.io, commit 721bd40) and `taef2` (see
real_vae.py). (a) The authors' own clips, by the measures of Video Fidelity Report. (b) Clips of models that artists
use, against the picture that each was given. (c) The first frame of these clips moved along their motion, in pixels and
on latent cells. (d) Their colours held to the picture after the fact: by nodes/core/colours.py, by ColorTransfer where
the host has it, and by KJNodes' ColorMatch where the Python that runs this has color-matcher.

All frames are measured: in (a) at their own size, in (b) shrunk to 512 pixels along the longer side. (c) follows the
first 17 frames at 384 pixels, as real_vae.py does, and measures every fourth. Drift of colours, in (b) and (d), is told
of pictures that are moved at the clip's own size and then shrunk to 384 pixels, where the softness of moving them
hardly counts.

--only-colours leaves (a) to (c) as they are; rows of (d) that this Python and this host cannot measure stay as they
were. Writes real_clips.json beside this file, and its tables into the texts; with --page only these.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from benchmarks.harness import arguments, cell, film, keep, kept, node, start_worker, table, write
from benchmarks.real_vae import frames_of, taef2

NAME = "real_clips"
METHODS = {  # of the authors' first page: what the table says of each
    "Ours": "published method",
    "Ours+IP-Adapter": "published method, with IP-Adapter",
    "VLDM+ConcateImage": "picture concatenated",
    "VLDM+Ctrl.R.O": "Ctrl.R.O",
    "VLDM+IP-Adapter": "IP-Adapter",
    "VLDM+SDEdit": "SDEdit",
    "VideoComposer": "VideoComposer",
    "I2VGen-XL": "I2VGen-XL, of another shape",
    "VideoCrafter": "VideoCrafter, of another shape",
}
LONGEST = 512  # pixels of a clip that is measured in (b)
EVERY = 4  # frames of a clip, in (c)
PLACE = 16  # pixels of 384 along a side: far more than motion is found wrong by
HELD_AT = (1 / 4, 1 / 2, 3 / 4, 1)  # of a clip: the frames whose colours are held
COLOUR_TRANSFER = ("reinhard_lab", "mkl_lab", "histogram")
MODELS = {"animatediff": "AnimateDiff", "hotshot": "Hotshot", "modelscope": "ModelScope"}


@dataclass(frozen=True)
class Clip:
    """A real model's clip: the file's name, the model, the picture that it was given. fair: how many of its frames show
    what the picture shows, so that a drift of their colours is one, where these are not all; and why."""

    file: str
    model: str
    picture: str
    fair: int | None = None
    why: str = ""

    @property
    def name(self) -> str:
        return f"{self.model}, {self.why}" if self.why else self.model


CLIPS = (
    Clip("wan21_14b_480p", "Wan 2.1 14B", "flux_dev_example.png", 0, "turns around"),
    Clip("wan21_camera_zoom_out", "Wan 2.1 Fun Camera 1.3B", "flux_dev_example.png"),
    Clip("wan22_5b", "Wan 2.2 5B", "fennec_girl_hug.png"),
    Clip("ltxv_095_fox", "LTX-Video 0.9.5", "fox.jpg", 49, "walks away: first half"),
    Clip("svd_mountains", "SVD", "mountains.png"),
)


# ---- films -----------------------------------------------------------------------------------------------------------


def frames_of_film(path: Path):
    """All frames of a film [F, H, W, 3] in 0…1."""
    import torch

    return torch.from_numpy(film(path)).float() / 255


def picture(path: Path):
    """[1, H, W, 3] in 0…1."""
    import torch
    from PIL import Image

    return torch.from_numpy(np.array(Image.open(path).convert("RGB"))[None]).float() / 255


def given(clip: Clip, folder: Path, frames):
    """The picture of a clip [1, H, W, 3], cropped and scaled as all five models' nodes do it."""
    _, height, width, _ = frames.shape
    whole = picture(folder / "pictures" / clip.picture)
    return node("ImageScale", image=whole, upscale_method="bilinear", width=width, height=height, crop="center")


# ---- (a) the authors' clips ------------------------------------------------------------------------------------------


def authors_clips(folder: Path) -> dict[str, dict[str, list]]:
    """Each way's clips: its name -> measure -> a number a clip."""
    compared, extended = folder / "comparison_methods", folder / "extension_in_T2V_to_I2V"
    ways = {
        title: [(compared / f"{i}-{method}.mp4", compared / f"{i}.png") for i in (1, 2, 3)]
        for method, title in METHODS.items()
    }
    for model, title in MODELS.items():
        ways[f"{title}, of the text alone"] = [(extended / f"1-{model}_T2V.mp4", extended / "1.png")]
        ways[f"{title}, with the published method"] = [(extended / f"1-{model}+Ours_I2V.mp4", extended / "1.png")]
    return {
        way: of_clips([reported(frames_of_film(clip), picture(shown)) for clip, shown in of])
        for way, of in ways.items()
    }


def reported(frames, image) -> dict[str, float | str]:
    """A clip by the measures of Video Fidelity Report."""
    from noise_rectification.nodes.host.report import measure_video

    measured = measure_video(frames, image)
    return {
        "size": f"{frames.shape[2]} x {frames.shape[1]}",
        "motion": measured.mean["motion"],
        "dynamic": measured.vbench["dynamic_degree"],
        "fidelity along motion": measured.mean["fidelity_along_motion"],
        "SSIM to picture": measured.mean["ssim"],
    }


def of_clips(rows: list[dict]) -> dict[str, list]:
    return {key: [rounded(row)[key] for row in rows] for key in rows[0]}


def rounded(row: dict) -> dict:
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()}


# ---- along the motion ------------------------------------------------------------------------------------------------


def followed(image, frames):
    """The motion of a clip [F, H, W, 3] from its picture [1, H, W, 3] on: Followed, of F + 1 frames."""
    import torch
    from noise_rectification.nodes.core.moved_picture import follow

    return follow(small(torch.cat([image, frames])))


def small(frames, *longest: int):
    """Frames [N, H, W, 3] at the size at which motion is looked for, or at most so many pixels along the longer side:
    [N, 3, h, w]."""
    import torch
    from noise_rectification.nodes.core.moved_picture import shrunk, working_size

    width, height = working_size(frames.shape[2], frames.shape[1], *longest)
    return torch.cat([shrunk(frame[None].movedim(-1, 1), (height, width)) for frame in frames])


def seen_at(image, motion, i: int):
    """The picture as frame i of a clip sees it and how much of it that shows, [1, 3, h, w] and [1, 1, h, w]."""
    from noise_rectification.nodes.core.moved_picture import STRETCH, moved

    there, visible = moved(image.movedim(-1, 1), motion.flow[[i + 1]], STRETCH, motion.agreement[[i + 1]])
    return small(there.movedim(1, -1)), small(visible.movedim(1, -1))


def drift(frame, there, visible) -> dict[str, float]:
    """A frame against the picture moved to it, both [1, 3, h, w], of what the picture shows: CIEDE2000 of the mean
    colours, and place by place; contrast of what is left when details are blurred away, and of the details: 1 is the
    picture's."""
    from noise_rectification.nodes.core.colours import colours
    from noise_rectification.nodes.core.metrics import colour_drift

    (mean, contrast), details = colours(blurred(frame), visible), colours(fine(frame), visible)[1]
    (known, known_contrast), known_details = colours(blurred(there), visible), colours(fine(there), visible)[1]
    pixels, wanted = (colour.movedim(1, -1).numpy() for colour in (mean, known))
    return {
        "ΔE00": float(colour_drift(pixels, wanted[0])[0]),
        "ΔE00, place by place": by_place(frame, there, visible),
        "contrast": float((contrast / known_contrast).mean()),
        "fine contrast": float((details / known_details).mean()),
    }


def by_place(frame, there, visible) -> float:
    """CIEDE2000 of the mean colours of squares of PLACE pixels, in the mean over what is visible."""
    from skimage.color import deltaE_ciede2000, rgb2lab
    from torch.nn.functional import avg_pool2d

    share = avg_pool2d(visible, PLACE)
    squares = (avg_pool2d(pixels * visible, PLACE) / share.clamp(min=1e-3) for pixels in (frame, there))
    one, other = (rgb2lab(colours[0].movedim(0, -1).numpy()) for colours in squares)
    return float(np.average(deltaE_ciede2000(one, other), weights=share[0, 0].numpy()))


def blurred(frames):
    """Means over some 5x5 pixels."""
    from noise_rectification.nodes.core.flow import windowed

    return windowed(windowed(frames))


def fine(frames):
    """What blurring takes away."""
    return frames - blurred(frames)


# ---- (b) what models make of their picture ---------------------------------------------------------------------------


def made_of_picture(image, frames, motion, fair: int | None) -> dict[str, float | str]:
    """The report's measures; and how the first and the last of the fair frames differ from the picture where they show
    it."""
    row = {"frames": len(frames)} | reported(small(frames, LONGEST).movedim(1, -1), image)
    ends = {"first": 0, "last": len(frames[:fair]) - 1} if fair != 0 else {}
    for end, i in ends.items():
        there, visible = seen_at(image, motion, i)
        found = drift(small(frames[[i]]), there, visible) | {"visible": float(visible.mean())}
        row |= {f"{measure}, {end}": value for measure, value in found.items()}
    return rounded(row)


# ---- (c) carried in pixels, and on latent cells ----------------------------------------------------------------------


def carried(vae, clip) -> dict[str, dict[str, float]]:
    """The first frame of a clip [F, H, W, 3] moved along the clip's own motion: PSNR to the clip where it is visible,
    and fine contrast as a share of the clip's, by the way of moving it."""
    import torch
    from noise_rectification.nodes.core.flow import warp
    from noise_rectification.nodes.core.moved_picture import STRETCH, follow, moved
    from torch.nn.functional import interpolate

    motion = follow(clip.movedim(-1, 1))
    some = slice(EVERY, None, EVERY)
    clip, first, flow = clip[some], clip[:1], motion.flow[some]
    each = zip(flow.split(1), motion.agreement[some].split(1), strict=True)
    made, visible = zip(*(moved(first.movedim(-1, 1), u, STRETCH, agreeing) for u, agreeing in each), strict=True)
    in_pixels, visible = torch.cat(made).movedim(1, -1), torch.cat(visible)
    latent = vae.encode(first)
    cells = interpolate(flow, latent.shape[-2:], mode="area") * (latent.shape[-1] / clip.shape[2])
    ways = {
        "standing still": first.expand_as(clip),
        "moved in pixels": in_pixels,
        "moved in pixels, then encoded": vae.decode(vae.encode(in_pixels)),
        "moved on latent cells": vae.decode(warp(latent, cells)),
        "the clip itself, encoded": vae.decode(vae.encode(clip)),
    }
    return {way: likeness(frames, clip, visible) for way, frames in ways.items()}


def likeness(frames, clip, visible) -> dict[str, float]:
    """Frames against a clip, both [F, H, W, 3], where visible [F, 1, H, W]: PSNR; fine contrast as a share of the
    clip's; and how much of the clip's own details is in it, 1 where all of them are."""
    from noise_rectification.nodes.core.colours import colours

    frames, clip = frames.movedim(-1, 1), clip.movedim(-1, 1)
    error = ((frames - clip).square() * visible).sum() / (3 * visible.sum())
    details, known = fine(frames), fine(clip)
    contrast, wanted = colours(details, visible)[1], colours(known, visible)[1]
    of_the_clip = {
        "PSNR": float(-10 * error.log10()),
        "fine contrast": float((contrast / wanted).mean()),
        "the clip's details": float((details * known * visible).sum() / (known.square() * visible).sum()),
    }
    return rounded(of_the_clip)


# ---- (d) colours held after the fact ---------------------------------------------------------------------------------


def colours_held(image, frames, motion) -> dict[str, dict[str, float]]:
    """What drift of colours each way leaves, in the mean over HELD_AT."""
    ways = {"the clip as it is": lambda frame, i: frame, "hold_colours 1": partial(held_to, small(image), motion)}
    ways |= {way: partial(by_pictures, match, image) for way, match in (color_transfer() | color_matcher()).items()}
    found = {way: [] for way in ways}
    for i in (round(share * (len(frames) - 1)) for share in HELD_AT):
        frame, (there, visible) = small(frames[[i]]), seen_at(image, motion, i)
        for way, recolour in ways.items():
            found[way].append(drift(recolour(frame, i).clamp(0, 1), there, visible))
    return {way: mean_of(rows) for way, rows in found.items()}


def held_to(picture, motion, frame, i: int):
    """A frame as `hold_colours` 1 would have it, both [1, 3, h, w], were it a latent."""
    from noise_rectification.nodes.core.colours import colours, recoloured
    from noise_rectification.nodes.core.flow import inside, warp

    u = motion.flow[[i + 1]]
    visible = inside(u) * motion.agreement[[i + 1]]
    wanted = colours(picture, visible, partial(warp, u=u, mode="bilinear"))
    return recoloured(frame, colours(frame, visible), wanted, 1.0)


def by_pictures(match, image, frame, i: int):
    """A frame [1, 3, h, w] by what takes a picture and a frame as nodes do."""
    return match(small(image).movedim(1, -1), frame.movedim(1, -1)).movedim(-1, 1)


def color_transfer() -> dict:
    """The host's ColorTransfer, by its methods, where the host has it: frame by frame, its default."""
    import sys

    if "ColorTransfer" not in sys.modules["nodes"].NODE_CLASS_MAPPINGS:
        return {}

    def matched(method: str, picture, frame):
        stats = {"source_stats": "per_frame"}
        return node("ColorTransfer", image_target=frame, image_ref=picture, method=method, source_stats=stats)

    return {f"ColorTransfer, {method}": partial(matched, method) for method in COLOUR_TRANSFER}


def color_matcher() -> dict:
    """What KJNodes' ColorMatch calls by default, where color-matcher is there."""
    import torch

    try:
        from color_matcher import ColorMatcher
    except ImportError:
        return {}

    def matched(picture, frame):
        made = ColorMatcher().transfer(src=frame[0].numpy(), ref=picture[0].numpy(), method="mkl")
        return torch.from_numpy(made)[None].float()

    return {"KJNodes ColorMatch, mkl": matched}


def mean_of(rows: list[dict[str, float]]) -> dict[str, float]:
    """Means; of contrast, of how far it is off."""
    off = [{**row, "contrast": abs(row["contrast"] - 1)} for row in rows]
    return rounded({key: float(np.mean([row[key] for row in off])) for key in off[0]})


# ---- tables ----------------------------------------------------------------------------------------------------------


def tables(results: dict) -> dict[str, list[str]]:
    models, moves = results["models"], results["moves"]
    short = (
        "motion, pixels a frame",
        "fidelity along the motion, SSIM",
        "ΔE00, first → last",
        "fine contrast, first → last",
    )
    whole = {name: of_model(row) for name, row in models.items()}
    return {
        "the authors' clips": table({way: of_way(row) for way, row in results["authors"].items()}, "way"),
        "real models": table(whole, "model"),
        "real models in short": table({name: {key: row[key] for key in short} for name, row in whole.items()}, "model"),
        "moves of real clips, PSNR": by_way(moves, "PSNR", "PSNR where visible, dB"),
        "moves of real clips, fine contrast": by_way(moves, "fine contrast", "fine contrast, of the clip's"),
        "moves of real clips, details": by_way(moves, "the clip's details", "share of the clip's own details"),
        "colours of real clips": table(of_colours(results["colours"]), "way"),
    }


def of_way(clips: dict[str, list]) -> dict[str, str | float]:
    dynamic = clips["dynamic"]
    return {
        "clips": str(len(dynamic)),
        "size": ", ".join(dict.fromkeys(clips["size"])),
        "motion, pixels a frame": median(clips["motion"]),
        "dynamic": f"{sum(dynamic):.0f} of {len(dynamic)}",
        "fidelity along the motion, SSIM": median(clips["fidelity along motion"]),
        "SSIM to the picture": median(clips["SSIM to picture"]),
    }


def of_model(row: dict) -> dict[str, str | float]:
    def drifts(measure: str) -> str | None:
        ends = (cell(row.get(f"{measure}, {end}")) for end in ("first", "last"))
        return " → ".join(ends) if f"{measure}, first" in row else None

    return {
        "frames": str(row["frames"]),
        "motion, pixels a frame": row["motion"],
        "dynamic": "yes" if row["dynamic"] else "no",
        "fidelity along the motion, SSIM": row["fidelity along motion"],
        "visible, last": row.get("visible, last"),
        "ΔE00, first → last": drifts("ΔE00"),
        "contrast, first → last": drifts("contrast"),
        "fine contrast, first → last": drifts("fine contrast"),
    }


def by_way(moves: dict[str, dict], measure: str, head: str) -> list[str]:
    rows = {name: {way: round(row[measure], 2) + 0.0 for way, row in ways.items()} for name, ways in moves.items()}
    return table(rows, head)  # no minus zero


def of_colours(clips: dict[str, dict]) -> dict[str, dict]:
    """Means over the clips."""
    columns = {"ΔE00": "ΔE00", "ΔE00, place by place": "ΔE00, place by place", "contrast": "contrast off by",
               "fine contrast": "fine contrast"}  # fmt: skip
    ways = dict.fromkeys(way for rows in clips.values() for way in rows)
    return {
        way: {title: float(np.mean([rows[way][key] for rows in clips.values()])) for key, title in columns.items()}
        for way in ways
    }


# ---- the program -----------------------------------------------------------------------------------------------------


def measured(data: Path, only_colours: bool, before: dict) -> dict:
    vae, results = taef2(data / "taef2"), {"models": {}, "moves": {}, "colours": {}}
    for clip in CLIPS:
        path = data / "clips" / f"{clip.file}.webp"
        frames = frames_of_film(path)
        image = given(clip, data / "clips", frames)
        motion = followed(image, frames)
        if clip.fair != 0:
            known = before.get("colours", {}).get(clip.name, {})
            results["colours"][clip.name] = known | colours_held(image, frames[: clip.fair], motion)
        if not only_colours:
            results["models"][clip.name] = made_of_picture(image, frames, motion, clip.fair)
            results["moves"][clip.name] = carried(vae, frames_of(path))
        print(f"Measured: {clip.name}", flush=True)
    if only_colours:
        return before | {"colours": results["colours"]}
    return {"authors": authors_clips(data / "clips" / "paper")} | results


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("data", nargs="?", type=Path)
    parser.add_argument("--only-colours", action="store_true", help="leave (a) to (c) as they are")
    options = parser.parse_args()
    if not options.page:
        start_worker()
        import torch

        with torch.inference_mode():
            keep(NAME, measured(options.data, options.only_colours, kept(NAME)))
    write(tables(kept(NAME)))


if __name__ == "__main__":
    main()
