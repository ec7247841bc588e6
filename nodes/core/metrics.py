"""What the fidelity report measures. scikit-image is loaded when used.

All functions take frames [F, H, W, 3] and a picture [H, W, 3] of the same size, at least SMALLEST pixels along a side,
float in [0, 1].
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from .along_motion import along_motion, colour_step, mean_colour, ssim

PSNR_OF_EQUALS = 100.0  # dB; equal pictures have infinite PSNR, and the report holds finite numbers only
FLOW_SIZE = 128  # longest side at which optical flow is measured: enough for motion, quick at any video size
LEVELS_OF_LIGHTNESS = 2.55  # 8-bit levels of grey in one of CIELAB lightness, nearly, at any of them
NET_STEPS = 4  # motion is the net flow over this many steps: what flickers there and back cancels
# VBench's rule for a clip that moves: the fastest LARGEST of its pixels, at more than DYNAMIC_SPEED of the shorter side
# a frame, in DYNAMIC_SHARE of its frames.
LARGEST, DYNAMIC_SPEED, DYNAMIC_SHARE = 0.05, 6 / 256, 4 / 16

UNITS = {
    "fidelity_along_motion": "structural similarity to the image, carried along the motion, 1 = equal",
    "visible": "share of the frame in which the carried image is visible, 1 = all",
    "ssim": "structural similarity to the image, 1 = equal",
    "psnr": "dB, peak signal to noise ratio to the image, 100 = equal",
    "image_fidelity": "cosine of CLIP image embeddings, frame and image",
    "temporal_coherence": "structural similarity of neighbouring frames, 1 = equal",
    "temporal_coherence_clip": "cosine of CLIP image embeddings of neighbouring frames",
    "text_alignment": "cosine of CLIP embeddings, frame and text",
    "motion": "pixels per frame, net optical flow",
    "flicker": "8-bit levels, change between neighbouring frames that no motion explains",
    "colour_drift": "CIEDE2000 difference of mean colours, frame and image",
    "sharpness": "share of the image's change from pixel to pixel, along the motion: below 1 soft, above noisy",
    "brightness": "CIELAB lightness, frame minus image, along the motion",
    "colour": "CIEDE2000 difference of mean colours without lightness, along the motion",
    "temporal_flickering": "VBench: 1 - mean change between neighbouring frames, 1 = frozen",
    "motion_smoothness": "VBench: 1 - mean difference of every second frame from what its neighbours show halfway",
    "dynamic_degree": "VBench: 1 = the clip moves, 0 = it does not",
}


@dataclass(frozen=True)
class Measurement:
    """per_frame: name -> one number per frame, or per pair of neighbours. vbench: name -> one number for the clip.

    Names and units as in UNITS. A number that a broken frame leaves unknown is NaN. steps: name -> from each frame to
    the next one, [F - 1]: `brightness` (CIELAB lightness, signed), `colour` (CIEDE2000 without lightness), `change`
    that neither motion nor brightness explains (8-bit levels), `motion` (pixels). difference: see AlongMotion.
    """

    per_frame: dict[str, np.ndarray] = field(default_factory=dict)
    vbench: dict[str, float] = field(default_factory=dict)
    steps: dict[str, np.ndarray] = field(default_factory=dict)
    difference: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 0)))

    @property
    def mean(self) -> dict[str, float]:
        """Mean over what is known of the clip, NaN where nothing is. A clip of one frame has no neighbours: nothing
        moves in it, and it is coherent."""
        alone = {"temporal_coherence": 1.0, "temporal_coherence_clip": 1.0}
        return {k: _mean_of_known(v) if len(v) else alone.get(k, 0.0) for k, v in self.per_frame.items()}

    def as_json(self) -> dict:
        """Rounded, plain numbers; None where a number is not known."""
        return {
            "mean": {k: _plain(v) for k, v in self.mean.items()},
            "per_frame": {k: [_plain(x) for x in v] for k, v in self.per_frame.items()},
            "vbench": {k: _plain(v) for k, v in self.vbench.items()},
        }


def _mean_of_known(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 5)


def broken_frames(frames: np.ndarray) -> np.ndarray:
    """Which frames hold NaN or infinite values, [F] of bool."""
    return np.array([not np.isfinite(frame).all() for frame in frames], dtype=bool)


def measure(
    frames: np.ndarray, picture: np.ndarray, progress: Callable[[float], None] = lambda share: None
) -> Measurement:
    """Everything that needs no CLIP. `progress` is called with the share done, 0 to 1, after each frame or pair of
    frames of each measure; what it raises goes through. Broken frames read NaN."""
    broken = broken_frames(frames)
    whole = [frame for frame, lost in zip(frames, broken, strict=True) if not lost]
    # A stand-in to compute with, struck out below. Lists, so that no copy of the video is made.
    shown = [picture if lost else frame for frame, lost in zip(frames, broken, strict=True)]
    pairs = list(zip(shown[:-1], shown[1:], strict=True))
    around = list(zip(shown[:-2:2], shown[2::2], strict=True))  # the neighbours of every second frame
    broken_pairs = broken[:-1] | broken[1:]
    each = _Told(progress, steps=5 * len(shown) + 4 * len(pairs) + 2 * len(around))
    flows = [optical_flow(*pair) for pair in each(pairs)]
    flows_around = [optical_flow(*pair) for pair in each(around)]
    along = along_motion(whole, picture, each, each.ask).among(broken)
    measured = {
        "fidelity_along_motion": along.fidelity,
        "visible": along.visible,
        "ssim": np.where(broken, np.nan, [ssim(frame, picture) for frame in each(shown)]),
        "psnr": np.where(broken, np.nan, [psnr(frame, picture) for frame in each(shown)]),
        "temporal_coherence": np.where(broken_pairs, np.nan, [ssim(*pair) for pair in each(pairs)]),
        "motion": net_motion([flow * (np.nan if lost else 1) for flow, lost in zip(flows, broken_pairs, strict=True)]),
        "flicker": np.where(broken_pairs, np.nan, flicker(shown, each(flows))),
        "colour_drift": np.where(broken, np.nan, colour_drift(each(shown), picture)),
        "sharpness": along.sharpness,
        "brightness": along.brightness,
        "colour": along.colour,
    }
    steps = colour_steps(shown)
    steps |= {
        "change": np.maximum(0, measured["flicker"] - LEVELS_OF_LIGHTNESS * np.abs(steps["brightness"])),
        "motion": np.array([np.hypot(*flow).mean() for flow in flows]),
    }
    broken_around = broken_pairs[:-1:2] | broken_pairs[1::2]
    smoothness = motion_smoothness(shown[1:-1:2], around, each(flows_around))
    vbench = {
        "temporal_flickering": _of_clip(np.where(broken_pairs, np.nan, temporal_flickering(shown, each))),
        "motion_smoothness": _of_clip(np.where(broken_around, np.nan, smoothness)),
        "dynamic_degree": math.nan
        if len(pairs) and broken_pairs.all()
        else dynamic_degree([flow for flow, lost in zip(flows, broken_pairs, strict=True) if not lost], picture),
    }
    progress(1.0)
    steps = {name: np.where(broken_pairs, np.nan, values) for name, values in steps.items()}
    return Measurement(measured, vbench, steps, along.difference)


class _Told:
    """Tells `progress` the share done of so many steps: after each of the items that it hands through."""

    def __init__(self, progress: Callable[[float], None], steps: int):
        self.progress, self.steps, self.done = progress, steps, 0

    def __call__(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            yield item
            self.done += 1
            self.ask()

    def ask(self) -> None:
        """Nothing more is done, but what is told may want to stop."""
        self.progress(min(1.0, self.done / max(1, self.steps)))


def _of_clip(values: np.ndarray) -> float:
    """Mean of what is known; 1 of a clip too short to have any."""
    return _mean_of_known(values) if len(values) else 1.0


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Peak signal to noise ratio in dB, at most PSNR_OF_EQUALS."""
    error = float(np.mean((a.astype(np.float64) - b) ** 2))
    return min(PSNR_OF_EQUALS, -10 * np.log10(error)) if error > 0 else PSNR_OF_EQUALS


def optical_flow(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """TV-L1 optical flow (Zach et al., 2007) from one frame to the next: [2, h, w], (down, right) in video pixels.

    Measured on grey frames of at most FLOW_SIZE pixels, and scaled back to the video's pixels.
    """
    from skimage.color import rgb2gray
    from skimage.registration import optical_flow_tvl1

    scale = flow_scale(first)
    return scale * optical_flow_tvl1(*(shrink(rgb2gray(frame), scale) for frame in (first, second)))


def net_motion(flows: list[np.ndarray]) -> np.ndarray:
    """Length of the flow averaged over NET_STEPS steps, then over the picture: pixels per frame, one per window.

    Averaging vectors before taking lengths is what tells motion from flicker: noise moves nothing for long.
    """
    steps = min(NET_STEPS, len(flows))
    windows = [np.mean(flows[i : i + steps], axis=0) for i in range(len(flows) - steps + 1)] if steps else []
    return np.array([np.hypot(*flow).mean() for flow in windows])


def flicker(frames: Sequence[np.ndarray], flows: Iterable[np.ndarray]) -> np.ndarray:
    """Mean change between neighbours that is left when the motion is undone, in 8-bit levels; one per pair."""
    from skimage.color import rgb2gray
    from skimage.transform import warp

    left = []
    for first, second, flow in zip(frames[:-1], frames[1:], flows, strict=True):
        scale = flow_scale(first)
        a, b = (shrink(rgb2gray(frame), scale) for frame in (first, second))
        grid = np.stack(np.meshgrid(*map(np.arange, a.shape), indexing="ij"))
        left.append(255 * np.abs(warp(b, grid + flow / scale, mode="edge") - a).mean())
    return np.array(left)


def temporal_flickering(
    frames: Sequence[np.ndarray], each: Callable[[Iterable[Any]], Iterator[Any]] = iter
) -> np.ndarray:
    """VBench's temporal flickering (Huang et al., 2024, arXiv 2311.17982): (255 - MAE) / 255, one per pair.

    MAE: mean absolute difference of neighbouring frames in 8-bit levels. Every motion lowers it as flicker does, so
    VBench asks it of clips that should stand still; a frozen video reads 1.
    """
    return np.array([1 - np.abs(a - b).mean() for a, b in each(zip(frames[:-1], frames[1:], strict=True))])


def motion_smoothness(
    frames: Sequence[np.ndarray], around: list[tuple[np.ndarray, np.ndarray]], flows: Iterable[np.ndarray]
) -> np.ndarray:
    """VBench's motion smoothness (arXiv 2311.17982): (255 - MAE) / 255 between frames and what is seen halfway.

    frames: every second one; around: the frames before and after each; flows: between these two. VBench has a network
    draw the frame in the middle (AMT, arXiv 2304.09790). Ours carries both neighbours half of the way along the flow
    and takes their mean, at most FLOW_SIZE pixels large: the two numbers are not to be compared with each other.
    """
    from skimage.transform import warp

    smooth = []
    for frame, (first, second), flow in zip(frames, around, flows, strict=True):
        scale = flow_scale(frame)
        middle, a, b = (shrink(pixels, scale) for pixels in (frame, first, second))
        grid = np.stack(np.meshgrid(*map(np.arange, middle.shape[:2]), indexing="ij"))
        half = flow / scale / 2
        carried = [
            np.stack([warp(channel, grid + way, mode="edge") for channel in np.moveaxis(pixels, -1, 0)], -1)
            for pixels, way in ((a, -half), (b, half))
        ]
        smooth.append(1 - np.abs(np.mean(carried, axis=0) - middle).mean())
    return np.array(smooth)


def dynamic_degree(flows: list[np.ndarray], picture: np.ndarray) -> float:
    """VBench's dynamic degree (arXiv 2311.17982) of one clip: 1 where it moves, 0 where it does not.

    A pair of frames moves when the largest LARGEST of its flow is longer than DYNAMIC_SPEED of the picture's shorter
    side, in the mean; a clip moves when DYNAMIC_SHARE of its frames do. VBench measures flow with a network (RAFT) on 8
    frames a second; ours is `optical_flow` on every frame that is given.
    """
    lengths = [np.sort(np.hypot(*flow), axis=None) for flow in flows]
    largest = np.array([length[-max(1, int(LARGEST * length.size)) :].mean() for length in lengths])
    moving = np.count_nonzero(largest > DYNAMIC_SPEED * min(picture.shape[:2]))
    return float(moving >= max(1, round(DYNAMIC_SHARE * (len(flows) + 1))))


def colour_drift(frames: Iterable[np.ndarray], picture: np.ndarray) -> np.ndarray:
    """CIEDE2000 between the mean colour of each frame and the picture's; 1 is just noticeable."""
    from skimage.color import deltaE_ciede2000, rgb2lab

    known, *means = (rgb2lab(pixels.mean(axis=(0, 1), keepdims=True)) for pixels in chain([picture], frames))
    return np.array([float(deltaE_ciede2000(mean, known).item()) for mean in means])


def colour_steps(frames: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """`brightness` and `colour` of Measurement.steps."""
    means = [mean_colour(frame) for frame in frames]
    steps = [colour_step(*pair) for pair in zip(means[:-1], means[1:], strict=True)]
    return dict(zip(("brightness", "colour"), np.array(steps).reshape(-1, 2).T, strict=True))


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Row by row cosine of two sets of embeddings [N, D]."""
    return (a * b).sum(-1) / np.maximum(np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1), 1e-12)


def flow_scale(frame: np.ndarray) -> float:
    """How many times a frame is shrunk before its flow is measured."""
    return max(1.0, max(frame.shape[:2]) / FLOW_SIZE)


def shrink(picture: np.ndarray, scale: float) -> np.ndarray:
    """A picture [H, W] or [H, W, 3] `scale` times smaller, low-passed."""
    from skimage.transform import resize

    if scale == 1.0:
        return picture
    return resize(picture, [max(8, round(n / scale)) for n in picture.shape[:2]], anti_aliasing=True)
