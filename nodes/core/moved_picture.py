"""A picture moved in pixels: like another video, or as a camera would film it.

Pictures are [1, C, H, W] and videos [N, C, H, W], float in [0, 1]. Flows are backward, as in flow.py, in pixels of
the grid that they come on: to move a picture, they are enlarged to its size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from .devices import where_able
from .flow import CLEAR, Setting, agreement, difference, flow, guide, inside, spread, warp, windowed

STRETCH, MIRROR, BLUR, VIDEO = "stretch the border", "mirror", "blur", "the video's own pixels"
FILLS = (STRETCH, MIRROR, BLUR, VIDEO)

WORKING_SIZE = 384  # pixels of the longest side at which motion is looked for
SLIGHT = 0.05  # pixels at that size: motion that is below it everywhere is none
CUT_SIZE = 64  # pixels of the longest side at which cuts are looked for: there noise is no picture, and motion is small
CUT = 0.5  # squared difference of neighbouring frames, the motion undone, of a cut; of two strangers it is 2
BLUR_CELLS = 16  # of the blur, along the shorter side
MOST_DETAIL = 4  # times finer than the picture's pixels that it is read at most, where it is made smaller
# Bytes that are taken at most, as counted by tests/host/test_memory.py: for each cell of a video that is followed, for
# each pixel of a picture that is moved (most of them for a channel that is read MOST_DETAIL times finer), and for what
# is worked on at once.
BYTES_A_CELL, BYTES_A_PIXEL, BYTES_OF_BUNCHES = 36, 160, 96 * 2**20
FINER_AT_ONCE = 2**27  # bytes of a picture made finer up to which all its channels are made at once
PLACES_AT_ONCE = 2**19  # of those it is read at: rows of the frame are made in bands of so many


@dataclass(frozen=True, eq=False)
class Followed:
    """The motion of a video from its first frame on: backward flow [N, 2, h, w], and how far the first frame agrees
    with each when it is moved along it, [N, 1, h, w] in 0…1. cut: the first frame of another shot, if there is one;
    from there on the motion stands still."""

    flow: Tensor
    agreement: Tensor
    cut: int | None = None

    def over(self, length: int, some: slice = slice(None)) -> Followed:
        """The same motion in another number of frames; of these only some."""
        frames = len(self.flow)
        if length == frames:
            return Followed(self.flow[some], self.agreement[some], self.cut)
        time = (torch.linspace(0, frames - 1, length) if length > 1 else torch.zeros(1))[some]
        before = time.long().clamp(max=max(frames - 2, 0))
        after, share = (before + 1).clamp(max=frames - 1), (time - before).reshape(-1, 1, 1, 1).to(self.flow)
        between_flow = torch.lerp(self.flow[before], self.flow[after], share)
        return Followed(between_flow, torch.lerp(self.agreement[before], self.agreement[after], share), self.cut)


def working_size(width: int, height: int, longest: int = WORKING_SIZE) -> tuple[int, int]:
    """The size (width, height) at which motion is looked for in pictures of this size."""
    scale = min(1.0, longest / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


@dataclass(frozen=True)
class Later:
    """A video whose frames [C, h, w] are made when they are asked for."""

    frames: int
    frame: Callable[[int], Tensor]

    def __len__(self) -> int:
        return self.frames

    def __getitem__(self, i: int) -> Tensor:
        return self.frame(i)


def follow(video: Tensor | Later, after_level: Callable[[], None] = lambda: None, setting: Setting = CLEAR) -> Followed:
    """The motion of a video at its working size, of which each frame is read once. after_level, setting: see
    flow.flow."""
    small = []
    for i in range(len(video)):
        frame = video[i]
        known = guide(frame[None])
        if i == 0:
            guides = known.new_empty(len(video), *known.shape[1:])
        guides[i] = known[0]
        small.append(_small(frame[None]))
        after_level()
    cut = first_cut(torch.cat(small), after_level)
    shot = guides[:cut]
    u = flow(shot[:1], shot, setting=setting, after_level=after_level)
    u[0] = 0.0  # the first frame is where motion is measured from
    if not _moves(u, after_level):
        u = torch.zeros_like(u)
    agreeing = agreement(shot[:1], shot, u, after_level)
    agreeing[0] = 1.0
    if cut is not None:
        last = [min(frame, len(u) - 1) for frame in range(len(video))]
        u, agreeing = u[last], agreeing[last]
    return Followed(u, agreeing, cut)


def _moves(u: Tensor, after_frame: Callable[[], None]) -> bool:
    """Whether anything in a flow is more than SLIGHT."""
    for frame in u:
        after_frame()
        if not frame.square().sum(0).max() < SLIGHT**2:
            return True
    return False


def _small(video: Tensor) -> Tensor:
    width, height = working_size(video.shape[-1], video.shape[-2], CUT_SIZE)
    return shrunk(video, (height, width))


def first_cut(video: Tensor, after_level: Callable[[], None] = lambda: None) -> int | None:
    """The first frame of a video [N, C, H, W] that does not go on from the one before it; None where all do."""
    if len(video) < 2:
        return None
    seen = guide(_small(video))
    height, width = seen.shape[-2:]
    before, after = seen[:-1], seen[1:]
    still = before.new_zeros(len(before), 2, height, width)
    u = flow(before, after, initial=still, clips=len(before), after_level=after_level)
    cuts = (difference(before, after, u).flatten() > CUT).nonzero().flatten()
    return int(cuts[0]) + 1 if len(cuts) else None


def memory_to_follow(frames: int, width: int, height: int) -> int:
    """Bytes that `follow` takes at most for a video at its working size."""
    return BYTES_A_CELL * frames * width * height + BYTES_OF_BUNCHES // 2 * (frames > 0)


def memory_to_move(width: int, height: int) -> int:
    """Bytes that `moved` takes at most for one picture."""
    return BYTES_A_PIXEL * width * height + BYTES_OF_BUNCHES


def moved(
    picture: Tensor,
    u: Tensor,
    fill: str,
    agreeing: Tensor | None = None,
    amount: float = 1.0,
    own: Tensor | None = None,
    after_band: Callable[[], None] = lambda: None,
) -> tuple[Tensor, Tensor]:
    """A picture moved along `amount` times a flow [1, 2, h, w], and how much of each pixel it shows [1, 1, H, W].

    fill: what is seen where the picture shows nothing, one of FILLS. agreeing: [1, 1, h, w], see Followed; where the
    flow cannot be trusted, neither can what is moved by it. own: the video's own frame [1, C, any size], for VIDEO.
    after_band: called after each band of rows; what it raises goes through.
    """
    if not (amount * u).any():
        return picture, torch.ones_like(picture[:, :1])
    height, width = size = picture.shape[-2], picture.shape[-1]
    detail = _detail(u)
    fine_size = (detail * height, detail * width)
    beyond = "reflection" if fill == MIRROR else "border"
    frame, visible = torch.empty_like(picture), picture.new_empty(1, 1, height, width)
    # Of a flow made finer a band of rows is kept at a time, and of a large picture made finer one channel.
    at_once = picture.shape[1] if detail**2 * picture.nbytes <= FINER_AT_ONCE or detail == 1 else 1
    for first in range(0, picture.shape[1], at_once):
        channels = slice(first, first + at_once)
        source = picture[:, channels]
        source = source if detail == 1 else interpolate(source, fine_size, mode="bilinear")
        for rows in _bands(height, width, detail):
            top = detail * rows.start
            fine = amount * _enlarged(u, fine_size, slice(top, detail * rows.stop))
            read = warp(source, fine, beyond=beyond, first_row=top)
            frame[:, channels, rows] = _coarser(read, detail).clamp(0, 1)
            if first == 0:
                visible[:, :, rows] = _coarser(inside(fine, top, detail * height), detail)
            after_band()
    if agreeing is not None:
        hidden = min(amount, 1.0) * (1 - interpolate(agreeing, size, mode="bilinear"))
        visible = visible * (1 - hidden)
    if fill == BLUR:
        frame = torch.lerp(blurred(frame, visible), frame, visible)
    if fill == VIDEO and own is not None:
        frame = torch.lerp(shrunk(own, size), frame, visible)
    return frame, visible


def shrunk(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    """Pictures [N, C, H, W] at `size` (height, width), low-passed where that is smaller."""
    return where_able(interpolate, pictures, size=size, mode="bilinear", antialias=True)


def _detail(u: Tensor) -> int:
    """How many times finer a picture is read that is moved along a flow. Where things become smaller it is read at
    several places to a pixel: else fine detail flickers."""
    return min(max(round(spread(u).mean().clamp(min=0).sqrt().item()), 1), MOST_DETAIL)


def _coarser(pictures: Tensor, detail: int) -> Tensor:
    """Pictures that are so many times finer, back at their size."""
    return pictures if detail == 1 else avg_pool2d(pictures, detail)


def _bands(height: int, width: int, detail: int) -> list[slice]:
    """The rows of a frame in bands, each of which has few places to read."""
    rows = max(1, PLACES_AT_ONCE // (detail**2 * width))
    return [slice(top, min(top + rows, height)) for top in range(0, height, rows)]


def _enlarged(u: Tensor, size: tuple[int, int], rows: slice) -> Tensor:
    """A flow on another grid, in its pixels: a band of its rows."""
    if u.shape[-2:] == size:
        return u[..., rows, :]
    scale = u.new_tensor([size[1] / u.shape[-1], size[0] / u.shape[-2]]).reshape(2, 1, 1)
    if rows == slice(0, size[0]):
        return interpolate(u, size, mode="bilinear") * scale
    return _resized_rows(u, size, rows) * scale


def _resized_rows(grid: Tensor, size: tuple[int, int], rows: slice) -> Tensor:
    """A band of the rows of `interpolate(grid, size, mode="bilinear")`, of its own neighbours alone.

    To the bit where both sides grow, which is why places are rounded to float32 once, as one multiplication and
    addition would be.
    """
    height = grid.shape[-2]
    ratio = float(np.float32(height) / np.float32(size[0]))
    place = (ratio * (torch.arange(rows.start, rows.stop, dtype=torch.float64) + 0.5) - 0.5).float().clamp(min=0)
    before = place.long()
    after = (before + 1).clamp(max=height - 1)
    share = (place - before).reshape(-1, 1).to(grid)
    top, bottom = int(before[0]), int(after[-1]) + 1
    wide = interpolate(grid[..., top:bottom, :], (bottom - top, size[1]), mode="bilinear")
    return torch.addcmul(share * wide[..., after - top, :], 1 - share, wide[..., before - top, :])


def blurred(frame: Tensor, visible: Tensor) -> Tensor:
    """The blurred colours of what is visible, spread to where nothing is."""
    scale = min(1.0, BLUR_CELLS / min(frame.shape[-2:]))
    cells = [max(1, round(pixels * scale)) for pixels in frame.shape[-2:]]
    seen = torch.cat([frame * visible, visible], 1)
    near = where_able(interpolate, seen, size=cells, mode="area") + 1e-3 * seen.mean((-2, -1), keepdim=True)
    for _ in range(BLUR_CELLS // 4):
        near = near + 1e-1 * windowed(near)
    colours = near[:, :-1] / near[:, -1:].clamp(min=1e-6)
    return interpolate(colours, frame.shape[-2:], mode="bilinear")
