"""What the fidelity report measures. scikit-image is loaded when used.

All functions take frames [F, H, W, 3] and a picture [H, W, 3] of the same size, at least SMALLEST pixels along a side,
float in [0, 1].
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from . import motion

SMALLEST = 3  # pixels along a side: the smallest window of structural similarity
PSNR_OF_EQUALS = 100.0  # dB; equal pictures have infinite PSNR, and the report holds finite numbers only
FLOW_SIZE = 128  # longest side at which optical flow is measured: enough for motion, quick at any video size
CARRY_SIZE = 256  # longest side at which the image is carried along the motion: detail finer than that is not judged
SMOOTHNESS = 0.05  # of that motion: pictures show it sharper than predictions do, and objects move on their own
NET_STEPS = 4  # motion is the net flow over this many steps: what flickers there and back cancels

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
}


@dataclass(frozen=True)
class Measurement:
    """per_frame: name -> one number per frame, or per pair of neighbours. Names and units as in UNITS.

    A number that a broken frame leaves unknown is NaN.
    """

    per_frame: dict[str, np.ndarray] = field(default_factory=dict)

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
        }


def _mean_of_known(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 5)


def broken_frames(frames: np.ndarray) -> np.ndarray:
    """Which frames hold NaN or infinite values, [F] of bool."""
    return ~np.isfinite(frames).all(axis=(1, 2, 3))


def measure(
    frames: np.ndarray, picture: np.ndarray, progress: Callable[[float], None] = lambda share: None
) -> Measurement:
    """Everything that needs no CLIP. `progress` is told the share done, 0 to 1. Broken frames read NaN."""
    broken, whole = broken_frames(frames), frames
    if broken.any():  # else no copy of the video is made
        whole = frames[~broken]
        frames = np.where(broken[:, None, None, None], picture, frames)  # a stand-in to compute with, struck out below
    pairs = list(zip(frames[:-1], frames[1:], strict=True))
    broken_pairs = broken[:-1] | broken[1:]
    flows = []
    for i, (first, second) in enumerate(pairs):
        flows.append(optical_flow(first, second))
        progress((i + 1) / len(frames))
    fidelity, visible = fidelity_along_motion(whole, picture)
    measured = {
        "fidelity_along_motion": _among(broken, fidelity),
        "visible": _among(broken, visible),
        "ssim": np.where(broken, np.nan, [ssim(frame, picture) for frame in frames]),
        "psnr": np.where(broken, np.nan, [psnr(frame, picture) for frame in frames]),
        "temporal_coherence": np.where(broken_pairs, np.nan, [ssim(*pair) for pair in pairs]),
        "motion": net_motion([flow * (np.nan if lost else 1) for flow, lost in zip(flows, broken_pairs, strict=True)]),
        "flicker": np.where(broken_pairs, np.nan, flicker(frames, flows)),
        "colour_drift": np.where(broken, np.nan, colour_drift(frames, picture)),
    }
    progress(1.0)
    return Measurement(measured)


def _among(broken: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values of the frames that are not broken in their places among all of them, [F]; NaN for the others."""
    spread = np.full(len(broken), np.nan)
    spread[~broken] = values
    return spread


def fidelity_along_motion(frames: np.ndarray, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How like the picture each frame is once the motion is taken into account, and how much of it that says: [F], [F].

    The picture is carried along the measured motion to each frame and compared with it there by structural similarity,
    over what of it is still visible; the second number is that share of the frame. A frozen video reads 1, and so does
    a true one, whatever moves in it; a smear reads low.
    """
    if len(frames) == 0:
        return np.empty(0), np.empty(0)
    size = [max(SMALLEST, round(n / max(1.0, max(picture.shape[:2]) / CARRY_SIZE))) for n in picture.shape[:2]]
    video, image = (_for_torch(pixels, size) for pixels in (frames, picture[None]))
    known, seen = motion.guide(image), motion.guide(video)
    backward = motion.flow(known, seen, smoothness=SMOOTHNESS)
    shown = motion.visibility(known, seen, backward)[:, 0].numpy()
    carried = motion.warp(image, backward).clamp(0, 1)
    alike = [ssim_map(*(_for_numpy(x) for x in pair)) for pair in zip(carried, video, strict=True)]
    fidelity = [float((a * share).sum() / max(share.sum(), 1e-6)) for a, share in zip(alike, shown, strict=True)]
    return np.array(fidelity), shown.mean(axis=(1, 2))


def _for_torch(pixels: np.ndarray, size: list[int]) -> Tensor:
    """[N, H, W, 3] -> [N, 3, *size], low-passed."""
    channels_first = torch.from_numpy(np.ascontiguousarray(pixels)).float().movedim(-1, 1)
    return interpolate(channels_first, size=size, mode="bilinear", antialias=True)


def _for_numpy(pixels: Tensor) -> np.ndarray:
    """[3, H, W] -> [H, W, 3]"""
    return pixels.movedim(0, -1).numpy()


def ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Structural similarity (Wang et al., 2004) over the colour channels, in the mean."""
    from skimage.metrics import structural_similarity

    return float(structural_similarity(a, b, channel_axis=-1, data_range=1.0, win_size=_ssim_window(a)))


def ssim_map(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Structural similarity around each pixel: [H, W]."""
    from skimage.metrics import structural_similarity

    _, alike = structural_similarity(a, b, channel_axis=-1, data_range=1.0, win_size=_ssim_window(a), full=True)
    return alike.mean(-1)


def _ssim_window(picture: np.ndarray) -> int:
    """The usual 7 pixels, fewer in tiny pictures."""
    return min(7, (min(picture.shape[:2]) - 1) // 2 * 2 + 1)


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


def flicker(frames: np.ndarray, flows: list[np.ndarray]) -> np.ndarray:
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


def colour_drift(frames: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """CIEDE2000 between the mean colour of each frame and the picture's; 1 is just noticeable."""
    from skimage.color import deltaE_ciede2000, rgb2lab

    means = [rgb2lab(pixels.mean(axis=(0, 1), keepdims=True)) for pixels in (*frames, picture)]
    return np.array([float(deltaE_ciede2000(mean, means[-1]).item()) for mean in means[:-1]])


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Row by row cosine of two sets of embeddings [N, D]."""
    return (a * b).sum(-1) / np.maximum(np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1), 1e-12)


def flow_scale(frame: np.ndarray) -> float:
    """How many times a frame is shrunk before its flow is measured."""
    return max(1.0, max(frame.shape[:2]) / FLOW_SIZE)


def shrink(grey: np.ndarray, scale: float) -> np.ndarray:
    """A grey picture `scale` times smaller, low-passed."""
    from skimage.transform import resize

    if scale == 1.0:
        return grey
    return resize(grey, [max(8, round(n / scale)) for n in grey.shape], anti_aliasing=True)
