"""A picture moved in pixels: like another video, or as a camera would film it.

Pictures are [1, C, H, W] and videos [N, C, H, W], float in [0, 1]. Flows are backward, as in motion.py, in pixels of
the grid that they come on: to move a picture, they are enlarged to its size.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from .devices import where_able
from .motion import agreement, flow, guide, inside, spread, warp, windowed
from .motions import window_flow

STRETCH, MIRROR, BLUR, VIDEO = "stretch the border", "mirror", "blur", "the video's own pixels"
FILLS = (STRETCH, MIRROR, BLUR, VIDEO)

LINEAR, EASE_IN, EASE_OUT, EASE_IN_OUT = "linear", "ease in", "ease out", "ease in and out"
EASINGS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    LINEAR: lambda time: time,
    EASE_IN: lambda time: time**2,
    EASE_OUT: lambda time: 1 - (1 - time) ** 2,
    EASE_IN_OUT: lambda time: time**2 * (3 - 2 * time),
}

WORKING_SIZE = 384  # pixels of the longest side at which motion is looked for
SMOOTHNESS = 0.05  # of that motion, see motion.flow: real clips want less, smeared drafts more
SLIGHT = 0.05  # pixels at that size: motion that is below it everywhere is none
CUT_SIZE = 64  # pixels of the longest side at which cuts are looked for: there noise is no picture, and motion is small
CUT = 0.5  # squared difference of neighbouring frames, the motion undone, of a cut; of two strangers it is 2
BLUR_CELLS = 16  # of the blur, along the shorter side
MOST_DETAIL = 4  # times finer than the picture's pixels that it is read at most, where it is made smaller


@dataclass(frozen=True, eq=False)
class Followed:
    """The motion of a video from its first frame on: backward flow [N, 2, h, w], and how far the first frame agrees
    with each when it is moved along it, [N, 1, h, w] in 0…1. cut: the first frame of another shot, if there is one;
    from there on the motion stands still."""

    flow: Tensor
    agreement: Tensor
    cut: int | None = None

    def over(self, length: int) -> Followed:
        """The same motion in another number of frames."""
        frames = len(self.flow)
        if length == frames:
            return self
        time = torch.linspace(0, frames - 1, length) if length > 1 else torch.zeros(1)
        before = time.long().clamp(max=max(frames - 2, 0))
        after, share = (before + 1).clamp(max=frames - 1), (time - before).reshape(-1, 1, 1, 1).to(self.flow)
        between_flow = torch.lerp(self.flow[before], self.flow[after], share)
        return Followed(between_flow, torch.lerp(self.agreement[before], self.agreement[after], share), self.cut)


def working_size(width: int, height: int, longest: int = WORKING_SIZE) -> tuple[int, int]:
    """The size (width, height) at which motion is looked for in pictures of this size."""
    scale = min(1.0, longest / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def follow(video: Tensor, after_level: Callable[[], None] = lambda: None) -> Followed:
    """The motion of a video [N, C, h, w], given at its working size. after_level: see motion.flow."""
    cut = first_cut(video)
    shot = guide(video[:cut])
    u = flow(shot[:1], shot, smoothness=SMOOTHNESS, after_level=after_level)
    u[0] = 0.0  # the first frame is where motion is measured from
    if u.norm(dim=1).max() < SLIGHT:
        u = torch.zeros_like(u)
    agreeing = agreement(shot[:1], shot, u)
    agreeing[0] = 1.0
    last = [min(frame, len(u) - 1) for frame in range(len(video))]
    return Followed(u[last], agreeing[last], cut)


def first_cut(video: Tensor) -> int | None:
    """The first frame that does not go on from the one before it; None where all do."""
    if len(video) < 2:
        return None
    width, height = working_size(video.shape[-1], video.shape[-2], CUT_SIZE)
    seen = guide(shrunk(video, (height, width)))
    before, after = seen[:-1], seen[1:]
    u = flow(before, after, initial=before.new_zeros(len(before), 2, height, width), clips=len(before))
    shown = inside(u)
    missing = (warp(before, u, mode="bilinear") - after).square().mean(1, keepdim=True) * shown
    differences = missing.sum((1, 2, 3)) / shown.sum((1, 2, 3)).clamp(min=1e-6)
    cuts = (differences > CUT).nonzero().flatten()
    return int(cuts[0]) + 1 if len(cuts) else None


def easing_progress(easing: str, frames: int) -> np.ndarray:
    """How much of a move is done at each frame, [frames] from 0 to 1; a clip of one frame shows its start."""
    return EASINGS[easing](np.linspace(0.0, 1.0, frames))


def camera_flow(width: int, height: int, pan: float, tilt: float, zoom: float, roll: float, done: float) -> Tensor:
    """What a camera's move does to a picture of this size: backward flow [1, 2, height, width] in pixels.

    pan: to the right, a share of the width; tilt: up, a share of the height; zoom: how many times larger things become;
    roll: degrees to the right, so that the picture turns to the left. done: how much of the move, 1 being all of it.
    """
    rates = torch.tensor([pan * width, -tilt * height, -math.log(zoom), -math.radians(roll)], dtype=torch.float64)
    return window_flow(rates, torch.tensor([done], dtype=torch.float64), height, width).float()


def moved(
    picture: Tensor,
    u: Tensor,
    fill: str,
    agreeing: Tensor | None = None,
    amount: float = 1.0,
    own: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """A picture moved along `amount` times a flow [1, 2, h, w], and how much of each pixel it shows [1, 1, H, W].

    fill: what is seen where the picture shows nothing, one of FILLS. agreeing: [1, 1, h, w], see Followed; where the
    flow cannot be trusted, neither can what is moved by it. own: the video's own frame [1, C, any size], for VIDEO.
    """
    if not (amount * u).any():
        return picture, torch.ones_like(picture[:, :1])
    size = picture.shape[-2:]
    # Where things become smaller the picture is read at finer places, several to a pixel: else fine detail flickers.
    detail = min(max(round(spread(u).mean().clamp(min=0).sqrt().item()), 1), MOST_DETAIL)
    fine = amount * _enlarged(u, (detail * size[0], detail * size[1]))
    source = picture if detail == 1 else interpolate(picture, fine.shape[-2:], mode="bilinear")
    beyond = "reflection" if fill == MIRROR else "border"
    frame = avg_pool2d(warp(source, fine, beyond=beyond), detail).clamp(0, 1)
    visible = avg_pool2d(inside(fine), detail)
    if agreeing is not None:
        hidden = min(amount, 1.0) * (1 - interpolate(agreeing, size, mode="bilinear"))
        visible = visible * (1 - hidden)
    if fill == BLUR:
        frame = torch.lerp(_blurred(frame, visible), frame, visible)
    if fill == VIDEO and own is not None:
        frame = torch.lerp(shrunk(own, size), frame, visible)
    return frame, visible


def shrunk(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    """Pictures [N, C, H, W] at `size` (height, width), low-passed where that is smaller."""
    return where_able(interpolate, pictures, size=size, mode="bilinear", antialias=True)


def _enlarged(u: Tensor, size: tuple[int, int]) -> Tensor:
    """A flow on another grid, in its pixels."""
    if u.shape[-2:] == size:
        return u
    scale = u.new_tensor([size[1] / u.shape[-1], size[0] / u.shape[-2]]).reshape(2, 1, 1)
    return interpolate(u, size, mode="bilinear") * scale


def _blurred(frame: Tensor, visible: Tensor) -> Tensor:
    """The blurred colours of what is visible, spread to where nothing is."""
    scale = min(1.0, BLUR_CELLS / min(frame.shape[-2:]))
    cells = [max(1, round(pixels * scale)) for pixels in frame.shape[-2:]]
    seen = torch.cat([frame * visible, visible], 1)
    near = where_able(interpolate, seen, size=cells, mode="area") + 1e-3 * seen.mean((-2, -1), keepdim=True)
    for _ in range(BLUR_CELLS // 4):
        near = near + 1e-1 * windowed(near)
    colours = near[:, :-1] / near[:, -1:].clamp(min=1e-6)
    return interpolate(colours, frame.shape[-2:], mode="bilinear")
