"""Videos measured with what the host can give: fitted pictures, CLIP embeddings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from torch import Tensor

from ..core.along_motion import SMALLEST
from ..core.joins import Join
from ..core.metrics import UNITS, Measurement, broken_frames, cosines, measure
from ..core.report_pictures import plot_details, plot_report
from ..core.verdict import Verdict
from .clip import image_embeddings, text_embedding
from .going_on import GoingOn
from .vae import CENTER_CROP, fit_pictures

MEASURED, SEEN = 1.0, 0.2  # steps that a frame is worth, by the time it takes: to be measured, and to be seen by CLIP


def measure_videos(
    videos: dict[str, Tensor], image: Tensor, clip_vision=None, clip=None, text: str = ""
) -> tuple[list[Measurement], list[str]]:
    """Measure videos [F, H, W, 3], each under its input's name, against the first picture of `image`.

    Shows progress on the node. Returns (measurements, notes in words on what could not be measured). Raises ValueError
    naming the input where frames are too small.
    """
    for name, frames in videos.items():
        _check_size(name, frames)
    asked, notes = _text_to_compare(clip_vision, clip, text, image)
    seen = 0.0 if clip_vision is None else SEEN
    going_on = GoingOn(sum((MEASURED + seen) * len(frames) for frames in videos.values()))
    measured = []
    for name, frames in videos.items():
        measured.append(measure_video(frames, image, clip_vision, asked, going_on))
        notes += _note_on_broken(name, broken_frames(frames.cpu().numpy()))
    return measured, notes


def measure_video(
    frames: Tensor,
    image: Tensor,
    clip_vision=None,
    asked: np.ndarray | None = None,
    going_on: GoingOn | None = None,
) -> Measurement:
    """One video of `measure_videos`. asked: CLIP embedding [1, D] of the prompt. going_on: of the whole node."""
    going_on = going_on or GoingOn((MEASURED + SEEN) * len(frames))
    start, all_measured = going_on.done, MEASURED * len(frames)
    picture = fit_pictures(image[:1], frames.shape[2], frames.shape[1], CENTER_CROP)
    pixels = frames.cpu().numpy()
    measured = measure(
        pixels, picture[0].cpu().numpy(), progress=lambda share: going_on.reach(start + share * all_measured)
    )
    if clip_vision is None:
        return measured
    seen = image_embeddings(clip_vision, frames, after_frame=lambda: going_on.step(SEEN))
    known = image_embeddings(clip_vision, picture)
    seen[broken_frames(pixels)] = np.nan
    per_frame = measured.per_frame | {
        "image_fidelity": cosines(seen, known),
        "temporal_coherence_clip": cosines(seen[:-1], seen[1:]),
    }
    if asked is not None:
        per_frame["text_alignment"] = cosines(seen, np.broadcast_to(asked, seen.shape))
    return replace(measured, per_frame=per_frame)


def _check_size(name: str, frames: Tensor) -> None:
    height, width = frames.shape[1:3]
    if min(height, width) < SMALLEST:
        raise ValueError(
            f"{name}: pictures of {width} x {height} pixels are too small to be measured. Give frames of at least "
            f"{SMALLEST} x {SMALLEST}."
        )


def _text_to_compare(clip_vision, clip, text: str, image: Tensor) -> tuple[np.ndarray | None, list[str]]:
    """The text's embedding [1, D] in the space of the frames' embeddings; or None, and why, where it was asked for."""
    if clip is None and not text:
        return None, []
    given = {"clip_vision": clip_vision is not None, "clip": clip is not None, "text": bool(text)}
    missing = [name for name, is_given in given.items() if not is_given]
    if missing:
        return None, [f"text_alignment cannot be had: it also needs {' and '.join(missing)}."]
    asked = text_embedding(clip, text, image_embeddings(clip_vision, image[:1]).shape[-1])
    return (None, [f"text_alignment cannot be had: {asked}."]) if isinstance(asked, str) else (asked, [])


def _note_on_broken(name: str, broken: np.ndarray) -> list[str]:
    if not broken.any():
        return []
    numbers = ", ".join(str(i + 1) for i in np.flatnonzero(broken))
    return [f"{name}: {broken.sum()} of {len(broken)} frames hold NaN or infinite values and are left out: {numbers}."]


def draw_report(
    measured: list[Measurement], frames: Tensor, image: Tensor, said: Verdict, joins: tuple[int, ...]
) -> tuple[Tensor, Tensor]:
    """What a person wants to know, and every other measure: IMAGE, IMAGE. measured: of frames, and of a baseline."""
    video, *baseline = measured
    picture = fit_pictures(image[:1], frames.shape[2], frames.shape[1], CENTER_CROP)[0]
    plot = plot_report(video, frames.cpu().numpy(), picture.cpu().numpy(), said, *baseline, joins=joins)
    return plot, plot_details(video, *baseline, joins=joins)


def report_text(
    measured: list[Measurement], frames: Tensor, notes: list[str], said: Verdict, joins: list[Join]
) -> dict:
    """The report as one plain object: size, units, means and per-frame numbers, the baseline's beside them; the joins,
    and the verdict."""
    video, *baseline = (m.as_json() for m in measured)
    return {
        "frames": frames.shape[0],
        "width": frames.shape[2],
        "height": frames.shape[1],
        "units": {name: UNITS[name] for name in (*video["mean"], *video["vbench"])},
        **video,
        **({"baseline": baseline[0]} if baseline else {}),
        "notes": notes,
        "joins": [join.as_json() for join in joins],
        "verdict": {"sentences": list(said.sentences), "worst": None if said.worst is None else said.worst + 1},
    }
