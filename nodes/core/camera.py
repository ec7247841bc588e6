"""A moving camera: how its move goes on, the window through which each frame sees a scene, and the flow of that."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

LINEAR, EASE_IN, EASE_OUT, EASE_IN_OUT = "linear", "ease in", "ease out", "ease in and out"
EASINGS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    LINEAR: lambda time: time,
    EASE_IN: lambda time: time**2,
    EASE_OUT: lambda time: 1 - (1 - time) ** 2,
    EASE_IN_OUT: lambda time: time**2 * (3 - 2 * time),
}


def eased(easing: str, frames: int) -> np.ndarray:
    """How much of a move each frame has seen, [frames] from 0 to 1; a clip of one frame shows its start."""
    return EASINGS[easing](np.linspace(0.0, 1.0, frames))


@dataclass(frozen=True)
class CameraMove:
    """What a camera does to a picture, all of it.

    pan: to the right, a share of the width. tilt: up, a share of the height. zoom: how many times larger things become.
    roll: degrees to the right, so that the picture turns to the left.
    """

    pan: float = 0.0
    tilt: float = 0.0
    zoom: float = 1.0
    roll: float = 0.0

    def flow(self, width: int, height: int, share: float = 1.0) -> Tensor:
        """Backward flow [1, 2, height, width] in pixels of a picture of this size. share: how much of the move."""
        each = [self.pan * width, -self.tilt * height, -math.log(self.zoom), -math.radians(self.roll)]
        rates, time = torch.tensor(each, dtype=torch.float64), torch.tensor([share], dtype=torch.float64)
        return window_flow(rates, time, height, width).float()


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
