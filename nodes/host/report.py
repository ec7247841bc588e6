"""Videos measured with what the host can give: fitted pictures, CLIP embeddings."""

from __future__ import annotations

from collections.abc import Callable

import comfy.utils
import numpy as np
from torch import Tensor

from ..core.metrics import UNITS, Measurement, cosines, measure
from .clip import image_embeddings, text_embedding
from .vae import CENTER_CROP, fit_pictures


def measure_videos(
    videos: list[Tensor], image: Tensor, clip_vision=None, clip=None, text: str = ""
) -> tuple[list[Measurement], list[str]]:
    """Measure videos [F, H, W, 3] against the first picture of `image`, showing progress on the node.

    Returns (measurements, notes in words on what could not be measured).
    """
    bar = comfy.utils.ProgressBar(100 * len(videos))
    measured, notes = [], []
    for i, frames in enumerate(videos):
        measurement, notes = measure_video(
            frames, image, clip_vision, clip, text, lambda share, done=i: bar.update_absolute(int(100 * (done + share)))
        )
        measured.append(measurement)
    return measured, notes


def measure_video(
    frames: Tensor, image: Tensor, clip_vision=None, clip=None, text: str = "", progress: Callable = lambda share: None
) -> tuple[Measurement, list[str]]:
    """One video of `measure_videos`; `progress` is told the share done."""
    picture = fit_pictures(image[:1], frames.shape[2], frames.shape[1], CENTER_CROP)
    measured = measure(frames.cpu().numpy(), picture[0].cpu().numpy(), progress)
    if clip_vision is None:
        said = ["text_alignment cannot be had: link clip_vision too."] if clip is not None and text else []
        return measured, said
    seen, known = image_embeddings(clip_vision, frames), image_embeddings(clip_vision, picture)
    per_frame = measured.per_frame | {
        "image_fidelity": cosines(seen, known),
        "temporal_coherence_clip": cosines(seen[:-1], seen[1:]),
    }
    if clip is None or not text:
        return Measurement(per_frame), []
    asked = text_embedding(clip, text, seen.shape[-1])
    if isinstance(asked, str):
        return Measurement(per_frame), [f"text_alignment cannot be had: {asked}."]
    return Measurement(per_frame | {"text_alignment": cosines(seen, np.broadcast_to(asked, seen.shape))}), []


def report_text(measured: list[Measurement], frames: Tensor, notes: list[str]) -> dict:
    """The report as one plain object: size, units, means and per-frame numbers, the baseline's beside them."""
    video, *baseline = (m.as_json() for m in measured)
    return {
        "frames": frames.shape[0],
        "width": frames.shape[2],
        "height": frames.shape[1],
        "units": {name: UNITS[name] for name in video["mean"]},
        **video,
        **({"baseline": baseline[0]} if baseline else {}),
        "notes": notes,
    }
