"""A moving camera: the window through which each frame sees a scene, and the flow that this makes."""

from __future__ import annotations

import torch
from torch import Tensor


def windows(rates: Tensor, time: Tensor) -> Tensor:
    """Rates [..., 4] and times [F] in frames -> affine maps [..., F, 2, 3] from the frame to the scene.

    Both in pixels from their middle, to the right and down; at time 0 they agree.
    """
    right, down, growth, angle = (rates[..., None, :] * time[:, None]).unbind(-1)
    cos, sin = growth.exp() * angle.cos(), growth.exp() * angle.sin()
    return torch.stack([cos, sin, right, -sin, cos, down], -1).unflatten(-1, (2, 3))


def window_flow(rates: Tensor, time: Tensor, height: int, width: int) -> Tensor:
    """How far `windows` lie from each pixel of a frame: backward flow [..., F, 2, height, width] in pixels."""
    maps = windows(rates, time)
    x, y = (torch.arange(pixels) - (pixels - 1) / 2 for pixels in (width, height))
    places = torch.stack([*torch.meshgrid(x, y, indexing="xy"), torch.ones(height, width)]).to(maps)
    return torch.einsum("...ij,jhw->...ihw", maps - torch.eye(2, 3).to(maps), places)
