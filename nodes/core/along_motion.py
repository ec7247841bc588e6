"""What becomes of the picture along the motion of a video: it is carried to each frame, and compared with it there.

Motion costs nothing here: a frozen video is equal to its picture, and so is a true one, whatever moves in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from .flow import CLEAR, FLAT, guide, inside, visibility, warp
from .flow import flow as flow_from

SMALLEST = 3  # pixels along a side: the smallest window of structural similarity
CARRY_SIZE = 256  # longest side at which the image is carried along the motion: detail finer than that is not judged


@dataclass(frozen=True)
class AlongMotion:
    """Per frame [F], over what of the picture is visible in it; NaN where a frame is broken.

    fidelity: structural similarity, 1 = equal. visible: share of the frame that shows the picture. sharpness: change
    from pixel to pixel, contrast left out, as a share of the picture's: below 1 is soft, above is noisy. brightness:
    CIELAB lightness of the mean colour, frame minus picture. colour: CIEDE2000 of the mean colours, lightness left out.
    difference: [F, h, w], mean over the channels of how far the two are apart, 0 beyond the picture's edges.
    """

    fidelity: np.ndarray
    visible: np.ndarray
    sharpness: np.ndarray
    brightness: np.ndarray
    colour: np.ndarray
    difference: np.ndarray

    def among(self, broken: np.ndarray) -> AlongMotion:
        """The same, of all frames [F] of bool: these are of those that are not broken."""
        return AlongMotion(**{f.name: _spread(getattr(self, f.name), broken) for f in fields(self)})


def _spread(values: np.ndarray, broken: np.ndarray) -> np.ndarray:
    spread = np.full((len(broken), *values.shape[1:]), np.nan, values.dtype)
    spread[~broken] = values
    return spread


def along_motion(
    frames: Sequence[np.ndarray],
    picture: np.ndarray,
    each: Callable[[Iterable[Any]], Iterator[Any]] = iter,
    after_level: Callable[[], None] = lambda: None,
) -> AlongMotion:
    """Carry a picture [H, W, 3] to frames [H, W, 3] of its size, float in [0, 1].

    each: hands the frames through, twice. after_level: see `flow`; what the two raise goes through.
    """
    size = [max(SMALLEST, round(n / max(1.0, max(picture.shape[:2]) / CARRY_SIZE))) for n in picture.shape[:2]]
    if len(frames) == 0:
        nothing = np.empty(0)
        return AlongMotion(nothing, nothing, nothing, nothing, nothing, np.empty((0, *size)))
    image = _for_torch(picture[None], size)
    video = torch.cat([_for_torch(frame[None], size).movedim(1, -1) for frame in each(frames)]).movedim(-1, 1)
    known, seen = guide(image), guide(video)
    backward = flow_from(known, seen, setting=CLEAR, after_level=after_level)
    shown = visibility(known, seen, backward)
    compared = [
        _compare(warp(image, u[None]).clamp(0, 1), frame[None], share[None], inside(u[None]))
        for u, frame, share in zip(backward, each(video), shown, strict=True)
    ]
    fidelity, sharpness, brightness, colour, difference = (np.array(values) for values in zip(*compared, strict=True))
    return AlongMotion(fidelity, shown.mean((1, 2, 3)).double().numpy(), sharpness, brightness, colour, difference)


def _compare(
    carried: Tensor, frame: Tensor, shown: Tensor, within: Tensor
) -> tuple[float, float, float, float, np.ndarray]:
    """The carried picture and a frame, [1, 3, h, w], where `shown` [1, 1, h, w] says that it is visible: fidelity,
    sharpness, brightness, colour; and the difference [h, w] `within` the picture's edges, [1, 1, h, w]."""
    share = shown[0, 0].numpy()
    weight = share / max(float(share.sum()), 1e-6)
    a, b = (pixels[0].movedim(0, -1).numpy() for pixels in (carried, frame))
    fidelity = float((ssim_map(a, b) * weight).sum())
    sharpness = (_change(guide(frame), shown) + FLAT) / (_change(guide(carried), shown) + FLAT)
    difference = (carried - frame).abs().mean(1) * within[:, 0]
    step = colour_step(mean_colour(a, weight), mean_colour(b, weight))
    return fidelity, sharpness, *step, difference[0].half().numpy()  # kept of all frames


def _change(pixels: Tensor, shown: Tensor) -> float:
    """Mean change from pixel to pixel, across and down, of [1, 3, h, w] where it is shown."""
    across = (pixels.diff(dim=-1).abs() * shown[..., 1:]).sum()
    down = (pixels.diff(dim=-2).abs() * shown[..., 1:, :]).sum()
    return float((across + down) / shown.sum().clamp(min=1e-6))


def mean_colour(pixels: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Mean of [H, W, 3] in CIELAB; weight: [H, W], adding up to 1."""
    from skimage.color import rgb2lab

    mean = pixels.mean((0, 1)) if weight is None else (pixels * weight[..., None]).sum((0, 1))
    return rgb2lab(mean)


def colour_step(before: np.ndarray, after: np.ndarray) -> tuple[float, float]:
    """From one mean colour to another: lightness, signed, and CIEDE2000 with lightness left out. 1 is just seen."""
    from skimage.color import deltaE_ciede2000

    level = np.array([before[0], *after[1:]])
    return float(after[0] - before[0]), float(deltaE_ciede2000(before, level))


def _for_torch(pixels: np.ndarray, size: list[int]) -> Tensor:
    """[N, H, W, 3] -> [N, 3, *size], low-passed."""
    channels_first = torch.from_numpy(np.ascontiguousarray(pixels)).float().movedim(-1, 1)
    return interpolate(channels_first, size=size, mode="bilinear", antialias=True)


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
